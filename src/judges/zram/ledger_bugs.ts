/**
 * Where a kernel's own bug stops whoever meets it: what a device may not be
 * asked, as nothing after it is specified.
 */
import { isAligned } from "../../programs/zram/request_range.ts";
import {
  SECTOR,
  type ZramBio,
  type ZramStep,
} from "../../programs/zram/steps.ts";
import type { ZramLedger } from "./ledger.ts";
import { isSupported } from "./ledger_bio.ts";
import { askedParams } from "./ledger_params.ts";
import { bytesNamed } from "./sizes.ts";

/** Whether a step stops this kernel; `"perhaps"` where a part of it may. */
export function isBugAt(
  ledger: ZramLedger,
  step: ZramStep,
): boolean | "perhaps" {
  switch (step.op) {
    case "get":
      // A device without any algorithm has no name to show.
      return step.attr === "comp_algorithm" &&
        ledger.algorithms[0] === undefined;
    case "write":
      return step.page < ledger.pages.length && ledger.lacksCompressor &&
        !ledger.takesNoMemory(ledger.bytesOf(step.data));
    case "set":
      return step.attr === "disksize"
        ? stopsAtDisksize(ledger, step.value)
        : step.attr === "algorithm_params" &&
          takesDictionary(ledger, step.value);
    case "writeback_under":
      return ledger.lacksCompressor ? "perhaps" : false;
    case "bio":
      if (step.request === "write") {
        return ledger.lacksCompressor ? "perhaps" : false;
      }
      return step.request === "discard" && isEndless(ledger, step);
    default:
      return false;
  }
}

/** Whether a text that is taken sets up what stops the kernel. */
function stopsAtDisksize(ledger: ZramLedger, text: string): boolean {
  const bytes = bytesNamed(text, ledger.profile) ?? 0n;
  return bytes > 0n && !ledger.isInitialised &&
    ledger.outcomeOfSetUp === "stops";
}

/**
 * Whether an algorithm that is in use loses the dictionary that it reads with
 * each page (up to 7.0).
 */
function takesDictionary(ledger: ZramLedger, text: string): boolean {
  // A write of no bytes reaches no attribute.
  if (text === "" || !ledger.isInitialised) return false;
  const asked = askedParams(ledger, text);
  if (typeof asked === "string") return false;
  const { priority } = asked;
  return ledger.told.hasDictionary(priority, ledger.algorithmAt(priority));
}

/** Whether a discard begins in the middle of a page and leaves it no more. */
function isEndless(ledger: ZramLedger, { sector, bytes }: ZramBio): boolean {
  const { profile: { pageSize, zram }, disksize } = ledger;
  if (zram.partialDiscard === "ends" || !isSupported(ledger, "discard")) {
    return false;
  }
  const start = sector * SECTOR;
  const end = start + bytes;
  const isInside = start < disksize && end <= disksize;
  const page = Math.floor(start / pageSize);
  return isInside && isAligned(start, bytes) && start > page * pageSize &&
    end <= (page + 1) * pageSize;
}
