/** How entries come into a tree, are found and held in it, and are freed. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { reads, type Stop, under, underSteps } from "../rules/stop.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { slotState } from "./locks.ts";
import { putPoolSteps } from "./pool_references.ts";
import { assertEntryAlive } from "./race_rules.ts";
import {
  dropEntry,
  endEntry,
  entryAt,
  eraseEntry,
  exchangeEntry,
  FREE,
  freeObject,
  holdEntryAt,
  takeEntryAt,
  updateTotalSize,
} from "./tree.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Frees an entry that is in no tree, and its object. Specifies
 * `zswap_free_entry` (since 6.9, `zswap_entry_free`).
 */
export function* freeEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  const { locks, lru } = zswap;
  assertEntryAlive(entry, FREE);
  if (locks.lru !== undefined) {
    const where = "zswap_lru_del, mm/zswap.c";
    yield* under(locks.lru, where, () => lru.del(entry));
  }
  const pool = endEntry(zswap, tree, entry);
  if (pool === undefined) return;
  yield* zswap.changePagesSteps(
    pool,
    "zpool_free, mm/zpool.c",
    () => freeObject(zswap, tree, pool, entry),
  );
  yield* putPoolSteps(zswap, pool);
  // A pool that went with its last entry counts no more.
  if (pool.isDestroyed) updateTotalSize(zswap, tree);
}

/** Finds an entry under its tree's lock, and holds it (`zswap_entry_find_get`). */
export function findGetSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  return under(
    tree.lock,
    where,
    () => holdEntryAt(zswap, tree, offset, where),
  );
}

/**
 * Drops a reference; who drops the last takes the entry out of its tree and
 * frees it. The tree's lock is held. Specifies `zswap_entry_put`, 3.13 to 6.8.
 */
export function* putEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  if (dropEntry(zswap, tree, entry)) yield* freeEntrySteps(zswap, tree, entry);
}

/** Finds an entry without a lock, under RCU (`xa_load`). */
export function* loadEntrySteps(
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  yield reads(slotState({ type: tree.type, offset }), where);
  return entryAt(tree, offset, where);
}

/** Puts an entry at its offset and answers the older one there (`xa_store`). */
export function storeEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  return under(tree.lock, where, () => exchangeEntry(zswap, tree, entry));
}

/** Takes what is at an offset out of the tree and answers it (`xa_erase`). */
export function takeEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  where: string,
): Generator<Stop, ZswapEntry | undefined> {
  return under(
    tree.lock,
    where,
    () => takeEntryAt(zswap, tree, offset, where),
  );
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
  find: loadEntrySteps,
  *free(zswap, tree, entry, where) {
    yield* takeEntrySteps(zswap, tree, entry.offset, where);
    yield* freeEntrySteps(zswap, tree, entry);
  },
};

/** The tree's lock covers the count: others may hold the entry (6.5 to 6.8). */
const ownedInTree: Owned = {
  find: (tree, offset, where) =>
    under(tree.lock, where, () => entryAt(tree, offset, where)),
  free: (zswap, tree, entry, where) =>
    underSteps(tree.lock, where, function* () {
      if (tree.entries.get(entry.offset) !== entry) return;
      eraseEntry(zswap, tree, entry);
      yield* putEntrySteps(zswap, tree, entry);
    }),
};

/** The same by what an entry is kept in. */
export const OWNED: Readonly<Record<ZswapProfile["entries"], Owned>> = {
  unreferenced: ownedInTree,
  "counted-by-caller": ownedInTree,
  counted: ownedInTree,
  uncounted: ownedInXarray,
};
