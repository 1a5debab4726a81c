/** Steps that the ledger can follow, and those that are passed over. */
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import { SKIPPED, type StepTarget } from "../../targets/step_target.ts";
import type { ZramLedger } from "./ledger.ts";
import { piecesOf } from "./ledger_bio.ts";

/**
 * Whether the ledger can follow a step. Of a request that writes several pages
 * it is not told which of them failed for want of memory, nor at which page a
 * recompression ended, nor how many pages there are for a batch.
 */
export function canFollow(ledger: ZramLedger, step: ZramStep): boolean {
  switch (step.op) {
    case "bio":
      return step.request !== "write" || !ledger.canFail ||
        piecesOf(step, ledger.profile.pageSize) === 1;
    case "set":
      return canFollowSet(ledger, step.attr);
    case "writeback_under":
      return canFollowSet(ledger, "writeback");
    default:
      return true;
  }
}

function canFollowSet(
  { memory, writesInBatches }: ZramLedger,
  attr: string,
): boolean {
  if (attr === "recompress") return !memory.isScarce;
  return attr !== "writeback" || !writesInBatches || memory.isForeseen;
}

/** A target that is asked only what `isAsked` lets through. */
export function onlyAsked(
  target: StepTarget<ZramSteps, ZramResults>,
  isAsked: (step: ZramStep) => boolean,
): StepTarget<ZramSteps, ZramResults> {
  return {
    ...target,
    ask: (step) => isAsked(step) ? target.ask(step) : SKIPPED,
  };
}
