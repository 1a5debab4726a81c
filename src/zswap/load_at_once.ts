/**
 * Loads, and frees of slots, as who is alone does them, without generators: the
 * sections of those that stop, in a row.
 */
import type { Errno } from "../linux/errno.ts";
import {
  assertWholeObject,
  FRONTSWAP_LOAD,
  judgeEntry,
  readEntry,
  readObject,
} from "./compress.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { fillFromWord, LOAD } from "./load.ts";
import { entryAt, holdEntryAt, takeEntryAt } from "./tree.ts";
import { freeEntry, freeEntryAt, putEntry } from "./tree_at_once.ts";
import type { Zswap } from "./zswap.ts";

/** Fills `into` with the page at an offset: an errno where there is none. */
export function loadPage(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Errno | undefined {
  const { load } = zswap.profile.zswap;
  switch (load) {
    case "referenced":
      return loadThroughFrontswap(zswap, tree, offset, into);
    case "erased-first":
      return loadErasedFirst(zswap, tree, offset, into, toSwapCache);
    case "erased-after":
      return loadErasedAfter(zswap, tree, offset, into, toSwapCache);
    case "erased-always":
      return loadErasedAfter(zswap, tree, offset, into, true);
  }
}

function loadThroughFrontswap(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
): Errno | undefined {
  if (!tree.frontswapMap.has(offset)) return "ENOENT";
  const isHeld = zswap.profile.zswap.entries !== "unreferenced";
  const entry = isHeld
    ? holdEntryAt(zswap, tree, offset, FRONTSWAP_LOAD)
    : entryAt(tree, offset, FRONTSWAP_LOAD);
  if (entry === undefined) return "ENOENT";
  fill(zswap, entry, into);
  if (isHeld) putEntry(zswap, tree, entry);
  zswap.frontswap.loads++;
}

function fill(zswap: Zswap, entry: ZswapEntry, into: Uint8Array): void {
  const { pool, handle } = entry;
  if (pool === undefined) fillFromWord(zswap, entry, into);
  else assertWholeObject(readObject(zswap, pool, handle, entry, into));
}

function loadErasedFirst(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Errno | undefined {
  const entry = toSwapCache
    ? takeEntryAt(zswap, tree, offset, LOAD)
    : entryAt(tree, offset, LOAD);
  if (entry?.pool === undefined) return "ENOENT";
  judgeEntry(zswap, readEntry(zswap, entry.pool, entry, into));
  if (toSwapCache) freeEntry(zswap, tree, entry);
}

function loadErasedAfter(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Errno | undefined {
  const entry = entryAt(tree, offset, LOAD);
  if (entry?.pool === undefined) return "ENOENT";
  const isWhole = readEntry(zswap, entry.pool, entry, into);
  if (!judgeEntry(zswap, isWhole)) return "EIO";
  if (toSwapCache) freeEntryAt(zswap, tree, offset);
}

/** Frees the page at an offset. */
export function invalidatePage(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): void {
  const hasFrontswap = zswap.profile.zswap.frontswap !== "none";
  if (hasFrontswap && !tree.frontswapMap.delete(offset)) return;
  freeEntryAt(zswap, tree, offset);
  if (hasFrontswap) zswap.frontswap.invalidates++;
}
