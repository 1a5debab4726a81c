import { assert, assertEquals } from "@std/assert";
import { LINUX_6_18, type Profile, PROFILES } from "../mod.ts";
import type { Level } from "../src/judges/judge.ts";
import { ZRAM_CONTRACT } from "../src/judges/zram/contract_rules.ts";
import { Reach } from "../src/rules/reach.ts";
import { conform } from "../src/search/conform.ts";
import { runSteps } from "../src/search/run.ts";
import { backedZramSuite, ZRAM_SUITE } from "../src/search/suites/zram.ts";
import { runWaiting } from "../src/search/trial.ts";
import { childZram } from "../src/targets/child_zram.ts";
import type { ZramTarget } from "../src/targets/target.ts";
import { modelZram } from "../src/targets/zram/model.ts";
import type { ZramStep } from "../src/programs/zram/steps.ts";
import { ownZram } from "./zram_sound.ts";

const JUDGED = PROFILES.filter(({ zram }) => "mm_stat" in zram.attributes);
const BACKING_PAGES = 40;

for (const profile of JUDGED) {
  Deno.test(`zram of ${profile.name} writes back as itself`, async () => {
    const suite = backedZramSuite(BACKING_PAGES);
    const target = modelZram(profile, BACKING_PAGES);
    const options = { level: "exact", profile, seed: 1, runs: 60 } as const;
    const { finding, reach } = await conform(suite, target, options);
    assertEquals(finding, undefined);
    assert(reach["exact/same-answer"] > 1000);
  });
}

/** Runs steps on a target: the rule that they break, if they do. */
async function ruleOf(
  make: () => ZramTarget,
  level: Level,
  profile: Profile,
  steps: readonly ZramStep[],
): Promise<string | undefined> {
  const target = make();
  const plan = await ZRAM_SUITE.prepare(target, { level, profile });
  const trial = ZRAM_SUITE.trial(target, plan, new Reach());
  return (await runWaiting(runSteps(trial, steps)))?.rule.id;
}

/** The finding of a target at level contract, of whose steps none can be left out. */
async function smallestFinding(
  make: () => ZramTarget,
): Promise<readonly [rule: string, steps: readonly ZramStep[]]> {
  const { finding } = await conform(ZRAM_SUITE, make(), { seed: 1 });
  assert(finding !== undefined);
  const { steps, rule: { id } } = finding;
  for (let nth = 1; nth < steps.length; nth++) {
    const without = steps.toSpliced(nth, 1);
    const rule = await ruleOf(make, "contract", LINUX_6_18, without);
    // What the judge asks by itself, it asks without the step too.
    const isQuestion = nth === steps.length - 1 &&
      (steps[nth].op === "get" || steps[nth].op === "read");
    assert(isQuestion || rule === undefined, JSON.stringify(steps));
  }
  return [id, steps];
}

Deno.test("a device of another make that keeps the contract conforms", async () => {
  const { finding } = await conform(ZRAM_SUITE, ownZram(), { seed: 1 });
  assertEquals(finding, undefined);
});

Deno.test("a device that takes a page at the disk's end is found", async () => {
  const make = () => {
    const own = ownZram();
    const write: ZramTarget["write"] = (page, data) =>
      page === own.disk.pages && page > 0
        ? { stored: 4096 }
        : own.write(page, data);
    return { ...own, write };
  };
  const [rule] = await smallestFinding(make);
  assertEquals(rule, ZRAM_CONTRACT.outside.id);
});

Deno.test("a device that discards past the disk's end is found", async () => {
  const make = () => {
    const own = ownZram();
    const discard: ZramTarget["discard"] = (page, pages) => {
      for (let nth = page; nth < page + pages; nth++) own.stored.delete(nth);
    };
    return { ...own, discard };
  };
  const [rule, steps] = await smallestFinding(make);
  assertEquals(rule, ZRAM_CONTRACT.outside.id);
  assertEquals(steps.at(-1)?.op, "discard");
});

Deno.test("a device that zeroes a page when it compacts is found", async () => {
  const make = () => {
    const own = ownZram();
    const set: ZramTarget["set"] = (attr, value) => {
      if (attr === "compact") {
        own.stored.forEach(({ data }, page) => page === 3 && data.fill(0));
      }
      return own.set(attr, value);
    };
    return { ...own, set };
  };
  const [rule] = await smallestFinding(make);
  assertEquals(rule, ZRAM_CONTRACT.data.id);
});

Deno.test("what a command has not got is found out before programs are made, and not asked for", async () => {
  const code = `
    const decoder = new TextDecoderStream();
    const send = (answer) => console.log(JSON.stringify(answer));
    let rest = "";
    for await (const text of Deno.stdin.readable.pipeThrough(decoder)) {
      const lines = (rest + text).split("\\n");
      rest = lines.pop();
      for (const { id, op } of lines.map((line) => JSON.parse(line))) {
        if (op === "bio") Deno.exit(1);
        if (op === "wait") send({ id });
        else if (op === "block_state") send({ id, state: "none" });
        else if (op === "slot_free_notify") send({ id, error: "EINVAL" });
        else send({ id });
      }
    }`;
  const command = [Deno.execPath(), "eval", code];
  const target = childZram({ command });
  assertEquals(await target.optional?.(), ["wait"]);
  await target.end();
});
