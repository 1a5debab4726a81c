/** Swapping a device off. */
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, reads, type Stop, under, writes } from "../rules/stop.ts";
import type { SwapProfile } from "../linux/swap_profile.ts";
import { freeSwap, unuseSwapPage } from "./fault.ts";
import {
  cacheState,
  lockPage,
  mappedState,
  SWAP_INFO,
  tableState,
  unlockPage,
} from "./locks.ts";
import { drainSlotCache } from "./slot_cache.ts";
import {
  deleteFromSwapCache,
  reclaimSwapCache,
  swapFree,
} from "./swap_slots.ts";
import type { SwapCachePage, SwapType } from "./swap_type.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";

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
    (
      swap: Swap,
      swapType: SwapType,
      page: AnonPage,
      offset: number,
    ) => Generator<Stop, void>
  >
> = {
  *mapped(swap, swapType, page, offset) {
    const cached = swapType.cache.get(offset);
    if (cached === undefined) return;
    swap.map(page, cached.pfn);
    yield* swapFree(swap, swapType, offset);
  },
  *lost(swap, swapType, page, offset) {
    page.slot = undefined;
    page.lost = true;
    yield* swapFree(swap, swapType, offset);
    yield* reclaimSwapCache(swap, swapType, offset);
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
    yield* UNREADABLE[unreadable](swap, swapType, page, page.slot.offset);
  }
  yield* forgetSlot(swap, page);
}

const TRY_TO_UNUSE = "try_to_unuse, mm/swapfile.c";

/** Locks a page of the swap cache, and waits for its writeback (`folio_wait_writeback`). */
function* lockOnceWritten(
  swap: Swap,
  cached: SwapCachePage,
): Generator<Stop, void> {
  yield* lockPage(swap, cached, TRY_TO_UNUSE);
  while (cached.writeback) {
    yield blocked("try_to_unuse: waits for the page's writeback");
  }
}

/** Takes a page that is in memory out of the swap cache. */
export function* forgetSlot(swap: Swap, page: AnonPage): Generator<Stop, void> {
  yield reads(tableState(page), TRY_TO_UNUSE);
  const cached = swap.cachedOf(page);
  if (cached === undefined) {
    if (page.pfn !== NO_PAGE) page.slot = undefined;
    return;
  }
  yield* lockOnceWritten(swap, cached);
  if (swap.cachedOf(page) === cached && page.pfn === cached.pfn) {
    yield* freeSwap(swap, page);
  }
  yield* unlockPage(swap, cached, TRY_TO_UNUSE);
}

/** Every page of a device comes into memory, once around. */
function* unuseAll(
  swap: Swap,
  swapType: SwapType,
): Generator<Stop, "ENOMEM" | undefined> {
  for (const page of pagesOf(swap, swapType.type)) {
    const errno = yield* unuse(swap, swapType, page);
    if (errno !== undefined) return errno;
  }
  for (const [offset, cached] of [...swapType.cache]) {
    yield* freeUnused(swap, swapType, offset, cached);
  }
}

/** Frees a page of the swap cache whose slot no page table has (`folio_free_swap`). */
function* freeUnused(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  cached: SwapCachePage,
): Generator<Stop, void> {
  yield* lockOnceWritten(swap, cached);
  const isUnused = swapType.cache.get(offset) === cached &&
    swapType.count(offset) === 0 && !swap.mapped.has(cached.pfn);
  swap.locks.touch(mappedState(cached.pfn), false);
  if (isUnused) yield* deleteFromSwapCache(swap, swapType, offset);
  yield* unlockPage(swap, cached, TRY_TO_UNUSE);
  if (isUnused) swap.memory.freePage(cached.pfn);
}

/** Brings every page of a device into memory, until no slot is in use. */
function* tryToUnuse(
  swap: Swap,
  swapType: SwapType,
): Generator<Stop, "ENOMEM" | undefined> {
  while (true) {
    const errno = yield* unuseAll(swap, swapType);
    if (errno !== undefined || swapType.inUse === 0) return errno;
    const isMore = pagesOf(swap, swapType.type).length > 0 ||
      swapType.cache.size > 0;
    yield isMore
      ? "try_to_unuse: goes round again, cond_resched"
      : blocked("try_to_unuse: waits for pages that nobody has");
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
  const { slotCache, locks } = swap;
  const { type } = swapType;
  const where = "swapoff, mm/swapfile.c";
  const isFirst = yield* under(locks.slots(type), where, () => {
    const { writable } = swapType;
    swapType.writable = slotCache.enabled = false;
    return writable;
  });
  if (!isFirst) return "EINVAL";
  yield* drainSlotCache(swap);
  const errno = yield* tryToUnuse(swap, swapType);
  if (errno === undefined) {
    yield* takeAway(swap, swapType);
  } else {
    swapType.writable = true;
  }
  slotCache.enabled = swap.types.size > 0;
  return errno;
}

/** Takes a device away that has no page, once nobody has a reference of it. */
function* takeAway(swap: Swap, swapType: SwapType): Generator<Stop, void> {
  const { type } = swapType;
  yield writes(SWAP_INFO, "swapoff, mm/swapfile.c");
  swap.types.delete(type);
  while (swapType.users > 0) {
    yield blocked("swapoff: waits for who has the device");
  }
  if (swap.zswap !== undefined) yield* swap.zswap.swapoffSteps(type);
  swap.locks.touch(cacheState(type, 0), true);
  swapType.isFreed = true;
}
