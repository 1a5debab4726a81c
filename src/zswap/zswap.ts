/** zswap: a compressed cache in front of swap devices. */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Codec } from "../codec/codec.ts";
import { codecsOf } from "../codec/codecs.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { Memory } from "../memory/memory.ts";
import { assertHas, assertWhole } from "../rules/argument.ts";
import { Lockdep } from "../rules/lockdep.ts";
import {
  acquire,
  release,
  runToEnd,
  sleeps,
  type Stop,
} from "../rules/stop.ts";
import {
  assertAvailable,
  treeToInvalidate,
  treeToLoad,
  treeToStore,
} from "./arguments.ts";
import { Buffers } from "./buffers.ts";
import { createPool } from "./create_pool.ts";
import { ZswapLru, type ZswapTree } from "./entry.ts";
import {
  FRONTSWAP_STORE_STEPS,
  frontswapInvalidateSteps,
  frontswapLoadSteps,
} from "./frontswap.ts";
import {
  invalidateAreaSteps,
  invalidatePageSteps,
  treeState,
} from "./invalidate.ts";
import { LOAD_PAGE_STEPS } from "./load.ts";
import { invalidatePage, loadPage } from "./load_at_once.ts";
import { POOL_PAGES, ZswapLocks } from "./locks.ts";
import type { ZswapOptions } from "./options.ts";
import type { ZswapParameters } from "./parameters.ts";
import { type ZswapPool, ZswapPools } from "./pools.ts";
import {
  QUEUE_SHRINK,
  SHRINK_WORK,
  shrinkerCount,
  shrinkerScan,
} from "./shrink.ts";
import {
  type FrontswapCounters,
  zeroCounts,
  type ZswapCounts,
} from "./stats.ts";
import { storeFolioSteps } from "./store.ts";
import { storeFolio, storeThroughFrontswap } from "./store_at_once.ts";
import { NO_SWAP_LAYER, type SwapLayer } from "./swap_layer.ts";
import { MAX_SWAPFILES } from "./swp_entry.ts";

/** What came of a store; "refused" is all that is said since 6.7. */
export type StoreOutcome = "stored" | "refused" | Errno;

/**
 * zswap of one kernel. Specifies `mm/zswap.c` as the swap layer calls it: in
 * the kernels that have frontswap, through that. A worker's work is queued
 * until `shrinkWork` is called.
 *
 * An operation that may sleep or drop a lock has a form that stops there, with
 * `Steps` in its name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, Zswap, zswapCounters } from "zspec";
 *
 * const zswap = new Zswap(LINUX_6_1, { totalRamPages: 1000 });
 * zswap.swapon(0);
 * const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
 * assertEquals(zswap.store(0, 42, [page]), "stored");
 * assertEquals(zswap.load(0, 42, new Uint8Array(4096)), undefined);
 * assertEquals(zswapCounters(zswap).pool_total_size, 4096);
 * ```
 */
export class Zswap {
  /** What kernel it is. */
  readonly profile: Profile;
  /** `totalram_pages`. */
  readonly totalRamPages: number;
  /** Where pools take their frames from. */
  readonly memory: Memory;
  /** The swap layer. */
  readonly swap: SwapLayer;
  /** Whether pages may be written back: see {@linkcode ZswapOptions.writeback}. */
  readonly writeback: boolean;
  /** Whether there are memory cgroups. */
  readonly hasMemcg: boolean;
  /** `memory.zswap.max`, in pages: see {@linkcode ZswapOptions.cgroupMax}. */
  readonly cgroupMax: number;
  /** The module parameters. */
  readonly parameters: ZswapParameters;
  /** Compressors that can be chosen, the kernel's first. */
  readonly compressors: readonly string[];
  /** Codecs, by their algorithms' names. */
  readonly codecs: ReadonlyMap<string, Codec>;
  /** Fault injection: see {@linkcode ZswapOptions.failslab}. */
  readonly failslab: ZswapOptions["failslab"];
  /** The locks. */
  readonly locks: ZswapLocks;
  /** The pools. */
  readonly pools: ZswapPools = new ZswapPools();
  /** The trees of the swap types that are on. */
  readonly trees: Map<number, ZswapTree> = new Map();
  /** The entries in the order in which they were touched (6.18). */
  readonly lru: ZswapLru = new ZswapLru();
  /** What zswap itself counts; `zswapCounters` has all that debugfs shows. */
  readonly counters: ZswapCounts = zeroCounts();
  /** The counters of frontswap. */
  readonly frontswap: FrontswapCounters = {
    loads: 0,
    succ_stores: 0,
    failed_stores: 0,
    invalidates: 0,
  };
  /** Room for compressed pages with their headers. */
  readonly buffers: Buffers;
  /** Room for pages. */
  readonly pages: Buffers;
  /** `zswap_pool_reached_full`. */
  reachedFull = false;
  /** Bytes of all compressed pages: what the cgroup is charged (`MEMCG_ZSWAP_B`). */
  chargedBytes = 0;
  /** Pages of the pools when they were counted last; 0 since 6.9. */
  countedPages = 0;
  /** Whether the worker's work waits to be run (6.18). */
  shrinkQueued = false;
  /** Whether the worker has been through all memory cgroups (6.18). */
  roundEnded = true;
  /** Pages that were read from a device (`nr_disk_swapins`, 6.18). */
  nrDiskSwapins = 0;
  /**
   * Pages that were written back although their slot had been freed, or stored
   * anew, by then: what the slot has now was overwritten. A bug of kernels
   * whose writeback does not look again: see `ZswapRelease.writebackLooksAgain`.
   */
  staleWritebacks = 0;
  /** Operations that were started and are not at their end. */
  underWay = 0;

