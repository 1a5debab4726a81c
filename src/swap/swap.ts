/**
 * The swap path: anonymous pages of processes, slots, the swap cache, and
 * whoever keeps the pages that are swapped out.
 */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import { assertHas, assertLength, assertWhole } from "../rules/argument.ts";
import { Lockdep } from "../rules/lockdep.ts";
import { reads, runToEnd, sleeps, type Stop } from "../rules/stop.ts";
import type { ZswapOptions } from "../zswap/options.ts";
import { MAX_SWAPFILES } from "../zswap/swp_entry.ts";
import { Zswap } from "../zswap/zswap.ts";
import type { AnonPage } from "./anon_page.ts";
import type { SwapDevice } from "./device.ts";
import { mappedState, SWAP_INFO, SwapLocks, tableState } from "./locks.ts";
import { readPage, writePage, zapPage } from "./page_table.ts";
import type { SlotCache } from "./slot_cache.ts";
import { swapOut, type SwapOutOutcome } from "./swap_out.ts";
import { removeMapping } from "./swap_slots.ts";
import { type SwapCachePage, SwapType } from "./swap_type.ts";
import { swapoff } from "./swapoff.ts";
import { swapLayerOf } from "./writeback.ts";

/** Counters of the swap path, as `/proc/vmstat` names them, and failures. */
export interface SwapStats {
  /** Pages that devices were asked for; since 7.3, those that they gave. */
  pswpin: number;
  /** Pages that were sent to devices, whether they took them or not. */
  pswpout: number;
  /** Reads of them that failed. */
  failedReads: number;
  /** Writes of them that failed. */
  failedWrites: number;
}

/** What a {@linkcode Swap} can be told when it is made. */
export interface SwapOptions {
  /** The frames of processes, the swap cache and zswap. Default: without limit. */
  memory?: Memory;
  /** zswap above the devices, and how it is made. Default: none. */
  zswap?: Omit<ZswapOptions, "swap" | "memory">;
}

/**
 * Processes with anonymous pages, and swap devices. Pages are numbered from 0
 * in each process; one that was never written reads as zeros and takes nothing.
 *
 * @example A page that zswap keeps
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { blockSwapDevice, LINUX_6_18, RamBackingDevice, Swap } from "zspec";
 *
 * const swap = new Swap(LINUX_6_18, { zswap: { totalRamPages: 1000 } });
 * swap.swapon(blockSwapDevice(new RamBackingDevice(64, 4096)));
 * const page = new TextEncoder().encode("anonymous".repeat(456)).slice(0, 4096);
 * swap.write(1, 0, page);
 * assertEquals(swap.swapOut(1, 0), "swapped-out");
 * assertEquals(swap.memory.allocatedPages, swap.zswap?.pools.totalPages);
 * const into = new Uint8Array(4096);
 * swap.read(1, 0, into);
 * assertEquals(into, page);
 * ```
 */
export class Swap {
  /** What kernel it is. */
  readonly profile: Profile;
  /** The frames below. */
  readonly memory: Memory;
  /** zswap, where there is one. */
  readonly zswap: Zswap | undefined;
  /** The devices that are on, by type, in the order of their priority. */
  readonly types: Map<number, SwapType> = new Map();
  /** The pages of each process, by number. */
  readonly processes: Map<number, Map<number, AnonPage>> = new Map();
  /** Who has which frame mapped. */
  readonly mapped: Map<number, AnonPage> = new Map();
  /** Frames that somebody has beside whoever has them mapped. */
  readonly held: Set<number> = new Set();
  /** The locks. */
  readonly locks: SwapLocks;
  /** Slots that the processor keeps. */
  readonly slotCache: SlotCache = {
    enabled: false,
    active: false,
    slots: [],
    slotsRet: [],
  };
  /** Counters. */
  readonly stats: SwapStats = {
    pswpin: 0,
    pswpout: 0,
    failedReads: 0,
    failedWrites: 0,
  };

  /** Nobody is there, and no device is on. */
  constructor(profile: Profile, options: SwapOptions = {}) {
    assertProfile("make swap", profile);
    const { pageSize } = profile;
    this.profile = profile;
    this.memory = options.memory ?? new Memory({ pageSize });
    const lockdep = new Lockdep();
    this.locks = new SwapLocks(profile.swap.locks, lockdep);
    this.zswap = options.zswap && new Zswap(profile, {
      lockdep,
      ...options.zswap,
      memory: this.memory,
      swap: swapLayerOf(this),
    });
  }

  /**
   * Swaps a device on, behind those that are: its type. Throws where all types
   * are in use. Specifies `swapon`, `mm/swapfile.c`.
   */
  swapon(device: SwapDevice): number {
    assertHas("swap on", "device", device, "pages", "a SwapDevice");
    let type = 0;
    while (this.types.has(type)) type++;
    if (type >= MAX_SWAPFILES) {
      throw new Error(`Cannot swap on: all ${MAX_SWAPFILES} types are in use`);
    }
    this.types.set(type, new SwapType(type, device));
    this.zswap?.swapon(type);
    this.slotCache.enabled = true;
    return type;
  }

  /**
   * Swaps a device off: each of its pages comes into memory first. ENOMEM
   * where there is no frame for one: the device is on then, as before. A page
   * that cannot be read is lost to its process. Specifies `swapoff`.
   */
  swapoff(type: number): Errno | undefined {
    return runToEnd(this.swapoffSteps(type));
  }

  /** {@linkcode Swap.swapoff}, stopping wherever others may run. */
  swapoffSteps(type: number): Generator<Stop, Errno | undefined> {
    return swapoff(this, this.typeOf(type));
  }

