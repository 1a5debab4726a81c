import { assert, assertEquals } from "@std/assert";
import {
  LEVELS,
  LINUX_6_18,
  type Profile,
  PROFILES,
  Reach,
  type Rule,
} from "../mod.ts";
import { ZSMALLOC_CONTRACT } from "../src/judges/zsmalloc/contract_rules.ts";
import type { ZsmallocStep } from "../src/programs/zsmalloc/steps.ts";
import { batchesOf } from "../src/search/batches.ts";
import { describeFinding, type Finding } from "../src/search/finding.ts";
import { judgeProgram } from "../src/search/machine.ts";
import { programAt } from "../src/search/search.ts";
import { zsmallocMachine } from "../src/search/machines/zsmalloc.ts";
import { runSteps } from "../src/search/run.ts";
import { shrinkFinding } from "../src/search/shrink.ts";
import type { Plan } from "../src/search/suite.ts";
import { ZSMALLOC_SUITE } from "../src/search/suites/zsmalloc.ts";
import { runWaiting } from "../src/search/trial.ts";
import type { ZsmallocTarget } from "../src/targets/target.ts";
import { modelZsmalloc } from "../src/targets/zsmalloc/model.ts";
import { BROKEN_ZSMALLOC } from "./conform/broken_targets.ts";

/** Programs of a default run from seed 1. */
const MACHINE_PROGRAMS = 800;
/** Programs for each kernel at each level. */
const SUITE_PROGRAMS = 200;
/** How often each rule must have had something to say. */
const OFTEN = 100;

function assertOften(rules: readonly Rule[], reach: Reach): void {
  const seldom = rules.filter((rule) => reach.of(rule) < OFTEN)
    .map((rule) => `${rule.id}: ${reach.of(rule)}`);
  assertEquals(seldom, []);
}

Deno.test(`zsmalloc holds in ${MACHINE_PROGRAMS} programs from seed 1, and each rule has something to say ${OFTEN} times`, () => {
  const reach = new Reach();
  for (const { seed, programs } of batchesOf(1, MACHINE_PROGRAMS)) {
    for (let nth = 0; nth < programs; nth++) {
      const program = programAt(zsmallocMachine, { seed, nth });
      const finding = judgeProgram(zsmallocMachine, program, reach);
      const said = finding && describeFinding(finding);
      assertEquals(finding, undefined, `batch ${seed}, ${nth}: ${said}`);
    }
  }
  assertOften(zsmallocMachine.rules, reach);
});

/** Runs one program of the suite on a target. */
async function judged(
  target: ZsmallocTarget,
  plan: Plan,
  steps: readonly ZsmallocStep[],
  reach: Reach,
): Promise<Finding<ZsmallocStep> | undefined> {
  return await runWaiting(
    runSteps(ZSMALLOC_SUITE.trial(target, plan, reach), steps),
  );
}

/** The programs of a plan from seed 1. */
function* programsOf(plan: Plan): Generator<readonly ZsmallocStep[]> {
  const { language } = ZSMALLOC_SUITE;
  const scope = ZSMALLOC_SUITE.scope(plan);
  for (const { seed, programs } of batchesOf(1, SUITE_PROGRAMS)) {
    for (let nth = 0; nth < programs; nth++) {
      yield programAt({ language, scope }, { seed, nth }).steps;
    }
  }
}

for (const level of LEVELS) {
  Deno.test(`the model of each kernel conforms to itself at level ${level}, and each rule has something to say ${OFTEN} times`, async () => {
    const reach = new Reach();
    for (const profile of PROFILES) {
      const plan: Plan = { level, profile };
      const target = modelZsmalloc(profile);
      for (const steps of programsOf(plan)) {
        const finding = await judged(target, plan, steps, reach);
        const said = finding && describeFinding(finding);
        assertEquals(finding, undefined, `${profile.name}: ${said}`);
      }
    }
    assertOften(ZSMALLOC_SUITE.rules(level), reach);
  });
}

Deno.test("at level exact, another kernel's choices are found", async () => {
  const others: readonly (readonly [Profile, Profile])[] = PROFILES
    .filter(({ name }) => name !== "linux-6.18-full")
    .flatMap((profile, nth, all) =>
      all.filter((_, other) => other !== nth).map((other) =>
        [profile, other] as const
      )
    );
  for (const [profile, other] of others) {
    const plan: Plan = { level: "exact", profile };
    const finding = await firstFinding(() => modelZsmalloc(other), plan);
    assertEquals(finding?.rule.id, "exact/same-answer", other.name);
  }
});

/** The first finding of the programs from seed 1. */
async function firstFinding(
  make: () => ZsmallocTarget,
  plan: Plan,
): Promise<Finding<ZsmallocStep> | undefined> {
  for (const steps of programsOf(plan)) {
    const finding = await judged(make(), plan, steps, new Reach());
    if (finding !== undefined) return finding;
  }
}

for (const [name, rule] of Object.entries(ZSMALLOC_CONTRACT)) {
  Deno.test(`who breaks the rule is told so, in a program of which no step can be left out: ${rule.sentence}`, async () => {
    const plan: Plan = { level: "contract", profile: LINUX_6_18 };
    const make = BROKEN_ZSMALLOC[name as keyof typeof BROKEN_ZSMALLOC];
    const found = await firstFinding(make, plan);
    assert(found !== undefined);
    assertEquals(found.rule.id, rule.id);

    const trial = () => ZSMALLOC_SUITE.trial(make(), plan, new Reach());
    const { steps, rule: last } = await runWaiting(
      shrinkFinding(found, {
        run: (steps) => runSteps(trial(), steps),
        language: ZSMALLOC_SUITE.language,
        isTimeUp: () => false,
      }),
    );
    assertEquals(last.id, rule.id);
    for (let nth = 0; nth < steps.length; nth++) {
      const without = steps.toSpliced(nth, 1);
      const finding = await judged(make(), plan, without, new Reach());
      const isShorter = finding !== undefined &&
        finding.steps.length < steps.length;
      assert(!isShorter, `step ${nth + 1} of ${JSON.stringify(steps)}`);
    }
  });
}
