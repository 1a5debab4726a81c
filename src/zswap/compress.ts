/**
 * Compressing a page into an object, and back: what is done between two stops,
 * of which the operations that stop and those of who is alone are made.
 */
import { CorruptDataError } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import type { CompressorErrno } from "../linux/zswap_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import type { ZswapEntry } from "./entry.ts";
import { entryState } from "./locks.ts";
import { assertPoolAlive } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { assertEntryAlive } from "./race_rules.ts";
import { writeZswapHeader } from "./swp_entry.ts";
import type { Zswap } from "./zswap.ts";

/** Where a page is decompressed, in kernels with frontswap. */
export const FRONTSWAP_LOAD = "zswap_frontswap_load, mm/zswap.c";

/** Where a page is decompressed since. */
export const DECOMPRESS = "zswap_decompress, mm/zswap.c";

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
 * Bytes of a page's compressed form, which is put into `buffer` behind the room
 * for the header that this pool's objects have.
 */
export function compressBehindHeader(
  zswap: Zswap,
  pool: ZswapPool,
  page: Uint8Array,
  buffer: Uint8Array,
): number | "EINVAL" {
  const into = buffer.subarray(pool.headerBytes);
  const length = compress(zswap, pool, page, into);
  return typeof length === "string" ? "EINVAL" : length;
}

/**
 * Gives an entry the object that the allocator made for its compressed page and
 * header; where it made none, counts why and answers that.
 */
export function fillObject(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  buffer: Uint8Array,
  length: number,
  handle: number | Errno,
): Errno | undefined {
  const { headerBytes, zpool } = pool;
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

/** That length; `undefined`, counted, where the page cannot be stored. */
export function compressOrCopy(
  zswap: Zswap,
  pool: ZswapPool,
  page: Uint8Array,
  into: Uint8Array,
): number | undefined {
  const length = lengthToStore(zswap, pool, page, into);
  if (typeof length !== "string") return length;
  countRefused(zswap, length, "reject_compress_fail");
}

/**
 * Gives an entry the object that the allocator made for what is stored of its
 * page. Answers whether there is one; where not, that is counted.
 */
export function keepObject(
  zswap: Zswap,
  { zpool }: ZswapPool,
  entry: ZswapEntry,
  stored: Uint8Array,
  handle: number | Errno,
): boolean {
  if (typeof handle === "string") {
    countRefused(zswap, handle, "reject_alloc_fail");
    return false;
  }
  zpool.write(handle, stored);
  entry.handle = handle;
  entry.length = stored.length;
  return true;
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
  locks.touchOf(entryState, entry, false);
  assertEntryAlive(entry, where);
  assertPoolAlive(pool, where);
}

/**
 * Fills `into` from the object of a handle, which is the entry's own or the one
 * that the allocator evicts it by; answers false where its bytes are damaged.
 */
export function readObject(
  zswap: Zswap,
  pool: ZswapPool,
  handle: number,
  entry: ZswapEntry,
  into: Uint8Array,
): boolean {
  lookAtEntry(zswap, pool, entry, FRONTSWAP_LOAD);
  return decompress(zswap, pool, handle, entry.length, into);
}

/** Throws a {@linkcode KernelBug} where an object was damaged. */
export function assertWholeObject(isWhole: boolean): void {
  if (isWhole) return;
  throw new KernelBug(
    "zswap_frontswap_load, zswap_writeback_entry",
    "stop at BUG_ON: a compressed page is damaged",
  );
}

/**
 * Fills `into` with an entry's page; answers false where the object's bytes are
 * damaged.
 */
export function readEntry(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  into: Uint8Array,
): boolean {
  lookAtEntry(zswap, pool, entry, DECOMPRESS);
  const { handle, length } = entry;
  const { storesIncompressible } = zswap.profile.zswap;
  if (!storesIncompressible || length !== into.length) {
    return decompress(zswap, pool, handle, length, into);
  }
  pool.zpool.read(handle, into);
  return true;
}

/**
 * Counts a page that was damaged, and answers whether it was whole; up to 6.12,
 * throws a {@linkcode KernelBug} where it was not.
 */
export function judgeEntry(
  { counters, profile }: Zswap,
  isWhole: boolean,
): boolean {
  if (isWhole) return true;
  if (profile.zswap.damaged === "bug") {
    throw new KernelBug(
      "zswap_decompress",
      "stop at BUG_ON: a compressed page is damaged",
    );
  }
  counters.decompress_fail++;
  return false;
}
