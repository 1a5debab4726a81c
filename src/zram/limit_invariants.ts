/**
 * The rules about what one operation does to a device: limits that it keeps,
 * counters that only grow.
 */
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import type { IoStat } from "../linux/zram_profile.ts";
import type { Reach } from "../rules/reach.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { COUNT_INVARIANTS } from "./count_invariants.ts";
import type { Zram } from "./device.ts";
import type { ZramStats } from "./stat.ts";

/** What the rules about limits compare a device with: how it was before. */
export interface LimitsBefore {
  /** Pages of the pool. */
  readonly pagesAllocated: number;
  /** `mem_limit` in pages. */
  readonly limitPages: number;
  /** `writeback_limit` in units of 4 KiB, or `undefined` where not enabled. */
  readonly wbLimit: bigint | undefined;
  /** Pages written to the backing device. */
  readonly bdWrites: number;
  /** The pool, which a reset takes away. */
  readonly pool: ZsPool | undefined;
  /** Counters of what is stored. */
  readonly stats: Readonly<ZramStats>;
  /** Counters of what was asked. */
  readonly ioStat: Readonly<IoStat>;
  /** Objects of the pool. */
  readonly objects: number;
  /** Frames that the pool had taken. */
  readonly pagesTaken: number;
  /** Frames that compaction had freed. */
  readonly pagesCompacted: number;
  /** Writes that failed. */
  readonly failedWrites: number;
  /** What was counted since the device was initialised, as in `EVENTS`. */
  readonly events: readonly number[];
}

/** The counters that an initialised device only adds to. */
const EVENTS = [
  "huge_pages_since",
  "bd_reads",
  "bd_writes",
  "pages_compacted",
  "num_reads",
  "num_writes",
  "failed_reads",
  "failed_writes",
  "invalid_io",
  "notify_free",
  "writestall",
  "miss_free",
];

/** What they count, in that order. */
function countEvents({ stats, ioStat, pool }: Zram): number[] {
  return [
    stats.hugePagesSince,
    stats.bdReads,
    stats.bdWrites,
    pool?.pagesCompacted ?? 0,
    ioStat.numReads,
    ioStat.numWrites,
    ioStat.failedReads,
    ioStat.failedWrites,
    ioStat.invalidIo,
    ioStat.notifyFree,
    ioStat.writestall,
    ioStat.missFree,
  ];
}

/** What {@linkcode checkLimits} needs to know of a device before an operation. */
export function limitsBefore(zram: Zram): LimitsBefore {
  return {
    pagesAllocated: zram.pool?.pagesAllocated ?? 0,
    limitPages: zram.limitPages,
    wbLimit: zram.wbLimitEnable ? zram.wbLimit : undefined,
    bdWrites: zram.stats.bdWrites,
    pool: zram.pool,
    failedWrites: zram.ioStat.failedWrites,
    events: countEvents(zram),
    stats: { ...zram.stats },
    ioStat: { ...zram.ioStat },
    objects: zram.pool?.handles.allocated ?? 0,
    pagesTaken: zram.pool?.pagesTaken ?? 0,
    pagesCompacted: zram.pool?.pagesCompacted ?? 0,
  };
}

/** A rule about what one operation, run alone, does to a device. */
export type LimitInvariant = Invariant<LimitsBefore, Zram>;

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
