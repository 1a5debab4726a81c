/**
 * Slots that a processor keeps, of which the model has one: some taken ahead,
 * others free that nobody was told of. Specifies `mm/swap_slots.c`, 4.11 to
 * 6.14.
 */
import { reads, type Stop, under } from "../rules/stop.ts";
import { SWAP_INFO } from "./locks.ts";
import type { Swap } from "./swap.ts";
import { reclaimSwapCache } from "./swap_slots.ts";
import { SWAP_HAS_CACHE, type SwapType } from "./swap_type.ts";

/** SWAP_SLOTS_CACHE_SIZE: how many slots are taken, or freed, at a time. */
const BATCH = 64;
/** A processor keeps slots while this many more than `BATCH` are free … */
const ACTIVE_ABOVE = 5 * BATCH;
/** … and until fewer than this are. */
const ACTIVE_FROM = 2 * BATCH;

/** A slot of a swap type. */
export interface KeptSlot {
  /** The swap type. */
  readonly swapType: SwapType;
  /** The slot's number. */
  readonly offset: number;
}

/** The slots that the processor keeps (`struct swap_slots_cache`). */
export interface SlotCache {
  /** Whether a device is on, and none is being swapped off. */
  enabled: boolean;
  /** Whether enough slots are free to keep some. */
  active: boolean;
  /** Slots to be given out. */
  readonly slots: KeptSlot[];
  /** Slots that came back. */
  readonly slotsRet: KeptSlot[];
}

/** Slots that are free; those in use on a device that goes count against them. */
export function nrSwapPages({ types }: Swap): number {
  let free = 0;
  for (const { slots, inUse, writable } of types.values()) {
    free += (writable ? slots : 0) - inUse;
  }
  return free;
}

/** Whether more than half of all slots are in use (`vm_swap_full`). */
export function vmSwapFull(swap: Swap): boolean {
  let total = 0;
  for (const { slots, writable } of swap.types.values()) {
    if (writable) total += slots;
  }
  return 2 * nrSwapPages(swap) < total;
}

/**
 * Where slots are few, one that the swap cache alone has and that is below the
 * lowest free one is freed (`scan_swap_map_slots`).
 */
function* reclaimLower(
  swap: Swap,
  swapType: SwapType,
): Generator<Stop, void> {
  const offset = swapType.lowestFree();
  if (offset === 0 || !vmSwapFull(swap)) return;
  const unused = Math.min(offset, ...swapType.unused);
  if (unused < offset) yield* reclaimSwapCache(swap, swapType, unused);
}

/** Up to `most` slots of the first type that has one (`get_swap_pages`). */
function* getSwapPages(
  swap: Swap,
  most: number,
): Generator<Stop, KeptSlot[]> {
  const where = "get_swap_pages, mm/swapfile.c";
  const slots: KeptSlot[] = [];
  yield reads(SWAP_INFO, where);
  for (const swapType of swap.types.values()) {
    while (slots.length < most) {
      yield* reclaimLower(swap, swapType);
      const lock = swap.locks.slots(swapType.type);
      const offset = yield* under(lock, where, () => {
        const lowest = swapType.lowestFree();
        if (lowest !== 0) swapType.takeSlot(lowest);
        return lowest;
      });
      if (offset === 0) break;
      slots.push({ swapType, offset });
    }
    if (slots.length > 0) break;
  }
  return slots;
}

/** Whether the processor keeps slots, as of now (`check_cache_active`). */
function* isActive(swap: Swap): Generator<Stop, boolean> {
  const { slotCache, profile } = swap;
  if (profile.swap.slotCache === "none" || !slotCache.enabled) return false;
  const free = nrSwapPages(swap);
  if (!slotCache.active) slotCache.active = free > ACTIVE_ABOVE;
  else if (free < ACTIVE_FROM) {
    slotCache.active = false;
    yield* drainSlotCache(swap);
  }
  return slotCache.active;
}

/** The next slot that the processor has taken ahead. */
function* keptSlot(swap: Swap): Generator<Stop, KeptSlot | undefined> {
  const { slots } = swap.slotCache;
  if (slots.length === 0) {
    slots.push(...yield* getSwapPages(swap, BATCH));
    for (const { swapType, offset } of slots) swapType.kept.add(offset);
  }
  const slot = slots.shift();
  slot?.swapType.kept.delete(slot.offset);
  return slot;
}

/**
 * Takes a slot for a page of the swap cache, of the first device that has one.
 * Specifies `get_swap_page` (since 5.19, `folio_alloc_swap`).
 */
export function* allocSwapSlot(
  swap: Swap,
): Generator<Stop, KeptSlot | undefined> {
  const kept = (yield* isActive(swap)) ? yield* keptSlot(swap) : undefined;
  return kept ?? (yield* getSwapPages(swap, 1))[0];
}

/** zswap learns that a slot is free (`zswap_invalidate`). */
export function* invalidateSlot(
  { zswap }: Swap,
  { swapType, offset }: KeptSlot,
): Generator<Stop, void> {
  if (zswap !== undefined) yield* zswap.invalidateSteps(swapType.type, offset);
}

/**
 * A slot is free at last, and who has a page of it learns so. Specifies
 * `swap_entry_free` (since 6.15, `swap_entries_free`) and `swap_range_free`,
 * `mm/swapfile.c`.
 */
function* swapEntryFree(swap: Swap, slot: KeptSlot): Generator<Stop, void> {
  const { swapType, offset } = slot;
  if (swap.profile.swap.locks.invalidatesUnder) {
    yield* invalidateSlot(swap, slot);
  }
  swapType.setFree(offset);
  swapType.device.slotFreeNotify?.(offset);
}

/** Slots that the processor keeps are free (`drain_slots_cache_cpu`). */
function* drain(swap: Swap, slots: KeptSlot[]): Generator<Stop, void> {
  for (const slot of slots.splice(0)) {
    slot.swapType.kept.delete(slot.offset);
    yield* swapEntryFree(swap, slot);
  }
}

/** Every slot that the processor keeps is free (`__drain_swap_slots_cache`). */
export function* drainSlotCache(swap: Swap): Generator<Stop, void> {
  yield* drain(swap, swap.slotCache.slots);
  yield* drain(swap, swap.slotCache.slotsRet);
}

/**
 * Nobody has a slot any more: it is free, or the processor keeps it, and
 * whoever has a page of it learns so with 64 others. The slots' lock is held.
 * Specifies `free_swap_slot`; since 6.15 slots are free at once.
 */
export function* freeSwapSlot(
  swap: Swap,
  slot: KeptSlot,
): Generator<Stop, void> {
  const { slotCache } = swap;
  const { swapType, offset } = slot;
  if (!slotCache.enabled || !slotCache.active) {
    yield* swapEntryFree(swap, slot);
    return;
  }
  const { slotsRet } = slotCache;
  if (slotsRet.length >= BATCH) yield* drain(swap, slotsRet);
  swapType.map[offset] = SWAP_HAS_CACHE;
  swapType.kept.add(offset);
  slotsRet.push(slot);
}
