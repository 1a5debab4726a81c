/**
 * The rules about what one operation does to a device: limits that it keeps,
 * counters that only grow.
 */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
} from "../rules/invariant.ts";
import type { IoStat } from "../linux/zram_profile.ts";
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
  /** What was counted since the device was initialised. */
  readonly events: Readonly<Record<string, number>>;
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
}

/** The counters that an initialised device only adds to. */
function countEvents({ stats, ioStat, pool }: Zram): Record<string, number> {
  const { hugePagesSince, bdReads, bdWrites } = stats;
  const pagesCompacted = pool?.pagesCompacted ?? 0;
  return { hugePagesSince, bdReads, bdWrites, pagesCompacted, ...ioStat };
}

/** What {@linkcode checkLimits} needs to know of a device before an operation. */
export function limitsBefore(zram: Zram): LimitsBefore {
  return {
    pagesAllocated: zram.pool?.pagesAllocated ?? 0,
    limitPages: zram.limitPages,
    wbLimit: zram.wbLimitEnable ? zram.wbLimit : undefined,
    bdWrites: zram.stats.bdWrites,
    pool: zram.pool,
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
    check({ pagesAllocated, limitPages }, zram) {
      const most = Math.max(limitPages, pagesAllocated);
      const used = zram.pool?.pagesAllocated ?? 0;
      const isBound = limitPages !== 0 && zram.limitPages === limitPages &&
        zram.comps.activeCount < 2;
      if (!isBound || used <= most) return undefined;
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
      if (wbLimit === undefined || wbLimit % units !== 0n) return undefined;
      const written = zram.stats.bdWrites - bdWrites;
      if (BigInt(written) * units <= wbLimit) return undefined;
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
      if (wbLimit === undefined || written <= 0) return undefined;
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
      if (pool === undefined || zram.pool !== pool) return undefined;
      const now = countEvents(zram);
      const shrunk = Object.keys(events).find((name) =>
        now[name] < events[name]
      );
      if (shrunk === undefined) return undefined;
      return {
        where: shrunk,
        expected: `at least ${events[shrunk]}`,
        found: now[shrunk],
      };
    },
  },
  ...COUNT_INVARIANTS,
];

/**
 * Checks {@linkcode LIMIT_INVARIANTS} on a device after one operation, run alone.
 * Throws an `InvariantError` at the first one broken.
 */
export function checkLimits(before: LimitsBefore, zram: Zram): void {
  assertInvariants(LIMIT_INVARIANTS, before, zram);
}
