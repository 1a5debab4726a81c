/**
 * The rules about what one operation adds to a device's counters: exactly what
 * it did, where that can be told from what it left.
 */
import { PRIMARY_COMP } from "./zcomp.ts";
import {
  type Checked,
  expectEqual,
  heldIf,
  SILENT,
} from "../rules/invariant.ts";
import type { Zram } from "./device.ts";
import type { LimitInvariant, LimitsBefore } from "./limits_before.ts";

/** Whether the pool is the one that there was: none was made or destroyed. */
function isSamePool({ pool }: LimitsBefore, zram: Zram): boolean {
  return pool !== undefined && zram.pool === pool;
}

/** Segments or requests that were written, by what this kernel counts. */
function writesOf({ ioStat }: LimitsBefore, zram: Zram): number {
  return zram.ioStat.numWrites - ioStat.numWrites;
}

/** Whether pages and objects are those that there were, but for their places. */
function isUnchanged(before: LimitsBefore, zram: Zram): boolean {
  return writesOf(before, zram) === 0 &&
    zram.stats.comprDataSize === before.stats.comprDataSize &&
    zram.pool?.handles.allocated === before.objects;
}

/** How a write of one page raises the maximum: by the pool as it was largest. */
function checkOneWrite(before: LimitsBefore, zram: Zram): Checked {
  const { maxUsedPages } = zram.stats;
  const was = before.stats.maxUsedPages;
  const taken = (zram.pool?.pagesTaken ?? 0) - before.pagesTaken;
  const largest = Math.max(was, before.pagesAllocated + taken);
  const failed = zram.ioStat.failedWrites > before.ioStat.failedWrites;
  const isUncounted = failed && !zram.profile.zram.refusedRaisesMax;
  // Without an object nothing is looked at: not even what was there before.
  const mayStay = isUncounted || taken === 0;
  if (mayStay && maxUsedPages === was) return heldIf(taken > 0);
  return expectEqual(
    "mem_used_max in pages",
    maxUsedPages,
    isUncounted ? was : largest,
  );
}

/** Rules about what one operation, run alone, adds to counters. */
export const COUNT_INVARIANTS: readonly LimitInvariant[] = [
  {
    id: "zram/pages-compacted",
    sentence:
      "What frees frames and leaves every object is compaction, and adds them to pages_compacted; nothing else adds any.",
    source: "compact_store, mm_stat_show, zram_drv.c, 4.1; zs_compact, 4.3",
    check(before, zram) {
      if (!isSamePool(before, zram)) return SILENT;
      const { pagesAllocated, pagesCompacted } = zram.initialisedPool;
      const freed = before.pagesAllocated - pagesAllocated;
      return expectEqual(
        "pages_compacted",
        pagesCompacted,
        before.pagesCompacted + (isUnchanged(before, zram) ? freed : 0),
      ) ?? heldIf(pagesCompacted > before.pagesCompacted);
    },
  },
  {
    id: "zram/mem-used-max-written",
    sentence:
      "A write raises mem_used_max to what the pool had with the new object beside the old one, if that is more, and to nothing else.",
    source: "update_used_max, zram_bvec_write, zram_drv.c, 3.18",
    check(before, zram) {
      const isOne = writesOf(before, zram) === 1 &&
        zram.profile.zram.requestsCounted === "segments";
      if (!isOne || !isSamePool(before, zram)) return SILENT;
      return checkOneWrite(before, zram);
    },
  },
  {
    id: "zram/mem-used-max-kept",
    sentence:
      "Nothing but a write raises mem_used_max, unless it is set, to what is used; several at once raise it to no more than they could have used.",
    source: "mem_used_max_store, recompress_slot, zram_drv.c, 6.18",
    check(before, zram) {
      if (!isSamePool(before, zram)) return SILENT;
      const { pagesAllocated, pagesTaken } = zram.initialisedPool;
      const { maxUsedPages } = zram.stats;
      const was = before.stats.maxUsedPages;
      const taken = pagesTaken - before.pagesTaken;
      const isWrite = writesOf(before, zram) > 0;
      const most = isWrite ? before.pagesAllocated + taken : was;
      const isSet = taken === 0 && maxUsedPages === pagesAllocated;
      const isKept = maxUsedPages >= was && maxUsedPages <= Math.max(was, most);
      if (isKept || (isSet && !isWrite)) {
        return heldIf(taken > 0 || maxUsedPages !== was);
      }
      return {
        where: "mem_used_max in pages",
        expected: `from ${was} to ${Math.max(was, most)}`,
        found: maxUsedPages,
      };
    },
  },
  {
    id: "zram/writestall",
    sentence:
      "From 4.7 to 6.14 a write stalls at most once, and has where it failed for want of memory; before and after, none does.",
    source: "zram_bvec_write, zram_drv.c, 4.7; __zram_bvec_write, 6.1",
    check(before, zram) {
      if (!isSamePool(before, zram)) return SILENT;
      const { profile, ioStat, limitPages } = zram;
      const stalls = ioStat.writestall - before.ioStat.writestall;
      const failed = ioStat.failedWrites - before.ioStat.failedWrites;
      const isLimited = limitPages !== 0 || before.limitPages !== 0;
      // A part of a page can fail to be written for other reasons, and a page
      // that the compressor fails on asks for no memory.
      const isWhole = profile.pageSize === 4096 &&
        !zram.comps.hasDict(PRIMARY_COMP);
      const slow = profile.zram.mallocSlowPath;
      const least = slow && isWhole && !isLimited ? failed : 0;
      const most = slow ? writesOf(before, zram) : 0;
      if (stalls >= least && stalls <= most) {
        return heldIf(stalls > 0 || failed > 0);
      }
      return {
        where: "writestall",
        expected: `from ${least} to ${most} more`,
        found: stalls,
      };
    },
  },
  {
    id: "zram/reset-gives-back",
    sentence: "A device that is reset gives every object and frame back.",
    source: "zram_meta_free, zram_reset_device, zram_drv.c, 4.0",
    check({ pool }, zram) {
      if (pool === undefined || zram.pool === pool) return SILENT;
      return expectEqual("objects left", pool.handles.allocated, 0) ??
        expectEqual("frames left", pool.pagesAllocated, 0);
    },
  },
];
