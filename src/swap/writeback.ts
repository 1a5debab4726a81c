/** What zswap asks of a swap path, to write a page back: see {@linkcode SwapLayer}. */
import type { SwapProfile } from "../linux/swap_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  sleeps,
  type Stop,
  under,
} from "../rules/stop.ts";
import type { SwapCacheOutcome, SwapLayer } from "../zswap/swap_layer.ts";
import { writeToDevice } from "./page_io.ts";
import type { Swap } from "./swap.ts";
import { cacheState, unlockPage } from "./locks.ts";
import { getSwapDevice, putSwapDevice } from "./swap_info.ts";
import {
  addToSwapCache,
  assertDeviceAlive,
  deleteFromSwapCache,
  removeMapping,
} from "./swap_slots.ts";
import { SWAP_HAS_CACHE, type SwapType } from "./swap_type.ts";

/** Nothing where the device is off. */
type Alloc = (
  swap: Swap,
  type: number,
  offset: number,
) => Generator<Stop, SwapCacheOutcome | undefined>;

const WHERE = "__read_swap_cache_async, mm/swap_state.c";

/** What there was when the swap cache's page was to be added. */
type Added = "new" | "taken" | "free";

/**
 * The swap cache's page for a slot is the caller's, locked, with a frame that it
 * got; unless somebody `has` the slot, or it is free.
 */
function* add(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  pfn: number,
  has: (swapType: SwapType, offset: number) => boolean = hasCache,
): Generator<Stop, Added> {
  const lock = swap.locks.page(pfn);
  yield acquire(lock, WHERE);
  const added = yield* under(
    swap.locks.slots(swapType.type),
    WHERE,
    (): Added => {
      if (has(swapType, offset)) return "taken";
      if (!isInUse(swap, swapType, offset)) return "free";
      addToSwapCache(swap, swapType, offset, pfn).locked = true;
      return "new";
    },
  );
  if (added === "new") return added;
  yield release(lock, WHERE);
  swap.memory.freePage(pfn);
  return added;
}

/** A frame, for which the caller may have to sleep. */
function* allocFrame(swap: Swap): Generator<Stop, number> {
  yield sleeps("__read_swap_cache_async: no lock held");
  return swap.memory.allocPage();
}

/** Whether the swap cache, a reader past it or a processor has a slot. */
function hasCache({ map }: SwapType, offset: number): boolean {
  return (map[offset] & SWAP_HAS_CACHE) !== 0;
}

/** Whether a slot is on a device that is on, and in use. */
function isInUse(swap: Swap, { type, map }: SwapType, offset: number) {
  return swap.types.get(type)?.map === map && map[offset] !== 0;
}

/** What a look at a slot says, before there is a frame for its page. */
function* look(
  { profile }: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, SwapCacheOutcome | undefined> {
  yield reads(cacheState(swapType.type, offset), WHERE);
  assertDeviceAlive(swapType, WHERE);
  if (swapType.cache.has(offset)) return "exists";
  // A slot that nobody has and that is not free: the processor keeps it.
  return swapType.count(offset) === 0 ? profile.swap.slotFree : undefined;
}

/**
 * A slot that somebody else is bringing in is looked at again and again: at
 * last the swap cache has it, or it is free. The device may be swapped off
 * between. Specifies `__read_swap_cache_async`, 6.1.
 */
function* allocWaiting(
  swap: Swap,
  type: number,
  offset: number,
): Generator<Stop, SwapCacheOutcome | undefined> {
  while (true) {
    const swapType = yield* getSwapDevice(swap, type);
    if (swapType === undefined) return undefined;
    const looked = yield* look(swap, swapType, offset);
    yield* putSwapDevice(swap, swapType);
    if (looked !== undefined) return looked;
    const pfn = yield* allocFrame(swap);
    if (pfn === NO_PAGE) return "no-memory";
    const added = yield* add(swap, swapType, offset, pfn);
    if (added === "new") return added;
    if (added === "free") return swap.profile.swap.slotFree;
    while (swapType.pinned.has(offset)) {
      yield blocked(
        "__read_swap_cache_async: waits for whoever reads the page",
      );
    }
  }
}

/**
 * A slot that is `has` by the time there is a frame for it gives `outcome` at
 * once. The device is referenced all the while.
 */
function allocOnce(
  has: (swapType: SwapType, offset: number) => boolean,
  outcome: SwapCacheOutcome,
): Alloc {
  function* once(
    swap: Swap,
    swapType: SwapType,
    offset: number,
  ): Generator<Stop, SwapCacheOutcome> {
    const looked = yield* look(swap, swapType, offset);
    if (looked !== undefined) return looked;
    const pfn = yield* allocFrame(swap);
    if (pfn === NO_PAGE) return "no-memory";
    const added = yield* add(swap, swapType, offset, pfn, has);
    if (added === "new") return added;
    return added === "taken" ? outcome : swap.profile.swap.slotFree;
  }
  return function* (swap, type, offset) {
    const swapType = yield* getSwapDevice(swap, type);
    if (swapType === undefined) return undefined;
    const found = yield* once(swap, swapType, offset);
    yield* putSwapDevice(swap, swapType);
    return found;
  };
}

/**
 * A slot that somebody else has brought in, or is bringing in, since it was
 * looked at gives none. Specifies `__read_swap_cache_async` with
 * `skip_if_exists`, 6.12.118 and 6.18.15.
 */
const allocSkipping = allocOnce(hasCache, "no-memory");

/**
 * Whatever is brought in is in the swap cache. Specifies
 * `swap_cache_alloc_folio`, 7.1.13 and 7.2.12.
 */
const allocChecking = allocOnce(
  ({ cache }, offset) => cache.has(offset),
  "exists",
);

const ALLOC: Readonly<Record<SwapProfile["slotTaken"], Alloc>> = {
  waits: allocWaiting,
  "gives-up": allocSkipping,
  "is-in-swap-cache": allocChecking,
};

/** The swap cache and the devices of a swap path, as zswap uses them. */
export function swapLayerOf(swap: Swap): SwapLayer {
  const pageOf = (type: number, offset: number) => {
    const swapType = swap.typeOf(type);
    const page = swapType.cache.get(offset);
    if (page === undefined) {
      throw new Error(
        `Cannot write page ${type}:${offset} back: the swap cache does not have it`,
      );
    }
    return { swapType, page };
  };
  return {
    *allocSwapCachePage(type, offset) {
      const { deviceOff, slotTaken } = swap.profile.swap;
      return (yield* ALLOC[slotTaken](swap, type, offset)) ?? deviceOff;
    },
    *deleteFromSwapCache(type, offset) {
      const { swapType, page } = pageOf(type, offset);
      yield* deleteFromSwapCache(swap, swapType, offset);
      yield* unlockPage(swap, page, WHERE);
      swap.memory.freePage(page.pfn);
    },
    *writePage(type, offset, data) {
      const { swapType, page } = pageOf(type, offset);
      swap.bytesOf(page.pfn).set(data);
      yield* writeToDevice(swap, swapType, offset, page);
      // PG_reclaim: the page is next to be reclaimed, and is so at once.
      yield* removeMapping(swap, swapType, offset, page);
    },
  };
}
