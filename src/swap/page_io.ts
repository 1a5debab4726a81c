/** Reading and writing pages of the swap cache. Specifies `mm/page_io.c`. */
import type { Errno } from "../linux/errno.ts";
import type { SwapProfile } from "../linux/swap_profile.ts";
import type { Stop } from "../rules/stop.ts";
import { unlockPage, writebackState } from "./locks.ts";
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
 * Writes a page without a bio, where the device can; answers whether it took
 * it. The page is locked all the while. Specifies `bdev_write_page`,
 * `block/bdev.c`, up to 6.2.
 */
function* writeWithoutBio(
  { stats }: Swap,
  { device, onDevice }: SwapType,
  offset: number,
  page: SwapCachePage,
  data: Uint8Array,
): Generator<Stop, boolean> {
  if (device.rwPage === undefined) return false;
  page.writeback = true;
  yield "bdev_write_page: page locked and under writeback";
  const errno = device.rwPage.writePage(offset, data);
  page.writeback = false;
  if (errno !== undefined) return false;
  stats.pswpout++;
  onDevice.add(offset);
  return true;
}

/**
 * Writes a page that is locked to the device, and unlocks it. Where that fails,
 * the page is dirty again and so stays in memory. Specifies `__swap_writepage`
 * and `end_swap_bio_write`.
 */
export function* writeToDevice(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Stop, Errno | undefined> {
  // What the device gets is the page as it is now.
  const data = swap.bytesOf(page.pfn).slice();
  const where = "__swap_writepage, mm/page_io.c";
  if (yield* writeWithoutBio(swap, swapType, offset, page, data)) {
    yield* unlockPage(swap, page, where);
    return undefined;
  }
  page.writeback = true;
  swap.locks.touch(writebackState(page.pfn), true);
  swap.stats.pswpout++;
  yield* unlockPage(swap, page, where);
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

const SWAP_WRITEPAGE = "swap_writepage, mm/page_io.c";

/** What a page that zswap stored goes through before it is left alone. */
const STORED: Readonly<
  Record<
    SwapProfile["storedPage"],
    (swap: Swap, page: SwapCachePage) => Generator<Stop, void>
  >
> = {
  *"under-writeback"(swap, page) {
    page.writeback = true;
    swap.locks.touch(writebackState(page.pfn), true);
    yield* unlockPage(swap, page, SWAP_WRITEPAGE);
    yield "swap_writepage: page under writeback, stored by zswap";
    page.writeback = false;
  },
  unlocked: (swap, page) => unlockPage(swap, page, SWAP_WRITEPAGE),
};

/**
 * Stores a page of the swap cache, which is locked, somewhere, and unlocks it: as a bit, in zswap, or on the
 * device. The errno is the device's, or EAGAIN where the page is to stay in
 * memory (the kernel's AOP_WRITEPAGE_ACTIVATE). Specifies `swap_writepage`
 * (since 6.16, `swap_writeout`).
 */
export function* swapWritepage(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  page: SwapCachePage,
): Generator<Stop, Errno | undefined> {
  const { zswap, profile } = swap;
  page.dirty = false;
  const data = swap.bytesOf(page.pfn).slice();
  if (zeromapTakes(swap, swapType, offset, data)) {
    yield* unlockPage(swap, page, SWAP_WRITEPAGE);
    return undefined;
  }
  if (zswap !== undefined) {
    const outcome = yield* zswap.storeSteps(swapType.type, offset, [data]);
    if (outcome === "stored") {
      swapType.onDevice.delete(offset);
      yield* STORED[profile.swap.storedPage](swap, page);
      return undefined;
    }
    if (!zswap.mayWriteBack && profile.zswap.frontswap === "none") {
      page.dirty = true;
      yield* unlockPage(swap, page, SWAP_WRITEPAGE);
      return "EAGAIN";
    }
  }
  return yield* writeToDevice(swap, swapType, offset, page);
}

/** What the end of a read does to a slot of the device (`end_swap_bio_read`). */
const READ_END: Readonly<
  Record<
    SwapProfile["readEnds"],
    (device: SwapType["device"], offset: number) => void
  >
> = {
  "frees-in-device": (device, offset) => device.slotFreeNotify?.(offset),
  "keeps-in-device"() {},
};

/**
 * Reads a page from the device: without a bio first, where a device as fast as
 * memory can do that. Specifies what `swap_readpage` (since 6.5,
 * `swap_read_folio`) does where zswap has no page.
 */
function* readFromDevice(
  { stats, profile }: Swap,
  { device }: SwapType,
  offset: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { rwPage } = device.synchronous ? device : {};
  yield "swap_readpage: page locked, bio submitted";
  const isRead = rwPage?.readPage(offset, into) === undefined;
  const errno = rwPage !== undefined && isRead
    ? undefined
    : device.readPage(offset, into);
  READ_END[profile.swap.readEnds](device, offset);
  if (errno !== undefined) stats.failedReads++;
  if (errno === undefined || profile.swap.countsFailedReads) stats.pswpin++;
  return errno;
}

/**
 * Fills `into` with the page of a slot: EIO where the device or zswap fails.
 * Since 6.5 a page that zswap gave up is dirty: answers whether it is.
 * Specifies `swap_readpage` (since 6.5, `swap_read_folio`).
 */
export function* swapReadpage(
  swap: Swap,
  swapType: SwapType,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Stop, { errno?: Errno; dirty: boolean }> {
  const { zswap } = swap;
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
  const errno = yield* readFromDevice(swap, swapType, offset, into);
  return { errno, dirty: false };
}
