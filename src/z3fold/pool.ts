/**
 * z3fold: an allocator that keeps at most three objects in a page.
 *
 * Not specified here: isolation and migration of pages (what the kernel's
 * memory compaction asks for), and per-CPU lists (there is one CPU). Whoever
 * uses a pool alone has its workers run at once: compaction's after a free, and
 * the one that gives the frames of pages back.
 */
import { assertProfile } from "../linux/assert_profile.ts";
import type { Z3foldRelease } from "../linux/buddy_profile.ts";
import type { Errno } from "../linux/errno.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import { assertWhole } from "../rules/argument.ts";
import { runToEnd, type Stop } from "../rules/stop.ts";
import {
  type BuddyKernel,
  type BuddyPoolOptions,
  type Evict,
  GFP_HIGHMEM,
  type ReclaimErrno,
} from "../zbud/driver.ts";
import { allocObjectSteps } from "./alloc.ts";
import {
  allocObject,
  compactWork,
  freeObject,
  mapObject,
  readObject,
  releaseWork,
  unmapObject,
  writeObject,
} from "./at_once.ts";
import { compactWorkSteps, freeObjectSteps, releaseWorkSteps } from "./free.ts";
import { Z3foldHandles, type Z3foldObject } from "./handles.ts";
import { Z3foldLocks } from "./locks.ts";
import { readObjectSteps, writeObjectSteps } from "./mapping.ts";
import { Z3foldLists } from "./page_lists.ts";
import { Z3foldWork } from "./parts.ts";
import { reclaimPage } from "./reclaim.ts";
import { BuddySlots, type BuddySlotsOptions } from "./slots.ts";
import type { Z3foldPages } from "./z3fold_page.ts";

/** What a {@linkcode Z3foldPool} can be told when it is made. */
export interface Z3foldPoolOptions
  extends BuddyPoolOptions, BuddySlotsOptions {}

/**
 * A z3fold pool. Specifies `struct z3fold_pool` and its operations,
 * `mm/z3fold.c`, 5.10.262 and 6.1.192.
 *
 * A handle stays the same when compaction moves its object; it is never 0.
 * Misuse that Linux leaves undefined throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, Z3foldPool } from "zspec";
 *
 * const pool = new Z3foldPool(LINUX_6_1);
 * const handles = [1000, 1500, 1200].map((size) => Number(pool.alloc(size)));
 * assertEquals(pool.pagesNr, 1);
 * pool.write(handles[1], new TextEncoder().encode("compressed"));
 * pool.free(handles[0]);
 * pool.free(handles[2]);
 * assertEquals(
 *   pool.read(handles[1], new Uint8Array(10)),
 *   new TextEncoder().encode("compressed"),
 * );
 * ```
 */
export class Z3foldPool {
  /** What this kernel's z3fold does. */
  readonly release: Z3foldRelease;
  /** The pool's pages and the lists that they are on. */
  readonly lists: Z3foldLists;
  /** The slots that handles name. */
  readonly slots: BuddySlots;
  /** The pool's handles. */
  readonly handles: Z3foldHandles;

  /** The pool's locks. */
  readonly locks: Z3foldLocks;
  /** What is left to workers. */
  readonly work: Z3foldWork = new Z3foldWork();

  readonly #evict: Evict | undefined;

  /**
   * An empty pool. Specifies `z3fold_create_pool`. Throws a RangeError where
   * the memory's page size is not the profile's.
   */
  constructor(
    profile: BuddyKernel,
    options: Z3foldPoolOptions = {},
  ) {
    assertProfile("make a pool", profile);
    const { pageSize, wordBits, release } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.slots = new BuddySlots(wordBits, options);
    this.release = release.z3fold;
    this.locks = new Z3foldLocks(options.lockdep);
    this.lists = new Z3foldLists(memory, wordBits, this.slots, this.locks);
    this.handles = new Z3foldHandles(this.lists.pages, this.slots);
    this.#evict = options.evict;
  }

  /** The pool's pages, each for itself. */
  get pages(): Z3foldPages {
    return this.lists.pages;
  }

  /** The frames below. */
  get memory(): Memory {
    return this.lists.pages.memory;
  }

  /** Pages of the pool (`z3fold_get_pool_size`). */
  get pagesNr(): number {
    return this.lists.pagesNr;
  }

  /**
   * Allocates an object of `size` bytes and returns its handle. EINVAL for a
   * size of 0 or, not yet in 5.10, a `gfp` with {@linkcode GFP_HIGHMEM}; ENOSPC
   * for a size above the page size; ENOMEM where there is no frame or no
   * structure of slots, the pool being as it was. Throws a `KernelBug` where
   * 5.10 takes a page without slots for it and can have none. Specifies
   * `z3fold_alloc`.
   */
  alloc(size: number, gfp = 0): number | Errno {
    const outcome = this.#refusal(size, gfp) ?? allocObject(this, size);
    this.#releaseStale();
    return outcome;
  }

