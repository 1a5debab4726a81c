/**
 * Physical memory: page frames, numbered, each with the few fields of its
 * `struct page` that an allocator on top may use.
 */

import { type Gfp, GFP_KERNEL } from "../linux/gfp.ts";
import { assertHas, assertWhole } from "../rules/argument.ts";
import { allocBlock, freeBlock } from "./alloc_pages.ts";
import { createBuddy } from "./boot.ts";
import type { MemoryBuddyOptions, MemoryOptions } from "./memory_options.ts";
import type { MovableOperations } from "./movable_operations.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { rememberBuddy } from "./remember_buddy.ts";

/** What {@linkcode Memory.allocPage} returns when there is no page to be had. */
export const NO_PAGE: number = -1;

/**
 * Fields of `struct page` in {@linkcode Memory.page}, four 32-bit words a
 * frame, so that all of one frame's fields share a cache line:
 *
 * ```text
 * word  0        1      2                 3
 *       private  index  first_obj_offset  flags
 * ```
 */
export const PAGE_STRIDE = 4;
/** `page->private`: whatever the frame's owner puts there. */
export const PAGE_PRIVATE = 0;
/** `page->index`: likewise. */
export const PAGE_INDEX = 1;
/** `page->page_type` as zsmalloc uses it: where the first object starts. */
export const PAGE_FIRST_OBJ_OFFSET = 2;
/** `page->flags`. */
export const PAGE_FLAGS = 3;

/** Flag: the frame is allocated. */
export const PG_ALLOCATED = 1;
/** Flag `PG_private`: the frame is the first of its zspage. */
export const PG_PRIVATE = 2;
/** Owners have a byte. */
const MOST_OWNERS = 255;

function assertGfp(doing: string, gfp: Gfp): void {
  assertHas(doing, "gfp", gfp, "migrateType", "a Gfp such as GFP_KERNEL");
}

/** `HUGETLB_PAGE_ORDER` of x86-64. */
const PAGEBLOCK_ORDER = 9;

/**
 * Page frames in one growing buffer. Frame `pfn` is the `pageSize` bytes from
 * `pfn * pageSize` of {@linkcode Memory.bytes}. A frame that was freed last is
 * allocated first, and keeps what its last owner left in it.
 *
 * Growing replaces the three arrays: read them from the memory each time, and
 * hold none across an allocation.
 *
 * With `buddy` there are the frames of its zones and no more, in arrays that do
 * not grow, and blocks of them are split and merged ({@linkcode PageAllocator}).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Memory, NO_PAGE } from "zspec";
 *
 * const memory = new Memory({ maxPages: 1 });
 * const pfn = memory.allocPage();
 * memory.bytes[pfn * memory.pageSize] = 42;
 * assertEquals(memory.allocPage(), NO_PAGE);
 * ```
 */
export class Memory {
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits of an offset into a page. */
  readonly pageShift: number;
  /** The lowest page frame number. */
  readonly firstPfn: number;
  /** Every frame's bytes, by physical address. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes as little-endian 32-bit words. */
  words: Uint32Array<ArrayBuffer>;
  /** `struct page` of every frame: {@linkcode PAGE_STRIDE} words each. */
  page: Uint32Array<ArrayBuffer>;
  /** Frames allocated now. */
  allocatedPages = 0;
  /** The zones and free lists, where the memory was made of them. */
  readonly buddy: PageAllocator | undefined;

  readonly #maxPages: number;
  readonly #failPageAlloc: ((allocation: number) => boolean) | undefined;
  readonly #freed: number[] = [];
  readonly #movable: MovableOperations[] = [];
  #nextPfn: number;
  #allocations = 0;

