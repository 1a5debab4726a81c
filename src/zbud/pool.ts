/**
 * zbud: an allocator that keeps at most two objects in a page, and so can
 * empty any page by evicting at most two.
 */
import type { Errno } from "../linux/errno.ts";
import { assertWhole } from "../rules/argument.ts";
import { runToEnd, type Stop } from "../rules/stop.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import {
  type BuddyKernel,
  type BuddyPoolOptions,
  type Evict,
  GFP_HIGHMEM,
  type ReclaimErrno,
} from "./driver.ts";
import { HeaderLists } from "./header_lists.ts";
import { BUDDIES, type Buddy, ZbudPages } from "./zbud_page.ts";

/**
 * The number of the buddied list. It is where `unbuddied[0]` would be, which
 * no page is on: a single object leaves a chunk free. `struct zbud_pool`.
 */
export const ZBUD_BUDDIED = 0;

/** An object that reclaim is evicting, as it was when the page was claimed. */
export interface ZbudEviction {
  /** Its handle. */
  readonly handle: number;
  /** Which of its page's objects it is. */
  readonly buddy: Buddy;
  /** The chunks it takes. */
  readonly chunks: number;
}

/**
 * A zbud pool. Specifies `struct zbud_pool` and its operations, `mm/zbud.c`,
 * 5.10.262, 6.1.192 and 6.12.118; 3.11 (2013) does what 6.1 does. Since 6.5
 * zswap has the LRU list itself, and zbud has none and does not reclaim.
 *
 * A handle is the physical address of its object. Misuse that Linux leaves
 * undefined throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, ZbudPool } from "zspec";
 *
 * const pool = new ZbudPool(LINUX_6_1);
 * const first = Number(pool.alloc(1000));
 * const last = Number(pool.alloc(2000));
 * assertEquals([first, last], [4096 + 64, 8192 - 2048]);
 * pool.write(last, new TextEncoder().encode("compressed"));
 * pool.free(first);
 * assertEquals(pool.pagesNr, 1);
 * pool.free(last);
 * assertEquals(pool.pagesNr, 0);
 * ```
 */
export class ZbudPool {
  /** What kernel it is. */
  readonly profile: BuddyKernel;
  /** The pool's pages, each for itself. */
  readonly pages: ZbudPages;
  /**
   * The buddied list, {@linkcode ZBUD_BUDDIED}, and for each count of free
   * chunks from 1 on the list of pages with one object and as many.
   */
  readonly buddy: HeaderLists;
  /**
   * One list, 0: from the page last touched to the oldest; none since 6.5.
   */
  readonly lru: HeaderLists | undefined;
  /** The frames that are the pool's. */
  readonly frames: ReadonlySet<number>;
  /** The pages that reclaim holds, and what it evicts from each. */
  readonly claimed: ReadonlyMap<number, readonly ZbudEviction[]>;
  /** Pages of the pool (`zbud_get_pool_size`). */
  pagesNr = 0;

  readonly #frames = new Set<number>();
  readonly #claimed = new Map<number, readonly ZbudEviction[]>();
  readonly #evict: Evict | undefined;

  /**
   * An empty pool. Specifies `zbud_create_pool`. Throws a RangeError where the
   * memory's page size is not the profile's.
   */
  constructor(
    profile: BuddyKernel,
    options: BuddyPoolOptions = {},
  ) {
    const { pageSize, wordBits, release } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.profile = profile;
    this.pages = new ZbudPages(memory, wordBits, release.zbud);
    const { layout, nchunks } = this.pages;
    const wordBytes = wordBits / 8;
    this.buddy = new HeaderLists(memory, wordBytes, layout.buddy, nchunks);
    this.lru = layout.lru === undefined
      ? undefined
      : new HeaderLists(memory, wordBytes, layout.lru, 1);
    this.frames = this.#frames;
    this.claimed = this.#claimed;
    this.#evict = options.evict;
  }

  /** The frames below. */
  get memory(): Memory {
    return this.pages.memory;
  }

