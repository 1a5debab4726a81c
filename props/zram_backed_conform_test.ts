import { assert, assertEquals } from "@std/assert";
import {
  isRefusal,
  LINUX_6_1,
  LINUX_6_18_FULL,
  modelZram,
  type ZramTarget,
} from "../mod.ts";
import { conform } from "../src/search/conform.ts";
import { backedZramSuite, ZRAM_SUITE } from "../src/search/suites/zram.ts";
import { seed } from "./fuzz.ts";
import { assertMinimal } from "./minimal.ts";

const BACKING_PAGES = 8;

/** Writes back with a device that is the model's but for what `change` makes. */
function backedResult(
  change: (model: ZramTarget) => Partial<ZramTarget>,
  profile = LINUX_6_1,
  from = seed,
) {
  const model = modelZram(profile, BACKING_PAGES);
  const target = { ...model, ...change(model) };
  const suite = backedZramSuite(BACKING_PAGES);
  return conform(suite, target, {
    level: "exact",
    profile,
    runs: 100,
    seed: from,
  });
}

for (const profile of [LINUX_6_1, LINUX_6_18_FULL]) {
  Deno.test(`programs that write back find no difference between the model of ${profile.name} and itself`, async () => {
    const { finding } = await backedResult(() => ({}), profile);
    assertEquals(finding, undefined);
  });

  Deno.test(`programs for ${profile.name} write back, and are refused that for every reason`, async () => {
    const outcomes = new Set<string>();
    const spied = (model: ZramTarget): Partial<ZramTarget> => ({
      async set(attr, value) {
        const answer = await model.set(attr, value);
        const outcome = isRefusal(answer) ? answer.error : "done";
        if (attr === "writeback") outcomes.add(outcome);
        return answer;
      },
    });
    await backedResult(spied, profile, 1);
    for (const outcome of ["done", "EINVAL", "ENODEV", "EIO", "ENOSPC"]) {
      assert(outcomes.has(outcome), outcome);
    }
  });
}

/** Ways in which a device that writes back can be other than the model's. */
const WRITEBACK_DEFECTS: Readonly<
  Record<string, (model: ZramTarget) => Partial<ZramTarget>>
> = {
  "huge pages are not written back": (model) => ({
    set: (attr, value) =>
      attr === "writeback" && value === "huge"
        ? undefined
        : model.set(attr, value),
  }),
  "idle marks nothing": (model) => ({
    set: (attr, value) =>
      attr === "idle" && value === "all" ? undefined : model.set(attr, value),
  }),
  "the limit lets all pages through": (model) => ({
    set: (attr, value) =>
      attr === "writeback_limit_enable" && value === "1"
        ? undefined
        : model.set(attr, value),
  }),
  "a page on the backing device is shown as in memory": (model) => ({
    async blockState() {
      const state = await model.blockState?.() ?? [];
      if (isRefusal(state)) return state;
      return state.map(([page, flags]) =>
        [page, flags.replace("w", ".")] as const
      );
    },
  }),
  "reads of the backing device are not counted": (model) => ({
    async get(attr) {
      const answer = await model.get(attr);
      if (attr !== "bd_stat" || isRefusal(answer)) return answer;
      return { value: answer.value.replace(/^( *\S+ +)\S+/, "$10") };
    },
  }),
};

for (const [defect, change] of Object.entries(WRITEBACK_DEFECTS)) {
  Deno.test(`writing back beside the model finds that ${defect}`, async () => {
    const { plan, finding } = await backedResult(change);
    assert(finding !== undefined);
    assertEquals(finding.rule.id, "exact/same-answer");
    const model = modelZram(LINUX_6_1, BACKING_PAGES);
    const target = { ...model, ...change(model) };
    await assertMinimal(backedZramSuite(BACKING_PAGES), target, plan, finding);
  });
}

Deno.test("at level contract, and without a backing device, programs leave writeback alone", async () => {
  const touched: string[] = [];
  for (const level of ["contract", "exact"] as const) {
    const model = modelZram(LINUX_6_1);
    const target: ZramTarget = {
      ...model,
      set(attr, value) {
        if (/writeback|backing|idle/.test(attr)) touched.push(attr);
        return model.set(attr, value);
      },
    };
    const suite = level === "contract"
      ? backedZramSuite(BACKING_PAGES)
      : ZRAM_SUITE;
    const options = { level, profile: LINUX_6_1, runs: 20, seed };
    const { finding } = await conform(suite, target, options);
    assertEquals(finding, undefined);
  }
  // An age tells once whether the device keeps access times.
  assertEquals(touched, ["idle"]);
});
