/** What requests do to the ledger: of whole pages, and in sectors. */
import type { Bytes } from "../../programs/bytes.ts";
import { BLOCK, isAligned } from "../../programs/zram/request_range.ts";
import { SECTOR, type ZramBio } from "../../programs/zram/steps.ts";
import type { ZramLedger } from "./ledger.ts";

/** It fails for want of memory, or does not: which is not known. */
export const MAY_FAIL: unique symbol = Symbol("EIO, or no error");

/** How a step must end: with an errno, or without. */
export type Expected = string | undefined | typeof MAY_FAIL;

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
  if (isInside && isAligned(start, bytes)) return undefined;
  if (requestsChecked !== "by-block-layer") events.invalidIo++;
  else if (isInside) return "EINVAL";
  return "EIO";
}

/** What came of a page or a part of one, and whether that ends a request. */
interface Outcome {
  readonly expected: Expected;
  readonly stops: boolean;
}

/**
 * A page is written; `isDone` says whether it was answered without an error,
 * and `stored` by how many bytes it counts, where the device tells that.
 */
export function writePage(
  ledger: ZramLedger,
  page: number,
  bytes: Uint8Array,
  isDone: boolean,
  data?: Bytes,
  stored?: number,
): Outcome {
  const storing = ledger.storing(bytes, data, stored);
  const isStored = storing.stored ?? isDone;
  ledger.store(page, bytes, storing, isStored, stored);
  if (!isStored) failed(ledger, page, "write");
  else ledger.touch(page);
  const expected = storing.stored === undefined
    ? MAY_FAIL
    : storing.stored
    ? undefined
    : "EIO";
  return { expected, stops: !isStored };
}

/** A page is read. */
export function readPage(ledger: ZramLedger, page: number): Expected {
  const isRead = ledger.readBacking(page);
  ledger.touch(page);
  return isRead ? undefined : "EIO";
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
  if (!isSupported(ledger, request)) return "EOPNOTSUPP";
  const start = sector * SECTOR;
  const errno = refuseRequest(ledger, start, bytes);
  if (errno !== undefined) return errno;
  if (request === "read" || request === "write") {
    return doSegments(ledger, request, start, data, isDone);
  }
  discardRange(ledger, start, bytes);
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
  let expected: Expected;
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
    const outcome = doPiece(ledger, request, place, piece, isDone);
    expected = outcome.expected ?? expected;
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

/** A page, or a part of one, for which a page is held for the while of it. */
function doPiece(
  ledger: ZramLedger,
  request: "read" | "write",
  place: number,
  piece: Uint8Array,
  isDone: boolean,
): Outcome {
  const { memory, profile: { pageSize } } = ledger;
  const page = Math.floor(place / pageSize);
  if (piece.length === pageSize) {
    return request === "write"
      ? writePage(ledger, page, piece.slice(), isDone)
      // The backing device's own error ends nothing.
      : { expected: readPage(ledger, page), stops: false };
  }
  if (!memory.hold()) return failed(ledger, page, request);
  let outcome: Outcome = { expected: undefined, stops: false };
  if (!ledger.readBacking(page)) {
    outcome = failed(ledger, page, request);
  } else if (request === "read") {
    ledger.touch(page);
  } else {
    const whole = (ledger.contentsOf(page) ?? ledger.zeros).slice();
    whole.set(piece, place % pageSize);
    outcome = writePage(ledger, page, whole, isDone);
  }
  memory.release();
  return outcome;
}

/** A piece failed, which some kernels count as an access. */
function failed(
  ledger: ZramLedger,
  page: number,
  request: "read" | "write",
): Outcome {
  ledger.events[request === "read" ? "failedReads" : "failedWrites"]++;
  if (ledger.profile.zram.failureIsAccess) ledger.touch(page);
  return { expected: "EIO", stops: true };
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