  readonly #options: ZswapOptions;
  #entryAllocations = 0;
  #nodeAllocations = 0;

  /**
   * zswap as it is after boot, enabled, with one pool, empty. Throws where the
   * kernel does not have the allocator or the compressor, or zspec has no
   * codec for it. Specifies `init_zswap` (since 6.3, `zswap_setup`).
   */
  constructor(profile: Profile, options: ZswapOptions) {
    assertProfile("make zswap", profile);
    const right = "ZswapOptions such as { totalRamPages: 1000 }";
    assertHas("make zswap", "options", options, "totalRamPages", right);
    const { pageSize, zswap } = profile;
    const {
      zpool = zswap.defaultZpool,
      compressor = zswap.defaultCompressor,
    } = options;
    assertWhole("make zswap", "totalRamPages", options.totalRamPages);
    const { cgroupMax = Infinity } = options;
    if (cgroupMax !== Infinity) {
      assertWhole("make zswap", "cgroupMax", cgroupMax);
    }
    const added = options.codecs ?? [];
    this.profile = profile;
    this.locks = new ZswapLocks(zswap.locks, options.lockdep ?? new Lockdep());
    this.totalRamPages = options.totalRamPages;
    this.memory = options.memory ?? new Memory({ pageSize });
    this.swap = options.swap ?? NO_SWAP_LAYER;
    this.writeback = options.writeback ?? true;
    this.hasMemcg = options.memcg ?? true;
    this.cgroupMax = cgroupMax;
    this.compressors = [
      ...new Set([...zswap.compressors, ...added.map(({ name }) => name)]),
    ];
    this.#options = options;
    this.failslab = options.failslab;
    this.codecs = new Map(
      [...codecsOf(zswap), ...added].map((codec) => [codec.name, codec]),
    );
    this.buffers = new Buffers(2 * pageSize + profile.wordBits / 8);
    this.pages = new Buffers(pageSize);
    assertAvailable("zpool", zpool, zswap.zpools);
    if (!this.hasCompressor(compressor)) {
      assertAvailable("compressor", compressor, this.compressors);
    }
    this.parameters = {
      enabled: true,
      compressor,
      zpool,
      maxPoolPercent: 20,
      acceptThresholdPercent: 90,
      sameFilledPagesEnabled: true,
      nonSameFilledPagesEnabled: true,
      shrinkerEnabled: false,
    };
    if (zswap.poolPer === "kernel") {
      const pool = createPool(this, zpool, compressor);
      pool.kref++;
      this.pools.addFirst(pool);
    }
  }

  /**
   * Whether pages may be written back now. Since 6.8 a zswap that is disabled
   * keeps none back, whatever `memory.zswap.writeback` says. Specifies
   * `mem_cgroup_zswap_writeback_enabled`, `mm/memcontrol.c`, 6.12.118.
   */
  get mayWriteBack(): boolean {
    const asksCgroup = this.profile.zswap.shrink === "entries-in-worker";
    const isExempt = asksCgroup &&
      (!this.hasMemcg || !this.parameters.enabled);
    return this.writeback || isExempt;
  }

  /**
   * Whether a compressor can be chosen by a name, its driver's or its own
   * (`crypto_has_acomp`; up to 5.10, `crypto_has_comp`).
   */
  hasCompressor(name: string): boolean {
    return this.compressors.includes(this.algorithmOf(name));
  }

