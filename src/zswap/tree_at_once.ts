/**
 * How entries are freed by who is alone, without generators: the sections of
 * `tree_steps.ts` in a row.
 */
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { putPool } from "./pool_references.ts";
import { assertEntryAlive } from "./race_rules.ts";
import {
  dropEntry,
  endEntry,
  entryAt,
  eraseEntry,
  FREE,
  freeObject,
  takeEntryAt,
  updateTotalSize,
} from "./tree.ts";
import type { Zswap } from "./zswap.ts";

const INVALIDATE = "zswap_invalidate, mm/zswap.c";

/** Frees an entry that is in no tree, and its object. */
export function freeEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  assertEntryAlive(entry, FREE);
  if (zswap.locks.lru !== undefined) zswap.lru.del(entry);
  const pool = endEntry(zswap, tree, entry);
  if (pool === undefined) return;
  zswap.changePages(pool, () => freeObject(zswap, tree, pool, entry));
  putPool(zswap, pool);
  if (pool.isDestroyed) updateTotalSize(zswap, tree);
}

/** Drops a reference; the last one frees the entry. */
export function putEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  if (dropEntry(zswap, tree, entry)) freeEntry(zswap, tree, entry);
}

/** Frees the entry at an offset, if there is one: its slot is the caller's. */
export function freeEntryAt(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): void {
  if (zswap.profile.zswap.entries === "uncounted") {
    const entry = takeEntryAt(zswap, tree, offset, INVALIDATE);
    if (entry !== undefined) freeEntry(zswap, tree, entry);
    return;
  }
  const entry = entryAt(tree, offset, INVALIDATE);
  if (entry === undefined) return;
  eraseEntry(zswap, tree, entry);
  putEntry(zswap, tree, entry);
}