  /**
   * Throws a RangeError where `options` name a page size Linux has not, or what
   * is no number of pages.
   */
  constructor(options: MemoryOptions = {}) {
    const {
      pageSize = 4096,
      maxPages = Infinity,
      firstPfn = 1,
      initialFrames = 32,
    } = options;
    if (
      !Number.isInteger(Math.log2(pageSize)) || pageSize < 4096 ||
      pageSize > 65536
    ) {
      throw new RangeError(
        `Cannot make memory: the 'pageSize' is ${pageSize}, not a power of two from 4096 to 65536`,
      );
    }
    if (maxPages !== Infinity) assertWhole("make memory", "maxPages", maxPages);
    assertWhole("make memory", "firstPfn", firstPfn);
    assertWhole("make memory", "initialFrames", initialFrames, 1);
    this.pageSize = pageSize;
    this.pageShift = Math.log2(pageSize);
    this.firstPfn = firstPfn;
    this.#maxPages = maxPages;
    this.#failPageAlloc = options.failPageAlloc;
    this.#nextPfn = firstPfn;
    this.buddy = options.buddy && this.#createBuddy(options.buddy);
    const frames = this.buddy?.endPfn ?? firstPfn + initialFrames;
    this.bytes = new Uint8Array(frames * pageSize);
    this.words = new Uint32Array(this.bytes.buffer);
    this.page = new Uint32Array(frames * PAGE_STRIDE);
  }

  /** The page frame numbers in use lie from `firstPfn` up to but not including this. */
  get endPfn(): number {
    return this.buddy?.endPfn ?? this.#nextPfn;
  }

