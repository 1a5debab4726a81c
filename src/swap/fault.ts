/** Page faults: a page of a process comes back into memory. */
import { GFP_HIGHUSER_MOVABLE } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
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
import type { SwpEntry } from "../zswap/swp_entry.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";
import { swapReadpage } from "./page_io.ts";
import { type KeptSlot, vmSwapFull } from "./slot_cache.ts";
import { getSwapDevice, putSwapDevice } from "./swap_info.ts";
import {
  cacheState,
  lockPage,
  tableState,
  unlockPage,
  writebackState,
} from "./locks.ts";
import {
  addToSwapCache,
  assertDeviceAlive,
  deleteFromSwapCache,
  pinSlot,
  reclaimSwapCache,
  swapFree,
  unpinSlot,
} from "./swap_slots.ts";
import {
  SWAP_HAS_CACHE,
  type SwapCachePage,
  type SwapType,
} from "./swap_type.ts";

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

/**
 * Frees the slot of a page that is in memory, if it is not being written. The
 * swap cache's page, if there is one, is locked (`folio_free_swap`).
 */
export function* freeSwap(swap: Swap, page: AnonPage): Generator<Stop, void> {
  if (page.slot === undefined) return;
  const swapType = swap.typeOf(page.slot.type);
  const cached = swapType.cache.get(page.slot.offset);
  if (cached !== undefined) {
    swap.locks.touch(writebackState(cached.pfn), false);
    if (cached.writeback) return;
    yield* deleteFromSwapCache(swap, swapType, page.slot.offset);
  }
  page.slot = undefined;
  swap.locks.touch(tableState(page), true);
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

const DO_SWAP_PAGE = "do_swap_page, mm/memory.c";

/**
 * Maps a frame of the swap cache, which is locked, into the process; EIO where
 * it could not be filled. It stays in the swap cache then, so that it is not
 * read again.
 */
function* mapCached(
  swap: Swap,
  fault: Fault,
  { pfn, uptodate, writeback }: SwapCachePage,
): Generator<Stop, "EIO" | undefined> {
  const { page, slot: { swapType, offset } } = fault;
  return yield* underTable(swap, page, function* () {
    if (!isSame(fault)) return undefined;
    if (!uptodate) return "EIO";
    const isStable = swap.profile.swap.stableWrites &&
      swapType.device.stableWrites;
    swap.locks.touch(writebackState(pfn), false);
    if (writeback && isStable) page.exclusive = false;
    swap.map(page, pfn);
    yield* swapFree(swap, swapType, offset);
    if (shouldTryToFreeSwap(swap, fault)) yield* freeSwap(swap, page);
  });
}

/** Does something under the lock of a page's page table. */
export function* underTable<Result>(
  { locks }: Swap,
  page: AnonPage,
  section: () => Generator<Stop, Result>,
): Generator<Stop, Result> {
  const lock = locks.table(page);
  yield acquire(lock, DO_SWAP_PAGE);
  const result = yield* section();
  yield release(lock, DO_SWAP_PAGE);
  return result;
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
  const isMapped = yield* underTable(swap, page, function* () {
    if (errno !== undefined || !isSame(fault)) return false;
    swap.bytesOf(pfn).set(data);
    swap.map(page, pfn);
    page.exclusive = true;
    page.slot = undefined;
    yield* swapFree(swap, swapType, offset);
    return true;
  });
  if (isMapped) return undefined;
  swap.memory.freePage(pfn);
  return errno === undefined ? undefined : "EIO";
}

/** The same with the slot marked, so that nobody else reads it meanwhile. */
function* readPinned(
  swap: Swap,
  fault: Fault,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { swapType, offset } = fault.slot;
  if (!(yield* pinSlot(swap, swapType, offset))) {
    swap.memory.freePage(pfn);
    yield sleeps("schedule_timeout_uninterruptible, kernel/time/timer.c");
    return undefined;
  }
  const errno = yield* readPastCache(swap, fault, pfn);
  yield* unpinSlot(swap, swapType, offset);
  return errno;
}

/** Reads a page into the swap cache and maps it from there. */
function* readIntoCache(
  swap: Swap,
  fault: Fault,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { swapType, offset } = fault.slot;
  const where = "swap_cache_alloc_folio, mm/swap_state.c";
  yield acquire(swap.locks.page(pfn), where);
  const cached = yield* under(swap.locks.slots(swapType.type), where, () => {
    assertDeviceAlive(swapType, where);
    const isTaken = (swapType.map[offset] & SWAP_HAS_CACHE) !== 0;
    if (isTaken || swapType.count(offset) === 0) return undefined;
    const added = addToSwapCache(swap, swapType, offset, pfn);
    added.locked = true;
    added.uptodate = false;
    return added;
  });
  if (cached === undefined) {
    yield release(swap.locks.page(pfn), where);
    swap.memory.freePage(pfn);
    return undefined;
  }
  const data = new Uint8Array(swap.profile.pageSize);
  const read = yield* swapReadpage(swap, swapType, offset, data, true);
  if (read.errno === undefined) {
    swap.bytesOf(pfn).set(data);
    cached.uptodate = true;
    cached.dirty = read.dirty;
  }
  const errno = yield* mapCached(swap, fault, cached);
  yield* unlockPage(swap, cached, DO_SWAP_PAGE);
  // The process may have given the page up meanwhile.
  if (fault.page.pfn !== pfn && !isSame(fault)) {
    yield* reclaimSwapCache(swap, swapType, offset);
  }
  return errno;
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
  readOf: (swapType: SwapType) => Read,
): Generator<Stop, Errno | undefined> {
  while (true) {
    yield reads(tableState(page), DO_SWAP_PAGE);
    const { slot: entry } = page;
    if (page.pfn !== NO_PAGE || entry === undefined) return undefined;
    const swapType = yield* getSwapDevice(swap, entry.type);
    // Swapped off meanwhile: the page table has another entry by now.
    if (swapType === undefined) continue;
    const slot = { swapType, offset: entry.offset };
    const fault = { page, access, entry, slot };
    const errno = yield* swapInOnce(swap, fault, readOf(swapType));
    yield* putSwapDevice(swap, swapType);
    if (errno !== undefined) return errno;
  }
}

/** The same once: it may have to be tried again, as the entry changed. */
function* swapInOnce(
  swap: Swap,
  fault: Fault,
  read: Read,
): Generator<Stop, Errno | undefined> {
  const { swapType, offset } = fault.slot;
  yield reads(
    cacheState(swapType.type, offset),
    "swap_cache_get_folio, mm/swap_state.c",
  );
  assertDeviceAlive(swapType, DO_SWAP_PAGE);
  const cached = swapType.cache.get(offset);
  if (cached !== undefined) {
    yield* lockPage(swap, cached, DO_SWAP_PAGE);
    const isThere = swapType.cache.get(offset) === cached;
    const errno = isThere ? yield* mapCached(swap, fault, cached) : undefined;
    yield* unlockPage(swap, cached, DO_SWAP_PAGE);
    return errno;
  }
  if (swapType.pinned.has(offset)) {
    while (swapType.pinned.has(offset)) {
      yield blocked(
        "do_swap_page: waits for the page's lock, or whoever reads it",
      );
    }
    return undefined;
  }
  yield sleeps("vma_alloc_folio, mm/mempolicy.c");
  const pfn = swap.memory.allocPage(GFP_HIGHUSER_MOVABLE);
  if (pfn === NO_PAGE) return "ENOMEM";
  return yield* read(swap, fault, pfn);
}

/**
 * Brings a page that is swapped out into memory: ENOMEM without a frame for
 * it, EIO where it cannot be read (the process gets SIGBUS). Specifies
 * `do_swap_page`, `mm/memory.c`.
 */
export function doSwapPage(
  swap: Swap,
  page: AnonPage,
  access: Access,
): Generator<Stop, Errno | undefined> {
  const { synchronousReads } = swap.profile.swap;
  return swapIn(
    swap,
    page,
    access,
    ({ device }) =>
      device.synchronous ? SYNCHRONOUS_READ[synchronousReads] : readIntoCache,
  );
}

/**
 * The same for swapoff, which reads into the swap cache whatever the device is
 * (`unuse_pte_range`, `mm/swapfile.c`).
 */
export function unuseSwapPage(
  swap: Swap,
  page: AnonPage,
): Generator<Stop, Errno | undefined> {
  return swapIn(swap, page, "read", () => readIntoCache);
}
