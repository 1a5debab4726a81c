/** What the rules about one operation compare a device with. */
import type { IoStat } from "../linux/zram_profile.ts";
import type { Invariant } from "../rules/invariant.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import type { Zram } from "./device.ts";
import type { ZramStats } from "./stat.ts";

/** What the rules about limits compare a device with: how it was before. */
export interface LimitsBefore {
  /** Pages of the pool. */
  readonly pagesAllocated: number;
  /** Frames of the memory below. */
  readonly frames: number;
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
export const EVENTS: readonly string[] = [
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
export function countEvents({ stats, ioStat, pool }: Zram): number[] {
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

/** What `checkLimits` needs to know of a device before an operation. */
export function limitsBefore(zram: Zram): LimitsBefore {
  return {
    pagesAllocated: zram.pool?.pagesAllocated ?? 0,
    frames: zram.memory.allocatedPages,
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
