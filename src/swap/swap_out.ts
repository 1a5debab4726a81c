/** Swapping a page out. */
import { NO_PAGE } from "../memory/memory.ts";
import { reads, release, type Stop, trylock, under } from "../rules/stop.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";
import { underTable } from "./fault.ts";
import { tableState, tryLockPage, unlockPage } from "./locks.ts";
import { swapWritepage } from "./page_io.ts";
import { allocSwapSlot } from "./slot_cache.ts";
import { addToSwapCache, removeMapping } from "./swap_slots.ts";
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

const SHRINK = "shrink_folio_list, mm/vmscan.c";

/** A page's place in the swap cache, its page there being locked. */
interface Place {
  readonly swapType: SwapType;
  readonly offset: number;
  readonly cached: SwapCachePage;
}

/** The place of a page that the swap cache has. */
function* knownPlace(
  swap: Swap,
  page: AnonPage,
): Generator<Stop, Place | undefined> {
  const { slot } = page;
  const swapType = slot && swap.types.get(slot.type);
  const cached = slot && swapType?.cache.get(slot.offset);
  if (cached === undefined || swapType === undefined) return undefined;
  if (!(yield* tryLockPage(swap, cached, SHRINK))) return undefined;
  const isThere = slot !== undefined && !cached.writeback &&
    swapType.cache.get(slot.offset) === cached;
  if (isThere) return { swapType, offset: slot.offset, cached };
  yield* unlockPage(swap, cached, SHRINK);
  return undefined;
}

/** A new slot for a page that is in memory alone (`folio_alloc_swap`). */
function* newPlace(
  swap: Swap,
  page: AnonPage,
): Generator<Stop, Place | "no-slot" | "busy"> {
  const { pfn } = page;
  const lock = swap.locks.page(pfn);
  if ((yield trylock(lock, SHRINK)) === false) return "busy";
  const isStill = page.pfn === pfn && page.slot === undefined;
  if (isStill) swap.held.add(pfn);
  const slot = isStill ? yield* allocSwapSlot(swap) : undefined;
  if (slot === undefined) {
    yield release(lock, SHRINK);
    if (isStill) swap.letGo(pfn);
    return isStill ? "no-slot" : "busy";
  }
  const { swapType, offset } = slot;
  const where = "add_to_swap_cache, mm/swap_state.c";
  const cached = yield* under(swap.locks.slots(swapType.type), where, () => {
    const added = addToSwapCache(swap, swapType, offset, pfn);
    added.dirty = true;
    added.locked = true;
    // From now on the swap cache keeps the frame, for whoever has it mapped.
    swap.held.delete(pfn);
    if (page.pfn === pfn) page.slot = { type: swapType.type, offset };
    swap.locks.touch(tableState(page), true);
    return added;
  });
  return { swapType, offset, cached };
}

/** Takes a page out of its page table, which has its slot then (`try_to_unmap`). */
function* tryToUnmap(
  swap: Swap,
  page: AnonPage,
  { swapType, offset, cached }: Place,
): Generator<Stop, void> {
  yield* underTable(swap, page, function* () {
    if (page.pfn !== cached.pfn) return;
    const lock = swap.locks.slots(swapType.type);
    yield* under(lock, "swap_duplicate, mm/swapfile.c", () => {
      swapType.map[offset]++;
    });
    page.slot = { type: swapType.type, offset };
    swap.unmap(page);
  });
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
  yield reads(tableState(page), SHRINK);
  if (page.pfn === NO_PAGE && page.slot === undefined) return "busy";
  const place = page.slot === undefined
    ? yield* newPlace(swap, page)
    : (yield* knownPlace(swap, page)) ?? "busy";
  if (typeof place === "string") return place;
  const { swapType, offset, cached } = place;
  yield* tryToUnmap(swap, page, place);
  let errno;
  if (cached.dirty) {
    errno = yield* swapWritepage(swap, swapType, offset, cached);
  } else yield* unlockPage(swap, cached, SHRINK);
  // A page that nobody has any more goes, whether it was written or not.
  const isFreed = yield* removeMapping(swap, swapType, offset, cached);
  if (errno !== undefined && !isFreed) return "refused";
  return isFreed ? "swapped-out" : "busy";
}