  /**
   * Makes zswap ready for the pages of a swap type. Throws where the type is
   * on already. Specifies `zswap_frontswap_init` (since 6.7, `zswap_swapon`).
   */
  swapon(type: number): void {
    assertWhole("swap on", "type", type, 0, MAX_SWAPFILES - 1);
    if (this.trees.has(type)) {
      throw new Error(`Cannot swap on: the 'type' is ${type}, not a free one`);
    }
    const { zpool, compressor } = this.parameters;
    const perType = this.profile.zswap.poolPer === "swap-type";
    const pool = perType ? createPool(this, zpool, compressor) : undefined;
    if (pool !== undefined) {
      pool.kref++;
      this.pools.list.push(pool);
    }
    this.trees.set(type, {
      type,
      entries: new Map(),
      pool,
      frontswapMap: new Set(),
      lock: this.locks.tree(type),
      isFreed: false,
    });
  }

  /** {@linkcode Zswap.swapon}, stopping where it may sleep. */
  *swaponSteps(type: number): Generator<Stop, void> {
    yield sleeps("zswap_swapon, mm/zswap.c");
    this.locks.touch(treeState(type), true);
    this.swapon(type);
  }

  /** Frees all that zswap has of a swap type (`zswap_swapoff`). */
  swapoff(type: number): void {
    runToEnd(this.swapoffSteps(type));
  }

  /** {@linkcode Zswap.swapoff}, stopping wherever others may run. */
  swapoffSteps(type: number): Generator<Stop, void> {
    return this.#counted(invalidateAreaSteps(this, this.treeOf(type)));
  }

