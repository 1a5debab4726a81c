/** How entries come into a tree, are held, and are freed. */
import type { ZswapEntry, ZswapTree } from "./entry.ts";
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

/**
 * Frees an entry that is in no tree, and its object. Specifies
 * `zswap_free_entry` (since 6.9, `zswap_entry_free`).
 */
export function freeEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  const { counters, profile, pools } = zswap;
  const { pool, length } = entry;
  zswap.chargedBytes -= length;
  if (profile.zswap.shrink === "entries-in-worker") zswap.lru.del(entry);
  const finish = () => {
    if (profile.zswap.storesIncompressible && length === profile.pageSize) {
      counters.stored_incompressible_pages--;
    }
    counters.stored_pages--;
    updateTotalSize(zswap, tree);
  };
  if (pool === undefined) {
    counters.same_filled_pages--;
    finish();
    return;
  }
  // The pools are counted before a worker makes them smaller.
  pool.zpool.free(entry.handle, () => {
    pools.put(pool);
    finish();
  });
}

/** Takes an entry out of its tree, if it is there (`zswap_rb_erase`). */
export function eraseEntry(tree: ZswapTree, entry: ZswapEntry): void {
  if (tree.entries.get(entry.offset) === entry) {
    tree.entries.delete(entry.offset);
  }
}

/**
 * Drops a reference; who drops the last takes the entry out of its tree and
 * frees it. Throws where there is none to drop (the kernel's BUG_ON).
 * Specifies `zswap_entry_put`, 3.13 to 6.8.
 */
export function putEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): void {
  entry.refcount--;
  if (entry.refcount < 0) {
    throw new Error(
      `Cannot put the entry at ${tree.type}:${entry.offset}: its 'refcount' is 0, not at least 1`,
    );
  }
  if (entry.refcount > 0) return;
  eraseEntry(tree, entry);
  freeEntry(zswap, tree, entry);
}
