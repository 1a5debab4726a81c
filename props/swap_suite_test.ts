import { assert, assertEquals } from "@std/assert";
import { LINUX_6_1, LINUX_6_18_FULL, modelZram, PROFILES } from "../mod.ts";
import { conform } from "../src/oracle/conform.ts";
import { modelSwap } from "../src/oracle/swap_model.ts";
import { parseSwapStep, swapSteps } from "../src/oracle/swap_steps.ts";
import { parseLine } from "../src/programs/transcript_fields.ts";
import { swapSuite } from "../src/oracle/swap_suite.ts";
import type { SwapTarget } from "../src/targets/swap_target.ts";
import { isRefusal, type ZramTarget } from "../src/targets/target.ts";
import { backedZramSuite, ZRAM_SUITE } from "../src/oracle/zram_suite.ts";
import { seed } from "./fuzz.ts";

const SETUP = { totalPages: 14336, swapPages: 256 };
/** A machine of which one per cent is one page: programs that fill it are short. */
const SMALL_SETUP = { totalPages: 100, swapPages: 256 };
const BACKING_PAGES = 8;

/** Swaps with a process that is the model's but for what `change` makes of it. */
function swapResult(
  change: (model: SwapTarget) => Partial<SwapTarget>,
  runs: number,
  setup = SMALL_SETUP,
) {
  const model = modelSwap(LINUX_6_1, setup);
  const target = { ...model, ...change(model) };
  const options = { level: "exact", profile: LINUX_6_1, runs, seed } as const;
  return conform(swapSuite(setup), target, options);
}

/** The counters of a model, one of them changed. */
function changed(
  model: SwapTarget,
  name: string,
  change: (count: number) => number,
) {
  const nth = LINUX_6_1.zswap.counters.findIndex((one) => one === name);
  return async () => {
    const answer = await model.counters();
    if (isRefusal(answer)) return answer;
    const { counters } = answer;
    return { counters: counters.with(nth, change(counters[nth])) };
  };
}

Deno.test("programs of paging find no difference between the model and itself", async () => {
  for (const setup of [SETUP, SMALL_SETUP]) {
    const { finding, steps } = await swapResult(() => ({}), 8, setup);
    assertEquals(finding, undefined);
    assert(steps > 1000);
  }
});

Deno.test("a program of paging stores pages with each allocator of its kernel", () => {
  for (const profile of PROFILES) {
    for (const steps of [160, 500]) {
      const program = swapSteps(profile, seed, steps);
      const zpools = program.flatMap((step) =>
        step.op === "set" && step.attr === "zpool" ? [step.value] : []
      );
      for (const zpool of profile.zswap.zpools) {
        assert(zpools.includes(zpool), `${profile.name} ${zpool}`);
      }
      // Each is a JSON value that reads as the same step.
      const read = program.map((step) =>
        parseSwapStep(parseLine(1, JSON.stringify(step)))
      );
      assertEquals(read, program);
    }
  }
});

/** Ways in which a process can be other than the model's. */
const SWAP_DEFECTS: Readonly<
  Record<string, (model: SwapTarget) => Partial<SwapTarget>>
> = {
  "a page that comes back has a byte changed": (model) => ({
    async read(page) {
      const answer = await model.read(page);
      if (isRefusal(answer)) return answer;
      return { data: answer.data.with(4095, answer.data[4095] ^ 1) };
    },
  }),
  "a page that is paged out is said to be in": (model) => ({
    async pageOut(page) {
      await model.pageOut(page);
      return { out: false };
    },
  }),
  "what a process gives back stays stored": () => ({ forget() {} }),
  "pages of one word are not counted": (model) => ({
    counters: changed(model, "same_filled_pages", () => 0),
  }),
  "a refused store at the limit is not counted": (model) => ({
    counters: changed(model, "pool_limit_hit", () => 0),
  }),
  "pages written back are counted twice": (model) => ({
    counters: changed(model, "written_back_pages", (count) => 2 * count),
  }),
  "an unknown allocator is taken": (model) => ({
    set(attr, value) {
      const answer = model.set(attr, value);
      return value === "nosuch" ? undefined : answer;
    },
  }),
  "a parameter is shown without its newline": (model) => ({
    async get(attr) {
      const answer = await model.get(attr);
      return isRefusal(answer) ? answer : { value: answer.value.trim() };
    },
  }),
};

for (const [defect, change] of Object.entries(SWAP_DEFECTS)) {
  Deno.test(`paging beside the model finds that ${defect}`, async () => {
    const { finding } = await swapResult(change, 60);
    assert(finding !== undefined);
    assert(finding.steps.length <= 12, `${finding.steps.length} steps`);
  });
}

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
    runs: 150,
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
    const { finding } = await backedResult(change);
    assert(finding !== undefined);
    assertEquals(finding.rule.id, "exact/same-answer");
    assert(finding.steps.length <= 12, `${finding.steps.length} steps`);
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
  assertEquals(touched, []);
});
