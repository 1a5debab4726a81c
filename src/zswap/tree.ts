/** How entries come into a tree, are found and held in it, and are freed. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  under,
  underSteps,
} from "../rules/stop.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { entryState, slotState } from "./locks.ts";
import { putPool } from "./pool_references.ts";
import { assertEntryAlive, assertTreeAlive } from "./race_rules.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Counts the pages of the pools, as far as the limits look at what was counted
 * (up to 6.8): of all pools, or of the one that was touched. Specifies
 * `zswap_update_total_size` and, in 3.12, each `zbud_get_pool_size`.
 */
export function updateTotalSize(zswap: Zswap, tree: ZswapTree): void {
  if (zswap.profile.zswap.shrink === "entries-in-worker") return;
  zswap.countedPages = tree.pool?.zpool.totalPages ?? zswap.pools.totalPages;
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
 * Frees an entry that is in no tree, and its object. Specifies
 * `zswap_free_entry` (since 6.9, `zswap_entry_free`).
 */
export function* freeEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  const { locks, lru } = zswap;
  const { pool, length } = entry;
  assertEntryAlive(entry, "zswap_entry_free, mm/zswap.c");
  if (locks.lru !== undefined) {
    const where = "zswap_lru_del, mm/zswap.c";
    yield* under(locks.lru, where, () => lru.del(entry));
  }
  assertEntryAlive(entry, "zswap_entry_free, mm/zswap.c");
  entry.isFreed = true;
  locks.touch(entryState(entry), true);
  zswap.chargedBytes -= length;
  if (pool === undefined) {
    finishFree(zswap, tree, entry);
    return;
  }
  // The pools are counted before a worker makes them smaller.
  yield* zswap.changePages(
    pool,
    "zpool_free, mm/zpool.c",
    () =>
      pool.zpool.free(entry.handle, () => {
        pool.entries--;
        finishFree(zswap, tree, entry);
      }),
  );
  yield* putPool(zswap, pool);
  // A pool that went with its last entry counts no more.
  if (pool.isDestroyed) updateTotalSize(zswap, tree);
}

/** Takes an entry out of its tree, if it is there (`zswap_rb_erase`). */
export function eraseEntry(
  { locks }: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  const { type, entries } = tree;
  locks.lockdep.assertHeld(tree.lock, "zswap_rb_erase, mm/zswap.c");
  assertEntryAlive(entry, "zswap_rb_erase, mm/zswap.c");
  if (entries.get(entry.offset) !== entry) return;
  entries.delete(entry.offset);
  locks.touch(slotState(type, entry.offset), true);
}

/** Finds an entry under its tree's lock, and holds it (`zswap_entry_find_get`). */
export function* findGet(
  { locks }: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  yield acquire(tree.lock, where);
  assertTreeAlive(tree, where);
  const entry = tree.entries.get(offset);
  if (entry !== undefined) getEntry(locks.lockdep, tree, entry);
  yield release(tree.lock, where);
  return entry;
}

/** Holds an entry (`zswap_entry_get`). */
function getEntry(
  lockdep: Zswap["locks"]["lockdep"],
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  lockdep.assertHeld(tree.lock, "zswap_entry_get, mm/zswap.c");
  entry.refcount++;
}

/**
 * Drops a reference; who drops the last takes the entry out of its tree and
 * frees it. Throws where there is none to drop (the kernel's BUG_ON). The
 * tree's lock is held. Specifies `zswap_entry_put`, 3.13 to 6.8.
 */
export function* putEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  const where = "zswap_entry_put, mm/zswap.c";
  zswap.locks.lockdep.assertHeld(tree.lock, where);
  assertEntryAlive(entry, where);
  entry.refcount--;
  if (entry.refcount < 0) {
    throw new Error(
      `Cannot put the entry at ${tree.type}:${entry.offset}: its 'refcount' is 0, not at least 1`,
    );
  }
  if (entry.refcount > 0) return;
  eraseEntry(zswap, tree, entry);
  yield* freeEntry(zswap, tree, entry);
}

/** Finds an entry without a lock, under RCU (`xa_load`). */
export function* loadEntry(
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  yield reads(slotState(tree.type, offset), where);
  assertTreeAlive(tree, where);
  return tree.entries.get(offset);
}

/** Puts an entry at an offset and answers the older one there (`xa_store`). */
export function* storeEntry(
  { locks }: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  const { type, entries, lock } = tree;
  return yield* under(lock, where, () => {
    const older = entries.get(entry.offset);
    entries.set(entry.offset, entry);
    locks.touch(slotState(type, entry.offset), true);
    return older;
  });
}

/** Takes what is at an offset out of the tree and answers it (`xa_erase`). */
export function* takeEntry(
  { locks }: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  const { type, entries, lock } = tree;
  return yield* under(lock, where, () => {
    assertTreeAlive(tree, where);
    const entry = entries.get(offset);
    if (!entries.delete(offset)) return undefined;
    locks.touch(slotState(type, offset), true);
    return entry;
  });
}

/** How whoever has a slot to himself finds its entry, and frees it. */
interface Owned {
  /** The entry at an offset. */
  find(
    tree: ZswapTree,
    offset: number,
    where: string,
  ): Generator<Stop, ZswapEntry | undefined>;
  /** Takes an entry out of its tree, and frees it. */
  free(
    zswap: Zswap,
    tree: ZswapTree,
    entry: ZswapEntry,
    where: string,
  ): Generator<Stop, void>;
}

/** With the swap cache's page locked nobody else is at the slot. */
const ownedInXarray: Owned = {
  find: loadEntry,
  *free(zswap, tree, entry, where) {
    yield* takeEntry(zswap, tree, entry.offset, where);
    yield* freeEntry(zswap, tree, entry);
  },
};

/** The tree's lock covers the count: others may hold the entry (6.5 to 6.8). */
const ownedInTree: Owned = {
  find: (tree, offset, where) =>
    under(tree.lock, where, () => {
      assertTreeAlive(tree, where);
      return tree.entries.get(offset);
    }),
  free: (zswap, tree, entry, where) =>
    underSteps(tree.lock, where, function* () {
      if (tree.entries.get(entry.offset) !== entry) return;
      eraseEntry(zswap, tree, entry);
      yield* putEntry(zswap, tree, entry);
    }),
};

/** The same by what an entry is kept in. */
export const OWNED: Readonly<Record<ZswapProfile["entries"], Owned>> = {
  unreferenced: ownedInTree,
  "counted-by-caller": ownedInTree,
  counted: ownedInTree,
  uncounted: ownedInXarray,
};
