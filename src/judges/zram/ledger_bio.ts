/** What requests do to the ledger: of whole pages, and in sectors. */
import type { ZramBio } from "../../programs/zram/steps.ts";
import { SECTOR } from "../../programs/zram/steps.ts";
import type { ZramLedger } from "./ledger.ts";
import type { Storing } from "./storing.ts";

/** What a request must be answered; `"either"` where it may fail or not. */
export interface Expected {
  /** The errno, if there must be one. */
  readonly errno: string | undefined;
  /** Whether it may also fail for want of memory, or not. */
  readonly isOpen: boolean;
}

/** What must succeed. */
export const SUCCESS: Expected = { errno: undefined, isOpen: false };
/** What fails or not. */
const OPEN: Expected = { errno: "EIO", isOpen: true };

/** What must fail with an errno; what must succeed without one. */
export function failing(errno: string | undefined): Expected {
  return errno === undefined ? SUCCESS : { errno, isOpen: false };
}

/** Bytes to which requests are aligned. */
const BLOCK = 4096;

/** The errno of a request that is out of range or unaligned, counted where it is. */
export function refuseRequest(
  ledger: ZramLedger,
  start: number,
  bytes: number,
): string | undefined {
  const { disksize, events } = ledger;
  const { requestsChecked } = ledger.profile.zram;
  if (requestsChecked === "once-initialised" && disksize === 0) return "EIO";
  const isInside = start < disksize && start + bytes <= disksize;
  if (isInside && start % BLOCK === 0 && bytes % BLOCK === 0) return undefined;
  if (requestsChecked !== "by-block-layer") events.invalidIo++;
  else if (isInside) return "EINVAL";
  return "EIO";
}

/** A page is written, and `isStored` says whether it was, by so many bytes. */
export function writePage(
  ledger: ZramLedger,
  page: number,
  bytes: Uint8Array,
  storing: Storing,
  isStored: boolean,
  counted?: number,
): Expected {
  ledger.store(page, bytes, storing, isStored, counted);
  if (isStored) {
    ledger.touch(page);
  } else {
    ledger.events.failedWrites++;
    if (ledger.profile.zram.failureIsAccess) ledger.touch(page);
  }
  if (storing.stored === undefined) return OPEN;
  return storing.stored ? SUCCESS : failing("EIO");
}

/** A page is read. */
export function readPage(ledger: ZramLedger, page: number): Expected {
  const isRead = ledger.readBacking(page);
  ledger.touch(page);
  return isRead ? SUCCESS : failing("EIO");
}

/** The pages that are wholly inside a range are forgotten. */
export function discardRange(
  ledger: ZramLedger,
  start: number,
  bytes: number,
): void {
  const { pageSize } = ledger.profile;
  const end = Math.floor((start + bytes) / pageSize);
  for (let page = Math.ceil(start / pageSize); page < end; page++) {
    ledger.free(page);
    ledger.events.notifyFree++;
  }
}

/** Whether a kernel has requests of a kind at all. */
export function isSupported(
  { profile }: ZramLedger,
  request: ZramBio["request"],
): boolean {
  const { discard, writeZeroes } = profile.zram;
  if (request === "discard") return discard;
  return request !== "write_zeroes" ||
    (writeZeroes && profile.pageSize === BLOCK);
}

/**
 * A request in sectors: `data` is what is written, `isDone` whether it was
 * answered without an error.
 */
export function doBio(
  ledger: ZramLedger,
  { request, sector, bytes }: ZramBio,
  data: Uint8Array,
  isDone: boolean,
): Expected {
  if (!isSupported(ledger, request)) return failing("EOPNOTSUPP");
  const errno = refuseRequest(ledger, sector * SECTOR, bytes);
  if (errno !== undefined) return failing(errno);
  if (request === "discard" || request === "write_zeroes") {
    discardRange(ledger, sector * SECTOR, bytes);
    return SUCCESS;
  }
  return doSegments(ledger, request, sector * SECTOR, data, isDone);
}

