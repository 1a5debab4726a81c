/**
 * Segments: the pieces of a request to read or write, each in one page of
 * memory and one of the disk. Specifies `zram_bvec_rw` and what it calls,
 * `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import { sleeps, type Stop } from "../rules/stop.ts";
import { type DataBio, SECTOR_SIZE } from "./bio_request.ts";
import type { Zram } from "./device.ts";
import { markAccessed } from "./idle.ts";
import { underSlot } from "./locks.ts";
import { allocTemporaryPage } from "./post_processing.ts";
import {
  beginReadPageSteps,
  decompressBdevPageSteps,
  readPageSteps,
} from "./read_steps.ts";
import { writePageSteps } from "./write_steps.ts";

/**
 * How one segment ended: done; failed, which counts as a failed read or write
 * and ends the request; or failed below, where the backing device's own bio
 * was chained to the request and fails it without a word to zram.
 */
type Outcome = "done" | "failed" | "failed-below";

/**
 * The request in segments, each in one page of memory and one of the disk.
 * Specifies `__zram_make_request`; `zram_bio_read` and `zram_bio_write`, since
 * 6.4.
 */
export function* segmentSteps(
  zram: Zram,
  { op, sector, data }: DataBio,
): Generator<Stop, Errno | undefined> {
  const { pageSize } = zram.profile;
  const { afterFailedSegment } = zram.profile.zram;
  const deferred: Deferred[] = [];
  let position = sector * SECTOR_SIZE;
  let status: Errno | undefined;
  for (let at = 0; at < data.length;) {
    const page = Math.floor(position / pageSize);
    const offset = position % pageSize;
    const endOfMemoryPage = Math.min(
      at + pageSize - at % pageSize,
      data.length,
    );
    const length = Math.min(pageSize - offset, endOfMemoryPage - at);
    const segment = data.subarray(at, at + length);
    const outcome = yield* runSegment(
      zram,
      op,
      { page, offset, data: segment },
      deferred,
    );
    if (outcome !== "done") status = "EIO";
    if (outcome !== "failed") {
      position += length;
      at += length;
    } else if (afterFailedSegment === "stop") {
      break;
    } else {
      // 6.1 leaves the page of memory, and its place on the disk does not move.
      at = endOfMemoryPage;
    }
  }
  return (yield* decompressDeferred(zram, deferred)) ?? status;
}

/** A page that was read as it is stored, and waits to be decompressed. */
interface Deferred {
  readonly page: number;
  readonly data: Uint8Array;
}

/**
 * Decompresses what was read from the backing device, one page after another;
 * where a page is not there any more the request fails, which no counter sees.
 * Specifies `zram_async_read_endio` and `zram_deferred_decompress`, since 7.0.
 */
function* decompressDeferred(
  zram: Zram,
  deferred: readonly Deferred[],
): Generator<Stop, Errno | undefined> {
  let errno: Errno | undefined;
  for (const { page, data } of deferred) {
    yield sleeps("zram_async_read_endio, zram_drv.c: queue_work");
    errno = (yield* decompressBdevPageSteps(zram, page, data)) ?? errno;
  }
  return errno;
}

/** A piece of a request: a page of the disk, or a part of it. */
interface Segment {
  readonly page: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Specifies `zram_bvec_rw`, with its counters and the mark of the access. */
function* runSegment(
  zram: Zram,
  op: "read" | "write",
  segment: Segment,
  deferred: Deferred[],
): Generator<Stop, Outcome> {
  const { page } = segment;
  const { requestsCounted, failureIsAccess } = zram.profile.zram;
  if (requestsCounted === "segments") countRequest(zram, op);
  const outcome = op === "read"
    ? yield* readSegment(zram, segment, deferred)
    : yield* writeSegment(zram, segment);
  if (outcome !== "failed" || failureIsAccess) {
    yield* accessSteps(zram, page, ACCESS_WHERE[op]);
  }
  if (outcome === "failed") {
    if (op === "read") zram.ioStat.failedReads++;
    else zram.ioStat.failedWrites++;
  }
  return outcome;
}

const ACCESS_WHERE = {
  read: "zram_bio_read, zram_drv.c",
  write: "zram_bio_write, zram_drv.c",
};

/** Marks an access, under a lock where slots have one each. */
function* accessSteps(
  zram: Zram,
  page: number,
  where: string,
): Generator<Stop, void> {
  // Where there is one lock of the device there are no marks yet.
  if (zram.profile.zram.locking.slot.per === "device") return;
  yield* underSlot(zram, page, where, () => markAccessed(zram, page));
}

/**
 * A part of a page is read by way of a temporary page (`zram_bvec_read`). The
 * backing device then answers to zram itself; else it answers to the request.
 */
function* readSegment(
  zram: Zram,
  { page, offset, data }: Segment,
  deferred: Deferred[],
): Generator<Stop, Outcome> {
  if (data.length === zram.profile.pageSize) {
    const { errno, isDeferred } = yield* beginReadPageSteps(zram, page, data);
    if (isDeferred) deferred.push({ page, data });
    return errno === undefined ? "done" : "failed-below";
  }
  const whole = allocTemporaryPage(zram.memory);
  if (whole === undefined) return "failed";
  const errno = yield* readPageSteps(zram, page, whole.bytes);
  if (errno === undefined) {
    data.set(whole.bytes.subarray(offset, offset + data.length));
  }
  whole.free();
  return errno === undefined ? "done" : "failed";
}

/**
 * A part of a page is merged with the rest of it, read before
 * (`zram_bvec_write`). Where that rest is on the backing device, 6.1 and 6.18
 * do not wait for it to be read (7.1 does); the model does.
 */
function* writeSegment(
  zram: Zram,
  { page, offset, data }: Segment,
): Generator<Stop, Outcome> {
  if (data.length === zram.profile.pageSize) {
    const stored = yield* writePageSteps(zram, page, data);
    return typeof stored === "string" ? "failed" : "done";
  }
  const whole = allocTemporaryPage(zram.memory);
  if (whole === undefined) return "failed";
  const errno = yield* readPageSteps(zram, page, whole.bytes);
  whole.bytes.set(data, offset);
  const stored = errno ?? (yield* writePageSteps(zram, page, whole.bytes));
  whole.free();
  return typeof stored === "string" ? "failed" : "done";
}

/** Counts a request to read or write, or a segment of one. */
export function countRequest({ ioStat }: Zram, op: "read" | "write"): void {
  if (op === "read") ioStat.numReads++;
  else ioStat.numWrites++;
}
