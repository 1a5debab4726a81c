/** Page faults: a page of a process comes back into memory. */
import type { Errno } from "../linux/errno.ts";
import type { SwapProfile } from "../linux/swap_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import type { SwpEntry } from "../zswap/swp_entry.ts";
import type { AnonPage, Swap } from "./swap.ts";
import { swapReadpage } from "./page_io.ts";
import { type KeptSlot, vmSwapFull } from "./slot_cache.ts";
import {
  addToSwapCache,
  deleteFromSwapCache,
  pinSlot,
  reclaimSwapCache,
  swapFree,
  unpinSlot,
} from "./swap_slots.ts";
import type { SwapCachePage } from "./swap_type.ts";

/** What a process does to a page: a write may take it from the swap cache. */
export type Access = "read" | "write";

/** A page that is to come in, and from where. */
interface Fault {
  readonly page: AnonPage;
  readonly access: Access;
  /** What its page table has. */
  readonly entry: SwpEntry;
  readonly slot: KeptSlot;
}

/** Frees the slot of a page that is in memory, if it is not being written. */
export function freeSwap(swap: Swap, page: AnonPage): void {
  if (page.slot === undefined) return;
  const swapType = swap.typeOf(page.slot.type);
  const cached = swapType.cache.get(page.slot.offset);
  if (cached?.writeback) return;
  if (cached !== undefined) {
    deleteFromSwapCache(swap, swapType, page.slot.offset);
  }
  page.slot = undefined;
}

/** Whether a page that a write brings in gives its slot up. */
const WRITE_FAULT: Readonly<
  Record<SwapProfile["writeFault"], (page: AnonPage) => boolean>
> = {
  "frees-slot": () => true,
  "keeps-exclusive": ({ exclusive }) => !exclusive,
  "frees-exclusive": ({ exclusive }) => exclusive,
};

/** Whether a page that was mapped leaves the swap cache (`should_try_to_free_swap`). */
function shouldTryToFreeSwap(swap: Swap, fault: Fault): boolean {
  const { synchronousReads, writeFault } = swap.profile.swap;
  const { page, access, slot } = fault;
  const goesThrough = synchronousReads === "through-swap-cache" &&
    slot.swapType.device.synchronous;
  return goesThrough || vmSwapFull(swap) ||
    access === "write" && WRITE_FAULT[writeFault](page);
}

/**
 * Maps a frame of the swap cache into the process; EIO where it could not be
 * filled. It stays in the swap cache then, so that it is not read again.
 */
function mapCached(
  swap: Swap,
  fault: Fault,
  { pfn, uptodate, writeback }: SwapCachePage,
): "EIO" | undefined {
  if (!uptodate) return "EIO";
  const { page, slot: { swapType, offset } } = fault;
  const isStable = swap.profile.swap.stableWrites &&
    swapType.device.stableWrites;
  if (writeback && isStable) page.exclusive = false;
  swap.map(page, pfn);
  swapFree(swap, swapType, offset);
  if (shouldTryToFreeSwap(swap, fault)) freeSwap(swap, page);
}

/** Whether a page's entry is what it was (`pte_same`). */
function isSame({ page, entry }: Fault): boolean {
  return page.pfn === NO_PAGE && page.slot?.type === entry.type &&
    page.slot.offset === entry.offset;
}

/** Reads a page into a frame of the process's own, past the swap cache. */
function* readPastCache(
  swap: Swap,
  fault: Fault,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { page, slot: { swapType, offset } } = fault;
  const data = new Uint8Array(swap.profile.pageSize);
  const { errno } = yield* swapReadpage(swap, swapType, offset, data, false);
  yield "do_swap_page: page read, page table not locked yet";
  if (errno !== undefined || !isSame(fault)) {
    swap.memory.freePage(pfn);
    return errno === undefined ? undefined : "EIO";
  }
  swap.bytesOf(pfn).set(data);
  swap.map(page, pfn);
  page.exclusive = true;
  page.slot = undefined;
  swapFree(swap, swapType, offset);
}

/** The same with the slot marked, so that nobody else reads it meanwhile. */
function* readPinned(
  swap: Swap,
  fault: Fault,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { swapType, offset } = fault.slot;
  pinSlot(swapType, offset);
  const errno = yield* readPastCache(swap, fault, pfn);
  unpinSlot(swap, swapType, offset);
  return errno;
}

/** Reads a page into the swap cache and maps it from there. */
function* readIntoCache(
  swap: Swap,
  fault: Fault,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { swapType, offset } = fault.slot;
  const cached = addToSwapCache(swapType, offset, pfn);
  cached.locked = true;
  cached.uptodate = false;
  const data = new Uint8Array(swap.profile.pageSize);
  const read = yield* swapReadpage(swap, swapType, offset, data, true);
  cached.locked = false;
  if (read.errno === undefined) {
    swap.bytesOf(pfn).set(data);
    cached.uptodate = true;
    cached.dirty = read.dirty;
  }
  if (isSame(fault)) return mapCached(swap, fault, cached);
  // The process gave the page up meanwhile.
  reclaimSwapCache(swap, swapType, offset);
}

type Read = typeof readIntoCache;

/** How a page on a device as fast as memory is read. */
const SYNCHRONOUS_READ: Readonly<
  Record<SwapProfile["synchronousReads"], Read>
> = {
  "to-swap-cache": readIntoCache,
  "past-swap-cache": readPastCache,
  "past-swap-cache-pinned": readPinned,
  "through-swap-cache": readIntoCache,
};

/** Brings a page in by way of `read`, or maps it where the swap cache has it. */
function* swapIn(
  swap: Swap,
  page: AnonPage,
  access: Access,
  read: Read,
): Generator<Stop, Errno | undefined> {
  const { slot: entry } = page;
  if (page.pfn !== NO_PAGE || entry === undefined) return undefined;
  const swapType = swap.typeOf(entry.type);
  const { offset } = entry;
  const fault = { page, access, entry, slot: { swapType, offset } };
  let cached = swapType.cache.get(offset);
  while (cached?.locked || swapType.pinned.has(offset)) {
    yield blocked(
      "do_swap_page: waits for the page's lock, or whoever reads it",
    );
    if (page.pfn !== NO_PAGE || page.slot !== entry) return undefined;
    cached = swapType.cache.get(offset);
  }
  if (cached !== undefined) return mapCached(swap, fault, cached);
  const pfn = swap.memory.allocPage();
  if (pfn === NO_PAGE) return "ENOMEM";
  return yield* read(swap, fault, pfn);
}

/**
 * Brings a page that is swapped out into memory: ENOMEM without a frame for
 * it, EIO where it cannot be read (the process gets SIGBUS). Specifies
 * `do_swap_page`, `mm/memory.c`.
 */
export function* doSwapPage(
  swap: Swap,
  page: AnonPage,
  access: Access,
): Generator<Stop, Errno | undefined> {
  const isFast = page.slot !== undefined &&
    swap.typeOf(page.slot.type).device.synchronous;
  const { synchronousReads } = swap.profile.swap;
  const read = isFast ? SYNCHRONOUS_READ[synchronousReads] : readIntoCache;
  return yield* swapIn(swap, page, access, read);
}

/**
 * The same for swapoff, which reads into the swap cache whatever the device is
 * (`unuse_pte_range`, `mm/swapfile.c`).
 */
export function unuseSwapPage(
  swap: Swap,
  page: AnonPage,
): Generator<Stop, Errno | undefined> {
  return swapIn(swap, page, "read", readIntoCache);
}
