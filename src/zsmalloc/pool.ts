/** The allocator: a pool from which objects of any size up to a page are had. */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Gfp } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { assertBytes, assertWhole, refuseType } from "../rules/argument.ts";
import { Lockdep } from "../rules/lockdep.ts";
import { blocked, runToEnd, type Stop, writes } from "../rules/stop.ts";
import { Memory } from "../memory/memory.ts";
import { readSteps, writeSteps } from "./access.ts";
import { type Compacting, compactSteps, notCompacting } from "./compact.ts";
import { COUNT_COMPACTED } from "./count_compacted.ts";
import { freeDeferred } from "./deferred_free.ts";
import { destroy, destroySteps, type LeakedObjects } from "./destroy.ts";
import { free, freeSteps } from "./free.ts";
import { type Geometry, sizeClassIndex, zsGeometry } from "./geometry.ts";
import {
  isolatePage,
  isolateSteps,
  putbackPage,
  putbackSteps,
} from "./isolation.ts";
import { chunkOf, locate, zspageOwning } from "./locate.ts";
import { LocationHandles } from "./location_handles.ts";
import { FREE_WORK, PoolLocks } from "./locks.ts";
import { malloc, mallocSteps } from "./malloc.ts";
import {
  type MapMode,
  type MappedChunk,
  type MappedObject,
  Mappings,
} from "./mapping.ts";
import { migrateIsolatedPage, migratePageSteps } from "./migration.ts";
import { movableOperations } from "./movable_operations.ts";
import { HandleCache, type HandleOptions, type Handles } from "./obj.ts";
import { PageHolds } from "./page_holds.ts";
import { reclaimSteps } from "./reclaim.ts";
import {
  canCompact,
  createSizeClass,
  rememberClass,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import { ZSPAGE_CLASS, Zspages } from "./zspage.ts";

/** What a {@linkcode ZsPool} can be told when it is made. */
export interface ZsPoolOptions extends HandleOptions {
  /** Where the pool takes its frames from. Default: a memory of its own. */
  memory?: Memory;
  /** What it asks for frames with. Default: what the profile's zram does. */
  gfp?: Gfp;
  /** Who is told which thread runs, where several share it. Default: its own. */
  lockdep?: Lockdep;
}

/**
 * A zsmalloc pool. Specifies `struct zs_pool` and its operations,
 * `mm/zsmalloc.c`, in the release and configuration of the profile it is made
 * with.
 *
 * A handle names an object wherever it lies; it is never 0 and stays the same
 * when compaction moves the object. Misuse that Linux leaves undefined throws.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { LINUX_6_18, ZsPool } from "zspec";
 *
 * const pool = new ZsPool(LINUX_6_18);
 * const handle = pool.malloc(10);
 * assert(typeof handle === "number");
 * const bytes = new TextEncoder().encode("compressed");
 * pool.write(handle, bytes);
 * pool.compact();
 * assertEquals(pool.read(handle, new Uint8Array(10)), bytes);
 * pool.free(handle);
 * ```
 */
export class ZsPool {
  /** What kernel the pool is one of. */
  readonly profile: Profile;
  /** The size classes of that kernel. */
  readonly geometry: Geometry;
  /** The size classes that exist, from the smallest to the largest. */
  readonly classes: readonly SizeClass[];
  /** The pool's zspages. */
  readonly zspages: Zspages;
  /** The pool's handles. */
  readonly handles: Handles;
  /** The objects that are mapped. */
  readonly mappings: Mappings;
  /** The frames that are locked or isolated, and what that is in the way of. */
  readonly holds: PageHolds = new PageHolds();
  /** The pool's locks. */
  readonly locks: PoolLocks;
  /** Frames that the pool's zspages have (`zs_get_total_pages`, since 3.17). */
  pagesAllocated = 0;
  /** Frames that the pool's zspages have had so far, given back or not. */
  pagesTaken = 0;
  /** Frames that compaction has freed so far (`zs_pool_stats`). */
  pagesCompacted = 0;
  /** Objects that compaction has moved so far (`num_migrated`, 4.1). */
  objectsMigrated = 0;

  /** Handles of objects that went while their zspage was written back. */
  readonly deferredHandles: Map<number, number[]> = new Map();
  /** Whether a worker may have freed a zspage so far. */
  hasDeferred = false;
  /** Whether the pool was destroyed. */
  isDestroyed = false;
  /** Workers that are at it: one at most. */
  #workers = 0;

  readonly #compacting: Compacting = notCompacting();
  /** For each class index, merged ones too, the class that serves it. */
  readonly #classOf: readonly SizeClass[];

  /**
   * An empty pool. Specifies `zs_create_pool`. Throws a RangeError where the
   * profile is one that Linux cannot be built with, or the memory has another
   * page size.
   */
  constructor(profile: Profile, options: ZsPoolOptions = {}) {
    assertProfile("make a pool", profile);
    const { pageSize } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.profile = profile;
    this.locks = new PoolLocks(profile, options.lockdep ?? new Lockdep());
    this.geometry = zsGeometry(profile);
    const { classes, classOf, objIndexBits } = this.geometry;
    const ofCount = new Map<number, SizeClass>();
    this.classes = classes.map((geometry) => {
      const { objectsPerZspage } = geometry;
      const like = ofCount.get(objectsPerZspage);
      const one = createSizeClass(geometry, profile.fullness, like);
      ofCount.set(objectsPerZspage, one);
      return one;
    });
    const byIndex = new Map(this.classes.map((one) => [one.index, one]));
    this.#classOf = classOf.map(({ index }) => {
      const sizeClass = byIndex.get(index);
      if (sizeClass === undefined) throw new Error(`no class ${index}`);
      return sizeClass;
    });
    const { gfp = profile.zram.gfp } = options;
    this.zspages = new Zspages(memory, profile, this.geometry, gfp);
    if (profile.movable && memory.buddy !== undefined) {
      this.zspages.owner = memory.registerMovable(movableOperations(this));
    }
    const { locations, indexing } = this.zspages;
    this.handles = profile.objects.handle === "cell"
      ? new HandleCache(locations, indexing, options)
      : new LocationHandles(
        objIndexBits,
        indexing,
        profile.objects.firstIndex,
      );
    this.mappings = new Mappings(profile, this.zspages);
  }

  /** The frames below. */
  get memory(): Memory {
    return this.zspages.memory;
  }

  /** Bytes from which on an object gets a page of its own (`zs_huge_class_size`). */
  get hugeClassSize(): number {
    return this.geometry.hugeClassSize;
  }

  /**
   * The index of the class that an object of `size` bytes is told to be in.
   * From 6.2 to 7.1 the handle in front of it is not counted, so that it may be
   * the class below; 6.12.118 and 7.2 count it. Specifies
   * `zs_lookup_class_index`, since 6.2.
   */
  lookupClassIndex(size: number): number {
    assertWhole("look up a class", "size", size);
    const { profile, geometry } = this;
    const chunk = profile.classLookup === "chunk"
      ? size + geometry.handleSize
      : size;
    return this.#classOf[sizeClassIndex(geometry, chunk)].index;
  }

  /** The class that holds objects of `size` bytes, from 1 to the page size. */
  classFor(size: number): SizeClass {
    assertWhole("look up a class", "size", size, 1, this.geometry.pageSize);
    return this.#classFor(size);
  }

  /** The class of that index. */
  classAt(index: number): SizeClass {
    const last = this.#classOf.length - 1;
    assertWhole("look up a class", "index", index, 0, last);
    return this.#classOf[index];
  }

  /** The class of a zspage (`zspage_class`). */
  classOfZspage(zspage: number): SizeClass {
    return this.#classOf[this.zspages.get(zspage, ZSPAGE_CLASS)] ??
      refuseType("look up a class", "zspage", zspage, "one of the pool");
  }

  /**
   * Allocates an object of `size` bytes and returns its handle. EINVAL for a
   * size of 0; EINVAL (6.1) or ENOSPC (since 6.2) for one above the page size;
   * ENOMEM where no handle or no frames can be had, the pool being as it was.
   * Up to 5.18 it answers 0 to each of these: here, ENOMEM, and with
   * {@linkcode LOCATION_HANDLES_FROM_0} where the object's handle is 0, which is
   * lost then. Throws a RangeError for what is no size. Specifies `zs_malloc`.
   */
  malloc(size: number): number | Errno {
    const refused = this.#refusal(size);
    if (refused !== undefined) return refused;
    if (this.isDestroyed) {
      throw new Error("Cannot malloc: the pool is destroyed");
    }
    return malloc(this, this.#classFor(size));
  }

  /**
   * Writes the zspage of a frame back, stopping where others may run: `evict` is
   * told each of its objects. False where there is none to write back. Specifies
   * `zs_reclaim_page`, 6.2 to 6.6.
   */
  reclaimSteps(
    pfn: number,
    evict: (handle: number) => Generator<Stop, void>,
  ): Generator<Stop, boolean> {
    return reclaimSteps(this, pfn, evict);
  }

  /** {@linkcode ZsPool.malloc}, stopping where others may run. */
  *mallocSteps(size: number): Generator<Stop, number | Errno> {
    return this.#refusal(size) ??
      (yield* mallocSteps(this, this.#classFor(size)));
  }

  /**
   * Frees an object and its handle. Throws where it is mapped, or not there.
   * The last object's zspage is freed with it, or later where one of its frames
   * is locked or, up to 5.18, isolated. Specifies `zs_free`.
   */
  free(handle: number): void {
    free(this, handle);
  }

  /** {@linkcode ZsPool.free}, stopping where others may run. */
  freeSteps(handle: number): Generator<Stop, void> {
    return freeSteps(this, handle);
  }

  /**
   * Copies `data` to the start of an object. Specifies `zs_obj_write`, since
   * 6.16; before, `zs_map_object` to write and `zs_unmap_object`.
   */
  write(handle: number, data: Uint8Array): void {
    assertBytes("write", "data", data);
    const offset = locate(this, handle, data.length, "write");
    this.zspages.writeBytes(this.handles.pfnOf(handle), offset, data);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it.
   * Specifies `zs_obj_read_begin`, since 6.16; before, `zs_map_object` to read.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    assertBytes("read", "into", into);
    const offset = locate(this, handle, into.length, "read");
    this.zspages.readBytes(this.handles.pfnOf(handle), offset, into);
    return into;
  }

  /** {@linkcode ZsPool.write}, stopping where others may run. */
  writeSteps(handle: number, data: Uint8Array): Generator<Stop, void> {
    assertBytes("write", "data", data);
    return writeSteps(this, handle, data);
  }

  /** {@linkcode ZsPool.read}, stopping where others may run. */
  readSteps(handle: number, into: Uint8Array): Generator<Stop, Uint8Array> {
    assertBytes("read", "into", into);
    return readSteps(this, handle, into);
  }

  /**
   * Maps an object on a CPU, by number, until it is unmapped. Up to 6.15 a CPU
   * maps one object at a time; since 6.16 an object is mapped to be read alone,
   * and since 7.1 as many bytes of it as are asked for: by default all that its
   * chunk holds. Throws where the kernel could not go on. Specifies `zs_map_object`, up to
   * 6.15, and `zs_obj_read_begin`.
   *
   * @example What is written to an object mapped to read is lost, or not
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { LINUX_6_1, ZsPool } from "zspec";
   *
   * const pool = new ZsPool(LINUX_6_1);
   * const kept = [1, 2, 3].map(() => {
   *   const handle = Number(pool.malloc(1500));
   *   const object = pool.map(handle, "read-only");
   *   object.write(Uint8Array.of(42));
   *   pool.unmap(object);
   *   return pool.read(handle, new Uint8Array(1))[0] === 42;
   * });
   * // The third object crosses frames: what was written to was its copy.
   * assertEquals(kept, [true, true, false]);
   * ```
   */
  map(
    handle: number,
    mode: MapMode,
    cpu = 0,
    length?: number,
  ): MappedObject {
    assertWhole("map", "cpu", cpu);
    const chunk = this.chunkOf(handle, "map");
    const most = chunk.size - chunk.header;
    const { readSpan } = this.profile;
    if (length !== undefined) assertWhole("map", "length", length, 0, most);
    const asked = readSpan === "bytes-read" ? length ?? most : most;
    return this.mappings.map(chunk, mode, cpu, asked);
  }

  /** Ends a mapping (`zs_unmap_object`, `zs_obj_read_end`). */
  unmap(object: MappedObject): void {
    this.mappings.unmap(object);
  }

  /**
   * Compacts every class from the largest to the smallest and returns the
   * number of pages freed: 0 in 3.12, where nothing can move, and since 6.7
   * (6.1.192) where another compaction of the pool is under way. Throws where it
   * would wait for a mapped object. Specifies `zs_compact`, since 4.1.
   */
  compact(): number {
    return runToEnd(this.compactSteps());
  }

  /**
   * {@linkcode ZsPool.compact}, stopping wherever the kernel drops its lock.
   * What `isContended` answers, it is told where the kernel asks whether
   * somebody else wants the lock: by default nobody does.
   */
  compactSteps(isContended?: () => boolean): Generator<Stop, number> {
    return compactSteps(this, this.#compacting, isContended);
  }

  /** Pages are freed by compaction: what of it is counted at once. */
  countCompacted(pages: number): Generator<Stop, void> {
    return COUNT_COMPACTED[this.profile.compactedCounted].count(this, pages);
  }

  /** Whether somebody else wants the lock that a compaction holds. */
  isContended(): boolean {
    return this.#compacting.isContended();
  }

  /** Pages that compaction could free now, where memory pressure asks (`zs_shrinker_count`). */
  shrinkerCount(): number {
    if (!this.profile.shrinker) return 0;
    return this.classes.reduce((pages, one) => pages + canCompact(one), 0);
  }

  /**
   * Compacts as memory pressure does: the pages freed, or `stop` where none
   * could be (SHRINK_STOP), or another compaction is under way. Specifies `zs_shrinker_scan`, since 4.3.
   */
  shrinkerScan(): number | "stop" {
    if (!this.profile.shrinker) return "stop";
    return this.compact() || "stop";
  }

  /**
   * Replaces a frame of the pool by another and returns that one's number:
   * EBUSY where it cannot be isolated, as up to 4.7, ENOMEM where there is none,
   * EINVAL (since 6.15) or EBUSY (since 7.1) where an object of its zspage is
   * mapped. Throws where it would wait for that. Specifies `zs_page_isolate`,
   * `zs_page_migrate` and `zs_page_putback`, since 4.8.
   */
  migratePage(pfn: number): number | Errno {
    zspageOwning(this, pfn, "migrate");
    return runToEnd(this.migratePageSteps(pfn));
  }

  /** {@linkcode ZsPool.migratePage}, stopping where the kernel waits. */
  migratePageSteps(pfn: number): Generator<Stop, number | Errno> {
    return migratePageSteps(this, pfn);
  }

  /**
   * Isolates a frame of the pool, to be migrated or put back: false where that
   * is refused. Up to 5.18 its zspage leaves its list, takes no object and is
   * not freed until then; since 5.19 it may even be freed. Specifies
   * `isolate_movable_page` and `zs_page_isolate`, since 4.8.
   */
  isolatePage(pfn: number): boolean {
    return isolatePage(this, pfn, zspageOwning(this, pfn, "migrate"));
  }

  /** {@linkcode ZsPool.isolatePage}, stopping where others may run. */
  isolateSteps(pfn: number): Generator<Stop, boolean> {
    return isolateSteps(this, pfn);
  }

  /**
   * Migrates a frame that is isolated, and ends that: the new frame's number, or
   * `NO_PAGE` where its zspage was freed meanwhile; or an errno, and it stays
   * isolated. Throws where it would wait.
   */
  migrateIsolated(pfn: number): number | Errno {
    if (!this.holds.isIsolated(pfn)) {
      throw new Error(`Cannot migrate page ${pfn}: it is not isolated`);
    }
    return runToEnd(migrateIsolatedPage(this, pfn));
  }

  /** {@linkcode ZsPool.migrateIsolated}, stopping where others may run. */
  migrateIsolatedSteps(pfn: number): Generator<Stop, number | Errno> {
    return migrateIsolatedPage(this, pfn);
  }

  /** Puts a frame back that is isolated. Specifies `zs_page_putback`. */
  putbackPage(pfn: number): void {
    putbackPage(this, pfn);
  }

  /** {@linkcode ZsPool.putbackPage}, stopping where others may run. */
  putbackSteps(pfn: number): Generator<Stop, void> {
    return putbackSteps(this, pfn);
  }

  /**
   * Locks a frame of the pool, as whoever looks at it does, for as long as it is
   * not unlocked: false where it is locked. Its zspage is not freed meanwhile.
   */
  lockPage(pfn: number): boolean {
    zspageOwning(this, pfn, "lock");
    return this.holds.lock(pfn);
  }

  /** Unlocks a frame. */
  unlockPage(pfn: number): void {
    this.holds.unlock(pfn);
  }

  /**
   * Frees the zspages that could not be freed when their last object went, and
   * returns their pages: the kernel's worker does so soon. Throws where it would
   * wait for a locked frame. Specifies `async_free_zspage`, since 4.8.
   */
  freeDeferred(): number {
    return runToEnd(this.freeDeferredSteps());
  }

  /** {@linkcode ZsPool.freeDeferred}, stopping where the kernel waits. */
  *freeDeferredSteps(): Generator<Stop, number> {
    this.#workers++;
    try {
      this.hasDeferred = true;
      return yield* freeDeferred(this);
    } finally {
      this.#workers--;
      this.locks.touchWork();
    }
  }

  /** The worker that frees empty zspages is to run (`kick_deferred_free`). */
  kickDeferredFree(): void {
    this.holds.freeWork = true;
    this.locks.touchWork();
  }

  /**
   * The worker, where it was kicked; whoever comes while it runs waits.
   * Specifies `flush_work` of the pool's work.
   */
  *flushWorkSteps(): Generator<Stop, number> {
    yield writes(FREE_WORK, "flush_work, kernel/workqueue.c");
    while (this.#workers > 0) yield blocked("flush_work: the worker runs");
    return this.holds.freeWork ? yield* this.freeDeferredSteps() : 0;
  }

  /**
   * {@linkcode ZsPool.destroy}, stopping where others may run: since 5.19 no
   * isolated frame is waited for.
   */
  destroySteps(): Generator<Stop, readonly LeakedObjects[]> {
    return destroySteps(this);
  }

  /**
   * Ends the pool and reports what was still allocated, which is lost with its
   * frames, as in Linux. Empty zspages are freed first. Throws where the kernel
   * would wait, up to 5.18 for isolated frames too, and where since then one
   * would lose its pool. Specifies `zs_destroy_pool`, `zs_unregister_migration`
   * and `zs_flush_migration`.
   */
  destroy(): readonly LeakedObjects[] {
    return destroy(this);
  }

  /** Takes an empty zspage off its list and out of its class's counts. */
  uncountZspage(sizeClass: SizeClass, zspage: number): void {
    removeZspage(this.zspages, sizeClass, zspage);
    sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  }

  /**
   * Ends a zspage that its class counts no more. Its frames are given back by
   * {@linkcode ZsPool.giveBackPage}, once nobody here holds them.
   */
  endZspage(sizeClass: SizeClass, zspage: number): readonly number[] {
    this.pagesAllocated -= sizeClass.pagesPerZspage;
    return this.zspages.free(zspage);
  }

  /** Gives a frame back that is of no zspage; an isolated one stays its holder's. */
  giveBackPage(pfn: number): void {
    if (this.holds.isIsolated(pfn)) this.holds.lose(pfn);
    else this.memory.freePage(pfn);
  }

  /**
   * What brings the pool and its memory back to what they are now, that nobody
   * uses it and nothing is mapped; who explores what can become of it does so
   * again and again.
   */
  remember(): () => void {
    const parts = [this.memory, this.zspages, this.handles, this.holds]
      .map((part) => part.remember());
    const classes = this.classes.map(rememberClass);
    const { pagesAllocated, pagesTaken, pagesCompacted } = this;
    const { objectsMigrated, hasDeferred, isDestroyed } = this;
    return () => {
      for (const restore of parts) restore();
      for (const restore of classes) restore();
      this.locks.forgetHolders();
      this.mappings.forgetPins();
      this.deferredHandles.clear();
      this.pagesAllocated = pagesAllocated;
      this.pagesTaken = pagesTaken;
      this.pagesCompacted = pagesCompacted;
      this.objectsMigrated = objectsMigrated;
      this.hasDeferred = hasDeferred;
      this.isDestroyed = isDestroyed;
      this.#workers = 0;
      Object.assign(this.#compacting, notCompacting());
    };
  }

  /** What a malloc answers to a size that is refused. */
  #refusal(size: number): Errno | undefined {
    if (typeof size !== "number" || size !== size >>> 0) {
      assertWhole("allocate", "size", size);
    }
    if (size === 0) return this.profile.zeroSize;
    if (size > this.geometry.pageSize) return this.profile.tooLarge;
    return undefined;
  }

  /** {@linkcode ZsPool.classFor}, of what is known to be a size. */
  #classFor(size: number): SizeClass {
    const withHandle = size + this.geometry.handleSize;
    return this.#classOf[sizeClassIndex(this.geometry, withHandle)];
  }

  /** Where the chunk of a live handle lies; `verb` is for its refusal. */
  chunkOf(handle: number, verb: string): MappedChunk {
    return chunkOf(this, handle, verb);
  }
}
