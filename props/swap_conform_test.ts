import { assert, assertEquals } from "@std/assert";
import { LINUX_6_1, type Profile, PROFILES } from "../mod.ts";
import { EXACT, LEVELS } from "../src/judges/judge.ts";
import { naiveSwapJudge } from "../src/judges/swap/naive.ts";
import { Reach } from "../src/rules/reach.ts";
import { swapMachine } from "../src/search/machines/swap.ts";
import { swapSuite } from "../src/search/suites/swap.ts";
import { trialOf } from "../src/search/trial.ts";
import { modelSwap } from "./model_swap.ts";
import { swapModel } from "../src/targets/swap/swap_model.ts";
import type { SwapSetup, SwapTarget } from "../src/targets/swap_target.ts";
import { isRefusal } from "../src/targets/target.ts";
import { firstFinding, needless, type Search, shrunk } from "./swap_search.ts";

const SETUP = { totalPages: 14336, swapPages: 256 };
/** A machine of which one per cent is one page: programs that fill it are short. */
const SMALL_SETUP = { totalPages: 100, swapPages: 256 };

/** Programs for a process that is the model's but for what `change` makes of it. */
function searchOf(
  setup: SwapSetup,
  profile: Profile,
  reach: Reach,
  change: (model: SwapTarget) => Partial<SwapTarget> = () => ({}),
): Search {
  const suite = swapSuite(setup);
  const plan = { level: "exact", profile } as const;
  return {
    language: suite.language,
    scope: suite.scope(plan),
    trial() {
      const model = modelSwap(profile, setup);
      return suite.trial({ ...model, ...change(model) }, plan, reach);
    },
  };
}

for (const profile of PROFILES) {
  Deno.test(`programs of paging find no difference between the model of ${profile.name} and itself`, () => {
    const reach = new Reach();
    for (const setup of [SETUP, SMALL_SETUP]) {
      const search = searchOf(setup, profile, reach);
      assertEquals(firstFinding(search, 1, 10), undefined);
    }
    assert(reach.of(EXACT) > 1000);
  });
}

Deno.test("a live kernel's process is judged at one level, by one rule", () => {
  const { rules } = swapSuite(SETUP);
  assertEquals(LEVELS.map(rules), [[], [EXACT]]);
});

/** The answer of a model that does not wait. */
function now<Result>(answer: Result | Promise<Result>): Result {
  if (answer instanceof Promise) throw new Error("the model does not wait");
  return answer;
}

/** The counters of a model, one of them changed. */
function changed(
  model: SwapTarget,
  name: string,
  change: (count: number) => number,
): Partial<SwapTarget> {
  const nth = LINUX_6_1.zswap.counters.findIndex((one) => one === name);
  return {
    counters() {
      const answer = now(model.counters());
      if (isRefusal(answer)) return answer;
      const { counters } = answer;
      return { counters: counters.with(nth, change(counters[nth])) };
    },
  };
}

/** Ways in which a process can be other than the model's. */
const DEFECTS: Readonly<
  Record<string, (model: SwapTarget) => Partial<SwapTarget>>
> = {
  "a page that comes back has a byte changed": (model) => ({
    read(page) {
      const answer = now(model.read(page));
      if (isRefusal(answer)) return answer;
      return { data: answer.data.with(4095, answer.data[4095] ^ 1) };
    },
  }),
  "a page that is paged out is said to be in": (model) => ({
    pageOut(page) {
      model.pageOut(page);
      return { out: false };
    },
  }),
  "what a process gives back stays stored": () => ({ forget() {} }),
  "a write fails": () => ({ write: () => ({ error: "ENOMEM" }) }),
  "pages of one word are not counted": (model) =>
    changed(model, "same_filled_pages", () => 0),
  "a refused store at the limit is not counted": (model) =>
    changed(model, "pool_limit_hit", () => 0),
  "pages written back are counted twice": (model) =>
    changed(model, "written_back_pages", (count) => 2 * count),
  "an unknown allocator is taken": (model) => ({
    set(attr, value) {
      const answer = model.set(attr, value);
      return value === "nosuch" ? undefined : answer;
    },
  }),
  "a parameter is shown without its newline": (model) => ({
    get(attr) {
      const answer = now(model.get(attr));
      return isRefusal(answer) ? answer : { value: answer.value.trim() };
    },
  }),
};

for (const [defect, change] of Object.entries(DEFECTS)) {
  Deno.test(`paging beside the model finds that ${defect}, and shrinks it to steps of which none can be left out`, () => {
    const search = searchOf(SMALL_SETUP, LINUX_6_1, new Reach(), change);
    const found = firstFinding(search, 1, 100);
    assert(found !== undefined);
    const smallest = shrunk(search, found);
    assertEquals(smallest.rule.id, EXACT.id);
    assertEquals(needless(search, smallest, found.program), []);
  });
}

Deno.test("a finding of the machine shrinks to a program of which no step can be left out", () => {
  const search: Search = {
    language: swapMachine.language,
    scope: swapMachine.scope,
    trial({ profile }) {
      const model = swapModel(profile);
      const reads = {
        ...model,
        get subject() {
          return model.subject;
        },
        ask(step: Parameters<typeof model.ask>[0]) {
          const answer = model.ask(step);
          const stats = model.subject?.swap.stats;
          // Reads that fail are counted as those that do not.
          if (stats !== undefined && stats.failedReads > 0) stats.pswpin++;
          return answer;
        },
      };
      return trialOf(reads, [naiveSwapJudge(reads, new Reach())]);
    },
  };
  const found = firstFinding(search, 1, 100);
  assert(found !== undefined);
  const smallest = shrunk(search, found);
  assertEquals(smallest.rule.id, "swap-model/vmstat");
  assertEquals(needless(search, smallest, found.program), []);
});