  /**
   * Allocates an object of `size` bytes and returns its handle. EINVAL for a
   * size of 0 or a `gfp` with {@linkcode GFP_HIGHMEM}; ENOSPC for a size above
   * the largest, two chunks less than a page; ENOMEM where there is no frame,
   * the pool being as it was. Specifies `zbud_alloc`.
   */
  alloc(size: number, gfp = 0): number | Errno {
    return runToEnd(this.allocSteps(size, gfp));
  }

  /** {@linkcode ZbudPool.alloc}, stopping where the kernel drops its lock. */
  *allocSteps(size: number, gfp = 0): Generator<Stop, number | Errno> {
    assertWhole("allocate", "size", size);
    assertWhole("allocate", "gfp", gfp);
    if (size === 0 || (gfp & GFP_HIGHMEM) !== 0) return "EINVAL";
    if (size > this.pages.maxSize) return "ENOSPC";
    const chunks = this.pages.sizeToChunks(size);
    const unbuddied = this.#takeUnbuddied(chunks);
    if (unbuddied !== NO_PAGE) {
      const hasFirst = this.pages.chunks(unbuddied, "FIRST") > 0;
      this.lru?.del(unbuddied);
      return this.#place(unbuddied, hasFirst ? "LAST" : "FIRST", chunks);
    }
    yield "zbud_alloc: pool lock dropped, alloc_page may sleep";
    const pfn = this.memory.allocPage();
    if (pfn === NO_PAGE) return "ENOMEM";
    this.pagesNr++;
    this.#frames.add(pfn);
    this.pages.init(pfn);
    return this.#place(pfn, "FIRST", chunks);
  }

  /**
   * Frees an object; the page too where that was its last, unless reclaim
   * holds it and will see to that. Specifies `zbud_free`.
   */
  free(handle: number): void {
    this.#assertLive(handle, "free");
    const pfn = this.pages.pfnOf(handle);
    this.pages.setChunks(pfn, this.pages.buddyOf(handle), 0);
    if (this.pages.underReclaim(pfn)) return;
    this.buddy.del(pfn);
    if (this.#isEmpty(pfn)) {
      this.lru?.del(pfn);
      this.#freePage(pfn);
    } else {
      this.#list(pfn);
    }
  }

  /**
   * The bytes of an object, to its last chunk's end: a view that is good until
   * the memory grows. Specifies `zbud_map`; `zbud_unmap` does nothing.
   */
  map(handle: number): Uint8Array {
    const chunks = this.#evicting(handle)?.chunks ??
      this.#liveChunks(handle, "map");
    const { bytes } = this.memory;
    return bytes.subarray(handle, handle + chunks * this.pages.chunkSize);
  }

  /**
   * Copies `data` to the start of an object. Throws a RangeError where its
   * chunks do not hold as much.
   */
  write(handle: number, data: Uint8Array): void {
    const capacity = this.#liveChunks(handle, "write") * this.pages.chunkSize;
    assertFits("write", data.length, handle, capacity);
    this.memory.bytes.set(data, handle);
  }

  /**
   * Fills `into` with bytes from the start of an object and returns it. An
   * eviction handler may read what it was given, freed or not. Throws a
   * RangeError where the object's chunks are fewer.
   */
  read(handle: number, into: Uint8Array): Uint8Array {
    const object = this.map(handle);
    assertFits("read", into.length, handle, object.length);
    into.set(object.subarray(0, into.length));
    return into;
  }

  /**
   * Frees a page by evicting its objects, the oldest page of the LRU list
   * first, at most `retries` pages being tried. A page of which an object
   * stays goes to the list's head. EINVAL, too, where there is no reclaim.
   * Specifies `zbud_reclaim_page`.
   */
  reclaimPage(retries: number): ReclaimErrno | undefined {
    return runToEnd(this.reclaimPageSteps(retries));
  }

