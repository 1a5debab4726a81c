/** Loading a page. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import type { Stop } from "../rules/stop.ts";
import { fillPage } from "../zram/same_filled.ts";
import { decompressEntry, decompressObject } from "./compress.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { eraseEntry, putEntry } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

/** Fills `into` with an entry's page, from its word or its object. */
function fill(zswap: Zswap, entry: ZswapEntry, into: Uint8Array): void {
  const { pool, handle, length, valueLow, valueHigh } = entry;
  if (pool === undefined) {
    fillPage(into, valueLow, valueHigh, zswap.profile.wordBits / 8);
  } else {
    decompressObject(zswap, pool, handle, length, into);
  }
}

/**
 * Fills `into` with the page at an offset: ENOENT where there is none. The
 * entry stays; a reference keeps it whole while it is read. Specifies
 * `zswap_frontswap_load`, 3.12 and 6.1.
 */
export function* loadCounted(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const entry = tree.entries.get(offset);
  if (entry === undefined) return "ENOENT";
  entry.refcount++;
  yield "zswap_frontswap_load: tree lock dropped, decompression may wait";
  fill(zswap, entry, into);
  putEntry(zswap, tree, entry);
}

/**
 * Fills `into` with the page at an offset: ENOENT where there is none. Where
 * the page goes into the swap cache its entry is erased before that, so that a
 * page whose bytes are damaged is in nobody's tree when the kernel stops.
 * Specifies `zswap_load`, 6.12.118.
 */
function* loadErasedFirst(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Stop, Errno | undefined> {
  const entry = tree.entries.get(offset);
  if (entry?.pool === undefined) return "ENOENT";
  if (toSwapCache) eraseEntry(tree, entry);
  yield "zswap_load: folio locked, decompression may wait";
  decompressEntry(zswap, entry.pool, entry, into);
  if (toSwapCache) putEntry(zswap, tree, entry);
}

/**
 * Fills `into` with the page at an offset: ENOENT where there is none, EIO
 * where its bytes are damaged. Where the page goes into the swap cache, its
 * entry is freed: what is in memory is the page now. The folio's lock keeps
 * others from the entry meanwhile. Specifies `zswap_load`, 6.17 and 6.18.15.
 */
function* loadErasedAfter(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Stop, Errno | undefined> {
  const entry = tree.entries.get(offset);
  if (entry?.pool === undefined) return "ENOENT";
  yield "zswap_load: folio locked, decompression may wait";
  if (!decompressEntry(zswap, entry.pool, entry, into)) return "EIO";
  if (toSwapCache) {
    eraseEntry(tree, entry);
    putEntry(zswap, tree, entry);
  }
}

type Load = (
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
) => Generator<Stop, Errno | undefined>;

/** How a page is loaded where there is no frontswap. */
export const LOAD: Readonly<
  Record<Exclude<ZswapProfile["load"], "referenced">, Load>
> = {
  "erased-first": loadErasedFirst,
  "erased-after": loadErasedAfter,
  // Every folio is in the swap cache: zswap_load, 7.1.13.
  "erased-always": (zswap, tree, offset, into) =>
    loadErasedAfter(zswap, tree, offset, into, true),
};
