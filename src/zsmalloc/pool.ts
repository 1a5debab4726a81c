/** The allocator: a pool from which objects of any size up to a page are had. */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Gfp } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import {
  assertBytes,
  assertWhole,
  named,
  refuseType,
} from "../rules/argument.ts";
import { Lockdep } from "../rules/lockdep.ts";
import { blocked, runToEnd, type Stop, writes } from "../rules/stop.ts";
import {
  Memory,
  PAGE_FLAGS,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
} from "../memory/memory.ts";
import { readSteps, writeSteps } from "./access.ts";
import { COMPACT_CLASS, type CompactClass } from "./compact_class.ts";
import { COUNT_COMPACTED } from "./count_compacted.ts";
import { type Geometry, sizeClassIndex, zsGeometry } from "./geometry.ts";
import { LocationHandles } from "./location_handles.ts";
import {
  type MapMode,
  type MappedChunk,
  type MappedObject,
  Mappings,
} from "./mapping.ts";
import {
  isolatePage,
  isolateSteps,
  putbackPage,
  putbackSteps,
} from "./isolation.ts";
import { FREE_WORK, PoolLocks } from "./locks.ts";
import {
  handleOr,
  mallocInNew,
  mallocListed,
  mallocSteps,
  NO_HANDLE,
  NO_ROOM,
} from "./malloc.ts";
import { migrateIsolatedPage } from "./migration.ts";
import { movableOperations } from "./movable_operations.ts";
import { freeDeferred } from "./deferred_free.ts";
import { freeSteps } from "./free.ts";
import { PageHolds } from "./page_holds.ts";
import { HandleCache, type HandleOptions, type Handles } from "./obj.ts";
import { chunksState, reclaimSteps } from "./reclaim.ts";
import {
  canCompact,
  createSizeClass,
  fixFullnessGroup,
  fullnessGroup,
  GROUP_EMPTY,
  rememberClass,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_CLASS,
  ZSPAGE_FULLNESS,
  ZSPAGE_HUGE,
  ZSPAGE_STRIDE,
  Zspages,
} from "./zspage.ts";

/** What a {@linkcode ZsPool} can be told when it is made. */
export interface ZsPoolOptions extends HandleOptions {
  /** Where the pool takes its frames from. Default: a memory of its own. */
  memory?: Memory;
  /** What it asks for frames with. Default: what the profile's zram does. */
  gfp?: Gfp;
  /** Who is told which thread runs, where several share it. Default: its own. */
  lockdep?: Lockdep;
}

/** Objects of one class that a destroyed pool still held. */
export interface LeakedObjects {
  /** Bytes per chunk of the class. */
  readonly size: number;
  /** Zspages that were left. */
  readonly zspages: number;
  /** Objects in them. */
  readonly objects: number;
}

const IN_PROGRESS = "pool->compaction_in_progress";

/**
 * Compacts every class, from the largest to the smallest: the pages freed. Whom
 * nobody watches takes no lock of a class without zspages.
 */
