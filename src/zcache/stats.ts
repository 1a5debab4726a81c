/** zcache's counters, as `debugfs/zcache` and `debugfs/zbud` name them. */
import type { TmemKind } from "./tmem.ts";
import type { Zcache } from "./zcache.ts";

/**
 * What zcache counts, by the names of `debugfs/zcache`; sizes are bytes without
 * handles. `debug.c`, `drivers/staging/zcache`, 3.10. Left out: the tree nodes
 * of tmem's objects, failures of the slab allocator, what only RAMster and
 * CONFIG_ZCACHE_WRITEBACK count, puts of pages that were not active, which no
 * kernel ignores, and the highest values that there were.
 */
export interface ZcacheCounters {
  /** Pages that were to be flushed, and those that were there. */
  flush_total: number;
  /** Pages that were flushed. */
  flush_found: number;
  /** Objects that were to be flushed. */
  flobj_total: number;
  /** Objects that were flushed. */
  flobj_found: number;
  /** Ephemeral puts that were refused. */
  failed_eph_puts: number;
  /** Persistent puts that were refused. */
  failed_pers_puts: number;
  /** Frames that the page allocator did not have. */
  failed_getfreepages: number;
  /** Pages refused for their own size. */
  compress_poor: number;
  /** Persistent pages refused for their size and the mean of the others'. */
  mean_compress_poor: number;
  /** Ephemeral puts for which the oldest ephemeral frame was evicted. */
  eph_ate_tail: number;
  /** Ephemeral puts for which there was none to evict. */
  eph_ate_tail_failed: number;
  /** Persistent puts for which the oldest ephemeral frame was evicted. */
  pers_ate_eph: number;
  /** Persistent puts for which there was none to evict. */
  pers_ate_eph_failed: number;
  /** Ephemeral pages that were evicted. */
  evicted_eph_zpages: number;
  /** Ephemeral frames that were evicted. */
  evicted_eph_pageframes: number;
  /** Pages of zeros that are kept as a mark. */
  zero_filled_pages: number;
  /** Frames from the page allocator. */
  pageframes_alloced: number;
  /** Frames given back to it. */
  pageframes_freed: number;
  /** Frames of ephemeral pages. */
  eph_pageframes: number;
  /** Frames of persistent pages. */
  pers_pageframes: number;
  /** Ephemeral pages. */
  eph_zpages: number;
  /** Persistent pages. */
  pers_zpages: number;
  /** Bytes of ephemeral pages. */
  eph_zbytes: number;
  /** Bytes of persistent pages. */
  pers_zbytes: number;
}

/** All at 0. */
export function zeroZcacheCounters(): ZcacheCounters {
  return {
    flush_total: 0,
    flush_found: 0,
    flobj_total: 0,
    flobj_found: 0,
    failed_eph_puts: 0,
    failed_pers_puts: 0,
    failed_getfreepages: 0,
    compress_poor: 0,
    mean_compress_poor: 0,
    eph_ate_tail: 0,
    eph_ate_tail_failed: 0,
    pers_ate_eph: 0,
    pers_ate_eph_failed: 0,
    evicted_eph_zpages: 0,
    evicted_eph_pageframes: 0,
    zero_filled_pages: 0,
    pageframes_alloced: 0,
    pageframes_freed: 0,
    eph_pageframes: 0,
    pers_pageframes: 0,
    eph_zpages: 0,
    pers_zpages: 0,
    eph_zbytes: 0,
    pers_zbytes: 0,
  };
}

/** How counters and files name the kinds of pages. */
export const KIND_PREFIX: Readonly<Record<TmemKind, "eph" | "pers">> = {
  ephemeral: "eph",
  persistent: "pers",
};

/**
 * What `debugfs/zcache` shows, as far as {@linkcode ZcacheCounters} go, with
 * `obj_count`: objects of all pools.
 */
export function zcacheDebugfs(
  zcache: Zcache,
): ZcacheCounters & { readonly obj_count: number } {
  const objects = [...zcache.pools.values()]
    .reduce((sum, { objects }) => sum + objects.size, 0);
  return { ...zcache.counters, obj_count: objects };
}

/**
 * What `debugfs/zbud` shows: `eph_zpages`, `pers_zpages` and so on. Bytes count
 * with handles there. Specifies `zbud_debugfs_init`, `zbud.c`; counts of zombies
 * are left out with writeback, and so are all bytes that there ever were.
 */
export function zcacheZbudDebugfs(
  { zbud }: Zcache,
): Readonly<Record<string, number>> {
  const shown: Record<string, number> = {};
  for (const kind of ["ephemeral", "persistent"] as const) {
    const frames = zbud[kind];
    const files = {
      zbytes: frames.zbytes,
      zpages: frames.zpages,
      cumul_zpages: frames.cumulZpages,
      evicted_pageframes: frames.evictedPageframes,
      pageframes: frames.lru.size,
      buddied_count: frames.buddied.size,
      unbuddied_count: frames.lru.size - frames.buddied.size,
    };
    for (const [name, value] of Object.entries(files)) {
      shown[`${KIND_PREFIX[kind]}_${name}`] = value;
    }
  }
  return shown;
}
