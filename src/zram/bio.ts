/**
 * Bios: requests in sectors, of many pages or of parts of one. Specifies
 * `zram_submit_bio` and what it calls, `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import {
  assertBytes,
  assertHas,
  assertLength,
  assertWhole,
  refuseType,
} from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import {
  acquire,
  reads,
  release,
  sleeps,
  type Stop,
  trylock,
  writes,
} from "../rules/stop.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Zram } from "./device.ts";
import {
  assertSlotHeld,
  assertSlotThere,
  underSlot,
  unlockSlot,
} from "./locks.ts";
import { allocTemporaryPage } from "./post_processing.ts";
import {
  beginReadPageSteps,
  decompressBdevPageSteps,
  readPageSteps,
} from "./read_steps.ts";
import { ZRAM_IDLE, ZRAM_LOCK, ZRAM_PP_SLOT } from "./slots.ts";
import { freePage, handleState } from "./write.ts";
import { writePageSteps } from "./write_steps.ts";

/** Bytes of a sector (SECTOR_SIZE). */
export const SECTOR_SIZE = 512;
/** Bytes to which requests are aligned (ZRAM_LOGICAL_BLOCK_SIZE). */
export const LOGICAL_BLOCK_SIZE = 4096;

/**
 * A request. `sector` counts from the disk's start in units of 512 bytes. The
 * data of a read or write stands for whole pages of memory, one after another.
 */
export type Bio =
  /** REQ_OP_READ: fills `data`. */
  | { readonly op: "read"; readonly sector: number; readonly data: Uint8Array }
  /** REQ_OP_WRITE: stores `data`. */
  | { readonly op: "write"; readonly sector: number; readonly data: Uint8Array }
  /** REQ_OP_DISCARD and REQ_OP_WRITE_ZEROES: frees whole pages. */
  | {
    readonly op: "discard" | "write_zeroes";
    readonly sector: number;
    readonly bytes: number;
  };

type DataBio = Extract<Bio, { data: Uint8Array }>;

/**
 * How one segment ended: done; failed, which counts as a failed read or write
 * and ends the request; or failed below, where the backing device's own bio
 * was chained to the request and fails it without a word to zram.
 */
type Outcome = "done" | "failed" | "failed-below";

/** The request's error, or `undefined` where zram takes it. */
function checkRequest(
  zram: Zram,
  sector: number,
  bytes: number,
): Errno | undefined {
  const { disksize, ioStat } = zram;
  const { requestsChecked } = zram.profile.zram;
  if (requestsChecked === "once-initialised" && disksize === 0) return "EIO";
  const start = sector * SECTOR_SIZE;
  const aligned = start % LOGICAL_BLOCK_SIZE === 0 &&
    bytes % LOGICAL_BLOCK_SIZE === 0;
  const inside = start < disksize && start + bytes <= disksize;
  if (aligned && inside) return undefined;
  if (requestsChecked === "by-block-layer") return inside ? "EINVAL" : "EIO";
  ioStat.invalidIo++;
  return "EIO";
}

/**
 * The error of a request for one whole page, likewise. Throws where it could
 * not run at once: data of another size, or a slot that is locked.
 */
export function checkPageRequest(
  zram: Zram,
  page: number,
  data: Uint8Array,
  op: "read" | "write",
): Errno | undefined {
  const { slots } = zram;
  const { pageSize } = zram.profile;
  const isBytes = data instanceof Uint8Array && data.length === pageSize;
  if (!isBytes) assertLength(`${op} page ${page}`, data, pageSize);
  if (typeof page !== "number" || page !== page >>> 0) {
    assertWhole(op, "page", page);
  }
  if (page >= slots.length) {
    return checkRequest(zram, page * pageSize / SECTOR_SIZE, pageSize);
  }
  if (slots.has(page, ZRAM_LOCK)) {
    throw new Error(`Cannot ${op} page ${page}: its slot is locked`);
  }
}

const OPS = "read, write, discard or write_zeroes";

/**
 * Throws where `bio` is no request: nothing is asked for, or not with what.
 * `sector` and `bytes` are of no type that could be negative.
 */
function assertBio(bio: Bio): void {
  const doing = "submit a request";
  assertHas(doing, "bio", bio, "op", `a request to ${OPS}`);
  assertWhole(doing, "sector", bio.sector);
  if (bio.op === "discard" || bio.op === "write_zeroes") {
    assertWhole(doing, "bytes", bio.bytes);
  } else if (bio.op === "read" || bio.op === "write") {
    assertBytes(doing, "data", bio.data);
  } else refuseType(doing, "op", Object(bio).op, OPS);
}

const SUBMIT_BIO = "zram_submit_bio, zram_drv.c";
const BIO_EOD = "bio_check_eod, block/blk-core.c";

/** The size of the disk, as something that is looked at and changed. */
export const CAPACITY = "the disk's capacity";

/** Specifies `zram_submit_bio`; see `Zram.submitBio`. */
export function* submitBioSteps(
  zram: Zram,
  bio: Bio,
): Generator<Stop, Errno | undefined> {
  assertBio(bio);
  return yield* REQUEST_HOLDS[zram.profile.zram.requestHolds](
    zram,
    () => requestSteps(zram, bio),
  );
}

/** Runs a request, holding what keeps its device initialised. */
type HoldRequest = (
  zram: Zram,
  request: () => Generator<Stop, Errno | undefined>,
) => Generator<Stop, Errno | undefined>;

const REQUEST_HOLDS: Readonly<
  Record<ZramProfile["requestHolds"], HoldRequest>
