/**
 * zbud: an allocator that keeps at most two objects in a page, and so can
 * empty any page by evicting at most two.
 */
import { assertProfile } from "../linux/assert_profile.ts";
import { GFP_KERNEL } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import { assertWhole } from "../rules/argument.ts";
import { forgetHolders } from "../rules/lock.ts";
import { InvariantError } from "../rules/invariant.ts";
import {
  acquire,
  reads,
  release,
  runToEnd,
  sleeps,
  type Stop,
  under,
  writes,
} from "../rules/stop.ts";
import { Memory, NO_PAGE } from "../memory/memory.ts";
import {
  type BuddyKernel,
  type BuddyPoolOptions,
  type Evict,
  GFP_HIGHMEM,
  type ReclaimErrno,
} from "./driver.ts";
import { HeaderLists } from "./header_lists.ts";
import { createZbudLocks, frameState, type ZbudLocks } from "./locks.ts";
import { ZBUD_RACE_RULES } from "./race_rules.ts";
import { BUDDIES, type Buddy, ZbudPages } from "./zbud_page.ts";

/**
 * The number of the buddied list. It is where `unbuddied[0]` would be, which
 * no page is on: a single object leaves a chunk free. `struct zbud_pool`.
 */
export const ZBUD_BUDDIED = 0;

const ALLOC = "zbud_alloc, mm/zbud.c";
const FREE = "zbud_free, mm/zbud.c";
const RECLAIM = "zbud_reclaim_page, mm/zbud.c";

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
  /** The pool's locks. */
  readonly locks: ZbudLocks;
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
    assertProfile("make a pool", profile);
    const { pageSize, wordBits, release } = profile;
    const memory = options.memory ?? new Memory({ pageSize });
    if (memory.pageSize !== pageSize) {
      throw new RangeError(
        `Cannot make a pool: the memory's 'pageSize' is ${memory.pageSize}, the profile's ${pageSize}`,
      );
    }
    this.profile = profile;
    this.locks = createZbudLocks(options.lockdep);
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

  /** {@linkcode ZbudPool.alloc}, with its stops. */
  *allocSteps(size: number, gfp = 0): Generator<Stop, number | Errno> {
    assertWhole("allocate", "size", size);
    assertWhole("allocate", "gfp", gfp);
    if (size === 0 || (gfp & GFP_HIGHMEM) !== 0) return "EINVAL";
    if (size > this.pages.maxSize) return "ENOSPC";
    const chunks = this.pages.sizeToChunks(size);
    const { pool } = this.locks;
    const handle = yield* under(pool, ALLOC, () => this.#allocListed(chunks));
    if (handle !== undefined) return handle;
    yield sleeps(`alloc_page in ${ALLOC}`);
    const pfn = this.memory.allocPage(GFP_KERNEL);
    if (pfn === NO_PAGE) return "ENOMEM";
    return yield* under(pool, ALLOC, () => this.#allocIn(pfn, chunks));
  }

  /**
   * Frees an object; the page too where that was its last, unless reclaim
   * holds it and will see to that. Specifies `zbud_free`.
   */
  free(handle: number): void {
    this.#freeObject(handle);
  }

  /** {@linkcode ZbudPool.free}, with its stops. */
  *freeSteps(handle: number): Generator<Stop, void> {
    yield* under(this.locks.pool, FREE, () => this.#freeObject(handle));
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

  /** {@linkcode ZbudPool.write}, with its stop: no lock covers what is mapped. */
  *writeSteps(handle: number, data: Uint8Array): Generator<Stop, void> {
    yield writes(frameState(this.pages.pfnOf(handle)), "zbud_map, mm/zbud.c");
    this.write(handle, data);
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

  /** {@linkcode ZbudPool.read}, with its stop. */
  *readSteps(handle: number, into: Uint8Array): Generator<Stop, Uint8Array> {
    yield reads(frameState(this.pages.pfnOf(handle)), "zbud_map, mm/zbud.c");
    return this.read(handle, into);
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

  /** {@linkcode ZbudPool.reclaimPage}, with its stops. */
  *reclaimPageSteps(
    retries: number,
  ): Generator<Stop, ReclaimErrno | undefined> {
    assertWhole("reclaim a page", "retries", retries);
    const evict = this.#evict;
    const { lru } = this;
    const { pool } = this.locks;
    if (lru === undefined) return "EINVAL";
    yield acquire(pool, RECLAIM);
    const isVain = evict === undefined || lru.last(0) === NO_PAGE;
    if (isVain || retries === 0) {
      yield release(pool, RECLAIM);
      return "EINVAL";
    }
    for (let nth = 0; nth < retries; nth++) {
      const pfn = lru.last(0);
      // The handles as they are under the lock: who frees an object while the
      // lock is dropped clears the count that its handle is made from.
      const evictions = this.#claim(pfn);
      yield release(pool, RECLAIM);
      for (const { handle } of evictions) {
        if (!(yield* evict(handle))) break;
      }
      yield acquire(pool, RECLAIM);
      if (this.#unclaim(pfn)) {
        yield release(pool, RECLAIM);
        return undefined;
      }
    }
    yield release(pool, RECLAIM);
    return "EAGAIN";
  }

  /** What brings the pool back to what it is now, nobody holding its lock. */
  remember(): () => void {
    const restoreMemory = this.memory.remember();
    const restoreBuddy = this.buddy.remember();
    const restoreLru = this.lru?.remember();
    const { pagesNr } = this;
    const frames = [...this.#frames];
    const claimed = [...this.#claimed];
    return () => {
      restoreMemory();
      restoreBuddy();
      restoreLru?.();
      this.pagesNr = pagesNr;
      this.#frames.clear();
      for (const pfn of frames) this.#frames.add(pfn);
      this.#claimed.clear();
      for (const [pfn, evictions] of claimed) this.#claimed.set(pfn, evictions);
      forgetHolders(this.locks.pool);
    };
  }

  /** Puts an object into a page that has room, if there is one. */
  #allocListed(chunks: number): number | undefined {
    this.locks.lockdep.assertHeld(this.locks.pool, ALLOC);
    const unbuddied = this.#takeUnbuddied(chunks);
    if (unbuddied === NO_PAGE) return undefined;
    const hasFirst = this.pages.chunks(unbuddied, "FIRST") > 0;
    this.lru?.del(unbuddied);
    return this.#place(unbuddied, hasFirst ? "LAST" : "FIRST", chunks);
  }

  /** Puts an object into a new page (`init_zbud_page`). */
  #allocIn(pfn: number, chunks: number): number {
    this.locks.lockdep.assertHeld(this.locks.pool, ALLOC);
    this.#touch(pfn);
    this.pagesNr++;
    this.#frames.add(pfn);
    this.pages.init(pfn);
    return this.#place(pfn, "FIRST", chunks);
  }

  /** Says that a frame begins or ends to be the pool's. */
  #touch(pfn: number): void {
    const { lockdep } = this.locks;
    if (lockdep.isWatched) lockdep.touch(frameState(pfn), true);
  }

  #freeObject(handle: number): void {
    this.locks.lockdep.assertHeld(this.locks.pool, FREE);
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
    this.locks.lockdep.assertHeld(this.locks.pool, RECLAIM);
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
    this.locks.lockdep.assertHeld(this.locks.pool, RECLAIM);
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
    if (!this.#frames.delete(pfn)) {
      throw new InvariantError(ZBUD_RACE_RULES.freedOnce, {
        where: `page ${pfn}`,
        expected: "a page of the pool",
        found: "one that was freed",
      });
    }
    this.#touch(pfn);
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
