/** Giving a page of a process back. */
import type { SwapProfile } from "../linux/swap_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import type { Lock } from "../rules/lock.ts";
import { release, type Stop } from "../rules/stop.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";
import { getSwapDevice, putSwapDevice } from "./swap_info.ts";
import { reclaimSwapCache, swapFree } from "./swap_slots.ts";
import type { SwapType } from "./swap_type.ts";

/** What a page has is free: the lock of its page table is held, and let go. */
type FreeHolds = (
  swap: Swap,
  page: AnonPage,
  table: Lock,
) => Generator<Stop, void>;

/** Frees what a page has: its frame, its slot (`free_swap_and_cache`). */
function* zap(
  swap: Swap,
  page: AnonPage,
  table: Lock,
  swapType: SwapType | undefined,
): Generator<Stop, void> {
  const where = "zap_pte_range, mm/memory.c";
  const { slot, pfn } = page;
  const cached = swap.cachedOf(page);
  if (pfn !== NO_PAGE) swap.unmap(page);
  page.slot = undefined;
  if (slot === undefined || swapType === undefined) {
    if (pfn !== NO_PAGE) swap.freeFrame(pfn);
    yield release(table, where);
    return;
  }
  if (pfn === NO_PAGE) yield* swapFree(swap, swapType, slot.offset);
  else if (cached === undefined) swap.freeFrame(pfn);
  yield* reclaimSwapCache(swap, swapType, slot.offset);
  yield release(table, where);
}

/** What is held while a page is freed: its slot alone, or its device too. */
export const FREE_HOLDS: Readonly<Record<SwapProfile["freeHolds"], FreeHolds>> =
  {
    *slot(swap, page, table) {
      const { slot } = page;
      yield* zap(swap, page, table, slot && swap.types.get(slot.type));
    },
    *device(swap, page, table) {
      const { slot } = page;
      const swapType = slot && (yield* getSwapDevice(swap, slot.type));
      yield* zap(swap, page, table, swapType);
      if (swapType !== undefined) yield* putSwapDevice(swap, swapType);
    },
  };
