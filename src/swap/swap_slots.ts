/** The life of a slot: taken with a page of the swap cache, freed with its last use. */
import {
  SWAP_HAS_CACHE,
  type SwapCachePage,
  type SwapType,
} from "./swap_type.ts";
import type { Swap } from "./swap.ts";

/**
 * Drops uses of a slot; with the last one the slot is free, zswap's page with
 * it, and the device learns of it. Specifies `swap_entry_free` (since 6.12,
 * `swap_entries_free`) and `swap_range_free`, `mm/swapfile.c`.
 */
function dropUse(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  use: number,
): void {
  swapType.map[offset] -= use;
  if (swapType.map[offset] !== 0) return;
  swapType.setFree(offset);
  swap.zswap?.invalidate(swapType.type, offset);
  swapType.device.slotFreeNotify?.(offset);
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
  const page = { pfn, dirty: false, locked: false, writeback: false };
  swapType.cache.set(offset, page);
  return page;
}

/** Keeps others from a slot while its page is read (`swapcache_prepare`). */
export function pinSlot(swapType: SwapType, offset: number): void {
  swapType.map[offset] |= SWAP_HAS_CACHE;
  swapType.pinned.add(offset);
}

/** Ends that; the slot is free where that was its last use (`swapcache_clear`). */
export function unpinSlot(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): void {
  swapType.pinned.delete(offset);
  dropUse(swap, swapType, offset, SWAP_HAS_CACHE);
}

/**
 * Takes a page out of the swap cache; its frame is the caller's. The slot is
 * free where that was its last use. Specifies `delete_from_swap_cache`.
 */
export function deleteFromSwapCache(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): void {
  swapType.cache.delete(offset);
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
