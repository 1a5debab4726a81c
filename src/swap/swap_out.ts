/** Swapping a page out. */
import { NO_PAGE } from "../memory/memory.ts";
import type { Stop } from "../rules/stop.ts";
import type { AnonPage, Swap } from "./swap.ts";
import { swapWritepage } from "./page_io.ts";
import { allocSwapSlot } from "./slot_cache.ts";
import { addToSwapCache, reclaimSwapCache } from "./swap_slots.ts";
import type { SwapCachePage, SwapType } from "./swap_type.ts";

/** What came of swapping a page out. */
export type SwapOutOutcome =
  /** Its frame is free. */
  | "swapped-out"
  /** There is no free slot: it stays mapped. */
  | "no-slot"
  /** Nobody took it: it stays in memory, in the swap cache. */
  | "refused"
  /** It is not in memory, or was used again meanwhile. */
  | "busy";

/** A page's place in the swap cache: one it has, or a new slot's. */
function cacheOf(
  swap: Swap,
  page: AnonPage,
): { swapType: SwapType; offset: number; cached: SwapCachePage } | undefined {
  if (page.slot !== undefined) {
    const { type, offset } = page.slot;
    const swapType = swap.typeOf(type);
    const cached = swapType.cache.get(offset);
    return cached && { swapType, offset, cached };
  }
  const slot = allocSwapSlot(swap);
  if (slot === undefined) return undefined;
  const { swapType, offset } = slot;
  const cached = addToSwapCache(swapType, offset, page.pfn);
  cached.dirty = true;
  page.slot = { type: swapType.type, offset };
  return { swapType, offset, cached };
}

/**
 * Gives a page a slot, takes it out of the page table, writes it where it
 * differs from what is stored, and frees its frame where that was done. A page
 * that was refused before is tried again. Specifies what
 * `shrink_page_list` (since 5.18, `shrink_folio_list`) does to an anonymous
 * page, `mm/vmscan.c`.
 */
export function* swapOut(
  swap: Swap,
  page: AnonPage,
): Generator<Stop, SwapOutOutcome> {
  if (page.pfn === NO_PAGE && page.slot === undefined) return "busy";
  const place = cacheOf(swap, page);
  if (place === undefined) return page.pfn === NO_PAGE ? "busy" : "no-slot";
  const { swapType, offset, cached } = place;
  if (cached.locked || cached.writeback) return "busy";
  if (page.pfn !== NO_PAGE) {
    swapType.map[offset]++;
    swap.unmap(page);
  }
  const errno = cached.dirty
    ? yield* swapWritepage(swap, swapType, offset, cached)
    : undefined;
  // A page that nobody has any more goes, whether it was written or not.
  const isFreed = reclaimSwapCache(swap, swapType, offset);
  if (errno !== undefined && !isFreed) return "refused";
  return isFreed ? "swapped-out" : "busy";
}
