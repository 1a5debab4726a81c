/** Compressing a page into an object, and back, stopping wherever others may run. */
import type { Errno } from "../linux/errno.ts";
import { type Stop, under, underSteps } from "../rules/stop.ts";
import {
  assertWholeObject,
  compressBehindHeader,
  compressOrCopy,
  DECOMPRESS,
  fillObject,
  FRONTSWAP_LOAD,
  judgeEntry,
  keepObject,
  readEntry,
  readObject,
} from "./compress.ts";
import type { ZswapEntry } from "./entry.ts";
import type { ZswapPool } from "./pools.ts";
import type { Zswap } from "./zswap.ts";

/** Allocates an object (`zpool_malloc`). */
function mallocSteps(
  zswap: Zswap,
  pool: ZswapPool,
  size: number,
): Generator<Stop, number | Errno> {
  return zswap.changePagesSteps(
    pool,
    "zpool_malloc, mm/zpool.c",
    () => pool.zpool.malloc(size),
  );
}

/**
 * Compresses a page into a new object of an entry's pool, behind the header
 * that this pool's objects have: EINVAL where it cannot be compressed, or what
 * the allocator answers. Specifies that part of `zswap_frontswap_store`.
 */
export function compressToObjectSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  return underSteps(
    zswap.locks.compressor(pool),
    "zswap_frontswap_store, mm/zswap.c",
    () => fillObjectSteps(zswap, pool, entry, page),
  );
}

/** The same with the compressor. */
function* fillObjectSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const buffer = zswap.buffers.take();
  try {
    const length = compressBehindHeader(zswap, pool, page, buffer);
    if (typeof length === "string") return length;
    const handle = yield* mallocSteps(zswap, pool, pool.headerBytes + length);
    return fillObject(zswap, pool, entry, buffer, length, handle);
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * Compresses a page into a new object, or stores it as it is. Answers whether
 * there is an object now. Specifies `zswap_compress`, 6.12.118 and 7.3.4.
 */
export function compressOrKeepSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, boolean> {
  return underSteps(
    zswap.locks.compressor(pool),
    "zswap_compress, mm/zswap.c",
    () => fillOrKeepSteps(zswap, pool, entry, page),
  );
}

/** The same with the compressor. */
function* fillOrKeepSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, boolean> {
  const buffer = zswap.buffers.take();
  try {
    const length = compressOrCopy(zswap, pool, page, buffer);
    if (length === undefined) return false;
    const handle = yield* mallocSteps(zswap, pool, length);
    const stored = buffer.subarray(0, length);
    return keepObject(zswap, pool, entry, stored, handle);
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * Fills `into` from the object of a handle, which is the entry's own or the
 * one that the allocator evicts it by. Throws a `KernelBug` where the bytes are
 * damaged. Specifies what `zswap_frontswap_load` and `zswap_writeback_entry`
 * do, 5.10.262 and 6.1.192.
 */
export function* decompressObjectSteps(
  zswap: Zswap,
  pool: ZswapPool,
  handle: number,
  entry: ZswapEntry,
  into: Uint8Array,
): Generator<Stop, void> {
  const isWhole = yield* under(
    zswap.locks.compressor(pool),
    FRONTSWAP_LOAD,
    () => readObject(zswap, pool, handle, entry, into),
  );
  assertWholeObject(isWhole);
}

/**
 * Fills `into` with an entry's page; answers false, and counts it, where the
 * object's bytes are damaged; up to 6.12, throws a `KernelBug` there. Specifies
 * `zswap_decompress`, 6.12.118 and 7.3.4.
 */
export function* decompressEntrySteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  into: Uint8Array,
): Generator<Stop, boolean> {
  const isWhole = yield* under(
    zswap.locks.compressor(pool),
    DECOMPRESS,
    () => readEntry(zswap, pool, entry, into),
  );
  return judgeEntry(zswap, isWhole);
}
