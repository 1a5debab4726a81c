/** Compressing a page into an object, and back. */
import { CorruptDataError } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import type { Wait } from "../rules/wait.ts";
import type { ZswapEntry } from "./entry.ts";
import type { ZswapPool } from "./pools.ts";
import { writeZswapHeader } from "./swp_entry.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Bytes of a page's compressed form, which is put into `into`; EINVAL where
 * the compressor is one that fails when the page does not fit into a page.
 * Specifies `crypto_acomp_compress` with a `dlen` of PAGE_SIZE.
 */
function compress(
  { profile }: Zswap,
  pool: ZswapPool,
  page: Uint8Array,
  into: Uint8Array,
): number | "EINVAL" {
  const length = pool.codec.compress(page, into);
  const isLimited = profile.zswap.limitedCompressors.includes(pool.codec.name);
  return isLimited && length > page.length ? "EINVAL" : length;
}

/** Counts a failed allocation of an object by its reason. */
function countRefused({ counters }: Zswap, errno: Errno): void {
  if (errno === "ENOSPC") counters.reject_compress_poor++;
  else counters.reject_alloc_fail++;
}

/**
 * Compresses a page into a new object of an entry's pool, behind the header
 * that this pool's objects have: EINVAL where it cannot be compressed, or what
 * the allocator answers. Specifies that part of `zswap_frontswap_store`.
 */
export function* compressToObject(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Wait, Errno | undefined> {
  const buffer = zswap.buffers.take();
  try {
    yield "zswap_frontswap_store: acomp mutex held, compression may wait";
    const { headerBytes, zpool } = pool;
    const length = compress(zswap, pool, page, buffer.subarray(headerBytes));
    if (length === "EINVAL") return "EINVAL";
    const handle = yield* zpool.mallocSteps(headerBytes + length);
    if (typeof handle === "string") {
      countRefused(zswap, handle);
      return handle;
    }
    if (headerBytes > 0) {
      writeZswapHeader(zswap.profile, buffer.subarray(0, headerBytes), entry);
    }
    zpool.write(handle, buffer.subarray(0, headerBytes + length));
    entry.pool = pool;
    entry.handle = handle;
    entry.length = length;
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * Compresses a page into a new object, or stores it as it is where it does not
 * become smaller and writeback is on. Answers whether there is an object now.
 * Specifies `zswap_compress`, 6.18.
 */
export function* compressOrKeep(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Wait, boolean> {
  const { counters } = zswap;
  const buffer = zswap.buffers.take();
  try {
    yield "zswap_compress: acomp_ctx mutex held, compression may wait";
    const length = compress(zswap, pool, page, buffer);
    const isKept = length === "EINVAL" || length >= page.length;
    if (isKept && !zswap.writeback) {
      counters.reject_compress_fail++;
      return false;
    }
    const stored = isKept ? page : buffer.subarray(0, length);
    const handle = yield* pool.zpool.mallocSteps(stored.length);
    if (typeof handle === "string") {
      countRefused(zswap, handle);
      return false;
    }
    pool.zpool.write(handle, stored);
    entry.handle = handle;
    entry.length = stored.length;
    return true;
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * Fills `into` from the object of a handle, which is the entry's own or the
 * one that the allocator evicts it by. Throws where the bytes are damaged
 * (the kernel's BUG_ON).
 */
export function decompressObject(
  zswap: Zswap,
  { zpool, codec, headerBytes }: ZswapPool,
  handle: number,
  length: number,
  into: Uint8Array,
): void {
  const buffer = zswap.buffers.take();
  try {
    const object = buffer.subarray(0, headerBytes + length);
    zpool.read(handle, object);
    codec.decompress(object.subarray(headerBytes), into);
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * Fills `into` with an entry's page; answers false, and counts it, where the
 * object's bytes are damaged. Specifies `zswap_decompress`, 6.18.
 */
export function decompressEntry(
  zswap: Zswap,
  pool: ZswapPool,
  { handle, length }: ZswapEntry,
  into: Uint8Array,
): boolean {
  if (length === into.length) {
    pool.zpool.read(handle, into);
    return true;
  }
  try {
    decompressObject(zswap, pool, handle, length, into);
    return true;
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    zswap.counters.decompress_fail++;
    return false;
  }
}
