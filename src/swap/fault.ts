/** Page faults: a page of a process comes back into memory. */
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, type Wait } from "../rules/wait.ts";
import type { AnonPage, Swap } from "./swap.ts";
import { swapReadpage } from "./page_io.ts";
import {
  addToSwapCache,
  deleteFromSwapCache,
  pinSlot,
  swapFree,
  unpinSlot,
} from "./swap_slots.ts";
import type { SwapCachePage, SwapType } from "./swap_type.ts";

/** Whether more than half of all slots are in use (`vm_swap_full`). */
function vmSwapFull({ types }: Swap): boolean {
  let slots = 0;
  let inUse = 0;
  for (const swapType of types.values()) {
    slots += swapType.slots;
    inUse += swapType.inUse;
  }
  return 2 * inUse > slots;
}

/** Frees the slot of a page that is in memory, if it is not being written. */
function freeSwap(swap: Swap, page: AnonPage): void {
  if (page.slot === undefined) return;
  const swapType = swap.typeOf(page.slot.type);
  const cached = swapType.cache.get(page.slot.offset);
  if (cached?.writeback) return;
  if (cached !== undefined) {
    deleteFromSwapCache(swap, swapType, page.slot.offset);
  }
  page.slot = undefined;
}

/** Maps a frame of the swap cache into the process. */
function mapCached(
  swap: Swap,
  page: AnonPage,
  swapType: SwapType,
  offset: number,
  { pfn }: SwapCachePage,
): void {
  swap.map(page, pfn);
  swapFree(swap, swapType, offset);
  if (vmSwapFull(swap)) freeSwap(swap, page);
}

/** Reads a page into a frame of the process's own, past the swap cache. */
function* readPastCache(
  swap: Swap,
  page: AnonPage,
  swapType: SwapType,
  offset: number,
  pfn: number,
): Generator<Wait, Errno | undefined> {
  const data = new Uint8Array(swap.profile.pageSize);
  pinSlot(swapType, offset);
  const { errno } = yield* swapReadpage(swap, swapType, offset, data, false);
  if (errno === undefined) {
    swap.bytesOf(pfn).set(data);
    swap.map(page, pfn);
    page.slot = undefined;
    swapFree(swap, swapType, offset);
  } else {
    swap.memory.freePage(pfn);
  }
  unpinSlot(swap, swapType, offset);
  return errno === undefined ? undefined : "EIO";
}

/** Reads a page into the swap cache and maps it from there. */
function* readIntoCache(
  swap: Swap,
  page: AnonPage,
  swapType: SwapType,
  offset: number,
  pfn: number,
): Generator<Wait, Errno | undefined> {
  const cached = addToSwapCache(swapType, offset, pfn);
  cached.locked = true;
  const data = new Uint8Array(swap.profile.pageSize);
  const read = yield* swapReadpage(swap, swapType, offset, data, true);
  cached.locked = false;
  if (read.errno !== undefined) {
    deleteFromSwapCache(swap, swapType, offset);
    swap.memory.freePage(pfn);
    return "EIO";
  }
  swap.bytesOf(pfn).set(data);
  cached.dirty = read.dirty;
  mapCached(swap, page, swapType, offset, cached);
}

/**
 * Brings a page that is swapped out into memory: ENOMEM without a frame for
 * it, EIO where it cannot be read (the process gets SIGBUS). Specifies
 * `do_swap_page`, `mm/memory.c`.
 */
export function* doSwapPage(
  swap: Swap,
  page: AnonPage,
): Generator<Wait, Errno | undefined> {
  const { slot } = page;
  if (page.pfn !== NO_PAGE || slot === undefined) return undefined;
  const { type, offset } = slot;
  const swapType = swap.typeOf(type);
  let cached = swapType.cache.get(offset);
  while (cached?.locked || swapType.pinned.has(offset)) {
    yield blocked(
      "do_swap_page: waits for the page's lock, or whoever reads it",
    );
    if (page.pfn !== NO_PAGE || page.slot !== slot) return undefined;
    cached = swapType.cache.get(offset);
  }
  if (cached !== undefined) {
    mapCached(swap, page, swapType, offset, cached);
    return undefined;
  }
  const pfn = swap.memory.allocPage();
  if (pfn === NO_PAGE) return "ENOMEM";
  const { readsPastCache } = swap.profile.swap;
  const read = readsPastCache && swapType.device.synchronous
    ? readPastCache
    : readIntoCache;
  return yield* read(swap, page, swapType, offset, pfn);
}

/**
 * Makes a page that is in memory one that may be written. It leaves the swap
 * cache; where it is being written to the device, the write changes it there
 * or goes to a copy, as the kernel has it: ENOMEM without a frame for that.
 * Specifies `do_wp_page` and `reuse_swap_page`, `mm/memory.c`.
 */
export function prepareToWrite(swap: Swap, page: AnonPage): Errno | undefined {
  freeSwap(swap, page);
  const { slot } = page;
  if (slot === undefined) return undefined;
  const cached = swap.typeOf(slot.type).cache.get(slot.offset);
  if (cached === undefined) return undefined;
  if (swap.profile.swap.writeUnderWriteback === "in-place") {
    cached.dirty = true;
    return undefined;
  }
  const pfn = swap.memory.allocPage();
  if (pfn === NO_PAGE) return "ENOMEM";
  swap.bytesOf(pfn).set(swap.bytesOf(cached.pfn));
  swap.unmap(page);
  page.slot = undefined;
  swap.map(page, pfn);
}
