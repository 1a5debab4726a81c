/**
 * Recompression: pages are compressed again with another algorithm, where that
 * saves memory. Specifies `recompress_store` and `recompress_slot`,
 * `drivers/block/zram/zram_drv.c`, from 6.16 to 7.0: the algorithms of a range
 * of priorities are tried, one after another.
 */
import type { Errno } from "../linux/errno.ts";
import { kstrtoull, nextArgs } from "../linux/kstrtox.ts";
import { acquire, release, sleeps, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { lockSlot, type Stream, underSlot, unlockSlot } from "./locks.ts";
import {
  allocTemporaryPage,
  inPostProcessing,
  type PpCtl,
  releaseSelected,
  underPostProcessing,
  withPpCtl,
} from "./post_processing.ts";
import { readFromZspoolSteps } from "./read_steps.ts";
import {
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_LOCK,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_WB,
} from "./slots.ts";
import { freePage } from "./write.ts";
import { MAX_COMPS, PRIMARY_COMP, SECONDARY_COMP } from "./zcomp.ts";

/** What is asked for, as it is read. */
export interface RecompressRequest {
  /** Flags that a page must have, all of them. */
  flags: readonly number[];
  /** Pages that may still be tried. */
  maxPages: bigint;
  /** Objects below these bytes stay, and new ones must be below: 0 is none. */
  threshold: number;
  /** The algorithm by its name. */
  algo: string | undefined;
  /** The first priority to try. */
  priority: number;
  /** One more than the last, or `undefined` for all. */
  priorityEnd: number | undefined;
}

/** The flags that a page must have, by the type of page that is asked for. */
export const RECOMPRESS_TYPES: Readonly<Record<string, readonly number[]>> = {
  idle: [ZRAM_IDLE],
  huge: [ZRAM_HUGE],
  huge_idle: [ZRAM_IDLE, ZRAM_HUGE],
};

/** Reads each parameter into a request; answers its errno where it is refused. */
export type RecompressParameters<Request> = Readonly<
  Record<string, (request: Request, value: string) => Errno | undefined>
>;

/** The parameters that say how much, which are read alike since 6.12. */
export const AMOUNTS: RecompressParameters<
  Pick<RecompressRequest, "maxPages" | "threshold">
> = {
  max_pages(request, value) {
    const pages = kstrtoull(value);
    if (typeof pages === "string") return pages;
    request.maxPages = pages;
  },
  threshold(request, value) {
    const bytes = kstrtoull(value, 32);
    if (typeof bytes === "string") return bytes;
    request.threshold = Number(bytes);
  },
};

/**
 * Reads the text into `request`: EINVAL for a parameter without a value. Those
 * that are unknown are passed over.
 */
export function readRequest<Request>(
  parameters: RecompressParameters<Request>,
  request: Request,
  text: string,
): Request | Errno {
  for (const { param, value = "" } of nextArgs(text)) {
    if (value === "") return "EINVAL";
    if (!Object.hasOwn(parameters, param)) continue;
    const errno = parameters[param](request, value);
    if (errno !== undefined) return errno;
  }
  return request;
}

const PARAMETERS: RecompressParameters<RecompressRequest> = {
  ...AMOUNTS,
  type(request, value) {
    if (!Object.hasOwn(RECOMPRESS_TYPES, value)) return;
    request.flags = RECOMPRESS_TYPES[value];
  },
  algo(request, value) {
    request.algo = value;
  },
  priority(request, value) {
    const priority = kstrtoull(value, 32);
    if (typeof priority === "string") return priority;
    const first = Number(priority);
    request.priority = first === PRIMARY_COMP ? SECONDARY_COMP : first;
    request.priorityEnd = request.priority + 1 >>> 0;
  },
};

/** What the text asks for. */
export function parseRecompress(text: string): RecompressRequest | Errno {
  return readRequest(PARAMETERS, {
    flags: [],
    maxPages: (1n << 64n) - 1n,
    threshold: 0,
    algo: undefined,
    priority: SECONDARY_COMP,
    priorityEnd: undefined,
  }, text);
}

/** Priorities from `first` on, `end` not included. */
interface Priorities {
  readonly first: number;
  readonly end: number;
}

/**
 * The priorities to try: EINVAL where there is no such algorithm, or none in
 * that range. As only `num_active_comps` priorities are looked at, one above a
 * gap in the list is never tried.
 */
function choosePriorities(
  { comps }: Zram,
  { algo, priority, priorityEnd }: RecompressRequest,
): Priorities | Errno {
  let first = priority;
  let end = priorityEnd ?? comps.activeCount;
  if (algo !== undefined) {
    while (first < MAX_COMPS && comps.nameAt(first) !== algo) first++;
    if (first >= MAX_COMPS) return "EINVAL";
    end = first + 1;
  }
  end = Math.min(end, comps.activeCount);
  return first >= end ? "EINVAL" : { first, end };
}

/**
 * Marks the pages that may be recompressed: in the pool, with all `flags`, and of
 * a priority below `below`. Specifies `scan_slots_for_recompress`.
 */
function* placeCandidates(
  zram: Zram,
  flags: readonly number[],
  below: number,
  ctl: PpCtl,
): Generator<Stop, void> {
  const { slots, lockdep } = zram;
  const placeOne = (page: number) => {
    if (
      slots.isAllocated(page) && !slots.has(page, EXCLUDED) &&
      flags.every((flag) => slots.has(page, flag)) &&
      slots.priority(page) < below
    ) ctl.place(page);
  };
  for (let page = 0; page < slots.length; page++) {
    if (!lockdep.isWatched) placeOne(page);
    else yield* underSlot(zram, page, SCAN_SLOTS, () => placeOne(page));
  }
}

const EXCLUDED = ZRAM_WB | ZRAM_SAME | ZRAM_INCOMPRESSIBLE;
const SCAN_SLOTS = "scan_slots_for_recompress, zram_drv.c";
/** Where the device's lock is taken. */
export const RECOMPRESS_STORE = "recompress_store, zram_drv.c";
const STREAM_GET = "zcomp_stream_get, zcomp.c";
const STREAM_PUT = "zcomp_stream_put, zcomp.c";

/** 6.16 to 7.0: pages are marked first, then tried, the largest objects first. */
export function* recompressBySize(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  const request = parseRecompress(text);
  if (typeof request === "string") return request;
  return yield* underRecompress(zram, request, function* () {
    const priorities = choosePriorities(zram, request);
    if (typeof priorities === "string") return priorities;
    // A slot keeps the priority of the algorithm that it is tried next with.
    return yield* recompressMarked(
      zram,
      request,
      priorities.end - 1,
      (slot, bytes) => recompressSlot(zram, slot, request, priorities, bytes),
    );
  });
}

/**
 * Runs a recompression under the device's lock: EINVAL where there is no disk,
 * or every object is below the threshold; EAGAIN as `inPostProcessing` has it.
 */
export function* underRecompress(
  zram: Zram,
  { threshold }: Pick<RecompressRequest, "threshold">,
  run: () => Generator<Stop, Errno | undefined>,
): Generator<Stop, Errno | undefined> {
  return yield* underPostProcessing(zram, RECOMPRESS_STORE, function* () {
    if (zram.pool === undefined) return "EINVAL";
    if (threshold >= zram.pool.hugeClassSize) return "EINVAL";
    return yield* inPostProcessing(zram, RECOMPRESS_STORE, run);
  });
}

/** Tries one page, which is locked, with a buffer for it. */
type Recompress = (
  page: number,
  buffer: Uint8Array,
) => Generator<Stop, Errno | undefined>;

/**
 * Marks pages whose priority is below `below`, then tries each with a buffer
 * that is had for the while of it: ENOMEM where it is not.
 */
export function* recompressMarked(
  zram: Zram,
  request: { readonly maxPages: bigint; readonly flags: readonly number[] },
  below: number,
  recompress: Recompress,
): Generator<Stop, Errno | undefined> {
  const page = allocTemporaryPage(zram.memory);
  if (page === undefined) return "ENOMEM";
  try {
    return yield* withPpCtl(zram, function* (ctl) {
      yield* placeCandidates(zram, request.flags, below, ctl);
      return yield* recompressPlaced(
        zram,
        ctl,
        request,
        (slot) => recompress(slot, page.bytes),
      );
    });
  } finally {
    page.free();
  }
}

/** The loop of `recompress_store`, up to `maxPages` of pages. */
function* recompressPlaced(
  zram: Zram,
  ctl: PpCtl,
  request: { readonly maxPages: bigint },
  recompress: (slot: number) => Generator<Stop, Errno | undefined>,
): Generator<Stop, Errno | undefined> {
  for (;;) {
    const page = ctl.select();
    if (page === undefined || request.maxPages === 0n) return undefined;
    const errno = yield* recompressLocked(zram, page, recompress);
    yield* releaseSelected(zram, ctl);
    if (errno !== undefined) return errno;
    yield sleeps("recompress_store, zram_drv.c: cond_resched");
  }
}

/** Recompresses a page under its slot's lock, if it has its mark still. */
function* recompressLocked(
  zram: Zram,
  page: number,
  recompress: (slot: number) => Generator<Stop, Errno | undefined>,
): Generator<Stop, Errno | undefined> {
  const { slots } = zram;
  yield* lockSlot(zram, page, RECOMPRESS_STORE);
  let errno: Errno | undefined;
  if (slots.has(page, ZRAM_PP_SLOT)) {
    slots.setFlag(page, ZRAM_LOCK);
    try {
      errno = yield* recompress(page);
    } finally {
      slots.clearFlag(page, ZRAM_LOCK);
    }
  }
  yield unlockSlot(zram, page, RECOMPRESS_STORE);
  return errno;
}

/** Compresses a page with the stream of a priority, which is held from then on. */
export function* compressWith(
  zram: Zram,
  priority: number,
  contents: Uint8Array,
): Generator<Stop, { readonly stream: Stream; readonly length: number }> {
  const stream = zram.locks.stream(priority);
  yield acquire(stream.lock, STREAM_GET);
  const length = zram.codecAt(priority).compress(contents, stream.buffer);
  return { stream, length };
}

/** Lets a stream go. */
export function putStream({ lock }: Stream): Stop {
  return release(lock, STREAM_PUT);
}

/** What an algorithm made of a page. */
export interface Recompressed {
  /** The algorithm's priority. */
  readonly priority: number;
  /** How many bytes it made. */
  readonly length: number;
  /** Where they are: it is held. */
  readonly stream: Stream;
}

/**
 * The first algorithm that puts the page into a smaller class, and below the
 * threshold where there is one; EINVAL where one fails on the way.
 */
function* searchSmaller(
  zram: Zram,
  page: number,
  { threshold }: RecompressRequest,
  { first, end }: Priorities,
  buffer: Uint8Array,
): Generator<Stop, Recompressed | "EINVAL" | undefined> {
  const { slots, comps } = zram;
  const pool = zram.initialisedPool;
  const oldClass = pool.lookupClassIndex(slots.size(page));
  const start = Math.max(first, slots.priority(page) + 1);
  for (let priority = start; priority < end; priority++) {
    if (comps.codecAt(priority) === undefined) continue;
    const made = yield* compressWith(zram, priority, buffer);
    const { stream, length } = made;
    const isGood = length > 0 && pool.lookupClassIndex(length) < oldClass &&
      (threshold === 0 || length < threshold);
    if (isGood) return { priority, length, stream };
    yield putStream(stream);
    if (length === 0) return "EINVAL";
  }
}

/**
 * Recompresses the page of one slot, which is locked. A page that no algorithm
 * of the highest priority makes smaller is marked incompressible. Neither the
 * limit nor `mem_used_max` sees the new object. Specifies `recompress_slot`.
 */
function* recompressSlot(
  zram: Zram,
  page: number,
  request: RecompressRequest,
  priorities: Priorities,
  buffer: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { slots, comps } = zram;
  if (slots.size(page) < request.threshold) return;
  yield* readFromZspoolSteps(zram, page, buffer);
  slots.clearFlag(page, ZRAM_IDLE);
  const smaller = yield* searchSmaller(
    zram,
    page,
    request,
    priorities,
    buffer,
  );
  if (smaller === "EINVAL") return smaller;
  request.maxPages--;
  if (smaller === undefined) {
    if (priorities.end >= comps.activeCount) {
      slots.setFlag(page, ZRAM_INCOMPRESSIBLE);
    }
    return;
  }
  yield sleeps("recompress_slot, zram_drv.c: zs_malloc");
  return yield* storeRecompressed(zram, page, smaller);
}

/**
 * The page has a smaller object from now on, where there is memory for one; the
 * stream that has it is let go.
 */
export function* storeRecompressed(
  zram: Zram,
  page: number,
  { priority, length, stream }: Recompressed,
): Generator<Stop, Errno | undefined> {
  const { slots, stats } = zram;
  const pool = zram.initialisedPool;
  const handle = pool.malloc(length);
  if (typeof handle !== "string") {
    pool.write(handle, stream.buffer.subarray(0, length));
  }
  yield putStream(stream);
  if (typeof handle === "string") return handle;
  freePage(zram, page);
  slots.setObject(page, handle, length, 0);
  slots.setPriority(page, priority);
  stats.comprDataSize += length;
  stats.pagesStored++;
}
