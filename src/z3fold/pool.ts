/**
 * z3fold: an allocator that keeps at most three objects in a page.
 *
 * Not specified here: isolation and migration of pages (what the kernel's
 * memory compaction asks for), per-CPU lists (there is one CPU), the list of
 * released pages that a worker frees (a frame is free at once), and the locks
 * of pages, which nothing here holds across a wait.
 */
import type { Z3foldRelease } from "../linux/buddy_profile.ts";
import type { Errno } from "../linux/errno.ts";
import { assertWhole } from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { runToEnd, type Stop } from "../rules/stop.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import {
  type BuddyKernel,
  type BuddyPoolOptions,
  type Evict,
  GFP_HIGHMEM,
  type ReclaimErrno,
} from "../zbud/driver.ts";
import { doCompactPage } from "./compaction.ts";
import { Z3foldHandles, type Z3foldObject } from "./handles.ts";
import { THIS_CPU, Z3foldLists } from "./page_lists.ts";
import { reclaimPage } from "./reclaim.ts";
import { BuddySlots, type BuddySlotsOptions, NO_SLOTS } from "./slots.ts";
import {
  HEADLESS,
  MIDDLE,
  MIDDLE_CHUNK_MAPPED,
  NEEDS_COMPACTING,
  PAGE_CLAIMED,
  PAGE_HEADLESS,
  type Z3foldPages,
} from "./z3fold_page.ts";

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

  readonly #evict: Evict | undefined;

  /**
   * An empty pool. Specifies `z3fold_create_pool`. Throws a RangeError where
   * the memory's page size is not the profile's.
   */
  constructor(
    profile: BuddyKernel,
    options: Z3foldPoolOptions = {},
  ) {
    const { pageSize, wordBits, release } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.slots = new BuddySlots(wordBits, options);
    this.release = release.z3fold;
    this.lists = new Z3foldLists(memory, wordBits, this.slots, this.release);
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
    return runToEnd(this.allocSteps(size, gfp));
  }

  /** {@linkcode Z3foldPool.alloc}, stopping where the kernel may sleep. */
  *allocSteps(size: number, gfp = 0): Generator<Stop, number | Errno> {
    assertWhole("allocate", "size", size);
    assertWhole("allocate", "gfp", gfp);
    const isHighmem = (gfp & GFP_HIGHMEM) !== 0;
    if (size === 0 || isHighmem && this.release.refusesHighmem) return "EINVAL";
    if (size > this.memory.pageSize) return "ENOSPC";
    const isHeadless = size > this.pages.maxBuddySize;
    const chunks = this.pages.sizeToChunks(size);
    if (!isHeadless) {
      const pfn = this.lists.takeUnbuddied(chunks);
      if (pfn !== NO_PAGE) {
        this.#assertSlots(pfn);
        return this.#place(pfn, chunks);
      }
    }
    yield "z3fold_alloc: no lock held, alloc_page may sleep";
    const pfn = this.memory.allocPage();
    if (pfn === NO_PAGE) return "ENOMEM";
    if (!isHeadless && !this.lists.initPage(pfn)) return "ENOMEM";
    this.lists.addPage(pfn);
    return isHeadless ? this.#placeHeadless(pfn) : this.#place(pfn, chunks);
  }

  /**
   * Frees an object; the page too where that was its last and nobody holds
   * it. What remains of the page is compacted. Specifies `z3fold_free`.
   */
  free(handle: number): void {
    runToEnd(this.freeSteps(handle));
  }

  /**
   * {@linkcode Z3foldPool.free}, stopping where the kernel leaves compaction to
   * a worker.
   */
  *freeSteps(handle: number): Generator<Stop, void> {
    const { pages, lists, handles } = this;
    const { pfn, buddy } = handles.locate(handle, "free");
    handles.end(handle);
    const isClaimed = pages.has(pfn, PAGE_CLAIMED);
    if (buddy === HEADLESS) {
      // Reclaim frees the page that it has claimed, if the object is evicted.
      if (!isClaimed) lists.releasePage(pfn);
      return;
    }
    pages.setChunks(pfn, buddy, 0);
    // The slot of an object that reclaim's page had is not emptied: its
    // structure is freed by reclaim, with the page.
    if (!isClaimed) handles.freeSlot(handle, pfn);
    if (pages.putPage(pfn)) {
      lists.unbuddied.delInit(pfn);
      lists.releasePage(pfn);
      return;
    }
    if (isClaimed || pages.testAndSet(pfn, NEEDS_COMPACTING)) return;
    pages.getPage(pfn);
    if (pages.cpu(pfn) === THIS_CPU) {
      yield "z3fold_free: page unlocked, do_compact_page queued on compact_wq";
    }
    doCompactPage(lists, handles, pfn);
  }

  /**
   * The bytes of an object, to its last chunk's end: a view that is good until
   * the memory grows. The object does not move until it is unmapped. Specifies
   * `z3fold_map`.
   */
  map(handle: number): Uint8Array {
    const { pfn, buddy, address, length } = this.handles.locateToRead(
      handle,
      "map",
    );
    if (buddy === MIDDLE) this.pages.testAndSet(pfn, MIDDLE_CHUNK_MAPPED);
    if (buddy !== HEADLESS) this.pages.addMappedCount(pfn, 1);
    return this.memory.bytes.subarray(address, address + length);
  }

  /**
   * Ends a mapping. Throws where none of the page's objects is mapped.
   * Specifies `z3fold_unmap`.
   */
  unmap(handle: number): void {
    const { pfn, buddy } = this.handles.locateToRead(handle, "unmap");
    if (buddy === HEADLESS) return;
    if (this.pages.mappedCount(pfn) === 0) {
      throw new Error(
        `Cannot unmap: no object of page ${pfn}, handle ${handle}'s, is mapped`,
      );
    }
    if (buddy === MIDDLE) this.pages.clear(pfn, MIDDLE_CHUNK_MAPPED);
    this.pages.addMappedCount(pfn, -1);
  }

  /**
   * Copies `data` to the start of an object. Throws a RangeError where its
   * chunks do not hold as much.
   */
  write(handle: number, data: Uint8Array): void {
    const object = this.handles.locate(handle, "write");
    assertFits("write", data.length, handle, object.length);
    this.map(handle).set(data);
    this.unmap(handle);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it. An
   * eviction handler may read what it was given, freed or not. Throws a
   * RangeError where the object's chunks are fewer.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    const object = this.handles.locateToRead(handle, "read");
    assertFits("read", into.length, handle, object.length);
    into.set(this.map(handle).subarray(0, into.length));
    this.unmap(handle);
    return into;
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
    return runToEnd(this.reclaimPageSteps(retries));
  }

  /** {@linkcode Z3foldPool.reclaimPage}, stopping where the kernel drops its locks. */
  *reclaimPageSteps(
    retries: number,
  ): Generator<Stop, ReclaimErrno | undefined> {
    assertWhole("reclaim a page", "retries", retries);
    const evict = this.#evict;
    if (evict === undefined || retries === 0) return "EINVAL";
    const { lists, handles, slots } = this;
    const onStack = slots.allocOnStack();
    const { release } = this;
    const reclaim = { lists, handles, slots, evict, release };
    const outcome = yield* reclaimPage(reclaim, retries, onStack);
    slots.free(onStack);
    return outcome;
  }

  /** A handle is made in a page's slots, which may be none in 5.10. */
  #assertSlots(pfn: number): void {
    if (this.pages.slots(pfn) !== NO_SLOTS) return;
    throw new KernelBug(
      "__encode_handle",
      `write through a null pointer: page ${pfn} has no slots`,
    );
  }

  /** Puts a new object into a page off its list; the page becomes newest. */
  #place(pfn: number, chunks: number): number {
    const buddy = this.lists.occupy(pfn, chunks);
    this.lists.addToUnbuddied(pfn);
    this.lists.touch(pfn);
    return this.handles.give(pfn, buddy);
  }

  #placeHeadless(pfn: number): number {
    this.pages.testAndSet(pfn, PAGE_HEADLESS);
    this.lists.touch(pfn);
    return this.handles.give(pfn, HEADLESS);
  }
}

function assertFits(
  verb: string,
  length: number,
  handle: number,
  capacity: number,
): void {
  if (length > capacity) {
    throw new RangeError(
      `Cannot ${verb} ${length} bytes: the object of handle ${handle} holds ${capacity}`,
    );
  }
}
