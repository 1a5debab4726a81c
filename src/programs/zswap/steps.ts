/**
 * The steps of programs for zswap as a cache: pages are stored, loaded, and
 * written back to a swap device.
 */
import type { Bytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";

/** Where a page is. */
export interface ZswapSlot {
  /** The swap type. */
  readonly type: number;
  /** The offset in pages. */
  readonly offset: number;
}

/** Which allocations fail: each how-manieth; none where it is left out. */
export interface ZswapFailing {
  /** Of entries (`zswap_entry_cache_alloc`). */
  readonly entries?: number;
  /** Of the tree's nodes (`xa_store`, 6.18). */
  readonly nodes?: number;
  /** Of the allocator's own structures, in each pool. */
  readonly slab?: number;
}

/** What any swap cache is made for. */
export interface ZswapSetup {
  /** Pages of the whole machine, of which the pool may take a share. */
  readonly totalPages: number;
  /** `max_pool_percent`: how many per cent of them. */
  readonly maxPoolPercent: number;
  /** `accept_threshold_percent`: how many per cent of that, to accept again. */
  readonly acceptThresholdPercent: number;
  /** The allocator: `zsmalloc`, `zbud` or `z3fold`. */
  readonly allocator: string;
}

/** What a cache is made for: more than that of the model alone. */
export interface ZswapCreate extends ZswapSetup {
  /** Bytes per page, where they are not the profile's. */
  readonly pageSize?: number;
  /** Bits per `unsigned long`, where they are not the profile's. */
  readonly wordBits?: number;
  /** False where pages may not be written back. */
  readonly writeback?: boolean;
  /** False where there are no memory cgroups. */
  readonly memcg?: boolean;
  /** `memory.zswap.max`, in pages; no limit where it is left out. */
  readonly cgroupMax?: number;
  /** Whether every compressor makes of a page the length that it states. */
  readonly stated?: boolean;
  /** Whether a worker that is queued waits for a step `work`. */
  readonly workerWaits?: boolean;
  /** Frames that there are for the pools. */
  readonly maxPages?: number;
  /** Which allocations fail. */
  readonly failing?: ZswapFailing;
}

/**
 * What is done to the slot of a page while it is written back: when its page
 * in the swap cache was allocated, or when it is being written.
 */
export type ZswapMeanwhile =
  & { readonly when: "allocated" | "written" }
  & (
    | { readonly does: "load" | "invalidate" }
    | { readonly does: "store"; readonly data: Bytes }
  );

/**
 * A slot's page in the swap cache: there, not to be had, for want of frames or
 * since the slot is free or its swap type off, or none yet.
 */
export type SwapCacheState =
  | "cached"
  | "no-memory"
  | "slot-free"
  | "swap-type-off"
  | "free";

/** The operations and their fields. */
export interface ZswapSteps {
  /** A fresh, empty cache. */
  create: ZswapCreate;
  /** A page is stored. */
  store: ZswapSlot & { readonly data: Bytes };
  /** A folio's pages are stored, at an offset and those after it. */
  store_folio: ZswapSlot & { readonly pages: readonly Bytes[] };
  /** A page is loaded, into the swap cache unless `toSwapCache` is false. */
  load: ZswapSlot & { readonly toSwapCache?: boolean };
  /** A slot is free. */
  invalidate: ZswapSlot;
  /** The oldest pages are written back; something happens to the first one meanwhile. */
  writeback: {
    readonly entries: number;
    readonly meanwhile?: ZswapMeanwhile;
  };
  /** The counters that every cache has. */
  stats: Record<never, never>;
  /** Every counter of `debugfs/zswap`, and frontswap's. */
  counters: Record<never, never>;
  /** The worker runs, if it was queued. */
  work: Record<never, never>;
  /** The shrinker counts, and looks at `nr` entries (since 6.8). */
  scan: { readonly nr: number };
  /** Pages are read from the device (`nr_disk_swapins`). */
  swapin: { readonly pages: number };
  /** What writeback will find in the swap cache. */
  cache: ZswapSlot & { readonly state: SwapCacheState };
  /** A byte of a compressed page is changed in memory, at which a kernel may stop. */
  damage: ZswapSlot;
  /** A module parameter is written. */
  set: { readonly attr: string; readonly value: string };
  /** A module parameter is read. */
  get: { readonly attr: string };
  /** A swap type is swapped off and on again. */
  swapoff: { readonly type: number };
}

/** A step of a program for a cache. */
export type ZswapStep = StepOf<ZswapSteps>;

/** Swap types that are on in every cache. */
export const COMMON_SWAP_TYPES: readonly number[] = [0, 1];

/** Those of the model: the last one that there can be is on too. */
export const SWAP_TYPES: readonly number[] = [...COMMON_SWAP_TYPES, 31];
