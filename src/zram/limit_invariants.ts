/**
 * The rules about what one operation does to a device: limits that it keeps,
 * counters that only grow.
 */
import {
  assertInvariants,
  expectEqual,
  heldIf,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { COUNT_INVARIANTS } from "./count_invariants.ts";
import type { Zram } from "./device.ts";
import {
  countEvents,
  EVENTS,
  type LimitInvariant,
  type LimitsBefore,
} from "./limits_before.ts";

/** Rules about limits, and about counters that only grow. */
export const LIMIT_INVARIANTS: readonly LimitInvariant[] = [
  {
    id: "zram/mem-limit",
    sentence:
      "No operation takes the pool above the limit that is set, or further above it, but recompression, which does not look at it.",
    source:
      "zram_can_store_page, recompress_slot, drivers/block/zram/zram_drv.c, 6.18",
    check({ pagesAllocated, limitPages, failedWrites }, zram) {
      const most = Math.max(limitPages, pagesAllocated);
      const used = zram.pool?.pagesAllocated ?? 0;
      const isBound = limitPages !== 0 && zram.limitPages === limitPages &&
        zram.comps.activeCount < 2;
      if (!isBound) return SILENT;
      const isRefused = zram.ioStat.failedWrites > failedWrites;
      if (used <= most) return heldIf(used > pagesAllocated || isRefused);
      return {
        where: "mem_used_total",
        expected: `at most ${most} pages`,
        found: used,
      };
    },
  },
  {
    id: "zram/writeback-limit",
    sentence:
      "While it is enabled, a writeback writes no more pages than the limit has units of 4 KiB for, unless the limit is no multiple of a page, when it wraps.",
    source: "writeback_store, zram_writeback_slots, zram_drv.c, since 5.0",
    check({ wbLimit, bdWrites }, zram) {
      const units = BigInt(zram.profile.pageSize / 4096);
      if (wbLimit === undefined || wbLimit % units !== 0n) return SILENT;
      const written = zram.stats.bdWrites - bdWrites;
      const taken = BigInt(written) * units;
      if (taken <= wbLimit) return heldIf(written > 0 && taken === wbLimit);
      return {
        where: "pages written back",
        expected: `at most ${wbLimit / units}`,
        found: written,
      };
    },
  },
  {
    id: "zram/writeback-charge",
    sentence:
      "While it is enabled, a writeback takes from the limit 4 KiB for 4 KiB what it writes, in 64 bits.",
    source: "writeback_store, zram_writeback_slots, zram_drv.c, since 5.0",
    check({ wbLimit, bdWrites }, zram) {
      const written = zram.stats.bdWrites - bdWrites;
      if (wbLimit === undefined || written <= 0) return SILENT;
      const units = BigInt(written * zram.profile.pageSize / 4096);
      return expectEqual(
        "writeback_limit",
        String(zram.wbLimit),
        String(BigInt.asUintN(64, wbLimit - units)),
      );
    },
  },
  {
    id: "zram/temporary-pages",
    sentence:
      "An operation gives back every page that it takes but for its pool's.",
    source:
      "alloc_page and __free_page in zram_bvec_read, zram_bvec_write, writeback_store, recompress_store, drivers/block/zram/zram_drv.c, 6.1",
    check({ frames, pagesAllocated }, { memory, pool }) {
      const grown = (pool?.pagesAllocated ?? 0) - pagesAllocated;
      const expected = frames + grown;
      return expectEqual("frames allocated", memory.allocatedPages, expected) ??
        heldIf(pool !== undefined);
    },
  },
  {
    id: "zram/events",
    sentence: "What is counted as it happens only grows, until a reset.",
    source:
      "struct zram_stats, zram_reset_device, drivers/block/zram/zram_drv.c, 6.1",
    check({ pool, events }, zram) {
      if (pool === undefined || zram.pool !== pool) return SILENT;
      const now = countEvents(zram);
      let hasGrown = false;
      for (let nth = 0; nth < now.length; nth++) {
        if (now[nth] > events[nth]) hasGrown = true;
        if (now[nth] >= events[nth]) continue;
        return {
          where: EVENTS[nth],
          expected: `at least ${events[nth]}`,
          found: now[nth],
        };
      }
      return heldIf(hasGrown);
    },
  },
  ...COUNT_INVARIANTS,
];

/**
 * Checks {@linkcode LIMIT_INVARIANTS} on a device after one operation, run alone.
 * Throws an `InvariantError` at the first one broken. `reach` counts the rules
 * that spoke.
 */
export function checkLimits(
  before: LimitsBefore,
  zram: Zram,
  reach?: Reach,
): void {
  assertInvariants(LIMIT_INVARIANTS, before, zram, reach);
}