  /** {@linkcode Z3foldPool.alloc}, with its stops. */
  *allocSteps(size: number, gfp = 0): Generator<Stop, number | Errno> {
    return this.#refusal(size, gfp) ?? (yield* allocObjectSteps(this, size));
  }

  /**
   * Frees an object; the page too where that was its last and nobody holds
   * it. What remains of the page is compacted. Specifies `z3fold_free`.
   */
  free(handle: number): void {
    const queued = freeObject(this, handle);
    this.#releaseStale();
    if (queued !== NO_PAGE) this.#compact(queued);
  }

  /**
   * As {@linkcode Z3foldPool.free}; where the kernel leaves the page's
   * compaction to a worker, that is what is returned.
   */
  freeLater(handle: number): (() => void) | undefined {
    const queued = freeObject(this, handle);
    this.#releaseStale();
    return queued === NO_PAGE ? undefined : () => this.#compact(queued);
  }

  /**
   * Frees an object, with its stops; compaction that is queued, and pages that
   * are given up, are left to the workers.
   */
  freeSteps(handle: number): Generator<Stop, void> {
    return freeObjectSteps(this, handle);
  }

  /** The worker that compacts what is queued, with its stops. */
  compactWorkSteps(): Generator<Stop, void> {
    return compactWorkSteps(this);
  }

  /** The worker that frees the pages that were given up, with its stops. */
  releaseWorkSteps(): Generator<Stop, void> {
    return releaseWorkSteps(this);
  }

  /**
   * The bytes of an object, to its last chunk's end: a view that is good until
   * the memory grows. The object does not move until it is unmapped. Specifies
   * `z3fold_map`.
   */
  map(handle: number): Uint8Array {
    const { address, length } = mapObject(this, handle, "map");
    return this.memory.bytes.subarray(address, address + length);
  }

  /**
   * Ends a mapping. Throws where none of the page's objects is mapped.
   * Specifies `z3fold_unmap`.
   */
  unmap(handle: number): void {
    unmapObject(this, handle);
  }

  /**
   * Copies `data` to the start of an object. Throws a RangeError where its
   * chunks do not hold as much.
   */
  write(handle: number, data: Uint8Array): void {
    writeObject(this, handle, data);
  }

  /** {@linkcode Z3foldPool.write}, with its stops. */
  writeSteps(handle: number, data: Uint8Array): Generator<Stop, void> {
    return writeObjectSteps(this, handle, data);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it. An
   * eviction handler may read what it was given, freed or not. Throws a
   * RangeError where the object's chunks are fewer.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    return readObject(this, handle, into);
  }

  /** {@linkcode Z3foldPool.read}, with its stops. */
  readSteps(handle: number, into: Uint8Array): Generator<Stop, Uint8Array> {
    return readObjectSteps(this, handle, into);
  }

  /** Where the object of a handle is now. Throws where it names none. */
  objectOf(handle: number): Z3foldObject {
    return this.handles.locate(handle, "find an object");
  }

  /**
   * Frees a page by evicting its objects, the oldest page of the LRU list that
   * has no object from another page first, at most `retries` pages being
   * tried. A page of which an object stays becomes the newest. A headless page
   * is freed as soon as its object is said to be evicted, whoever still reads
   * it. Specifies `z3fold_reclaim_page`.
   */
  reclaimPage(retries: number): ReclaimErrno | undefined {
    const errno = runToEnd(this.reclaimPageSteps(retries));
    this.#releaseStale();
    return errno;
  }

  /** {@linkcode Z3foldPool.reclaimPage}, with its stops. */
  *reclaimPageSteps(
    retries: number,
  ): Generator<Stop, ReclaimErrno | undefined> {
    assertWhole("reclaim a page", "retries", retries);
    return yield* reclaimPage(this, this.#evict, retries);
  }

  /** What brings the pool back to what it is now, nobody holding a lock. */
  remember(): () => void {
    const restores = [
      this.memory.remember(),
      this.lists.remember(),
      this.slots.remember(),
      this.handles.remember(),
      this.work.remember(),
    ];
    return () => {
      for (const restore of restores) restore();
      this.locks.forget();
    };
  }

  /** Why an object is not to be had, however much memory there is. */
  #refusal(size: number, gfp: number): Errno | undefined {
    assertWhole("allocate", "size", size);
    assertWhole("allocate", "gfp", gfp);
    const isHighmem = (gfp & GFP_HIGHMEM) !== 0;
    if (size === 0 || isHighmem && this.release.refusesHighmem) return "EINVAL";
    return size > this.memory.pageSize ? "ENOSPC" : undefined;
  }

  /** Has a page whose compaction was queued compacted. */
  #compact(pfn: number): void {
    compactWork(this, pfn);
    this.#releaseStale();
  }

  /** Whoever is alone has the frames of pages that were given up back at once. */
  #releaseStale(): void {
    if (this.work.stale.length > 0) releaseWork(this);
  }
}
