/** Steps that the ledger can follow, and those that are passed over. */
import { requestBytes } from "../../programs/zram/request_bytes.ts";
import {
  SECTOR,
  type ZramResults,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import { SKIPPED, type StepTarget } from "../../targets/step_target.ts";
import type { ZramLedger } from "./ledger.ts";
import { piecesOf } from "./ledger_bio.ts";
import { mostTried } from "./ledger_recompress.ts";

/**
 * Whether the ledger can follow a step. Of a request that writes several pages
 * it is not told which of them failed for want of memory, nor of one for a part
 * of a page whether it was that part's own, nor at which page a recompression
 * ended, nor how many pages there are for a batch.
 */
export function canFollow(ledger: ZramLedger, step: ZramStep): boolean {
  switch (step.op) {
    case "bio":
      return canFollowBio(ledger, step);
    case "set":
      if (step.attr === "writeback") return canWriteBack(ledger);
      return step.attr !== "recompress" || canRecompress(ledger, step.value);
    case "writeback_under":
      return canWriteBack(ledger);
    case "recompress_under":
      return canRecompress(ledger, step.value);
    default:
      return true;
  }
}

/**
 * Each part of a page takes a page for the while of it (`zram_bvec_read_partial`,
 * `zram_bvec_write_partial`): whether there is one must be known.
 */
function canFollowBio(ledger: ZramLedger, bio: ZramSteps["bio"]): boolean {
  const { request } = bio;
  if (request !== "read" && request !== "write") return true;
  const { memory, profile: { pageSize } } = ledger;
  if (!isOfWholePages(bio, pageSize) && memory.canHold === undefined) {
    return false;
  }
  const canFail = memory.limit !== 0 || memory.isScarce;
  return request === "read" || !canFail || piecesOf(bio, pageSize) === 1 ||
    isForetold(ledger, bio);
}

/** Whether a request is for no part of a page. */
function isOfWholePages(
  { sector, bytes }: ZramSteps["bio"],
  pageSize: number,
): boolean {
  return sector * SECTOR % pageSize === 0 && bytes % pageSize === 0;
}

/** Whether it is known how many pages there are for a batch. */
function canWriteBack({ memory, writesInBatches }: ZramLedger): boolean {
  return !writesInBatches || memory.isForeseen;
}

/** Whether it is told, or known, which page a recompression has no memory for. */
function canRecompress(ledger: ZramLedger, text: string): boolean {
  const { memory } = ledger;
  return !memory.isScarce ||
    (memory.canHold !== undefined && mostTried(ledger, text) <= 1);
}

/**
 * Whether it is known beforehand what comes of each page that a request writes:
 * the limit refuses some, which changes nothing, and no page but the last is
 * stored.
 */
function isForetold(ledger: ZramLedger, bio: ZramSteps["bio"]): boolean {
  const { memory, profile: { pageSize, zram } } = ledger;
  if (!isOfWholePages(bio, pageSize) || memory.isScarce) return false;
  const data = requestBytes(bio, pageSize);
  const stops = zram.afterFailedSegment === "stop";
  for (let at = 0; at < data.length; at += pageSize) {
    const page = data.subarray(at, at + pageSize);
    const { stored } = ledger.storing(page);
    if (stored !== false) {
      return stored === true && at + pageSize === data.length;
    }
    if (stops) return true;
  }
  return true;
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