  /**
   * Stores a folio's pages at an offset and those after it: "stored", or why
   * not. A kernel with frontswap takes single pages only: EINVAL for others.
   * What becomes of older pages at those offsets differs between kernels: see
   * `ZswapProfile.frontswap`. Specifies `frontswap_store`; since 6.7,
   * `zswap_store`.
   */
  store(
    type: number,
    offset: number,
    folio: readonly Uint8Array[],
  ): StoreOutcome {
    const tree = treeToStore(this, type, offset, folio);
    return this.#countedAtOnce(() => {
      if (this.profile.zswap.frontswap === "none") {
        return storeFolio(this, tree, offset, folio) ? "stored" : "refused";
      }
      if (folio.length !== 1) return "EINVAL";
      return storeThroughFrontswap(this, tree, offset, folio[0]) ?? "stored";
    });
  }

  /** {@linkcode Zswap.store}, stopping wherever others may run. */
  storeSteps(
    type: number,
    offset: number,
    folio: readonly Uint8Array[],
  ): Generator<Stop, StoreOutcome> {
    const tree = treeToStore(this, type, offset, folio);
    return this.#counted(this.#storeSteps(tree, offset, folio));
  }

  /**
   * Fills `into` with the page at an offset: ENOENT where zswap does not have
   * it, EIO where its bytes are damaged (up to 6.12 it throws a `KernelBug`).
   * Since 6.5 a page that is loaded into the swap cache is freed; since 7.1
   * every page is loaded there. Specifies `frontswap_load`; since 6.7,
   * `zswap_load`.
   */
  load(
    type: number,
    offset: number,
    into: Uint8Array,
    toSwapCache = true,
  ): Errno | undefined {
    const tree = treeToLoad(this, type, offset, into);
    return this.#countedAtOnce(() =>
      loadPage(this, tree, offset, into, toSwapCache)
    );
  }

  /** {@linkcode Zswap.load}, stopping wherever others may run. */
  loadSteps(
    type: number,
    offset: number,
    into: Uint8Array,
    toSwapCache = true,
  ): Generator<Stop, Errno | undefined> {
    const tree = treeToLoad(this, type, offset, into);
    const { load } = this.profile.zswap;
    return this.#counted(
      load === "referenced"
        ? frontswapLoadSteps(this, tree, offset, into)
        : LOAD_PAGE_STEPS[load](this, tree, offset, into, toSwapCache),
    );
  }

  /**
   * Frees the page at an offset: its slot is free. Specifies
   * `frontswap_invalidate_page`; since 6.7, `zswap_invalidate`.
   */
  invalidate(type: number, offset: number): void {
    const tree = treeToInvalidate(this, type, offset);
    this.#countedAtOnce(() => invalidatePage(this, tree, offset));
  }

  /** {@linkcode Zswap.invalidate}, stopping wherever others may run. */
  invalidateSteps(type: number, offset: number): Generator<Stop, void> {
    const tree = treeToInvalidate(this, type, offset);
    return this.#counted(
      this.profile.zswap.frontswap === "none"
        ? invalidatePageSteps(this, tree, offset)
        : frontswapInvalidateSteps(this, tree, offset),
    );
  }

  /** Runs the worker, if it was queued (`shrink_worker`). */
  shrinkWork(): void {
    runToEnd(this.shrinkWorkSteps());
  }

  /** {@linkcode Zswap.shrinkWork}, stopping wherever others may run. */
  shrinkWorkSteps(): Generator<Stop, void> {
    return this.#counted(SHRINK_WORK[this.profile.zswap.shrink](this));
  }

  /** Entries that memory pressure could free (`zswap_shrinker_count`, 6.18). */
  shrinkerCount(): number {
    return shrinkerCount(this);
  }

  /** Writes entries back under memory pressure (`zswap_shrinker_scan`, 6.18). */
  shrinkerScan(nrToScan: number): number | "SHRINK_STOP" {
    return runToEnd(this.shrinkerScanSteps(nrToScan));
  }

  /** {@linkcode Zswap.shrinkerScan}, stopping wherever others may run. */
  shrinkerScanSteps(nrToScan: number): Generator<Stop, number | "SHRINK_STOP"> {
    assertWhole("scan zswap", "nrToScan", nrToScan);
    return this.#counted(shrinkerScan(this, nrToScan));
  }

  /** The tree of a swap type; throws where the type is not on. */
  treeOf(type: number): ZswapTree {
    const tree = this.trees.get(type);
    if (tree === undefined) {
      throw new Error(`Cannot use zswap: swap type ${type} is not on`);
    }
    return tree;
  }

  /** The pool for new entries of a tree. */
  poolOf({ pool }: ZswapTree): ZswapPool {
    const chosen = pool ?? this.pools.current;
    if (chosen === undefined) throw new Error("zswap has no pool");
    return chosen;
  }

  /** Leaves shrinking to the worker (`queue_work`). */
  queueShrink(): void {
    runToEnd(this.queueShrinkSteps());
  }

  /** {@linkcode Zswap.queueShrink}, stopping wherever others may run. */
  queueShrinkSteps(): Generator<Stop, void> {
    return QUEUE_SHRINK[this.profile.zswap.shrink](this);
  }

  /** Has a pool changed, and says so where that changes its pages. */
  changePages<Result>({ zpool }: ZswapPool, change: () => Result): Result {
    const before = zpool.totalPages;
    const result = change();
    if (zpool.totalPages !== before) this.locks.touch(POOL_PAGES, true);
    return result;
  }

  /** {@linkcode Zswap.changePages}, under the allocator's lock where that is one. */
  *changePagesSteps<Result>(
    pool: ZswapPool,
    where: string,
    change: () => Result,
  ): Generator<Stop, Result> {
    const { lock } = pool.zpool;
    if (lock !== undefined) yield acquire(lock, where);
    const result = this.changePages(pool, change);
    if (lock !== undefined) yield release(lock, where);
    return result;
  }

  /** Whether the next allocation of an entry fails. */
  failsEntry(): boolean {
    return this.#options.failEntry?.(this.#entryAllocations++) ?? false;
  }

  /** Whether the next allocation of an xarray's node fails. */
  failsNode(): boolean {
    return this.#options.failNode?.(this.#nodeAllocations++) ?? false;
  }

  /** The algorithm that a name is of, which may be its driver's. */
  algorithmOf(name: string): string {
    const drivers = Object.entries(this.profile.zswap.drivers);
    return drivers.find(([, driver]) => driver === name)?.[0] ?? name;
  }

  *#storeSteps(
    tree: ZswapTree,
    offset: number,
    folio: readonly Uint8Array[],
  ): Generator<Stop, StoreOutcome> {
    const { frontswap } = this.profile.zswap;
    if (frontswap === "none") {
      const isStored = yield* storeFolioSteps(this, tree, offset, folio);
      return isStored ? "stored" : "refused";
    }
    if (folio.length !== 1) return "EINVAL";
    const store = FRONTSWAP_STORE_STEPS[frontswap];
    return (yield* store(this, tree, offset, folio[0])) ?? "stored";
  }

  /** Counts an operation as under way from its first step to its last. */
  *#counted<Result>(
    operation: Generator<Stop, Result>,
  ): Generator<Stop, Result> {
    this.underWay++;
    try {
      return yield* operation;
    } finally {
      this.underWay--;
    }
  }

  /** The same of an operation that does not stop. */
  #countedAtOnce<Result>(operation: () => Result): Result {
    this.underWay++;
    try {
      return operation();
    } finally {
      this.underWay--;
    }
  }
}
