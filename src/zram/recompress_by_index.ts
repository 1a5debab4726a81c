/**
 * Recompression as 6.12 has it: pages by number, each tried with every
 * algorithm of the priorities asked for that it has not had. Specifies
 * `recompress_store` and `zram_recompress`, `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import { sleeps, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { lockSlot, unlockSlot } from "./locks.ts";
import { allocTemporaryPage } from "./post_processing.ts";
import { readFromZspoolSteps } from "./read_steps.ts";
import {
  compressWith,
  parseRecompress,
  putStream,
  RECOMPRESS_STORE,
  type Recompressed,
  type RecompressRequest,
  storeRecompressed,
  underRecompress,
} from "./recompress.ts";
import {
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
  ZRAM_WB,
} from "./slots.ts";
import { MAX_COMPS } from "./zcomp.ts";

/** Priorities from `first` on, `end` not included; there may be none. */
interface Priorities {
  readonly first: number;
  readonly end: number;
}

/** The priorities to try: EINVAL where no algorithm of that name has one. */
function choosePriorities(
  { comps }: Zram,
  { algo, priority, priorityEnd = MAX_COMPS }: RecompressRequest,
): Priorities | Errno {
  if (algo === undefined) {
    return { first: priority, end: Math.min(priorityEnd, MAX_COMPS) };
  }
  let first = priority;
  while (first < MAX_COMPS && comps.nameAt(first) !== algo) first++;
  return first < MAX_COMPS ? { first, end: first + 1 } : "EINVAL";
}

/** By number; nothing is done, and success is answered, where no algorithm has such a priority. */
export function* recompressByIndex(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  const request = parseRecompress(text);
  if (typeof request === "string") return request;
  return yield* underRecompress(zram, request, function* () {
    const priorities = choosePriorities(zram, request);
    if (typeof priorities === "string") return priorities;
    return yield* recompressAll(zram, request, priorities);
  });
}

/** The loop of `recompress_store`, 6.12. */
function* recompressAll(
  zram: Zram,
  request: RecompressRequest,
  priorities: Priorities,
): Generator<Stop, Errno | undefined> {
  const buffer = allocTemporaryPage(zram.memory);
  if (buffer === undefined) return "ENOMEM";
  try {
    for (let page = 0; page < zram.slots.length; page++) {
      if (request.maxPages === 0n) return undefined;
      yield* lockSlot(zram, page, RECOMPRESS_STORE);
      const errno = isCandidate(zram, page, request)
        ? yield* recompressPage(zram, page, request, priorities, buffer.bytes)
        : undefined;
      yield unlockSlot(zram, page, RECOMPRESS_STORE);
      if (errno !== undefined) return errno;
      yield sleeps("recompress_store, zram_drv.c: cond_resched");
    }
  } finally {
    buffer.free();
  }
}

/** Whether a page is tried at all. */
function isCandidate(
  { slots }: Zram,
  page: number,
  { flags }: RecompressRequest,
): boolean {
  const excluded = ZRAM_WB | ZRAM_UNDER_WB | ZRAM_SAME | ZRAM_INCOMPRESSIBLE;
  return slots.isAllocated(page) && !slots.has(page, excluded) &&
    flags.every((flag) => slots.has(page, flag));
}

/** What came of trying algorithms on a page. */
interface Search {
  /** How many were tried. */
  readonly tried: number;
  /** Whether the last of them did not even make the object's class smaller. */
  readonly isStuck: boolean;
  /** The object of the one that was good enough; EINVAL of one that failed. */
  readonly smaller: Recompressed | "EINVAL" | undefined;
}

/** Tries one algorithm after another, up to one that is good enough. */
function* search(
  zram: Zram,
  page: number,
  { threshold }: RecompressRequest,
  { first, end }: Priorities,
  contents: Uint8Array,
): Generator<Stop, Search> {
  const { slots, comps } = zram;
  const pool = zram.initialisedPool;
  const oldClass = pool.lookupClassIndex(slots.size(page));
  let [tried, isStuck] = [0, false];
  const start = Math.max(first, slots.priority(page) + 1);
  for (let priority = start; priority < end; priority++) {
    if (comps.codecAt(priority) === undefined) continue;
    const { stream, length } = yield* compressWith(zram, priority, contents);
    tried++;
    if (length > 0) isStuck = pool.lookupClassIndex(length) >= oldClass;
    if (length > 0 && !isStuck && (threshold === 0 || length < threshold)) {
      return { tried, isStuck, smaller: { priority, length, stream } };
    }
    yield putStream(stream);
    if (length === 0) return { tried, isStuck, smaller: "EINVAL" };
  }
  return { tried, isStuck, smaller: undefined };
}

/**
 * Recompresses one page under its slot's lock, which spins.
 * It is marked incompressible where every algorithm was tried now, and the last
 * one saved nothing.
 */
function* recompressPage(
  zram: Zram,
  page: number,
  request: RecompressRequest,
  priorities: Priorities,
  buffer: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { slots, comps } = zram;
  if (slots.size(page) < request.threshold) return undefined;
  yield* readFromZspoolSteps(zram, page, buffer);
  slots.clearFlag(page, ZRAM_IDLE);
  const found = yield* search(zram, page, request, priorities, buffer);
  const { tried, isStuck, smaller } = found;
  if (tried === 0) return undefined;
  if (smaller === "EINVAL") return smaller;
  request.maxPages--;
  if (smaller !== undefined) {
    return yield* storeRecompressed(zram, page, smaller);
  }
  if (isStuck && tried === comps.activeCount - 1) {
    slots.setFlag(page, ZRAM_INCOMPRESSIBLE);
  }
}
