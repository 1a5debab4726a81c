/**
 * The allocators that zswap runs over, behind one interface: `mm/zpool.c` as
 * 5.10 to 6.17 have it, with its drivers zbud, z3fold and zsmalloc; since 6.18
 * zsmalloc itself.
 */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import type { ZpoolType } from "../linux/zswap_profile.ts";
import type { Lock } from "../rules/lock.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import { runToEnd, type Stop } from "../rules/stop.ts";
import { type Memory, PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import type { Evict, ReclaimErrno } from "../zbud/driver.ts";
import { checkZbud } from "../zbud/invariants.ts";
import { ZbudPool } from "../zbud/pool.ts";
import { zbudContents } from "../zbud/walk.ts";
import { BUDDIES } from "../zbud/zbud_page.ts";
import { checkZ3fold } from "../z3fold/invariants.ts";
import { THIS_CPU } from "../z3fold/page_lists.ts";
import { Z3foldPool } from "../z3fold/pool.ts";
import { HEADLESS } from "../z3fold/z3fold_page.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { ZSPAGE_INUSE } from "../zsmalloc/zspage.ts";

/** Pages of its LRU list that a driver tries for each that it is to free. */
const RECLAIM_RETRIES = 8;

/** What came of shrinking a pool. */
export interface ZpoolShrink {
  /** Pages that were freed. */
  readonly reclaimed: number;
  /** Why no more were, where fewer were freed than asked for. */
  readonly errno?: ReclaimErrno;
}

/** A pool of any driver. Specifies `struct zpool` and its operations. */
export interface Zpool {
  /** The driver's name (`zpool_get_type`). */
  readonly type: ZpoolType;
  /** Whether `shrink` can evict: driver and user must both (`zpool_evictable`). */
  readonly evictable: boolean;
  /**
   * Bytes up to which objects share pages. A larger one has a page to itself
   * (z3fold, zsmalloc) or cannot be had (zbud).
   */
  readonly hugeOrMaxSize: number;
  /**
   * What covers all of it, where that is one lock: whoever interleaves
   * operations takes it around {@linkcode Zpool.malloc} and `free`.
   */
  readonly lock?: Lock;
  /** Pages that the pool has (`zpool_get_total_size`, which counts bytes). */
  readonly totalPages: number;
  /** Allocates `size` bytes: a handle, not 0, or an errno (`zpool_malloc`). */
  malloc(size: number): number | Errno;
  /** {@linkcode Zpool.malloc}, stopping where the driver may sleep. */
  mallocSteps(size: number): Generator<Stop, number | Errno>;
  /**
   * Frees an object (`zpool_free`), then tells `onFreed`, then does what the
   * driver leaves to a worker. Throws where `handle` names none.
   */
  free(handle: number, onFreed?: () => void): void;
  /** Fills `into` from the start of an object (`zpool_map_handle` to read). */
  read(handle: number, into: Uint8Array): Uint8Array;
  /** Copies `data` to the start of an object (`zpool_map_handle` to write). */
  write(handle: number, data: Uint8Array): void;
  /**
   * Frees `pages` pages by evicting objects, as far as it can be done; EINVAL
   * where the pool is not evictable or empty. Specifies `zpool_shrink`.
   */
  shrink(pages: number): ZpoolShrink;
  /** {@linkcode Zpool.shrink}, stopping where an eviction may sleep. */
  shrinkSteps(pages: number): Generator<Stop, ZpoolShrink>;
  /**
   * Compacts the pool as memory pressure has the driver do, who asks nobody: the
   * pages freed. A driver without a shrinker has none (`zs_shrinker_scan`, since
   * 4.3).
   */
  shrinkerScan?(): number;
  /** Whether a handle names an object. */
  isLive(handle: number): boolean;
  /** Objects that share a page with that of a handle. */
  objectsBeside(handle: number): number;
  /** Whether a free of this object leaves its page's compaction to a worker. */
  leavesToWorker(handle: number): boolean;
  /** The handles of all objects: a walk of the pool, to check it. */
  handles(): number[];
  /** Checks the pool's invariants; throws an `InvariantError` at the first broken. */
  check(): void;
}

/** What a {@linkcode Zpool} can be told when it is made. */
export interface ZpoolOptions {
  /** Where the pool takes its frames from. Default: a memory of its own. */
  memory?: Memory;
  /** Evicts an object, so that the pool can shrink. Default: none. */
  evict?: Evict;
  /** Who is told which thread runs. */
  lockdep?: Lockdep;
  /** Fault injection: whether the nth allocation of a handle's cell fails. */
  failslab?: (allocation: number) => boolean;
}

/** A pool that can reclaim, as far as is asked of it. */
type Reclaiming =
  | Pick<ZbudPool, "reclaimPageSteps">
  | Pick<Z3foldPool, "reclaimPageSteps" | "releaseWorkSteps">;

/**
 * Frees pages one by one; a pool that cannot reclaim is `undefined`. Specifies
 * `zbud_zpool_shrink`, `z3fold_zpool_shrink` and, for want of either,
 * `zpool_shrink`.
 */
function* shrinkSteps(
  pool: Reclaiming | undefined,
  pages: number,
): Generator<Stop, ZpoolShrink> {
  // What the kernel answers where it is asked for no page.
  let errno: ReclaimErrno | undefined = "EINVAL";
  let reclaimed = 0;
  while (pool !== undefined && reclaimed < pages) {
    errno = yield* pool.reclaimPageSteps(RECLAIM_RETRIES);
    // z3fold leaves the frame to a worker.
    if ("releaseWorkSteps" in pool) yield* pool.releaseWorkSteps();
    if (errno !== undefined) break;
    reclaimed++;
  }
  return { reclaimed, errno };
}

/** Frees an object; z3fold compacts what is left of its page in a worker. */
function freeBuddy(
  pool: ZbudPool | Z3foldPool,
  handle: number,
  onFreed: () => void = () => {},
): void {
  if (!("freeLater" in pool)) {
    pool.free(handle);
    onFreed();
    return;
  }
  const work = pool.freeLater(handle);
  onFreed();
  work?.();
}

/** Whether a handle is that of an object of a page. */
function isZbudObject({ frames, pages }: ZbudPool, handle: number): boolean {
  const pfn = pages.pfnOf(handle);
  if (!frames.has(pfn)) return false;
  const buddy = pages.buddyOf(handle);
  return pages.chunks(pfn, buddy) > 0 &&
    pages.encodeHandle(pfn, buddy) === handle;
}

/** zbud and z3fold: both reclaim, and have the same operations. */
function buddyZpool(
  type: ZpoolType,
  pool: ZbudPool | Z3foldPool,
  hugeOrMaxSize: number,
  { evict }: ZpoolOptions,
  walk: Pick<
    Zpool,
    | "lock"
    | "isLive"
    | "objectsBeside"
    | "leavesToWorker"
    | "handles"
    | "check"
  >,
): Zpool {
  return {
    type,
    evictable: evict !== undefined,
    hugeOrMaxSize,
    get totalPages() {
      return pool.pagesNr;
    },
    malloc: (size) => pool.alloc(size),
    mallocSteps: (size) => pool.allocSteps(size),
    free: (handle, onFreed) => freeBuddy(pool, handle, onFreed),
    read: (handle, into) => pool.read(handle, into),
    write: (handle, data) => pool.write(handle, data),
    shrink: (pages) => runToEnd(shrinkSteps(pool, pages)),
    shrinkSteps: (pages) => shrinkSteps(pool, pages),
    ...walk,
  };
}

/** zsmalloc, which in 6.1 has no `shrink`: its pools are not evictable. */
function zsmallocZpool(pool: ZsPool): Zpool {
  return {
    type: "zsmalloc",
    evictable: false,
    hugeOrMaxSize: pool.hugeClassSize - 1,
    get totalPages() {
      return pool.pagesAllocated;
    },
    malloc: (size) => pool.malloc(size),
    mallocSteps: (size) => pool.mallocSteps(size),
    free(handle, onFreed) {
      pool.free(handle);
      onFreed?.();
    },
    read: (handle, into) => pool.read(handle, into),
    write: (handle, data) => pool.write(handle, data),
    shrink: (pages) => runToEnd(shrinkSteps(undefined, pages)),
    shrinkSteps: (pages) => shrinkSteps(undefined, pages),
    shrinkerScan: () => {
      const freed = pool.shrinkerScan();
      return freed === "stop" ? 0 : freed;
    },
    isLive: (handle) => pool.handles.isLive(handle),
    objectsBeside(handle) {
      const { zspages, memory, handles } = pool;
      const at = handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE;
      return zspages.get(memory.page[at], ZSPAGE_INUSE) - 1;
    },
    leavesToWorker: () => false,
    handles: () => [...pool.handles.live()],
    check: () => checkPool(pool),
  };
}

const DRIVERS: Readonly<
  Record<ZpoolType, (profile: Profile, options: ZpoolOptions) => Zpool>
> = {
  zbud(profile, given) {
    // zpool has no shrink any more, nor zbud reclaim (since 6.5).
    const { reclaims } = profile.release.zbud;
    const options = reclaims ? given : { ...given, evict: undefined };
    const pool = new ZbudPool(profile, options);
    return buddyZpool("zbud", pool, pool.pages.maxSize, options, {
      lock: pool.locks.pool,
      isLive: (handle) => isZbudObject(pool, handle),
      objectsBeside(handle) {
        const pfn = pool.pages.pfnOf(handle);
        const used = BUDDIES.filter((one) => pool.pages.chunks(pfn, one) > 0);
        return used.length - 1;
      },
      leavesToWorker: () => false,
      handles: () => zbudContents(pool).objects.map(({ handle }) => handle),
      check: () => checkZbud(pool),
    });
  },
  z3fold(profile, given) {
    const options = { ...given, lockdep: undefined };
    const pool = new Z3foldPool(profile, options);
    return buddyZpool("z3fold", pool, pool.pages.maxBuddySize, options, {
      isLive: (handle) => pool.handles.given.has(handle),
      objectsBeside(handle) {
        const { pfn, buddy } = pool.objectOf(handle);
        return buddy === HEADLESS ? 0 : pool.pages.buddies(pfn).length - 1;
      },
      leavesToWorker(handle) {
        const { pfn, buddy } = pool.objectOf(handle);
        return buddy !== HEADLESS && pool.pages.cpu(pfn) === THIS_CPU;
      },
      handles: () => [...pool.handles.given],
      check: () => checkZ3fold(pool),
    });
  },
  zsmalloc: (profile, options) =>
    zsmallocZpool(
      new ZsPool(profile, {
        ...options,
        gfp: profile.zswap.zsmallocGfp,
        lockdep: undefined,
      }),
    ),
};

/** The names of the drivers. */
export const ZPOOL_TYPES: readonly ZpoolType[] = ["zbud", "z3fold", "zsmalloc"];

/**
 * An empty pool of a driver, in the kernel of a profile. Specifies
 * `zpool_create_pool`, `mm/zpool.c`, 6.1. Throws a RangeError where the
 * memory's page size is not the profile's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createZpool, LINUX_6_1, ZPOOL_TYPES } from "zspec";
 *
 * const pages = ZPOOL_TYPES.map((type) => {
 *   const zpool = createZpool(type, LINUX_6_1);
 *   for (let nth = 0; nth < 600; nth++) zpool.malloc(400);
 *   return zpool.totalPages;
 * });
 * assertEquals(pages, [300, 200, 64]);
 * ```
 */
export function createZpool(
  type: ZpoolType,
  profile: Profile,
  options: ZpoolOptions = {},
): Zpool {
  return DRIVERS[type](profile, options);
}
