import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Level } from "../src/judges/judge.ts";
import { ZSWAP_CONTRACT } from "../src/judges/zswap/rules.ts";
import { LINUX_3_12, LINUX_6_18, PROFILES } from "../src/linux/profile.ts";
import type { Rule } from "../src/rules/invariant.ts";
import { Reach } from "../src/rules/reach.ts";
import type { Finding } from "../src/search/finding.ts";
import { programAt } from "../src/search/search.ts";
import { runSteps } from "../src/search/run.ts";
import { shrinkFinding } from "../src/search/shrink.ts";
import type { Plan } from "../src/search/suite.ts";
import { ZSWAP_SUITE } from "../src/search/suites/zswap.ts";
import { type Awaiting, runNow, runWaiting } from "../src/search/trial.ts";
import type { ZswapStep } from "../src/programs/zswap/steps.ts";
import { TargetMissing, type ZswapTarget } from "../src/targets/target.ts";
import { modelZswap } from "../src/targets/zswap/model.ts";
import { BROKEN_ZSWAP } from "./conform/broken_targets.ts";

const JUDGED = PROFILES
  .filter(({ zswap }) => zswap.frontswap !== "older-page-stays");
const PROGRAMS = 250;
/** How often each rule is to be exercised. */
const OFTEN = 100;

const { language } = ZSWAP_SUITE;

/** The `nth` program of the suite's. */
function stepsOf(plan: Plan, nth: number): readonly ZswapStep[] {
  return programAt(
    { language, scope: ZSWAP_SUITE.scope(plan) },
    { seed: 1, nth },
  ).steps;
}

for (const profile of JUDGED) {
  for (const level of ["contract", "exact"] satisfies Level[]) {
    Deno.test(`the model of ${profile.name}'s zswap conforms at level ${level}, every rule of which is exercised`, async () => {
      const reach = new Reach();
      const target = modelZswap(profile);
      const plan = await ZSWAP_SUITE.prepare(target, { level, profile });
      for (let nth = 0; nth < PROGRAMS; nth++) {
        const trial = ZSWAP_SUITE.trial(target, plan, reach);
        assertEquals(runNow(runSteps(trial, stepsOf(plan, nth))), undefined);
      }
      const seldom = ZSWAP_SUITE.rules(level)
        .filter((rule) => reach.of(rule) < OFTEN)
        .map((rule) => `${rule.id}: ${reach.of(rule)}`);
      assertEquals(seldom, []);
    });
  }
}

Deno.test("a kernel that breaks zswap's contract itself is not judged", () => {
  const plan: Plan = { level: "contract", profile: LINUX_3_12 };
  const target = modelZswap(LINUX_3_12);
  assertThrows(() => ZSWAP_SUITE.prepare(target, plan), TargetMissing);
});

/** Runs steps on a fresh target. */
function* run(
  make: () => ZswapTarget,
  plan: Plan,
  steps: readonly ZswapStep[],
): Awaiting<Finding<ZswapStep> | undefined> {
  const trial = ZSWAP_SUITE.trial(make(), plan, new Reach());
  return yield* runSteps(trial, steps);
}

/** The first finding of the suite's programs, shrunk. */
function* find(
  make: () => ZswapTarget,
  plan: Plan,
): Awaiting<Finding<ZswapStep>> {
  for (let nth = 0; nth < PROGRAMS; nth++) {
    const finding = yield* run(make, plan, stepsOf(plan, nth));
    if (finding === undefined) continue;
    return yield* shrinkFinding(finding, {
      run: (steps) => run(make, plan, steps),
      language,
      isTimeUp: () => false,
    });
  }
  throw new Error("nothing was found");
}

/** A target that breaks a rule is found, in a program of which no step can be left out. */
async function assertFound(
  rule: Rule,
  make: () => ZswapTarget,
  plan: Plan,
): Promise<void> {
  const { steps, rule: found } = await runWaiting(find(make, plan));
  assertEquals(found.id, rule.id);
  assert(steps.length > 0);
  for (let nth = 0; nth < steps.length; nth++) {
    const fewer = await runWaiting(run(make, plan, steps.toSpliced(nth, 1)));
    // The counters, which the judge asks for by itself, may be the last step.
    assert(fewer === undefined || fewer.steps.length >= steps.length);
  }
}

for (const [name, rule] of Object.entries(ZSWAP_CONTRACT)) {
  Deno.test(`a swap cache that breaks a rule is found in a program of which no step can be left out: ${rule.sentence}`, async () => {
    const broken = Object.entries(BROKEN_ZSWAP)
      .find(([one]) => one === name)?.[1];
    assert(broken !== undefined);
    const plan: Plan = { level: "contract", profile: LINUX_6_18 };
    await assertFound(rule, broken, plan);
  });
}
