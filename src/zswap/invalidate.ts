/** Freeing pages that the swap layer needs no more. */
import type { ZswapTree } from "./entry.ts";
import { eraseEntry, freeEntry, putEntry } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

/**
 * Frees the entry at an offset, if there is one. Where another path holds it,
 * that one frees it when it is done. Specifies
 * `zswap_frontswap_invalidate_page` and, since 6.7, `zswap_invalidate`.
 */
export function invalidatePage(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): void {
  const entry = tree.entries.get(offset);
  if (entry === undefined) return;
  eraseEntry(tree, entry);
  putEntry(zswap, tree, entry);
}

/**
 * Frees all entries of a swap type, and its tree with them, its own pool too:
 * swapoff has brought every page in before. Specifies
 * `zswap_frontswap_invalidate_area` and, since 6.7, `zswap_swapoff`.
 */
export function invalidateArea(zswap: Zswap, tree: ZswapTree): void {
  const entries = [...tree.entries.values()];
  if (zswap.profile.zswap.frontswap === "none" && entries.length > 0) {
    throw new Error(
      `Cannot swap off type ${tree.type}: zswap has ${entries.length} of its pages, not 0`,
    );
  }
  tree.entries.clear();
  for (const entry of entries) freeEntry(zswap, tree, entry);
  if (tree.pool !== undefined) zswap.pools.put(tree.pool);
  zswap.trees.delete(tree.type);
}
