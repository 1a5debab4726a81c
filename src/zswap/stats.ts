/** The counters of zswap, and the files of debugfs that show them. */
import { assertHas } from "../rules/argument.ts";
import type { Errno } from "../linux/errno.ts";
import type { ZswapCounter } from "../linux/zswap_profile.ts";
import type { Zswap } from "./zswap.ts";

/** Every counter of every kernel. */
export type ZswapCounters = Record<ZswapCounter, number>;

/**
 * The counters that zswap itself keeps: the size of the pools is asked of them
 * when it is shown. One that a kernel does not have stays at 0.
 */
export type ZswapCounts = Omit<ZswapCounters, "pool_pages" | "pool_total_size">;

/** What zswap itself counts, at 0. */
export function zeroCounts(): ZswapCounts {
  return {
    pool_limit_hit: 0,
    reject_reclaim_fail: 0,
    reject_alloc_fail: 0,
    reject_kmemcache_fail: 0,
    reject_compress_fail: 0,
    reject_compress_poor: 0,
    decompress_fail: 0,
    written_back_pages: 0,
    duplicate_entry: 0,
    stored_pages: 0,
    same_filled_pages: 0,
    stored_incompressible_pages: 0,
  };
}

/** All counters at 0. */
export function zeroCounters(): ZswapCounters {
  return { ...zeroCounts(), pool_pages: 0, pool_total_size: 0 };
}

/**
 * The counters that a kernel's `debugfs/zswap` shows, in its order. Up to 6.8
 * the size of the pools is what it was when an entry was last stored or freed.
 * Specifies `zswap_debugfs_init`, `mm/zswap.c`.
 */
export function zswapCounters(zswap: Zswap): Partial<ZswapCounters> {
  assertHas("count pages", "zswap", zswap, "trees", "a Zswap");
  const { counters, profile } = zswap;
  const pages = profile.zswap.shrink === "entries-in-worker"
    ? zswap.pools.totalPages
    : zswap.countedPages;
  const all: ZswapCounters = {
    ...counters,
    pool_pages: pages,
    pool_total_size: pages * profile.pageSize,
  };
  const shown: Partial<ZswapCounters> = {};
  for (const name of profile.zswap.counters) shown[name] = all[name];
  return shown;
}

/** Reads a file of `debugfs/zswap`: ENOENT where the kernel has none of that name. */
export function readZswapDebugfs(
  zswap: Zswap,
  name: string,
): { text: string } | { errno: Errno } {
  const value = Object.entries(zswapCounters(zswap))
    .find(([counter]) => counter === name)?.[1];
  return value === undefined ? { errno: "ENOENT" } : { text: `${value}\n` };
}

/** What happened at frontswap's hooks, as `debugfs/frontswap` names it. */
export interface FrontswapCounters {
  /** Pages that zswap gave back. */
  loads: number;
  /** Pages that it took. */
  succ_stores: number;
  /** Pages that it refused. */
  failed_stores: number;
  /** Pages that the swap layer needs no more. */
  invalidates: number;
}
