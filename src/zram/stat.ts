/** A device's statistics, as `mm_stat` shows them. */

/** The nine numbers of `mm_stat`, by their names in the documentation. */
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

/** The text of `mm_stat`. Specifies `mm_stat_show`, `zram_drv.c`. */
export function mmStatText(stat: MmStat): string {
  return MM_STAT_FIELDS
    .map((field) => String(stat[field]).padStart(8))
    .join(" ") + "\n";
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
  };
}
