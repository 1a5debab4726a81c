/**
 * Recompression with one algorithm. Specifies `recompress_store` and
 * `recompress_slot`, `drivers/block/zram/zram_drv.c`, since 7.1.
 */
import type { Errno } from "../linux/errno.ts";
import { kstrtoll } from "../linux/kstrtox.ts";
import { sleeps, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { readFromZspoolSteps } from "./read_steps.ts";
import {
  AMOUNTS,
  compressWith,
  putStream,
  readRequest,
  RECOMPRESS_TYPES,
  recompressMarked,
  type RecompressParameters,
  storeRecompressed,
  underRecompress,
} from "./recompress.ts";
import { ZRAM_IDLE, ZRAM_INCOMPRESSIBLE } from "./slots.ts";
import { algorithmPriority } from "./algorithm_priority.ts";
import { MAX_COMPS, SECONDARY_COMP } from "./zcomp.ts";

/** What is asked for, as it is read. */
interface Request {
  /** Flags that a page must have, all of them. */
  flags: readonly number[];
  /** Pages that may still be tried. */
  maxPages: bigint;
  /** Objects below these bytes stay, and new ones must be below: 0 is none. */
  threshold: number;
  /** The algorithm by its name. */
  algo?: string;
  /** The algorithm by its priority. */
  priority?: number;
}

/** Reads one parameter into the request; those that are unknown are passed over. */
const PARAMETERS: RecompressParameters<Request> = {
  ...AMOUNTS,
  type(request, value) {
    if (Object.hasOwn(RECOMPRESS_TYPES, value)) {
      request.flags = RECOMPRESS_TYPES[value];
    }
    // An unknown type is one only where no other stands before it.
    if (request.flags.length === 0) return "EINVAL";
  },
  algo(request, value) {
    request.algo = value;
  },
  priority(request, value) {
    const priority = kstrtoll(value, 32);
    if (typeof priority === "string") return priority;
    request.priority = Number(priority);
  },
};

/** What the text asks for. */
function parseRequest(text: string): Request | Errno {
  return readRequest<Request>(PARAMETERS, {
    flags: [],
    maxPages: (1n << 64n) - 1n,
    threshold: 0,
  }, text);
}

/** The priority to recompress with: EINVAL where it has no algorithm. */
function choosePriority(zram: Zram, request: Request): number | Errno {
  const priority = algorithmPriority(zram.comps, request, SECONDARY_COMP);
  if (typeof priority === "string") return priority;
  return zram.comps.codecAt(priority) === undefined ? "EINVAL" : priority;
}

/**
 * Recompresses with the algorithm of one priority, that of `algo=` or
 * `priority=`, or 1. Pages that have that priority or a higher one are passed
 * over.
 */
export function* recompressWithOne(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  const request = parseRequest(text);
  if (typeof request === "string") return request;
  return yield* underRecompress(zram, request, function* () {
    const priority = choosePriority(zram, request);
    if (typeof priority === "string") return priority;
    return yield* recompressMarked(
      zram,
      request,
      priority,
      (slot, bytes) => recompressSlot(zram, slot, request, priority, bytes),
    );
  });
}

/**
 * Recompresses the page of one slot, which is locked. A page that the highest
 * of all algorithms does not make smaller is marked incompressible.
 */
function* recompressSlot(
  zram: Zram,
  page: number,
  request: Request,
  priority: number,
  buffer: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { slots } = zram;
  const { threshold } = request;
  if (slots.size(page) < threshold) return;
  yield* readFromZspoolSteps(zram, page, buffer);
  slots.clearFlag(page, ZRAM_IDLE);
  const { stream, length } = yield* compressWith(zram, priority, buffer);
  if (length === 0) {
    yield putStream(stream);
    return "EINVAL";
  }
  request.maxPages--;
  const pool = zram.initialisedPool;
  const isSmaller =
    pool.lookupClassIndex(length) < pool.lookupClassIndex(slots.size(page));
  if (!isSmaller || (threshold !== 0 && length >= threshold)) {
    yield putStream(stream);
    if (isHighest(zram, priority)) slots.setFlag(page, ZRAM_INCOMPRESSIBLE);
    return;
  }
  yield sleeps("recompress_slot, zram_drv.c: zs_malloc");
  return yield* storeRecompressed(zram, page, { priority, length, stream });
}

/** Specifies `highest_priority_algorithm`. */
function isHighest({ comps }: Zram, priority: number): boolean {
  for (let higher = priority + 1; higher < MAX_COMPS; higher++) {
    if (comps.nameAt(higher) !== undefined) return false;
  }
  return true;
}
