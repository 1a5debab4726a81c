/** How each step and its answer are entered in the ledger. */
import { requestBytes } from "../../programs/zram/request_bytes.ts";
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import type { ZramLedger } from "./ledger.ts";
import {
  doBio,
  type Expected,
  failing,
  readPage,
  refuseRequest,
  SUCCESS,
  writePage,
} from "./ledger_bio.ts";
import { discardRange } from "./ledger_bio.ts";
import { recompress } from "./ledger_recompress.ts";
import { setAttribute } from "./ledger_set.ts";
import { writeback } from "./ledger_writeback.ts";

/** An answer to any step. */
export type ZramAnswer = ZramResults[keyof ZramSteps] | Refusal;

/** The errno of an answer. */
export function errnoOf(answer: ZramAnswer): string | undefined {
  return isRefusal(answer) ? answer.error : undefined;
}

/** Enters a step and its answer; returns how it should have ended. */
export function follow(
  ledger: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
): Expected {
  const { pageSize } = ledger.profile;
  const isDone = !isRefusal(answer);
  switch (step.op) {
    case "set":
      return failing(
        setAttribute(ledger, step.attr, step.value, errnoOf(answer)),
      );
    case "write": {
      const outside = refuseOutside(ledger, step.page, 1);
      if (outside !== undefined) return failing(outside);
      const bytes = ledger.bytesOf(step.data);
      // A write that is not refused is answered so.
      const stored = isDone
        ? (answer as ZramResults["write"]).stored
        : undefined;
      const storing = ledger.storing(bytes, step.data, stored);
      ledger.events.writes++;
      return writePage(ledger, step.page, bytes, storing, isDone, stored);
    }
    case "read": {
      const outside = refuseOutside(ledger, step.page, 1);
      if (outside !== undefined) return failing(outside);
      ledger.events.reads++;
      return readPage(ledger, step.page);
    }
    case "discard":
      return discard(ledger, step.page, step.pages);
    case "bio":
      return doBio(ledger, step, bioBytes(step, pageSize), isDone);
    case "wait":
      ledger.clock += step.seconds;
      return SUCCESS;
    case "slot_free_notify":
      freeSlot(ledger, step.page);
      return SUCCESS;
    case "open":
    case "close":
      return turn(ledger, step);
    case "writeback_under":
      // Only that operation is answered so.
      return underWriteback(
        ledger,
        step,
        answer as ZramResults["writeback_under"],
      );
    case "recompress_under":
      // Likewise.
      return underRecompression(
        ledger,
        step,
        answer as ZramResults["recompress_under"],
      );
    default:
      return SUCCESS;
  }
}

/** The errno of a request for pages that the disk has not got. */
function refuseOutside(
  ledger: ZramLedger,
  page: number,
  count: number,
): string | undefined {
  if (page + count <= ledger.pages.length) return undefined;
  const { pageSize } = ledger.profile;
  return refuseRequest(ledger, page * pageSize, count * pageSize);
}

function discard(
  ledger: ZramLedger,
  page: number,
  count: number,
): Expected {
  const { pageSize, zram } = ledger.profile;
  if (!zram.discard) return failing("EOPNOTSUPP");
  const [start, bytes] = [page * pageSize, count * pageSize];
  const errno = refuseRequest(ledger, start, bytes);
  if (errno === undefined) discardRange(ledger, start, bytes);
  return failing(errno);
}

function bioBytes(
  bio: ZramSteps["bio"],
  pageSize: number,
): Uint8Array {
  return bio.request === "write"
    ? requestBytes(bio, pageSize)
    : new Uint8Array(bio.request === "read" ? bio.bytes : 0);
}

function turn(
  ledger: ZramLedger,
  { op, exclusive }: Extract<ZramStep, { readonly op: "open" | "close" }>,
): Expected {
  const more = op === "open" ? 1 : -1;
  ledger.openers += more;
  if (exclusive) ledger.holders += more;
  return SUCCESS;
}

/** The swap layer frees a page, if its slot is not locked. */
function freeSlot(ledger: ZramLedger, page: number): void {
  ledger.events.notifyFree++;
  if (page === ledger.locked) ledger.events.missFree++;
  else ledger.free(page);
}

/** Something is done when an operation has waited `after` times, or is done. */
function amid<Result>(
  after: number,
  run: () => void,
  operation: (waits: () => void) => Result,
): Result {
  let waited = 0;
  let isDone = false;
  const result = operation(() => {
    if (isDone || waited++ < after) return;
    isDone = true;
    run();
  });
  if (!isDone) run();
  return result;
}

/** A page is written in the middle of a writeback, or what else is done to it. */
function underWriteback(
  ledger: ZramLedger,
  { value, after, page, does, data }: ZramSteps["writeback_under"],
  answer: ZramResults["writeback_under"],
): Expected {
  const meanwhile = () => {
    if (does === "slot_free_notify") {
      if (page < ledger.pages.length) freeSlot(ledger, page);
    } else if (does === "discard") {
      discard(ledger, page, 1);
    } else if (refuseOutside(ledger, page, 1) !== undefined) {
      return;
    } else if (data === undefined) {
      ledger.events.reads++;
      readPage(ledger, page);
    } else {
      const bytes = ledger.bytesOf(data);
      const { stored } = answer;
      const storing = ledger.storing(bytes, data, stored);
      ledger.events.writes++;
      writePage(ledger, page, bytes, storing, stored !== undefined, stored);
    }
  };
  return failing(
    amid(
      after,
      meanwhile,
      (waits) => writeback(ledger, value, answer.writeback, waits),
    ),
  );
}

/** A page is freed in the middle of a recompression. */
function underRecompression(
  ledger: ZramLedger,
  { value, after, page }: ZramSteps["recompress_under"],
  answer: ZramResults["recompress_under"],
): Expected {
  const meanwhile = () => {
    freeSlot(ledger, page);
    ledger.storedAmid = ledger.pages.stored;
  };
  return failing(
    amid(
      after,
      meanwhile,
      (waits) => recompress(ledger, value, answer.recompress, waits),
    ),
  );
}
