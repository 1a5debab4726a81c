/**
 * What is done to entries and their tree between two stops: the operations that
 * stop and those of who is alone are made of the same.
 */
import { newEntry, type ZswapEntry, type ZswapTree } from "./entry.ts";
import { entryState, slotState } from "./locks.ts";
import type { ZswapPool } from "./pools.ts";
import { assertEntryAlive, assertTreeAlive } from "./race_rules.ts";
import type { Zswap } from "./zswap.ts";

/** Where an entry is freed. */
export const FREE = "zswap_entry_free, mm/zswap.c";

/**
 * Counts the pages of the pools, as far as the limits look at what was counted
 * (up to 6.8): of all pools, or of the one that was touched. Specifies
 * `zswap_update_total_size` and, in 3.12, each `zbud_get_pool_size`.
 */
export function updateTotalSize(zswap: Zswap, tree: ZswapTree): void {
  if (zswap.profile.zswap.shrink === "entries-in-worker") return;
  zswap.countedPages = tree.pool?.zpool.totalPages ?? zswap.pools.totalPages;
}

/** A new entry for an offset, if there is memory for it; else that is counted. */
export function allocEntry(
  zswap: Zswap,
  { type }: ZswapTree,
  offset: number,
): ZswapEntry | undefined {
  if (!zswap.failsEntry()) return newEntry(type, offset);
  zswap.counters.reject_kmemcache_fail++;
}

/** What an entry had is no more counted, its object being free. */
function finishFree(
  zswap: Zswap,
  tree: ZswapTree,
  { pool, length }: ZswapEntry,
): void {
  const { counters, profile } = zswap;
  if (pool === undefined) counters.same_filled_pages--;
  if (profile.zswap.storesIncompressible && length === profile.pageSize) {
    counters.stored_incompressible_pages--;
  }
  counters.stored_pages--;
  updateTotalSize(zswap, tree);
}

/**
 * Nobody may look at an entry any more. Answers the pool whose object is yet to
 * be freed; one without an object is counted off.
 */
export function endEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): ZswapPool | undefined {
  const { locks } = zswap;
  const { pool, length } = entry;
  assertEntryAlive(entry, FREE);
  entry.isFreed = true;
  locks.touchOf(entryState, entry, true);
  zswap.chargedBytes -= length;
  if (pool === undefined) finishFree(zswap, tree, entry);
  return pool;
}

/** Frees the object of an entry that is gone, and counts the entry off. */
export function freeObject(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  entry: ZswapEntry,
): void {
  // The pools are counted before a worker makes them smaller.
  pool.zpool.free(entry.handle, () => {
    pool.entries--;
    finishFree(zswap, tree, entry);
  });
}

/** The entry at an offset, if there is one. */
export function entryAt(
  tree: ZswapTree,
  offset: number,
  where: string,
): ZswapEntry | undefined {
  assertTreeAlive(tree, where);
  return tree.entries.get(offset);
}

/** The entry at an offset, held (`zswap_entry_find_get`). The tree's lock is held. */
export function holdEntryAt(
  { locks }: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): ZswapEntry | undefined {
  const entry = entryAt(tree, offset, where);
  if (entry === undefined) return undefined;
  locks.lockdep.assertHeld(tree.lock, "zswap_entry_get, mm/zswap.c");
  entry.refcount++;
  return entry;
}

/** Takes an entry out of its tree, if it is there (`zswap_rb_erase`). */
export function eraseEntry(
  { locks }: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  locks.lockdep.assertHeld(tree.lock, "zswap_rb_erase, mm/zswap.c");
  assertEntryAlive(entry, "zswap_rb_erase, mm/zswap.c");
  if (tree.entries.get(entry.offset) !== entry) return;
  tree.entries.delete(entry.offset);
  locks.touchOf(slotState, entry, true);
}

/**
 * Drops a reference; whoever drops the last has taken the entry out of its tree,
 * and is to free it: answers whether that is so. Throws where there is none to
 * drop (the kernel's BUG_ON). The tree's lock is held.
 */
export function dropEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): boolean {
  const where = "zswap_entry_put, mm/zswap.c";
  zswap.locks.lockdep.assertHeld(tree.lock, where);
  assertEntryAlive(entry, where);
  entry.refcount--;
  if (entry.refcount < 0) {
    throw new Error(
      `Cannot put the entry at ${tree.type}:${entry.offset}: its 'refcount' is 0, not at least 1`,
    );
  }
  if (entry.refcount > 0) return false;
  eraseEntry(zswap, tree, entry);
  return true;
}

/** Puts an entry at its offset and answers the older one there (`xa_store`). */
export function exchangeEntry(
  { locks }: Zswap,
  { entries }: ZswapTree,
  entry: ZswapEntry,
): ZswapEntry | undefined {
  const older = entries.get(entry.offset);
  entries.set(entry.offset, entry);
  locks.touchOf(slotState, entry, true);
  return older;
}

/** Takes what is at an offset out of the tree and answers it (`xa_erase`). */
export function takeEntryAt(
  { locks }: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): ZswapEntry | undefined {
  const entry = entryAt(tree, offset, where);
  if (entry === undefined) return undefined;
  tree.entries.delete(offset);
  locks.touchOf(slotState, entry, true);
  return entry;
}