> = {
  *nothing(_zram, request) {
    yield reads(CAPACITY, BIO_EOD);
    return yield* request();
  },
  *init_lock({ locks }, request) {
    yield acquire(locks.device, SUBMIT_BIO, "shared");
    const errno = yield* request();
    yield release(locks.device, SUBMIT_BIO, "shared");
    return errno;
  },
  *reference(zram, request) {
    yield writes(REFERENCES, "zram_meta_get, zram_drv.c");
    if (zram.disksize === 0) return yield* request();
    zram.references++;
    const errno = yield* request();
    yield writes(REFERENCES, "zram_meta_put, zram_drv.c");
    zram.references--;
    return errno;
  },
};

/** What counts the requests under way. */
export const REFERENCES = "zram->refcount";

/** A request in whole. */
function* requestSteps(
  zram: Zram,
  bio: Bio,
): Generator<Stop, Errno | undefined> {
  if ("bytes" in bio) {
    if (!isSupported(zram, bio.op)) return "EOPNOTSUPP";
    return checkRequest(zram, bio.sector, bio.bytes) ??
      (yield* discardSteps(zram, bio.sector, bio.bytes));
  }
  const errno = checkRequest(zram, bio.sector, bio.data.length);
  if (errno !== undefined) return errno;
  if (zram.profile.zram.requestsCounted === "bios") countRequest(zram, bio.op);
  return yield* segmentSteps(zram, bio);
}

/**
 * Whether the queue takes an operation at all. Where a page is larger than a
 * logical block, a discard leaves the parts of pages as they were, so zeroes
 * cannot be written by discarding.
 */
function isSupported({ profile }: Zram, op: "discard" | "write_zeroes") {
  return op === "discard"
    ? profile.zram.discard
    : profile.zram.writeZeroes && profile.pageSize === LOGICAL_BLOCK_SIZE;
}

function countRequest({ ioStat }: Zram, op: "read" | "write"): void {
  if (op === "read") ioStat.numReads++;
  else ioStat.numWrites++;
}

/**
 * The request in segments, each in one page of memory and one of the disk.
 * Specifies `__zram_make_request`; `zram_bio_read` and `zram_bio_write`, since
 * 6.4.
 */
function* segmentSteps(
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

const MARK_ACCESSED = "mark_slot_accessed, zram_drv.c";

/** Specifies `zram_accessed` (`mark_slot_accessed` since 7.0). */
export function markAccessed(zram: Zram, page: number): void {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, page, MARK_ACCESSED);
  const { slots, now, profile } = zram;
  slots.clearFlag(page, ZRAM_IDLE | ZRAM_PP_SLOT);
  if (!slots.tracksAcTime) return;
  const isWhole = profile.zram.acTime === "seconds";
  slots.setAcTime(page, isWhole ? Math.floor(now()) % 2 ** 32 : now());
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

const BIO_DISCARD = "zram_bio_discard, zram_drv.c";

/**
 * Frees the whole pages in a range, each counted in `notify_free` whether it
 * was stored or not; parts of pages at its ends stay as they were. Throws a
 * {@linkcode KernelBug} where the request never ends. Specifies
 * `zram_bio_discard`.
 */
function* discardSteps(
  zram: Zram,
  sector: number,
  bytes: number,
): Generator<Stop, undefined> {
  const { pageSize } = zram.profile;
  const start = sector * SECTOR_SIZE;
  const offset = start % pageSize;
  const isWithin = offset > 0 && bytes <= pageSize - offset;
  if (isWithin && zram.profile.zram.partialDiscard === "never-ends") {
    throw new KernelBug("zram_bio_discard", "never end the request");
  }
  const end = Math.floor((start + bytes) / pageSize);
  for (let page = Math.ceil(start / pageSize); page < end; page++) {
    yield* underSlot(zram, page, BIO_DISCARD, () => freePage(zram, page));
    zram.ioStat.notifyFree++;
  }
}

const NOTIFY = "zram_slot_free_notify, zram_drv.c";

function assertPage({ slots }: Zram, page: number): void {
  if (Number.isInteger(page) && page >= 0 && page < slots.length) return;
  throw new RangeError(
    `Cannot free page ${page}: the disk has ${slots.length} pages`,
  );
}

/** Specifies `zram_slot_free_notify`; see `Zram.slotFreeNotify`. */
export function slotFreeNotify(zram: Zram, page: number): void {
  const { slots, ioStat } = zram;
  assertPage(zram, page);
  ioStat.notifyFree++;
  if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  else freePage(zram, page);
}

/** The same while others run. */
export function* slotFreeNotifySteps(
  zram: Zram,
  page: number,
): Generator<Stop, void> {
  yield* NOTIFY_TAKES[zram.profile.zram.notifyTakes](zram, page);
  zram.ioStat.notifyFree++;
}

type Notify = (zram: Zram, page: number) => Generator<Stop, void>;

const NOTIFY_TAKES: Readonly<Record<ZramProfile["notifyTakes"], Notify>> = {
  *nothing(zram, page) {
    yield writes(handleState(page), NOTIFY);
    freePage(zram, page);
  },
  *waits(zram, page) {
    yield* underSlot(zram, page, NOTIFY, () => freePage(zram, page));
  },
  *tries(zram, page) {
    const isTaken: unknown = yield trylock(zram.locks.slot(page), NOTIFY);
    if (isTaken === false) {
      zram.ioStat.missFree++;
      return;
    }
    assertSlotThere(zram, page, NOTIFY);
    if (zram.slots.has(page, ZRAM_LOCK)) zram.ioStat.missFree++;
    else freePage(zram, page);
    yield unlockSlot(zram, page, NOTIFY);
  },
};
