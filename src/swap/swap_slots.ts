/** The life of a slot: taken with a page of the swap cache, freed with its last use. */
import { freeSwapSlot } from "./slot_cache.ts";
import {
  SWAP_HAS_CACHE,
  type SwapCachePage,
  type SwapType,
} from "./swap_type.ts";
import type { Swap } from "./swap.ts";

/**
 * Drops uses of a slot; with the last one nobody has it. Specifies
 * `__swap_entry_free_locked` (since 7.0, `swap_put_entries_cluster`),
 * `mm/swapfile.c`.
 */
function dropUse(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  use: number,
): void {
  swapType.map[offset] -= use;
  if (swapType.map[offset] === 0) freeSwapSlot(swap, { swapType, offset });
}

/** A page table's entry for a slot is gone (`swap_free`). */
export function swapFree(swap: Swap, swapType: SwapType, offset: number): void {
  dropUse(swap, swapType, offset, 1);
}

/** Puts a page into the swap cache for a slot (`add_to_swap_cache`). */
export function addToSwapCache(
  swapType: SwapType,
  offset: number,
  pfn: number,
): SwapCachePage {
  swapType.map[offset] |= SWAP_HAS_CACHE;
  const page = {
    pfn,
    dirty: false,
    uptodate: true,
    locked: false,
    writeback: false,
  };
  swapType.cache.set(offset, page);
  return page;
}

/** Keeps others from a slot while its page is read (`swapcache_prepare`). */
export function pinSlot(swapType: SwapType, offset: number): void {
  swapType.map[offset] |= SWAP_HAS_CACHE;
  swapType.pinned.add(offset);
}

/** Ends that; nobody has the slot where that was its last use (`swapcache_clear`). */
export function unpinSlot(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): void {
  swapType.pinned.delete(offset);
  dropUse(swap, swapType, offset, SWAP_HAS_CACHE);
}

/**
 * Takes a page out of the swap cache; its frame is the caller's. Nobody has the
 * slot where that was its last use. Specifies `delete_from_swap_cache` (since
 * 6.18, `swap_cache_del_folio`).
 */
export function deleteFromSwapCache(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): void {
  swapType.cache.delete(offset);
  swapType.unused.delete(offset);
  dropUse(swap, swapType, offset, SWAP_HAS_CACHE);
}

/**
 * Frees a page of the swap cache that nobody has mapped, where it need not be
 * kept: it is clean, or nobody has the slot. Answers whether it did. Specifies
 * `__remove_mapping` and `__try_to_reclaim_swap`.
 */
export function reclaimSwapCache(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): boolean {
  const page = swapType.cache.get(offset);
  if (page === undefined || page.locked || page.writeback) return false;
  if (swap.mapped.has(page.pfn)) return false;
  if (page.dirty && swapType.count(offset) > 0) return false;
  deleteFromSwapCache(swap, swapType, offset);
  swap.memory.freePage(page.pfn);
  return true;
}