  /**
   * Allocates one frame and returns its page frame number, or
   * {@linkcode NO_PAGE}. What `gfp` says matters where there are zones; by
   * default the frame is unmovable and in no high memory. Specifies
   * `alloc_page`, `mm/page_alloc.c`.
   */
  allocPage(gfp?: Gfp): number {
    if (gfp !== undefined) assertGfp("allocate a page", gfp);
    if (this.buddy !== undefined) return this.allocPages(0, gfp);
    const refused = this.#failPageAlloc?.(this.#allocations++) ?? false;
    if (refused || this.allocatedPages >= this.#maxPages) return NO_PAGE;
    let pfn = this.#freed.pop();
    if (pfn === undefined) {
      pfn = this.#nextPfn++;
      if (this.#nextPfn * PAGE_STRIDE > this.page.length) this.#grow();
    }
    this.page[pfn * PAGE_STRIDE + PAGE_FLAGS] = PG_ALLOCATED;
    this.allocatedPages++;
    return pfn;
  }

  /**
   * Allocates 2^`order` frames side by side, the first one's number a multiple
   * of that, and returns it, or {@linkcode NO_PAGE}: where fragments alone are
   * free, too. Throws a RangeError where the memory has no zones, or no blocks of
   * that order. Specifies `alloc_pages`, `mm/page_alloc.c`.
   */
  allocPages(order: number, gfp: Gfp = GFP_KERNEL): number {
    const buddy = this.#buddyFor("allocate pages", order);
    assertGfp("allocate pages", gfp);
    const refused = this.#failPageAlloc?.(this.#allocations++) ?? false;
    const pages = 2 ** order;
    if (refused || this.allocatedPages + pages > this.#maxPages) return NO_PAGE;
    const pfn = allocBlock(buddy, order, gfp);
    if (pfn === NO_BLOCK) return NO_PAGE;
    this.takeFrames(pfn, pages);
    return pfn;
  }

  /**
   * Frees frames that were allocated together; throws where they were not.
   * Specifies `__free_pages`, `mm/page_alloc.c`.
   */
  freePages(pfn: number, order: number): void {
    const buddy = this.#buddyFor("free pages", order);
    const found = buddy.allocated[pfn] ?? NO_BLOCK;
    if (found !== order) {
      throw new Error(
        found === NO_BLOCK
          ? `Cannot free page ${pfn}: it is not allocated, or not the first of a block`
          : `Cannot free 2^${order} pages at ${pfn}: 2^${found} were allocated there`,
      );
    }
    const end = pfn + 2 ** order;
    this.page.fill(0, PAGE_STRIDE * pfn, PAGE_STRIDE * end);
    buddy.owners.fill(0, pfn, end);
    this.allocatedPages -= 2 ** order;
    freeBlock(buddy, pfn, order);
  }

  /**
   * Takes in somebody who can move pages, and answers the number that
   * {@linkcode Memory.setMovable} has for it. 0 where the memory has no zones, and
   * so nobody who asks.
   */
  registerMovable(operations: MovableOperations): number {
    if (this.buddy === undefined) return 0;
    if (this.#movable.length >= MOST_OWNERS) {
      throw new Error(`Cannot have more than ${MOST_OWNERS} movers of pages`);
    }
    return this.#movable.push(operations);
  }

  /**
   * Says who can move an allocated frame: an owner's number, or 0 for nobody,
   * as it is until then and again once the frame is free. Specifies
   * `__SetPageMovable` (4.8) and `lru_cache_add`, as far as compaction asks.
   */
  setMovable(pfn: number, owner: number): void {
    if (this.buddy !== undefined) this.buddy.owners[pfn] = owner;
  }

  /** Who can move a frame, or `undefined`. */
  movableBy(pfn: number): MovableOperations | undefined {
    return this.#movable[(this.buddy?.owners[pfn] ?? 0) - 1];
  }

  /**
   * Counts frames as allocated that were taken off the free lists: what
   * compaction moves pages to is so.
   */
  takeFrames(pfn: number, pages: number): void {
    const end = (pfn + pages) * PAGE_STRIDE;
    for (let at = pfn * PAGE_STRIDE; at < end; at += PAGE_STRIDE) {
      this.page[at + PAGE_FLAGS] = PG_ALLOCATED;
    }
    this.allocatedPages += pages;
  }

  /** Frees a frame; throws where it is not allocated. Specifies `__free_page`, `mm/page_alloc.c`. */
  freePage(pfn: number): void {
    if (typeof pfn !== "number" || pfn !== pfn >>> 0) {
      assertWhole("free a page", "pfn", pfn);
    }
    if (this.buddy !== undefined) return this.freePages(pfn, 0);
    const flags = pfn * PAGE_STRIDE + PAGE_FLAGS;
    if (!(this.page[flags] & PG_ALLOCATED)) {
      throw new Error(`Cannot free page ${pfn}: it is not allocated`);
    }
    this.page.fill(0, pfn * PAGE_STRIDE, (pfn + 1) * PAGE_STRIDE);
    this.#freed.push(pfn);
    this.allocatedPages--;
  }

  /** What brings the memory back to what it is now, every frame of it. */
  remember(): () => void {
    const bytes = this.bytes.slice(0, this.endPfn * this.pageSize);
    const page = this.page.slice();
    const freed = [...this.#freed];
    const { allocatedPages } = this;
    const [nextPfn, allocations] = [this.#nextPfn, this.#allocations];
    const bringBack = this.buddy && rememberBuddy(this.buddy);
    return () => {
      // Frames that were taken since are to be as they were: zero.
      const end = this.endPfn * this.pageSize;
      if (end > bytes.length) this.bytes.fill(0, bytes.length, end);
      this.bytes.set(bytes);
      this.page.fill(0, page.length);
      this.page.set(page);
      this.#freed.length = 0;
      this.#freed.push(...freed);
      this.allocatedPages = allocatedPages;
      this.#nextPfn = nextPfn;
      this.#allocations = allocations;
      bringBack?.();
    };
  }

  #createBuddy(options: MemoryBuddyOptions): PageAllocator {
    const { release, zones, maxOrder = 10 } = options;
    const { pageblockOrder = Math.min(PAGEBLOCK_ORDER, maxOrder) } = options;
    return createBuddy({
      release,
      zones,
      firstPfn: this.firstPfn,
      maxOrder,
      pageblockOrder,
    });
  }

  /** The allocator of blocks of an order; throws where there is none. */
  #buddyFor(doing: string, order: number): PageAllocator {
    if (this.buddy === undefined) {
      throw new RangeError(
        `Cannot ${doing}: the memory has no zones, and so no blocks`,
      );
    }
    assertWhole(doing, "order", order, 0, this.buddy.maxOrder);
    return this.buddy;
  }

  #grow(): void {
    const frames = 2 * this.page.length / PAGE_STRIDE;
    const bytes = new Uint8Array(frames * this.pageSize);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer);
    const page = new Uint32Array(frames * PAGE_STRIDE);
    page.set(this.page);
    this.page = page;
  }
}
