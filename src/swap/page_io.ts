/** Reading and writing pages of the swap cache. Specifies `mm/page_io.c`. */
import type { Errno } from "../linux/errno.ts";
import { blocked, type Wait } from "../rules/wait.ts";
import type { SwapLayer } from "../zswap/swap_layer.ts";
import { NO_PAGE } from "../memory/memory.ts";
import {
  addToSwapCache,
  deleteFromSwapCache,
  reclaimSwapCache,
} from "./swap_slots.ts";
import type { SwapCachePage, SwapType } from "./swap_type.ts";
import type { Swap } from "./swap.ts";

const isZeroFilled = (page: Uint8Array): boolean =>
  page.every((byte) => byte === 0);

/** Whether the zeromap takes a page, and an older bit for its slot is gone. */
function zeromapTakes(
  { profile }: Swap,
  { zeromap, onDevice }: SwapType,
  offset: number,
  page: Uint8Array,
): boolean {
  if (!profile.swap.zeromap) return false;
  zeromap.delete(offset);
  if (!isZeroFilled(page)) return false;
  zeromap.add(offset);
  onDevice.delete(offset);
  return true;
}

/**
 * Writes a page to the device. Where that fails, the page is dirty again and
 * so stays in memory. Specifies `__swap_writepage` and `end_swap_bio_write`.
 */
function* writeToDevice(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Wait, Errno | undefined> {
  page.writeback = true;
  // What the device gets is the page as it is now.
  const data = swap.bytesOf(page.pfn).slice();
  swap.stats.pswpout++;
  yield "__swap_writepage: page under writeback, bio submitted";
  const errno = swapType.device.writePage(offset, data);
  page.writeback = false;
  if (errno === undefined) {
    swapType.onDevice.add(offset);
  } else {
    swapType.onDevice.delete(offset);
    page.dirty = true;
    swap.stats.failedWrites++;
  }
  return errno;
}

/**
 * Stores a page of the swap cache somewhere: as a bit, in zswap, or on the
 * device. The errno is the device's, or EAGAIN where the page is to stay in
 * memory (the kernel's AOP_WRITEPAGE_ACTIVATE). Specifies `swap_writepage`
 * (since 6.16, `swap_writeout`).
 */
export function* swapWritepage(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Wait, Errno | undefined> {
  const { zswap, profile } = swap;
  page.dirty = false;
  const data = swap.bytesOf(page.pfn).slice();
  if (zeromapTakes(swap, swapType, offset, data)) return undefined;
  if (zswap !== undefined) {
    page.locked = true;
    const outcome = yield* zswap.storeSteps(swapType.type, offset, [data]);
    page.locked = false;
    if (outcome === "stored") {
      swapType.onDevice.delete(offset);
      page.writeback = true;
      yield "swap_writepage: page under writeback, stored by zswap";
      page.writeback = false;
      return undefined;
    }
    if (!zswap.mayWriteBack && profile.zswap.frontswap === "none") {
      page.dirty = true;
      return "EAGAIN";
    }
  }
  return yield* writeToDevice(swap, swapType, offset, page);
}

/**
 * Fills `into` with the page of a slot: ENOENT nowhere, EIO where the device or
 * zswap fails. Since 6.18 a page that zswap gave up is dirty: answers whether
 * it is. Specifies `swap_readpage` (since 6.5, `swap_read_folio`).
 */
export function* swapReadpage(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Wait, { errno?: Errno; dirty: boolean }> {
  const { zswap, stats } = swap;
  if (swapType.zeromap.has(offset)) {
    into.fill(0);
    return { dirty: false };
  }
  if (zswap !== undefined) {
    const { type } = swapType;
    const errno = yield* zswap.loadSteps(type, offset, into, toSwapCache);
    const isExclusive = zswap.profile.zswap.frontswap === "none";
    if (errno === undefined) return { dirty: isExclusive && toSwapCache };
    if (errno !== "ENOENT") return { errno, dirty: false };
    zswap.nrDiskSwapins++;
  }
  stats.pswpin++;
  yield "swap_readpage: page locked, bio submitted";
  const errno = swapType.device.readPage(offset, into);
  if (errno !== undefined) stats.failedReads++;
  return { errno, dirty: false };
}

/** What zswap asks of a swap path: see {@linkcode SwapLayer}. */
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
      const swapType = swap.typeOf(type);
      if (swapType.cache.has(offset)) return "exists";
      yield "__read_swap_cache_async: no lock held, alloc_page may sleep";
      while (swapType.pinned.has(offset)) {
        yield blocked(
          "__read_swap_cache_async: waits for whoever reads the page",
        );
      }
      const pfn = swap.memory.allocPage();
      if (pfn === NO_PAGE) return "no-memory";
      const exists = swapType.cache.has(offset);
      if (exists || swapType.map[offset] === 0) {
        swap.memory.freePage(pfn);
        return exists ? "exists" : "no-memory";
      }
      addToSwapCache(swapType, offset, pfn).locked = true;
      return "new";
    },
    deleteFromSwapCache(type, offset) {
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