  /** {@linkcode ZbudPool.reclaimPage}, stopping where the kernel drops its lock. */
  *reclaimPageSteps(
    retries: number,
  ): Generator<Stop, ReclaimErrno | undefined> {
    assertWhole("reclaim a page", "retries", retries);
    const evict = this.#evict;
    const { lru } = this;
    if (evict === undefined || lru === undefined) return "EINVAL";
    if (lru.last(0) === NO_PAGE || retries === 0) return "EINVAL";
    for (let nth = 0; nth < retries; nth++) {
      const pfn = lru.last(0);
      // The handles as they are under the lock: who frees an object while the
      // lock is dropped clears the count that its handle is made from.
      for (const { handle, buddy } of this.#claim(pfn)) {
        yield `zbud_reclaim_page: pool lock dropped, evict of the ${buddy} object`;
        if (!(yield* evict(handle))) break;
      }
      if (this.#unclaim(pfn)) return undefined;
    }
    return "EAGAIN";
  }

  /** Takes the page with the fewest free chunks that will do off its list. */
  #takeUnbuddied(chunks: number): number {
    for (let list = chunks; list < this.pages.nchunks; list++) {
      const pfn = this.buddy.first(list);
      if (pfn !== NO_PAGE) {
        this.buddy.del(pfn);
        return pfn;
      }
    }
    return NO_PAGE;
  }

  /** Puts an object into a page that is on no list; the page becomes newest. */
  #place(pfn: number, buddy: Buddy, chunks: number): number {
    this.pages.setChunks(pfn, buddy, chunks);
    this.#list(pfn);
    this.lru?.add(pfn, 0);
    return this.pages.encodeHandle(pfn, buddy);
  }

  /** Puts a page on the list that its objects call for. */
  #list(pfn: number): void {
    const isBuddied = BUDDIES.every((one) => this.pages.chunks(pfn, one) > 0);
    this.buddy.add(
      pfn,
      isBuddied ? ZBUD_BUDDIED : this.pages.numFreeChunks(pfn),
    );
  }

  #isEmpty(pfn: number): boolean {
    return BUDDIES.every((one) => this.pages.chunks(pfn, one) === 0);
  }

  /** Takes a page from its lists for reclaim; returns what is to be evicted. */
  #claim(pfn: number): readonly ZbudEviction[] {
    this.lru?.del(pfn);
    this.buddy.del(pfn);
    this.pages.setUnderReclaim(pfn, true);
    const evictions = BUDDIES
      .map((buddy) => ({
        handle: this.pages.encodeHandle(pfn, buddy),
        buddy,
        chunks: this.pages.chunks(pfn, buddy),
      }))
      .filter(({ chunks }) => chunks > 0);
    this.#claimed.set(pfn, evictions);
    return evictions;
  }

  /** Ends a page's reclaim: answers whether it was empty and is freed. */
  #unclaim(pfn: number): boolean {
    this.#claimed.delete(pfn);
    this.pages.setUnderReclaim(pfn, false);
    if (this.#isEmpty(pfn)) {
      this.#freePage(pfn);
      return true;
    }
    this.#list(pfn);
    this.lru?.add(pfn, 0);
    return false;
  }

  /** Frees the frame of an empty page that is on no list (`free_zbud_page`). */
  #freePage(pfn: number): void {
    this.#frames.delete(pfn);
    this.memory.freePage(pfn);
    this.pagesNr--;
  }

  #evicting(handle: number): ZbudEviction | undefined {
    return this.#claimed.get(this.pages.pfnOf(handle))
      ?.find((eviction) => eviction.handle === handle);
  }

  #liveChunks(handle: number, verb: string): number {
    this.#assertLive(handle, verb);
    const pfn = this.pages.pfnOf(handle);
    return this.pages.chunks(pfn, this.pages.buddyOf(handle));
  }

  #assertLive(handle: number, verb: string): void {
    const pfn = this.pages.pfnOf(handle);
    if (!this.#frames.has(pfn)) {
      throw new Error(
        `Cannot ${verb}: handle ${handle} names no object, page ${pfn} is not one of this pool`,
      );
    }
    const buddy = this.pages.buddyOf(handle);
    const isUsed = this.pages.chunks(pfn, buddy) > 0;
    if (!isUsed || this.pages.encodeHandle(pfn, buddy) !== handle) {
      const place = `${buddy} object of page ${pfn}`;
      throw new Error(
        `Cannot ${verb}: handle ${handle} names no object, the ${place} ${
          isUsed ? "starts elsewhere" : "is free"
        }`,
      );
    }
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
