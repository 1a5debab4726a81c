/** Compressing a page into an object, and back. */
import { CorruptDataError } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import type { CompressorErrno } from "../linux/zswap_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { type Stop, under, underSteps } from "../rules/stop.ts";
import type { ZswapEntry } from "./entry.ts";
import { entryState } from "./locks.ts";
import { assertPoolAlive } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { assertEntryAlive } from "./race_rules.ts";
import { writeZswapHeader } from "./swp_entry.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Bytes of a page's compressed form, which is put into `into`; an errno where
 * the compressor is one that fails when it has no more than a page of room, and
 * the form is longer. (LZO's checked encoder asks for room before it writes, but
 * never for more than it will have written in the end.) Specifies `crypto_acomp_compress` (up to 5.10, `crypto_comp_compress`) with a
 * `dlen` of PAGE_SIZE.
 */
function compress(
  { profile }: Zswap,
  { codec }: ZswapPool,
  page: Uint8Array,
  into: Uint8Array,
): number | CompressorErrno {
  const { compressorErrnos } = profile.zswap;
  const length = codec.compress(page, into);
  const isLimited = Object.hasOwn(compressorErrnos, codec.name);
  return isLimited && length > page.length
    ? compressorErrnos[codec.name]
    : length;
}

/**
 * Counts a page without an object by its reason: that there is no room for it,
 * or that the compressor (counted since 6.12) or the allocator failed.
 */
function countRefused(
  { counters }: Zswap,
  errno: Errno,
  failed: "reject_compress_fail" | "reject_alloc_fail",
): void {
  if (errno === "ENOSPC") counters.reject_compress_poor++;
  else counters[failed]++;
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
): Generator<Stop, Errno | undefined> {
  return yield* underSteps(
    zswap.locks.compressor(pool),
    "zswap_frontswap_store, mm/zswap.c",
    () => fillObject(zswap, pool, entry, page),
  );
}

/** The same with the compressor. */
function* fillObject(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { headerBytes, zpool } = pool;
  const buffer = zswap.buffers.take();
  try {
    const length = compress(zswap, pool, page, buffer.subarray(headerBytes));
    if (typeof length === "string") return "EINVAL";
    const handle = yield* zswap.changePages(
      pool,
      "zpool_malloc, mm/zpool.c",
      () => zpool.malloc(headerBytes + length),
    );
    if (typeof handle === "string") {
      countRefused(zswap, handle, "reject_alloc_fail");
      return handle;
    }
    if (headerBytes > 0) {
      writeZswapHeader(zswap.profile, buffer.subarray(0, headerBytes), entry);
    }
    zpool.write(handle, buffer.subarray(0, headerBytes + length));
    entry.pool = pool;
    entry.handle = handle;
    entry.length = length;
    pool.entries++;
  } finally {
    zswap.buffers.give(buffer);
  }
}

/**
 * The length of what is stored of a page, of which `into` has the compressed
 * form: since 6.18 of the page itself, where it does not become smaller and may
 * be written back. An errno where it cannot be stored.
 */
function lengthToStore(
  zswap: Zswap,
  pool: ZswapPool,
  page: Uint8Array,
  into: Uint8Array,
): number | CompressorErrno {
  const made = compress(zswap, pool, page, into);
  if (!zswap.profile.zswap.storesIncompressible) return made;
  if (typeof made === "number" && made < page.length) return made;
  if (!zswap.mayWriteBack) return typeof made === "string" ? made : "EINVAL";
  into.set(page);
  return page.length;
}

/**
 * Compresses a page into a new object, or stores it as it is. Answers whether
 * there is an object now. Specifies `zswap_compress`, 6.12.118 and 7.3.4.
 */
export function* compressOrKeep(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, boolean> {
  return yield* underSteps(
    zswap.locks.compressor(pool),
    "zswap_compress, mm/zswap.c",
    () => fillOrKeep(zswap, pool, entry, page),
  );
}

/** The same with the compressor. */
function* fillOrKeep(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, boolean> {
  const buffer = zswap.buffers.take();
  try {
    const length = lengthToStore(zswap, pool, page, buffer);
    if (typeof length === "string") {
      countRefused(zswap, length, "reject_compress_fail");
      return false;
    }
    const handle = yield* zswap.changePages(
      pool,
      "zpool_malloc, mm/zpool.c",
      () => pool.zpool.malloc(length),
    );
    if (typeof handle === "string") {
      countRefused(zswap, handle, "reject_alloc_fail");
      return false;
    }
    pool.zpool.write(handle, buffer.subarray(0, length));
    entry.handle = handle;
    entry.length = length;
    return true;
  } finally {
    zswap.buffers.give(buffer);
  }
}

/** Fills `into` from an object; answers false where its bytes are damaged. */
function decompress(
  { buffers }: Zswap,
  { zpool, codec, headerBytes }: ZswapPool,
  handle: number,
  length: number,
  into: Uint8Array,
): boolean {
  return buffers.lend((buffer) => {
    const object = buffer.subarray(0, headerBytes + length);
    zpool.read(handle, object);
    try {
      codec.decompress(object.subarray(headerBytes), into);
      return true;
    } catch (error) {
      if (error instanceof CorruptDataError) return false;
      throw error;
    }
  });
}

/** Says that an entry's page is looked at, which is still there. */
function lookAtEntry(
  { locks }: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  where: string,
): void {
  locks.touch(entryState(entry), false);
  assertEntryAlive(entry, where);
  assertPoolAlive(pool, where);
}

/**
 * Fills `into` from the object of a handle, which is the entry's own or the
 * one that the allocator evicts it by. Throws a {@linkcode KernelBug} where the
 * bytes are damaged. Specifies what `zswap_frontswap_load` and
 * `zswap_writeback_entry` do, 5.10.262 and 6.1.192.
 */
export function* decompressObject(
  zswap: Zswap,
  pool: ZswapPool,
  handle: number,
  entry: ZswapEntry,
  into: Uint8Array,
): Generator<Stop, void> {
  const where = "zswap_frontswap_load, mm/zswap.c";
  const isWhole = yield* under(zswap.locks.compressor(pool), where, () => {
    lookAtEntry(zswap, pool, entry, where);
    return decompress(zswap, pool, handle, entry.length, into);
  });
  if (isWhole) return;
  throw new KernelBug(
    "zswap_frontswap_load, zswap_writeback_entry",
    "stop at BUG_ON: a compressed page is damaged",
  );
}

/**
 * Fills `into` with an entry's page; answers false, and counts it, where the
 * object's bytes are damaged; up to 6.12, throws a {@linkcode KernelBug}
 * there. Specifies `zswap_decompress`, 6.12.118 and 7.3.4.
 */
export function* decompressEntry(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  into: Uint8Array,
): Generator<Stop, boolean> {
  const { storesIncompressible, damaged } = zswap.profile.zswap;
  const where = "zswap_decompress, mm/zswap.c";
  const isWhole = yield* under(zswap.locks.compressor(pool), where, () => {
    lookAtEntry(zswap, pool, entry, where);
    const { handle, length } = entry;
    if (!storesIncompressible || length !== into.length) {
      return decompress(zswap, pool, handle, length, into);
    }
    pool.zpool.read(handle, into);
    return true;
  });
  if (isWhole) return true;
  if (damaged === "bug") {
    throw new KernelBug(
      "zswap_decompress",
      "stop at BUG_ON: a compressed page is damaged",
    );
  }
  zswap.counters.decompress_fail++;
  return false;
}
