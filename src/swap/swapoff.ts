/** Swapping a device off. */
import type { Errno } from "../linux/errno.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import type { SwapProfile } from "../linux/swap_profile.ts";
import { unuseSwapPage } from "./fault.ts";
import { drainSlotCache } from "./slot_cache.ts";
import { reclaimSwapCache, swapFree } from "./swap_slots.ts";
import type { SwapType } from "./swap_type.ts";
import type { AnonPage, Swap } from "./swap.ts";

/** Every page that has a slot of a type. */
function pagesOf(swap: Swap, type: number): AnonPage[] {
  return [...swap.processes.values()].flatMap((pages) =>
    [...pages.values()].filter(({ slot }) => slot?.type === type)
  );
}

/** What becomes of a page in a slot that cannot be read. */
const UNREADABLE: Readonly<
  Record<
    SwapProfile["unreadable"],
    (swap: Swap, swapType: SwapType, page: AnonPage, offset: number) => void
  >
> = {
  mapped(swap, swapType, page, offset) {
    const cached = swapType.cache.get(offset);
    if (cached === undefined) return;
    swap.map(page, cached.pfn);
    swapFree(swap, swapType, offset);
  },
  lost(swap, swapType, page, offset) {
    page.slot = undefined;
    page.lost = true;
    swapFree(swap, swapType, offset);
    reclaimSwapCache(swap, swapType, offset);
  },
};

/**
 * Brings a page into memory and frees its slot: ENOMEM without a frame for it.
 * Specifies `unuse_pte_range` and `unuse_pte`.
 */
function* unuse(
  swap: Swap,
  swapType: SwapType,
  page: AnonPage,
): Generator<Stop, "ENOMEM" | undefined> {
  const errno = yield* unuseSwapPage(swap, page);
  if (errno === "ENOMEM") return errno;
  if (errno === "EIO" && page.slot !== undefined) {
    const { unreadable } = swap.profile.swap;
    UNREADABLE[unreadable](swap, swapType, page, page.slot.offset);
  }
  while (isUnderWriteback(swapType, page)) {
    yield blocked("try_to_unuse: waits for the page's writeback");
  }
  swap.forgetSlot(page);
}

function isUnderWriteback({ cache }: SwapType, { slot }: AnonPage): boolean {
  return slot !== undefined && (cache.get(slot.offset)?.writeback ?? false);
}

/** Brings every page of a device into memory, until no slot is in use. */
function* tryToUnuse(
  swap: Swap,
  swapType: SwapType,
): Generator<Stop, "ENOMEM" | undefined> {
  for (const page of pagesOf(swap, swapType.type)) {
    const errno = yield* unuse(swap, swapType, page);
    if (errno !== undefined) return errno;
  }
  for (const offset of [...swapType.unused]) {
    reclaimSwapCache(swap, swapType, offset);
  }
  while (swapType.inUse > 0) {
    yield blocked("try_to_unuse: waits for pages that nobody has");
  }
}

/**
 * Brings every page of a device into memory, then takes the device away, from
 * zswap too: ENOMEM where there is no frame for one, the device being on as
 * before. Specifies `swapoff` and `try_to_unuse`, `mm/swapfile.c`.
 */
export function* swapoff(
  swap: Swap,
  swapType: SwapType,
): Generator<Stop, Errno | undefined> {
  const { slotCache } = swap;
  swapType.writable = slotCache.enabled = false;
  drainSlotCache(swap);
  const errno = yield* tryToUnuse(swap, swapType);
  if (errno === undefined) {
    swap.zswap?.swapoff(swapType.type);
    swap.types.delete(swapType.type);
  } else {
    swapType.writable = true;
  }
  slotCache.enabled = swap.types.size > 0;
  return errno;
}
