/** Judges answers by what was observed when a kernel did the same. */
import type { Profile } from "../../linux/profile.ts";
import { checksum } from "../../programs/page_data.ts";
import type { SwapObserved } from "../../programs/swap/recording.ts";
import type {
  SwapResults,
  SwapStep,
  SwapSteps,
} from "../../programs/swap/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import { expectSame, type Judge } from "../judge.ts";

/** What each answer to a recorded step is held against. */
export const SWAP_OBSERVED: Rule = {
  id: "observed/swap",
  sentence:
    "Every answer, and every counter after it, is what the recorded kernel showed.",
  source: "the recording, transcript/1",
};

/** What an answer shows of what was observed. */
function shownBy(
  answer: SwapResults[SwapStep["op"]] | Refusal,
): Omit<SwapObserved, "line" | "counters"> {
  if (isRefusal(answer)) return { errno: answer.error };
  if (typeof answer !== "object") return {};
  if ("value" in answer) return { value: answer.value };
  if ("data" in answer) return { crc32: checksum(answer.data) };
  // Of every page of a process it is a number, which recordings do not have.
  if ("out" in answer && typeof answer.out === "boolean") {
    return { out: answer.out };
  }
  return {};
}

/**
 * Judges a recording's steps. Each observation that is compared is counted in
 * `reach`: the error or that there was none, the result, each counter.
 */
export function observedSwapJudge(
  { zswap }: Profile,
  observed: ReadonlyMap<SwapStep, SwapObserved>,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  let last: SwapObserved | undefined;
  const compare = (name: string, expected: unknown, found: unknown) => {
    reach.count(SWAP_OBSERVED);
    expectSame(
      SWAP_OBSERVED,
      { [name]: expected ?? "none" },
      { [name]: found ?? "none" },
    );
  };
  const compareCounters = (answer: SwapResults["counters"]) => {
    for (const [name, expected] of Object.entries(last?.counters ?? {})) {
      const nth = zswap.counters.findIndex((one) => one === name);
      compare(name, expected, answer.counters[nth]);
    }
  };
  return {
    after(step, answer) {
      const seen = observed.get(step);
      if (seen === undefined) {
        const isCounters = !isRefusal(answer) && typeof answer === "object" &&
          "counters" in answer;
        if (isCounters) compareCounters(answer);
        return;
      }
      last = seen;
      const shown = shownBy(answer);
      compare("errno", seen.errno, shown.errno);
      if (seen.errno !== undefined) return;
      if (seen.value !== undefined) compare("value", seen.value, shown.value);
      if (seen.crc32 !== undefined) compare("crc32", seen.crc32, shown.crc32);
      if (seen.out !== undefined) compare("out", seen.out, shown.out);
    },
    questions: (step) =>
      observed.get(step)?.counters === undefined ? [] : [{ op: "counters" }],
  };
}
