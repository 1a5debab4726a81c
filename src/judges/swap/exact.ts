/** Judges a live process by the model's answers, one by one. */
import type { Profile } from "../../linux/profile.ts";
import type {
  SwapCreate,
  SwapResults,
  SwapSteps,
} from "../../programs/swap/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED } from "../../targets/step_target.ts";
import { swapModel } from "../../targets/swap/swap_model.ts";
import { isRefusal } from "../../targets/target.ts";
import { EXACT, expectBytes, expectSame, type Judge } from "../judge.ts";

/** The bytes of an answer that has some. */
function bytesIn(answer: unknown): Uint8Array | undefined {
  return typeof answer === "object" && answer !== null && "data" in answer &&
      answer.data instanceof Uint8Array
    ? answer.data
    : undefined;
}

/** Counters by their names, for messages. */
function named({ zswap }: Profile, answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  if (!("counters" in answer) || !Array.isArray(answer.counters)) return answer;
  const { counters } = answer;
  return Object.fromEntries(
    zswap.counters.map((name, nth) => [name, counters[nth]]),
  );
}

/**
 * Every answer is the model's, and every counter after each step. `defaults`
 * is what the machine is like.
 */
export function exactSwapJudge(
  profile: Profile,
  defaults: SwapCreate,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  const model = swapModel(profile, defaults);
  return {
    after(step, answer) {
      const expected = model.ask(step);
      if (expected === SKIPPED || expected instanceof Promise) return;
      reach.count(EXACT);
      const [found, right] = [bytesIn(answer), bytesIn(expected)];
      if (found !== undefined && right !== undefined) {
        expectBytes(EXACT, right, found);
      } else if (step.op === "counters" && !isRefusal(answer)) {
        expectSame(EXACT, named(profile, expected), named(profile, answer));
      } else expectSame(EXACT, expected ?? {}, answer ?? {});
    },
    questions: (step) => step.op === "counters" ? [] : [{ op: "counters" }],
  };
}