function* compactEvery(
  pool: ZsPool,
  compactClass: CompactClass,
): Generator<Stop, number> {
  let pagesFreed = 0;
  for (let nth = pool.classes.length - 1; nth >= 0; nth--) {
    const sizeClass = pool.classes[nth];
    if (sizeClass.objsAllocated === 0 && !pool.locks.isWatched) continue;
    pagesFreed += yield* compactClass(pool, sizeClass);
  }
  return pagesFreed;
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

  /** Compactions that are in progress. */
  #compactions = 0;
  #isContended: () => boolean = () => false;
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
    const cell = this.handles.alloc();
    if (cell === NO_HANDLE) return "ENOMEM";
    const sizeClass = this.#classFor(size);
    const handle = mallocListed(this, sizeClass, cell);
    if (handle !== NO_ROOM) return handleOr("ENOMEM", handle);
    const zspage = this.zspages.alloc(sizeClass);
    if (zspage !== NO_ZSPAGE) {
      return handleOr("ENOMEM", mallocInNew(this, sizeClass, zspage, cell));
    }
    this.handles.free(cell);
    return "ENOMEM";
  }

  /**
   * Writes the zspage of a frame back, stopping where others may run: `evict` is
   * told each of its objects. False where there is none to write back. Specifies
   * `zs_reclaim_page`, 6.2 to 6.6.
   */
  *reclaimSteps(
    pfn: number,
    evict: (handle: number) => Generator<Stop, void>,
  ): Generator<Stop, boolean> {
    const zspage = this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    if (!this.zspages.isLive(zspage)) return false;
    const sizeClass = this.classOfZspage(zspage);
    return yield* reclaimSteps(this, zspage, sizeClass, evict);
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
    this.#assertFreeable(handle);
    const zspage = this.takeObject(handle);
    if (zspage !== NO_ZSPAGE) {
      this.freeZspage(this.classOfZspage(zspage), zspage);
    }
    this.handles.free(handle);
  }

  /** {@linkcode ZsPool.free}, stopping where others may run. */
  freeSteps(handle: number): Generator<Stop, void> {
    this.#assertFreeable(handle);
    return freeSteps(this, handle);
  }

  /**
   * Takes an object out of its zspage, and answers that one where it was the
   * last and the zspage is to be freed: the handle is left.
   */
  takeObject(handle: number): number {
    const { zspages, handles, holds, locks } = this;
    const pfn = handles.pfnOf(handle);
    const zspage = zspages.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    const sizeClass = this.classOfZspage(zspage);
    if (locks.isWatched) {
      locks.assertCovered(sizeClass, "obj_free, mm/zsmalloc.c");
      locks.touchFullness(zspage);
      locks.touchObject(handle);
    }
    const objIndex = handles.objIndexOf(handle, sizeClass.size);
    zspages.objFree(pfn, objIndex, sizeClass.size);
    sizeClass.objsUsed--;
    const off = holds.offLists.get(zspage);
    if (off !== undefined) {
      if (off === "under-reclaim") locks.touch(chunksState(zspage));
      // fix_fullness_group tells the group alone; who took it off puts it back.
      const group = fullnessGroup(zspages, sizeClass, zspage);
      zspages.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FULLNESS] = group;
      return NO_ZSPAGE;
    }
    const group = fixFullnessGroup(zspages, sizeClass, zspage);
    return group === GROUP_EMPTY ? zspage : NO_ZSPAGE;
  }

  /**
   * Copies `data` to the start of an object. Specifies `zs_obj_write`, since
   * 6.16; before, `zs_map_object` to write and `zs_unmap_object`.
   */
  write(handle: number, data: Uint8Array): void {
    assertBytes("write", "data", data);
    const offset = this.#locate(handle, data.length, "write");
    this.zspages.writeBytes(this.handles.pfnOf(handle), offset, data);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it.
   * Specifies `zs_obj_read_begin`, since 6.16; before, `zs_map_object` to read.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    assertBytes("read", "into", into);
    const offset = this.#locate(handle, into.length, "read");
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
  *compactSteps(
    isContended: () => boolean = () => false,
  ): Generator<Stop, number> {
    const { compaction, compactions } = this.profile;
    if (compactions === "one") {
      yield writes(IN_PROGRESS, "zs_compact, mm/zsmalloc.c");
      if (this.#compactions > 0) return 0;
    }
    const compactClass = COMPACT_CLASS[compaction];
    const others = this.#isContended;
    this.#isContended = isContended;
    this.#compactions++;
    try {
      return yield* COUNT_COMPACTED[this.profile.compactedCounted].compact(
        this,
        compactEvery(this, compactClass),
      );
    } finally {
      this.#compactions--;
      this.#isContended = others;
      if (compactions === "one") this.locks.lockdep.touch(IN_PROGRESS, true);
    }
  }

  /** Pages are freed by compaction: what of it is counted at once. */
  countCompacted(pages: number): Generator<Stop, void> {
    return COUNT_COMPACTED[this.profile.compactedCounted].count(this, pages);
  }

  /** Whether somebody else wants the lock that a compaction holds. */
  isContended(): boolean {
    return this.#isContended();
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
    this.#zspageOf(pfn, "migrate");
    return runToEnd(this.migratePageSteps(pfn));
  }

  /** {@linkcode ZsPool.migratePage}, stopping where the kernel waits. */
  *migratePageSteps(pfn: number): Generator<Stop, number | Errno> {
    if (!(yield* isolateSteps(this, pfn))) return "EBUSY";
    let isOver = false;
    try {
      const to = yield* migrateIsolatedPage(this, pfn, true);
      isOver = true;
      return to;
    } finally {
      if (!isOver) putbackPage(this, pfn);
    }
  }

  /**
   * Isolates a frame of the pool, to be migrated or put back: false where that
   * is refused. Up to 5.18 its zspage leaves its list, takes no object and is
   * not freed until then; since 5.19 it may even be freed. Specifies
   * `isolate_movable_page` and `zs_page_isolate`, since 4.8.
   */
  isolatePage(pfn: number): boolean {
    const zspage = this.#zspageOf(pfn, "migrate");
    return isolatePage(this, pfn, zspage);
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
    this.#zspageOf(pfn, "lock");
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
  *destroySteps(): Generator<Stop, readonly LeakedObjects[]> {
    yield writes("pool->destroying", "zs_destroy_pool, mm/zsmalloc.c");
    if (this.profile.destroyAwaits === "isolated-pages") {
      while (this.holds.isolatedPages > 0) {
        yield blocked("zs_unregister_migration: waits for an isolated page");
      }
    }
    yield* this.flushWorkSteps();
    yield "zs_destroy_pool: kfree(pool)";
    return this.#end();
  }

  /**
   * Ends the pool and reports what was still allocated, which is lost with its
   * frames, as in Linux. Empty zspages are freed first. Throws where the kernel
   * would wait, up to 5.18 for isolated frames too, and where since then one
   * would lose its pool. Specifies `zs_destroy_pool`, `zs_unregister_migration`
   * and `zs_flush_migration`.
   */
  destroy(): readonly LeakedObjects[] {
    if (this.mappings.count > 0) {
      throw new Error("Cannot destroy the pool: an object is mapped");
    }
    if (this.holds.isolatedPages > 0) {
      throw new Error(
        "Cannot destroy the pool: zs_unregister_migration waits for an isolated page, or nobody does",
      );
    }
    this.freeDeferred();
    return this.#end();
  }

  /** The pool is there no more: what it still held. */
  #end(): readonly LeakedObjects[] {
    this.isDestroyed = true;
    return this.classes
      .filter(({ objsAllocated }) => objsAllocated > 0)
      .map(({ size, objsAllocated, objectsPerZspage, objsUsed }) => ({
        size,
        zspages: objsAllocated / objectsPerZspage,
        objects: objsUsed,
      }));
  }

  /**
   * Frees an empty zspage; the worker does so later where one of its frames is
   * locked (`free_zspage`).
   */
  freeZspage(sizeClass: SizeClass, zspage: number): void {
    if (!this.#isUnlocked(zspage)) return;
    this.uncountZspage(sizeClass, zspage);
    for (const pfn of this.endZspage(sizeClass, zspage)) {
      this.giveBackPage(pfn);
    }
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

  /** Whether no frame of a zspage is locked; else the worker is to free it. */
  #isUnlocked(zspage: number): boolean {
    const { holds, zspages } = this;
    if (holds.count === 0) return true;
    const isLocked = zspages.pagesOf(zspage).some((pfn) => holds.isLocked(pfn));
    if (isLocked) this.kickDeferredFree();
    return !isLocked;
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
      this.#compactions = this.#workers = 0;
      this.#isContended = () => false;
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

  #assertFreeable(handle: number): void {
    this.#assertLive(handle, "free");
    if (this.mappings.isMapped(handle)) {
      throw new Error(`Cannot free: handle ${handle} is mapped`);
    }
  }

  /** {@linkcode ZsPool.classFor}, of what is known to be a size. */
  #classFor(size: number): SizeClass {
    const withHandle = size + this.geometry.handleSize;
    return this.#classOf[sizeClassIndex(this.geometry, withHandle)];
  }

  /** Where the chunk of a live handle lies; `verb` is for its refusal. */
  chunkOf(handle: number, verb: string): MappedChunk {
    const offset = this.#locate(handle, 0, verb);
    const pfn = this.handles.pfnOf(handle);
    const { memory, headerBytes } = this.zspages;
    const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    const isHuge = this.zspages.get(zspage, ZSPAGE_HUGE) === 1;
    const header = isHuge ? 0 : headerBytes;
    const { size } = this.classOfZspage(zspage);
    return { handle, zspage, pfn, offset: offset - header, size, header };
  }

  /** Offset into its frame of the bytes of a live object that holds `length`. */
  #locate(handle: number, length: number, verb: string): number {
    this.#assertLive(handle, verb);
    const { memory, fields, headerBytes } = this.zspages;
    const pfn = this.handles.pfnOf(handle);
    const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    const { size } = this.classOfZspage(zspage);
    const huge = fields[zspage * ZSPAGE_STRIDE + ZSPAGE_HUGE] === 1;
    const header = huge ? 0 : headerBytes;
    if (length > size - header) {
      throw new RangeError(
        `Cannot ${verb} ${length} bytes: the object of handle ${handle} holds ${
          size - header
        }`,
      );
    }
    const start = this.handles.objIndexOf(handle, size) * size;
    return (start & (memory.pageSize - 1)) + header;
  }

  #assertLive(handle: number, verb: string): void {
    const isNumber = typeof handle === "number";
    if (this.isDestroyed || !isNumber || !this.handles.isLive(handle)) {
      throw new Error(
        `Cannot ${verb}: handle ${named(handle)} names no object of this pool`,
      );
    }
  }

  /** The zspage of a frame of this pool. */
  #zspageOf(pfn: number, verb: string): number {
    assertWhole(`${verb} a page`, "pfn", pfn);
    const { page } = this.memory;
    const flags = page[pfn * PAGE_STRIDE + PAGE_FLAGS] ?? 0;
    const zspage = page[pfn * PAGE_STRIDE + PAGE_PRIVATE] ?? NO_ZSPAGE;
    const isOwn = (flags & PG_ALLOCATED) !== 0 && this.zspages.isLive(zspage) &&
      this.zspages.pagesOf(zspage).includes(pfn);
    if (isOwn) return zspage;
    throw new Error(`Cannot ${verb} page ${pfn}: it is not of this pool`);
  }
}
