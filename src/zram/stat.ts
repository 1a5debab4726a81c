/** A device's statistics, as `mm_stat` and `bd_stat` show them. */
import type { IoStat } from "../linux/zram_profile.ts";
import type { Zram } from "./device.ts";

/** The numbers of `mm_stat`, by their names in the documentation. */
export interface MmStat {
  /** Bytes of the pages stored, uncompressed. */
  orig_data_size: number;
  /** Bytes of what they compressed to. */
  compr_data_size: number;
  /** Bytes of the frames that hold that, fragmentation included. */
  mem_used_total: number;
  /** The most bytes that the device may use; 0 is no limit. */
  mem_limit: number;
  /** The most bytes that it has used. */
  mem_used_max: number;
  /** Pages that are one word repeated and take no memory. */
  same_pages: number;
  /** Pages freed by compaction. */
  pages_compacted: number;
  /** Pages stored whole. */
  huge_pages: number;
  /** Pages stored whole since the device was set up. */
  huge_pages_since: number;
}

/** The order of {@linkcode MmStat} in the attribute's text. */
export const MM_STAT_FIELDS: readonly (keyof MmStat)[] = [
  "orig_data_size",
  "compr_data_size",
  "mem_used_total",
  "mem_limit",
  "mem_used_max",
  "same_pages",
  "pages_compacted",
  "huge_pages",
  "huge_pages_since",
];

/** The numbers of a device's `mm_stat`. */
export function mmStat({ profile, stats, pool, limitPages }: Zram): MmStat {
  const { pageSize } = profile;
  return {
    orig_data_size: stats.pagesStored * pageSize,
    compr_data_size: stats.comprDataSize,
    mem_used_total: (pool?.pagesAllocated ?? 0) * pageSize,
    mem_limit: limitPages * pageSize,
    mem_used_max: stats.maxUsedPages * pageSize,
    same_pages: stats.samePages,
    pages_compacted: pool?.pagesCompacted ?? 0,
    huge_pages: stats.hugePages,
    huge_pages_since: stats.hugePagesSince,
  };
}

/**
 * The text of `mm_stat`, of which older kernels show fewer `numbers`. Specifies
 * `mm_stat_show`, `zram_drv.c`, since 4.1.
 */
export function mmStatText(
  stat: MmStat,
  numbers: number = MM_STAT_FIELDS.length,
): string {
  const fields = MM_STAT_FIELDS.slice(0, numbers);
  return statText(fields.map((field) => stat[field]));
}

/** The three numbers of `bd_stat`, in units of 4 KiB whatever the page size. */
export interface BdStat {
  /** What is on the backing device. */
  bd_count: number;
  /** What was read from it. */
  bd_reads: number;
  /** What was written to it. */
  bd_writes: number;
}

/** The order of {@linkcode BdStat} in the attribute's text. */
export const BD_STAT_FIELDS: readonly (keyof BdStat)[] = [
  "bd_count",
  "bd_reads",
  "bd_writes",
];

/** The numbers of a device's `bd_stat`. */
export function bdStat({ profile, stats }: Zram): BdStat {
  const units = profile.pageSize / 4096;
  return {
    bd_count: stats.bdCount * units,
    bd_reads: stats.bdReads * units,
    bd_writes: stats.bdWrites * units,
  };
}

/** The text of `bd_stat`. Specifies `bd_stat_show`, `zram_drv.c`, since 5.0. */
export function bdStatText(stat: BdStat): string {
  return statText(BD_STAT_FIELDS.map((field) => stat[field]));
}

/** Numbers in columns of eight; whole ones beyond 2^53 are spelled out. */
function statText(numbers: readonly number[]): string {
  return numbers.map((one) => String(BigInt(one)).padStart(8)).join(" ") + "\n";
}

/** The counters of a device. Specifies `struct zram_stats`, `zram_drv.h`. */
export interface ZramStats {
  /** Bytes of the objects that hold pages. */
  comprDataSize: number;
  /** Pages stored. */
  pagesStored: number;
  /** Same-filled pages. */
  samePages: number;
  /** Pages stored whole. */
  hugePages: number;
  /** Pages stored whole since the device was set up. */
  hugePagesSince: number;
  /** The most pages that the pool has had. */
  maxUsedPages: number;
  /** Blocks of the backing device in use. */
  bdCount: number;
  /** Pages read from the backing device. */
  bdReads: number;
  /** Pages written to the backing device. */
  bdWrites: number;
}

/** Counters at zero. */
export function zeroStats(): ZramStats {
  return {
    comprDataSize: 0,
    pagesStored: 0,
    samePages: 0,
    hugePages: 0,
    hugePagesSince: 0,
    maxUsedPages: 0,
    bdCount: 0,
    bdReads: 0,
    bdWrites: 0,
  };
}

/** Events at zero. */
export function zeroIoStat(): IoStat {
  return {
    numReads: 0,
    numWrites: 0,
    failedReads: 0,
    failedWrites: 0,
    invalidIo: 0,
    notifyFree: 0,
    writestall: 0,
    missFree: 0,
  };
}
