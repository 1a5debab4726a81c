/** How each step and its answer are entered in the ledger. */
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../../programs/bytes.ts";
import { requestBytes } from "../../programs/zram/request_bytes.ts";
import type {
  ZramBio,
  ZramRecompressUnder,
  ZramResults,
  ZramStep,
  ZramSteps,
  ZramWritebackUnder,
} from "../../programs/zram/steps.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import type { ZramLedger } from "./ledger.ts";
import {
  discardRange,
  doBio,
  type Expected,
  readPage,
  refuseRequest,
  writePage,
} from "./ledger_bio.ts";
import { recompress } from "./ledger_recompress.ts";
import { setAttribute } from "./ledger_set.ts";
import { writeback } from "./ledger_writeback.ts";

/** An answer to a step of an operation. */
export type Answered<Op extends keyof ZramSteps> = ZramResults[Op] | Refusal;

/** An answer to any step. */
export type ZramAnswer = Answered<keyof ZramSteps>;

/** The errno of an answer. */
export function errnoOf(answer: ZramAnswer): string | undefined {
  return isRefusal(answer) ? answer.error : undefined;
}

/** What is done with the steps of each operation, and their answers. */
export type LedgerTable<Result> = {
  readonly [Op in keyof ZramSteps]?: (
    ledger: ZramLedger,
    step: { readonly op: Op } & ZramSteps[Op],
    answer: Answered<Op>,
  ) => Result;
};

/** Does with a step and its answer what a table has for its operation. */
export function byOperation<Result>(
  table: LedgerTable<Result>,
  ledger: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
): Result | undefined {
  // An operation's steps are answered with results of that operation.
  return table[step.op]?.(ledger, step as never, answer as never);
}

/** Enters a step and its answer; returns how it should have ended. */
export function follow(
  ledger: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
): Expected {
  return byOperation(FOLLOWED, ledger, step, answer);
}

const FOLLOWED: LedgerTable<Expected> = {
  set: (ledger, { attr, value }, answer) =>
    setAttribute(ledger, attr, value, errnoOf(answer)),
  write: (ledger, { page, data }, answer) =>
    isRefusal(answer)
      ? write(ledger, page, data, false)
      : write(ledger, page, data, true, answer.stored),
  read: (ledger, { page }) => read(ledger, page),
  discard: (ledger, { page, pages }) => discard(ledger, page, pages),
  bio: (ledger, bio, answer) =>
    doBio(ledger, bio, bioBytes(bio, ledger.profile), !isRefusal(answer)),
  wait(ledger, { seconds }): undefined {
    ledger.clock += seconds;
  },
  slot_free_notify: (ledger, { page }) => freeSlot(ledger, page),
  open: (ledger, { exclusive }) => turn(ledger, exclusive, 1),
  close: (ledger, { exclusive }) => turn(ledger, exclusive, -1),
  writeback_under: underWriteback,
  recompress_under: underRecompression,
};

/** The errno of a request for pages that the disk has not got. */
function refuseOutside(ledger: ZramLedger, page: number): string | undefined {
  if (page < ledger.pages.length) return undefined;
  const { pageSize } = ledger.profile;
  return refuseRequest(ledger, page * pageSize, pageSize);
}

function write(
  ledger: ZramLedger,
  page: number,
  data: Bytes,
  isDone: boolean,
  stored?: number,
): Expected {
  const outside = refuseOutside(ledger, page);
  if (outside !== undefined) return outside;
  ledger.events.writes++;
  const bytes = ledger.bytesOf(data);
  return writePage(ledger, page, bytes, isDone, data, stored).expected;
}

function read(ledger: ZramLedger, page: number): Expected {
  const outside = refuseOutside(ledger, page);
  if (outside !== undefined) return outside;
  ledger.events.reads++;
  return readPage(ledger, page);
}

function discard(ledger: ZramLedger, page: number, count: number): Expected {
  const { pageSize, zram } = ledger.profile;
  if (!zram.discard) return "EOPNOTSUPP";
  const [start, bytes] = [page * pageSize, count * pageSize];
  const errno = refuseRequest(ledger, start, bytes);
  if (errno === undefined) discardRange(ledger, start, bytes);
  return errno;
}

function bioBytes(bio: ZramBio, { pageSize }: Profile): Uint8Array {
  return bio.request === "write"
    ? requestBytes(bio, pageSize)
    : new Uint8Array(bio.request === "read" ? bio.bytes : 0);
}

function turn(
  ledger: ZramLedger,
  isExclusive: boolean,
  more: number,
): undefined {
  ledger.openers += more;
  if (isExclusive) ledger.holders += more;
}

/** The swap layer frees a page, if its slot is not locked. */
function freeSlot(ledger: ZramLedger, page: number): undefined {
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
  answer: ZramAnswer,
): Expected {
  // Only this operation is answered so, which is not refused itself.
  const { writeback: found, stored } = answer as ZramWritebackUnder;
  const meanwhile = () => {
    if (does === "discard") discard(ledger, page, 1);
    else if (does === "read") read(ledger, page);
    else if (data !== undefined) {
      write(ledger, page, data, stored !== undefined, stored);
    } else if (page < ledger.pages.length) freeSlot(ledger, page);
  };
  return amid(
    after,
    meanwhile,
    (waits) => writeback(ledger, value, found, waits),
  );
}

/** A page is freed in the middle of a recompression. */
function underRecompression(
  ledger: ZramLedger,
  { value, after, page }: ZramSteps["recompress_under"],
  answer: ZramAnswer,
): Expected {
  // Likewise.
  const { recompress: found } = answer as ZramRecompressUnder;
  const meanwhile = () => {
    freeSlot(ledger, page);
    ledger.storedAmid = ledger.pages.stored;
  };
  return amid(
    after,
    meanwhile,
    (waits) => recompress(ledger, value, found, waits),
  );
}
