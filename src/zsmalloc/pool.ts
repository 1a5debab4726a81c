/** The allocator: a pool from which objects of any size up to a page are had. */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { runToEnd, type Wait } from "../rules/wait.ts";
import { Memory, PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { COMPACT_CLASS } from "./compaction.ts";
import { type Geometry, sizeClassIndex, zsGeometry } from "./geometry.ts";
import { HandleCache, type HandleCacheOptions } from "./obj.ts";
import {
  canCompact,
  createSizeClass,
  findGetZspage,
  fixFullnessGroup,
  fullnessGroup,
  GROUP_EMPTY,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_CLASS,
  ZSPAGE_HUGE,
  ZSPAGE_STRIDE,
  Zspages,
} from "./zspage.ts";

/** What a {@linkcode ZsPool} can be told when it is made. */
export interface ZsPoolOptions extends HandleCacheOptions {
  /** Where the pool takes its frames from. Default: a memory of its own. */
  memory?: Memory;
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
  readonly handles: HandleCache;
  /** Frames that the pool's zspages have (`zs_get_total_pages`). */
  pagesAllocated = 0;
  /** Frames that compaction has freed so far (`zs_pool_stats`). */
  pagesCompacted = 0;

  /** For each class index, merged ones too, the class that serves it. */
  readonly #classOf: readonly SizeClass[];

  /**
   * An empty pool. Specifies `zs_create_pool`. Throws a RangeError where the
   * profile is one that Linux cannot be built with, or the memory has another
   * page size.
   */
  constructor(profile: Profile, options: ZsPoolOptions = {}) {
    const { pageSize, wordBits, objTagBits } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.profile = profile;
    this.geometry = zsGeometry(profile);
    const { classes, classOf, objIndexBits } = this.geometry;
    this.classes = classes.map((geometry) =>
      createSizeClass(geometry, profile.fullness)
    );
    const byIndex = new Map(this.classes.map((one) => [one.index, one]));
    this.#classOf = classOf.map(({ index }) => {
      const sizeClass = byIndex.get(index);
      if (sizeClass === undefined) throw new Error(`no class ${index}`);
      return sizeClass;
    });
    const endPfn = 2 ** (wordBits - objIndexBits - objTagBits);
    this.zspages = new Zspages(memory, wordBits, endPfn);
    this.handles = new HandleCache(
      wordBits,
      objIndexBits,
      objTagBits,
      options,
    );
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
   * The class that holds objects of `size` bytes, from 1 to the page size.
   * Specifies `zs_lookup_class_index`, since 6.2.
   */
  classFor(size: number): SizeClass {
    const withHandle = size + this.geometry.handleSize;
    return this.#classOf[sizeClassIndex(this.geometry, withHandle)];
  }

  /** The class of a zspage (`zspage_class`). */
  classOfZspage(zspage: number): SizeClass {
    return this.#classOf[this.zspages.get(zspage, ZSPAGE_CLASS)];
  }

  /**
   * Allocates an object of `size` bytes and returns its handle. EINVAL for a
   * size of 0; EINVAL (6.1) or ENOSPC (since 6.2) for one above the page size;
   * ENOMEM where no handle or no frames can be had, the pool being as it was.
   * Specifies `zs_malloc`.
   */
  malloc(size: number): number | Errno {
    if (size === 0) return "EINVAL";
    if (size > this.geometry.pageSize) return this.profile.tooLarge;
    const handle = this.handles.alloc();
    if (handle === 0) return "ENOMEM";
    const sizeClass = this.classFor(size);
    const zspage = findGetZspage(sizeClass);
    if (zspage !== NO_ZSPAGE) {
      this.#mallocIn(sizeClass, zspage, handle);
      fixFullnessGroup(this.zspages, sizeClass, zspage);
      return handle;
    }
    return runToEnd(this.#mallocInNewZspage(sizeClass, handle));
  }

  /** Frees an object and its handle. Specifies `zs_free`. */
  free(handle: number): void {
    this.#assertLive(handle, "free");
    const { zspages, handles } = this;
    const pfn = handles.pfnOf(handle);
    const objIndex = handles.objIndexOf(handle);
    const zspage = zspages.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    const sizeClass = this.classOfZspage(zspage);
    zspages.objFree(pfn, objIndex, sizeClass.size);
    sizeClass.objsUsed--;
    const group = fixFullnessGroup(zspages, sizeClass, zspage);
    if (group === GROUP_EMPTY) this.freeZspage(sizeClass, zspage);
    handles.free(handle);
  }

  /**
   * Copies `data` to the start of an object. Specifies `zs_obj_write`, since
   * 6.16; before, `zs_map_object` to write and `zs_unmap_object`.
   */
  write(handle: number, data: Uint8Array): void {
    const offset = this.#locate(handle, data.length, "write");
    this.zspages.writeBytes(this.handles.pfnOf(handle), offset, data);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it.
   * Specifies `zs_obj_read_begin`, since 6.16; before, `zs_map_object` to read.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    const offset = this.#locate(handle, into.length, "read");
    this.zspages.readBytes(this.handles.pfnOf(handle), offset, into);
    return into;
  }

  /**
   * Compacts every class from the largest to the smallest and returns the
   * number of pages freed. Specifies `zs_compact`.
   */
  compact(): number {
    return runToEnd(this.compactSteps());
  }

  /** {@linkcode ZsPool.compact}, stopping wherever the kernel drops its lock. */
  *compactSteps(): Generator<Wait, number> {
    const compactClass = COMPACT_CLASS[this.profile.compaction];
    let pagesFreed = 0;
    for (let nth = this.classes.length - 1; nth >= 0; nth--) {
      pagesFreed += yield* compactClass(this, this.classes[nth]);
    }
    this.pagesCompacted += pagesFreed;
    return pagesFreed;
  }

  /** Pages that compaction could free now (`zs_shrinker_count`). */
  pagesToCompact(): number {
    return this.classes.reduce((pages, one) => pages + canCompact(one), 0);
  }

  /** Frees an empty zspage that is on its class's list (`free_zspage`). */
  freeZspage(sizeClass: SizeClass, zspage: number): void {
    removeZspage(this.zspages, sizeClass, zspage);
    this.zspages.free(zspage);
    sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
    this.pagesAllocated -= sizeClass.pagesPerZspage;
  }

  /** Puts the object of `handle` into a zspage with room. */
  #mallocIn(sizeClass: SizeClass, zspage: number, handle: number): void {
    const { zspages } = this;
    const objIndex = zspages.objMalloc(zspage, sizeClass.size, handle);
    const pfn = zspages.pageAt(zspage, objIndex * sizeClass.size);
    this.handles.recordObj(handle, pfn, objIndex);
    sizeClass.objsUsed++;
  }

  *#mallocInNewZspage(
    sizeClass: SizeClass,
    handle: number,
  ): Generator<Wait, number | Errno> {
    yield "zs_malloc: lock dropped, alloc_zspage may sleep";
    const zspage = this.zspages.alloc(sizeClass);
    if (zspage === NO_ZSPAGE) {
      this.handles.free(handle);
      return "ENOMEM";
    }
    this.#mallocIn(sizeClass, zspage, handle);
    const group = fullnessGroup(this.zspages, sizeClass, zspage);
    insertZspage(this.zspages, sizeClass, zspage, group);
    sizeClass.objsAllocated += sizeClass.objectsPerZspage;
    this.pagesAllocated += sizeClass.pagesPerZspage;
    return handle;
  }

  /** Offset into its frame of the bytes of a live object that holds `length`. */
  #locate(handle: number, length: number, verb: string): number {
    this.#assertLive(handle, verb);
    const { memory, fields } = this.zspages;
    const pfn = this.handles.pfnOf(handle);
    const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    const { size } = this.classOfZspage(zspage);
    const huge = fields[zspage * ZSPAGE_STRIDE + ZSPAGE_HUGE] === 1;
    const header = huge ? 0 : this.geometry.handleSize;
    if (length > size - header) {
      throw new RangeError(
        `Cannot ${verb} ${length} bytes: the object of handle ${handle} holds ${
          size - header
        }`,
      );
    }
    const start = this.handles.objIndexOf(handle) * size;
    return (start & (memory.pageSize - 1)) + header;
  }

  #assertLive(handle: number, verb: string): void {
    if (!this.handles.isLive(handle)) {
      throw new Error(
        `Cannot ${verb}: handle ${handle} names no object of this pool`,
      );
    }
  }
}