  /**
   * A process writes a whole page: ENOMEM without a frame for it, EIO where it
   * cannot be read or is lost.
   */
  write(
    process: number,
    number: number,
    data: Uint8Array,
  ): Errno | undefined {
    return runToEnd(this.writeSteps(process, number, data));
  }

  /** {@linkcode Swap.write}, stopping wherever others may run. */
  writeSteps(
    process: number,
    number: number,
    data: Uint8Array,
  ): Generator<Stop, Errno | undefined> {
    assertLength("write a page", data, this.profile.pageSize);
    assertIsPage(process, number);
    return writePage(this, process, number, data);
  }

  /** What the swap cache has of a page. */
  cachedOf({ slot }: AnonPage): SwapCachePage | undefined {
    return slot && this.types.get(slot.type)?.cache.get(slot.offset);
  }

  /**
   * A process reads a whole page into `into`: ENOMEM without a frame for it,
   * EIO where it cannot be read or is lost.
   */
  read(process: number, number: number, into: Uint8Array): Errno | undefined {
    return runToEnd(this.readSteps(process, number, into));
  }

  /** {@linkcode Swap.read}, stopping wherever others may run. */
  readSteps(
    process: number,
    number: number,
    into: Uint8Array,
  ): Generator<Stop, Errno | undefined> {
    assertLength("read a page", into, this.profile.pageSize);
    assertIsPage(process, number);
    return readPage(this, process, number, into);
  }

  /**
   * Tries to free a page's frame by swapping it out, then runs zswap's worker
   * if that was queued. "busy" for a page that is not in memory.
   */
  swapOut(process: number, number: number): SwapOutOutcome {
    const outcome = runToEnd(this.swapOutSteps(process, number));
    this.zswap?.shrinkWork();
    return outcome;
  }

  /** {@linkcode Swap.swapOut} without the worker, stopping wherever others may run. */
  *swapOutSteps(
    process: number,
    number: number,
  ): Generator<Stop, SwapOutOutcome> {
    yield reads(
      tableState({ process, number }),
      "shrink_folio_list, mm/vmscan.c",
    );
    const page = this.pageOf(process, number);
    return page === undefined ? "busy" : yield* swapOut(this, page);
  }

  /**
   * Memory is short: what the swap cache has and nobody has mapped is dropped,
   * unless it is stored nowhere else (`shrink_folio_list`). The kernel goes by
   * its LRU lists, the model by the slots' numbers.
   */
  reclaim(): void {
    runToEnd(this.reclaimSteps());
  }

  /** {@linkcode Swap.reclaim}, stopping wherever others may run. */
  *reclaimSteps(): Generator<Stop, void> {
    yield reads(SWAP_INFO, "shrink_folio_list, mm/vmscan.c");
    for (const swapType of this.types.values()) {
      const pages = [...swapType.cache].sort(([a], [b]) => a - b);
      for (const [offset, page] of pages) {
        yield* removeMapping(this, swapType, offset, page);
      }
    }
  }

  /** A process gives a page back (`zap_pte_range`). */
  free(process: number, number: number): void {
    runToEnd(this.freeSteps(process, number));
  }

  /** {@linkcode Swap.free}, stopping wherever others may run. */
  freeSteps(process: number, number: number): Generator<Stop, void> {
    assertIsPage(process, number);
    return zapPage(this, process, number);
  }

  /** A process ends; its pages and their slots are free (`exit_mmap`). */
  exit(process: number): void {
    assertWhole("end a process", "process", process);
    runToEnd(this.exitSteps(process));
  }

  /** {@linkcode Swap.exit}, stopping wherever others may run. */
  *exitSteps(process: number): Generator<Stop, void> {
    yield sleeps("exit_mmap, mm/mmap.c");
    for (const number of [...this.processes.get(process)?.keys() ?? []]) {
      yield* this.freeSteps(process, number);
    }
    this.processes.delete(process);
  }

  /** A page of a process, where it was ever written. */
  pageOf(process: number, number: number): AnonPage | undefined {
    assertIsPage(process, number);
    return this.processes.get(process)?.get(number);
  }

  /** A swap type; throws where it is not on. */
  typeOf(type: number): SwapType {
    const swapType = this.types.get(type);
    if (swapType === undefined) {
      throw new Error(`Cannot swap: swap type ${type} is not on`);
    }
    return swapType;
  }

  /** The bytes of a frame: a view that is good until the memory grows. */
  bytesOf(pfn: number): Uint8Array {
    assertWhole("find a frame", "pfn", pfn);
    const { bytes, pageSize } = this.memory;
    return bytes.subarray(pfn * pageSize, (pfn + 1) * pageSize);
  }

  /** Maps a frame for a page. */
  map(page: AnonPage, pfn: number): void {
    page.pfn = pfn;
    this.mapped.set(pfn, page);
    this.locks.touch(tableState(page), true);
    this.locks.touch(mappedState(pfn), true);
  }

  /** Takes a page's frame out of its page table. */
  unmap(page: AnonPage): void {
    this.mapped.delete(page.pfn);
    this.locks.touch(tableState(page), true);
    this.locks.touch(mappedState(page.pfn), true);
    page.pfn = NO_PAGE;
  }

  /** A frame that nobody has mapped is free, unless somebody holds it. */
  freeFrame(pfn: number): void {
    if (!this.held.has(pfn)) this.memory.freePage(pfn);
  }

  /** Whoever held a frame does so no more: it is free where nobody has it. */
  letGo(pfn: number): void {
    this.held.delete(pfn);
    if (!this.mapped.has(pfn)) this.memory.freePage(pfn);
  }
}

function assertIsPage(process: number, number: number): void {
  assertWhole("find a page", "process", process);
  assertWhole("find a page", "number", number);
}
