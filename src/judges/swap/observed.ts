/** Judging a process by a recording: what was observed when another ran the program. */
import type { Profile } from "../../linux/profile.ts";
import { checksum } from "../../programs/page_data.ts";
import type {
  SwapResults,
  SwapStep,
  SwapSteps,
} from "../../programs/swap/steps.ts";
import { TranscriptError } from "../../programs/transcript_fields.ts";
import type { ZswapOperation } from "../../programs/transcript_zswap.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import type { Comparison } from "../comparison.ts";
import type { Judge } from "../judge.ts";

type SwapAnswer = SwapResults[keyof SwapSteps] | Refusal;

const COUNTERS: SwapStep = { op: "counters" };

/**
 * Compares the answers to the steps of a recording's program, of which the
 * first is `create`, one after another, and the counters after each. It throws
 * nothing: differences are left in the comparison.
 */
export function comparingSwap(
  { name, zswap }: Profile,
  operations: readonly ZswapOperation[],
  comparison: Comparison,
): Judge<SwapSteps, SwapResults> {
  let steps = 0;
  const last = () => operations[steps - 2];
  const compareCounters = (shown: readonly number[]) => {
    const { line, counters = {} } = last();
    for (const [counter, observed] of Object.entries(counters)) {
      const nth = zswap.counters.findIndex((one) => one === counter);
      if (nth < 0) {
        throw new TranscriptError(
          line,
          `unknown counter '${counter}': ${name} has ${
            zswap.counters.join(", ")
          }`,
        );
      }
      comparison.same(counter, observed, shown[nth]);
    }
  };
  return {
    before(step) {
      if (step !== COUNTERS) steps++;
    },
    after(step, answer) {
      // What this judge asks is asked as this very object.
      if (step === COUNTERS) {
        const isShown = typeof answer === "object" && "counters" in answer;
        return compareCounters(isShown ? answer.counters : []);
      }
      if (steps > 1) compareAnswer(comparison, last(), answer);
    },
    questions: () =>
      steps < 2 || last().counters === undefined ? [] : [COUNTERS],
  };
}

/** Compares an answer with what was observed. */
function compareAnswer(
  comparison: Comparison,
  operation: ZswapOperation,
  answer: SwapAnswer,
): void {
  const found = isRefusal(answer) ? answer.error : undefined;
  comparison.errno(operation.errno, found);
  const isResult = operation.errno === undefined && found === undefined &&
    typeof answer === "object";
  if (!isResult) return;
  switch (operation.op) {
    case "get":
      if ("value" in answer) {
        comparison.same("text", operation.value, answer.value);
      }
      return;
    case "read":
      if ("data" in answer) {
        comparison.same("crc32", operation.crc32, checksum(answer.data));
      }
      return;
    case "pageout":
      if ("out" in answer) comparison.same("out", operation.out, answer.out);
  }
}
