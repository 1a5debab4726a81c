/** What zswap asks of a swap path, to write a page back: see {@linkcode SwapLayer}. */
import type { SwapProfile } from "../linux/swap_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import type { SwapCacheOutcome, SwapLayer } from "../zswap/swap_layer.ts";
import { writeToDevice } from "./page_io.ts";
import type { Swap } from "./swap.ts";
import {
  addToSwapCache,
  deleteFromSwapCache,
  reclaimSwapCache,
} from "./swap_slots.ts";
import { SWAP_HAS_CACHE, type SwapType } from "./swap_type.ts";

type Alloc = (
  swap: Swap,
  swapType: SwapType,
  offset: number,
) => Generator<Stop, SwapCacheOutcome>;

/** The swap cache's page for a slot is the caller's, with a frame that it got. */
function add(swapType: SwapType, offset: number, pfn: number): "new" {
  addToSwapCache(swapType, offset, pfn).locked = true;
  return "new";
}

/** A frame, for which the caller may have to sleep. */
function* allocFrame(swap: Swap): Generator<Stop, number> {
  yield "__read_swap_cache_async: no lock held, alloc_page may sleep";
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

/**
 * A slot that somebody else is bringing in is looked at again and again: at
 * last the swap cache has it, or it is free. Specifies
 * `__read_swap_cache_async`, 6.1.
 */
function* allocWaiting(
  swap: Swap,
  swapType: SwapType,
  offset: number,
): Generator<Stop, SwapCacheOutcome> {
  const { slotFree } = swap.profile.swap;
  while (!swapType.cache.has(offset)) {
    // A slot that nobody has and that is not free: the processor keeps it.
    if (swapType.count(offset) === 0) return slotFree;
    const pfn = yield* allocFrame(swap);
    if (pfn === NO_PAGE) return "no-memory";
    const isTaken = hasCache(swapType, offset);
    if (!isTaken && isInUse(swap, swapType, offset)) {
      return add(swapType, offset, pfn);
    }
    swap.memory.freePage(pfn);
    if (!isTaken) return slotFree;
    while (swapType.pinned.has(offset)) {
      yield blocked(
        "__read_swap_cache_async: waits for whoever reads the page",
      );
    }
  }
  return "exists";
}

/**
 * A slot that is `has` by the time there is a frame for it gives `outcome` at
 * once.
 */
function allocOnce(
  has: (swapType: SwapType, offset: number) => boolean,
  outcome: SwapCacheOutcome,
): Alloc {
  return function* (swap, swapType, offset) {
    const { slotFree } = swap.profile.swap;
    if (swapType.cache.has(offset)) return "exists";
    if (swapType.count(offset) === 0) return slotFree;
    const pfn = yield* allocFrame(swap);
    if (pfn === NO_PAGE) return "no-memory";
    const isHad = has(swapType, offset);
    if (!isHad && isInUse(swap, swapType, offset)) {
      return add(swapType, offset, pfn);
    }
    swap.memory.freePage(pfn);
    return isHad ? outcome : slotFree;
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
      const swapType = swap.types.get(type);
      if (swapType === undefined) return deviceOff;
      return yield* ALLOC[slotTaken](swap, swapType, offset);
    },
    *deleteFromSwapCache(type, offset) {
      const { swapType, page } = pageOf(type, offset);
      deleteFromSwapCache(swap, swapType, offset);
      swap.memory.freePage(page.pfn);
    },
    *writePage(type, offset, data) {
      const { swapType, page } = pageOf(type, offset);
      swap.bytesOf(page.pfn).set(data);
      page.locked = false;
      yield* writeToDevice(swap, swapType, offset, page);
      // PG_reclaim: the page is next to be reclaimed, and is so at once.
      reclaimSwapCache(swap, swapType, offset);
    },
  };
}
