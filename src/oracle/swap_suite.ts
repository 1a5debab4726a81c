/** How a process with zswap below it is judged: by the model, answer by answer. */
import type { Profile } from "../linux/profile.ts";
import { expandBytes, simplerBytes } from "../programs/bytes.ts";
import {
  EXACT,
  expectBytes,
  expectSame,
  type Judge,
  type Suite,
} from "./judge.ts";
import { modelSwap } from "./swap_model.ts";
import { parseSwapStep, swapSteps } from "./swap_steps.ts";
import type {
  SwapSetup,
  SwapStep,
  SwapTarget,
} from "../targets/swap_target.ts";
import { isRefusal } from "../targets/target.ts";

/** About as many steps have the shortest programs and the longest. */
const STEPS = { min: 160, max: 500 };

/** Asks a target for a step. */
export function askSwap(
  target: SwapTarget,
  profile: Profile,
  step: SwapStep,
): unknown {
  switch (step.op) {
    case "create":
      return target.create();
    case "set":
      return target.set(step.attr, step.value);
    case "get":
      return target.get(step.attr);
    case "write":
      return target.write(step.page, expandBytes(step.data, profile.pageSize));
    case "read":
      return target.read(step.page);
    case "pageout":
      return target.pageOut(step.page);
    case "forget":
      return target.forget(step.page);
  }
}

/** The bytes of an answer that has some. */
function bytesIn(answer: unknown): Uint8Array | undefined {
  return typeof answer === "object" && answer !== null && "data" in answer &&
      answer.data instanceof Uint8Array
    ? answer.data
    : undefined;
}

function swapJudge(
  target: SwapTarget,
  profile: Profile,
  setup: SwapSetup,
): Judge<SwapStep> {
  const model = modelSwap(profile, setup);
  let asked: SwapStep | undefined;
  let isCreated = false;
  const compareCounters = async () => {
    const found = await target.counters();
    const expected = await model.counters();
    if (isRefusal(found) || isRefusal(expected)) {
      return expectSame(EXACT, expected, found);
    }
    const named = (counters: readonly number[]) =>
      Object.fromEntries(
        profile.zswap.counters.map((name, nth) => [name, counters[nth]]),
      );
    expectSame(EXACT, named(expected.counters), named(found.counters));
  };
  return {
    get asked() {
      return asked;
    },
    async step(step) {
      if (step.op === "create") isCreated = true;
      if (!isCreated) return false;
      asked = step;
      const answer = await askSwap(target, profile, step);
      const expected = await askSwap(model, profile, step);
      const [found, right] = [bytesIn(answer), bytesIn(expected)];
      if (found !== undefined && right !== undefined) {
        expectBytes(EXACT, right, found);
      } else expectSame(EXACT, expected ?? {}, answer ?? {});
      await compareCounters();
      return true;
    },
    closing: () => [],
  };
}

/** The suite of a process of a machine with `setup`. It has one level: exact. */
export function swapSuite(setup: SwapSetup): Suite<SwapTarget, SwapStep> {
  return {
    target: "zswap",
    rules: [EXACT],
    prepare: (_target, plan) => Promise.resolve(plan),
    programs: (fc, { profile }) =>
      fc.tuple(fc.nat(), fc.integer(STEPS))
        .map(([seed, steps]) => swapSteps(profile, seed, steps)),
    judge: (target, { profile }) => swapJudge(target, profile, setup),
    simpler: (step) =>
      step.op === "write"
        ? simplerBytes(step.data).map((data) => ({ ...step, data }))
        : [],
    parse: parseSwapStep,
  };
}
