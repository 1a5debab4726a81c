/** The life of a slot: taken with a page of the swap cache, freed with its last use. */
import { InvariantError } from "../rules/invariant.ts";
import type { Rule } from "../rules/rule.ts";
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import {
  cacheState,
  mappedState,
  tryLockPage,
  unlockPage,
  writebackState,
} from "./locks.ts";
import { freeSwapSlot, invalidateSlot } from "./slot_cache.ts";
import {
  SWAP_HAS_CACHE,
  type SwapCachePage,
  type SwapType,
} from "./swap_type.ts";
import type { Swap } from "./swap.ts";

/** What swapoff waits for. */
export const DEVICE_ALIVE: Rule = {
  id: "swap/device-alive",
  sentence: "Nobody looks at the slots of a device that was swapped off.",
  source: "get_swap_device, swapoff, mm/swapfile.c, 5.11; KASAN",
};

/** Throws where a device is gone. */
export function assertDeviceAlive(swapType: SwapType, where: string): void {
  if (!swapType.isFreed) return;
  throw new InvariantError(DEVICE_ALIVE, {
    where,
    expected: `the slots of type ${swapType.type}`,
    found: "a map that was freed",
  });
}

/**
 * Drops uses of a slot, and does what belongs to that, under the slots' lock;
 * with the last use nobody has it. Specifies `__swap_entry_free_locked` (since
 * 7.0, `swap_put_entries_cluster`), `mm/swapfile.c`.
 */
function* dropUse(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  use: number,
  where: string,
  also: () => void = () => {},
): Generator<Stop, void> {
  const { locks, profile } = swap;
  const lock = locks.slots(swapType.type);
  const slot = { swapType, offset };
  yield acquire(lock, where);
  assertDeviceAlive(swapType, where);
  also();
  swapType.map[offset] -= use;
  locks.touch(cacheState(swapType.type, offset), true);
  const isFree = swapType.map[offset] === 0;
  if (!isFree || profile.swap.locks.invalidatesUnder) {
    if (isFree) yield* freeSwapSlot(swap, slot);
    yield release(lock, where);
    return;
  }
  // Until zswap has been told, nobody can have it.
  swapType.map[offset] = SWAP_HAS_CACHE;
  swapType.kept.add(offset);
  yield release(lock, where);
  yield* invalidateSlot(swap, slot);
  yield acquire(lock, "free_swap_slot, mm/swap_slots.c");
  swapType.kept.delete(offset);
  swapType.map[offset] = 0;
  locks.touch(cacheState(swapType.type, offset), true);
  yield* freeSwapSlot(swap, slot);
  yield release(lock, "free_swap_slot, mm/swap_slots.c");
}

/** A page table's entry for a slot is gone (`swap_free`). */
export function swapFree(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, void> {
  return dropUse(swap, swapType, offset, 1, "swap_free, mm/swapfile.c");
}

/**
 * Puts a page into the swap cache for a slot (`add_to_swap_cache`). The slots'
 * lock is held.
 */
export function addToSwapCache(
  { locks }: Swap,
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
  locks.touch(cacheState(swapType.type, offset), true);
  return page;
}

/**
 * Keeps others from a slot while its page is read; answers whether nobody else
 * did so before (`swapcache_prepare`).
 */
export function* pinSlot(
  { locks }: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, boolean> {
  const where = "swapcache_prepare, mm/swapfile.c";
  const lock = locks.slots(swapType.type);
  yield acquire(lock, where);
  assertDeviceAlive(swapType, where);
  const isFree = (swapType.map[offset] & SWAP_HAS_CACHE) === 0 &&
    swapType.count(offset) > 0;
  if (isFree) {
    swapType.map[offset] |= SWAP_HAS_CACHE;
    swapType.pinned.add(offset);
    locks.touch(cacheState(swapType.type, offset), true);
  }
  yield release(lock, where);
  return isFree;
}

/** Ends that; nobody has the slot where that was its last use (`swapcache_clear`). */
export function unpinSlot(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, void> {
  const where = "swapcache_clear, mm/swapfile.c";
  return dropUse(swap, swapType, offset, SWAP_HAS_CACHE, where, () => {
    swapType.pinned.delete(offset);
  });
}

/**
 * Takes a page that is locked out of the swap cache; its frame is the caller's.
 * Nobody has the slot where that was its last use. Specifies
 * `delete_from_swap_cache` (since 6.18, `swap_cache_del_folio`).
 */
export function deleteFromSwapCache(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, void> {
  const where = "swap_cache_del_folio, mm/swap_state.c";
  return dropUse(swap, swapType, offset, SWAP_HAS_CACHE, where, () => {
    swapType.cache.delete(offset);
    swapType.unused.delete(offset);
  });
}

/**
 * {@linkcode removeMapping} of whatever page the swap cache has for a slot, of a
 * device that cannot go meanwhile. Specifies `__try_to_reclaim_swap`.
 */
export function* reclaimSwapCache(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, boolean> {
  const where = "__try_to_reclaim_swap, mm/swapfile.c";
  yield reads(cacheState(swapType.type, offset), where);
  assertDeviceAlive(swapType, where);
  const page = swapType.cache.get(offset);
  return page !== undefined &&
    (yield* removeMapping(swap, swapType, offset, page));
}

/**
 * Frees a page of the swap cache that nobody has mapped, where it need not be
 * kept: it is clean, or nobody has the slot. Answers whether it did. It may have
 * left the swap cache, and its device be gone. Specifies `__remove_mapping`.
 */
export function* removeMapping(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Stop, boolean> {
  const where = "__remove_mapping, mm/vmscan.c";
  if (!(yield* tryLockPage(swap, page, where))) return false;
  const isFreed = yield* reclaimLocked(swap, swapType, offset, page);
  yield* unlockPage(swap, page, where);
  return isFreed;
}

/** The same of a page that the caller has locked. */
function* reclaimLocked(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Stop, boolean> {
  const { locks, mapped, memory } = swap;
  yield reads(mappedState(page.pfn), "folio_mapped, include/linux/mm.h");
  locks.touch(writebackState(page.pfn), false);
  if (swapType.cache.get(offset) !== page || page.writeback) return false;
  if (mapped.has(page.pfn)) return false;
  if (page.dirty && swapType.count(offset) > 0) return false;
  yield* deleteFromSwapCache(swap, swapType, offset);
  memory.freePage(page.pfn);
  return true;
}