/** Each piece of a request is in one page of the disk and one of memory. */
function doSegments(
  ledger: ZramLedger,
  request: "read" | "write",
  start: number,
  data: Uint8Array,
  isDone: boolean,
): Expected {
  const { profile: { pageSize, zram } } = ledger;
  let expected = SUCCESS;
  let [at, place] = [0, start];
  while (at < data.length) {
    const left = Math.min(
      pageSize - place % pageSize,
      pageSize - at % pageSize,
      data.length - at,
    );
    if (at === 0 || zram.requestsCounted === "segments") {
      ledger.events[request === "read" ? "reads" : "writes"]++;
    }
    const piece = data.subarray(at, at + left);
    const outcome = request === "write"
      ? writePiece(ledger, place, piece, isDone)
      : readPiece(ledger, place, left);
    if (outcome.expected.errno !== undefined) expected = outcome.expected;
    if (!outcome.stops) {
      at += left;
      place += left;
    } else if (zram.afterFailedSegment === "stop") {
      return expected;
    } else {
      // 6.1 goes on with the next page of memory, at the same place.
      at += pageSize - at % pageSize;
    }
  }
  return expected;
}

/** What came of a piece, and whether it ends the request. */
interface Piece {
  readonly expected: Expected;
  readonly stops: boolean;
}

const DONE: Piece = { expected: SUCCESS, stops: false };
const STOPPED: Piece = { expected: failing("EIO"), stops: true };

function writePiece(
  ledger: ZramLedger,
  place: number,
  piece: Uint8Array,
  isDone: boolean,
): Piece {
  const { pageSize } = ledger.profile;
  const page = Math.floor(place / pageSize);
  if (piece.length === pageSize) {
    return writeWhole(ledger, page, piece.slice(), isDone);
  }
  if (ledger.hold() === false) return failed(ledger, page, "failedWrites");
  const isRead = ledger.readBacking(page);
  const whole = ledger.contentsOf(page)?.slice() ?? new Uint8Array(pageSize);
  whole.set(piece, place % pageSize);
  const outcome = isRead
    ? writeWhole(ledger, page, whole, isDone)
    : failed(ledger, page, "failedWrites");
  ledger.memory.release();
  return outcome;
}

function writeWhole(
  ledger: ZramLedger,
  page: number,
  bytes: Uint8Array,
  isDone: boolean,
): Piece {
  const storing = ledger.storing(bytes);
  const isStored = storing.stored ?? isDone;
  const expected = writePage(ledger, page, bytes, storing, isStored);
  return { expected, stops: !isStored };
}

function readPiece(ledger: ZramLedger, place: number, bytes: number): Piece {
  const { pageSize } = ledger.profile;
  const page = Math.floor(place / pageSize);
  if (bytes === pageSize) {
    // The backing device's own error ends nothing.
    return { expected: readPage(ledger, page), stops: false };
  }
  if (ledger.hold() === false) return failed(ledger, page, "failedReads");
  const isRead = ledger.readBacking(page);
  ledger.memory.release();
  if (!isRead) return failed(ledger, page, "failedReads");
  ledger.touch(page);
  return DONE;
}

/** A piece failed, which some kernels count as an access. */
function failed(
  ledger: ZramLedger,
  page: number,
  counter: "failedReads" | "failedWrites",
): Piece {
  ledger.events[counter]++;
  if (ledger.profile.zram.failureIsAccess) ledger.touch(page);
  return STOPPED;
}

/** How many pieces a request has that writes. */
export function piecesOf(
  { sector, bytes }: ZramBio,
  pageSize: number,
): number {
  const start = sector * SECTOR;
  let pieces = 0;
  for (let at = 0; at < bytes; pieces++) {
    at += Math.min(
      pageSize - (start + at) % pageSize,
      pageSize - at % pageSize,
    );
  }
  return pieces;
}
