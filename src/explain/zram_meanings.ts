/**
 * What the files of `/sys/block/zramN` are, with the releases that have them.
 *
 * Source: `Documentation/ABI/testing/sysfs-block-zram`, the `_show` functions of
 * `drivers/block/zram/zram_drv.c`, and the commits that brought each.
 */
import { type ReleaseSpan, span } from "./release_span.ts";

/** What a number is. */
export interface Meaning {
  /** What it counts. */
  readonly unit: string;
  /** What it is. */
  readonly meaning: string;
  /** Which releases have it. */
  readonly releases: ReleaseSpan;
}

/** A meaning from the parts of one. */
export const meaning = (
  unit: string,
  since: string,
  text: string,
  until = "",
): Meaning => ({ unit, meaning: text, releases: span(since, until) });

/** The numbers of `mm_stat`, the seventh since it counts pages (4.3). */
export const MM_STAT_MEANINGS: Readonly<Record<string, Meaning>> = {
  orig_data_size: meaning(
    "bytes",
    "4.1",
    "pages stored, before compression",
  ),
  compr_data_size: meaning("bytes", "4.1", "what they compressed to"),
  mem_used_total: meaning(
    "bytes",
    "4.1",
    "memory of the pool that holds that, whole pages",
  ),
  mem_limit: meaning(
    "bytes",
    "4.1",
    "the most that the pool may take; 0: no limit",
  ),
  mem_used_max: meaning(
    "bytes",
    "4.1",
    "the most that the pool has taken since it was set up or 0 was written there",
  ),
  same_pages: meaning(
    "pages",
    "4.1",
    "pages of one word repeated, which take no memory; up to 4.10 pages of zeros",
  ),
  pages_compacted: meaning(
    "pages",
    "4.3",
    "pages that compaction has freed since the disk was set up; in 4.1 and 4.2 objects that it moved",
  ),
  huge_pages: meaning(
    "pages",
    "4.18",
    "pages that did not compress, stored whole",
  ),
  huge_pages_since: meaning(
    "pages",
    "5.11",
    "pages ever stored whole since the disk was set up",
  ),
};

/** The numbers of `bd_stat`. */
export const BD_STAT_MEANINGS: Readonly<Record<string, Meaning>> = {
  bd_count: meaning("4 KiB", "5.0", "what is on the backing device now"),
  bd_reads: meaning("4 KiB", "5.0", "what was ever read from it"),
  bd_writes: meaning("4 KiB", "5.0", "what was ever written to it"),
};

/** The numbers of `io_stat`. */
export const IO_STAT_MEANINGS: Readonly<Record<string, Meaning>> = {
  failed_reads: meaning("requests", "4.1", "reads that failed with EIO"),
  failed_writes: meaning(
    "requests",
    "4.1",
    "writes that failed with EIO: no memory, or the limit",
  ),
  invalid_io: meaning(
    "requests",
    "4.1",
    "requests out of range or unaligned; always 0 since 6.4, where the block layer refuses them",
  ),
  notify_free: meaning(
    "pages",
    "4.1",
    "pages that were discarded or freed by the swap layer, stored or not",
  ),
};

/** The numbers of `debug_stat` behind its version. */
export const DEBUG_STAT_MEANINGS: Readonly<Record<string, Meaning>> = {
  writestall: meaning(
    "writes",
    "4.7",
    "writes that had to wait for memory; always 0 since 6.15",
  ),
  miss_free: meaning(
    "pages",
    "4.20",
    "frees by the swap layer that found the slot locked and left the page",
  ),
};

/** Files of one number each that `mm_stat` and `io_stat` replaced. */
const SEPARATE: Readonly<Record<string, Meaning>> = {
  num_reads: meaning("requests", "2.6.33", "reads", "4.10"),
  num_writes: meaning("requests", "2.6.33", "writes", "4.10"),
  failed_reads: meaning("requests", "3.15", "reads that failed", "4.10"),
  failed_writes: meaning("requests", "3.15", "writes that failed", "4.10"),
  invalid_io: meaning(
    "requests",
    "2.6.33",
    "requests out of range or unaligned",
    "4.10",
  ),
  notify_free: meaning(
    "pages",
    "2.6.33",
    "pages that the swap layer freed or that were discarded",
    "4.10",
  ),
  zero_pages: meaning(
    "pages",
    "2.6.33",
    "pages of zeros, which take no memory and are not in orig_data_size",
    "4.10",
  ),
  orig_data_size: meaning(
    "bytes",
    "2.6.33",
    "pages stored, before compression, without those of zeros",
    "4.10",
  ),
  compr_data_size: meaning(
    "bytes",
    "2.6.33",
    "what they compressed to",
    "4.10",
  ),
  mem_used_total: meaning(
    "bytes",
    "2.6.33",
    "memory of the pool that holds that",
    "4.10",
  ),
};

/** Files that set a device up and say what is set. */
const SETTINGS: Readonly<Record<string, Meaning>> = {
  disksize: meaning(
    "bytes",
    "2.6.33",
    "the disk: how much can be written to it, before compression",
  ),
  initstate: meaning("", "2.6.33", "1 once disksize is set"),
  // They can only be written since 4.11.
  mem_limit: meaning(
    "bytes",
    "3.18",
    "the most that the pool may take; 0: no limit",
    "4.10",
  ),
  mem_used_max: meaning(
    "bytes",
    "3.18",
    "the most that the pool has taken",
    "4.10",
  ),
  max_comp_streams: meaning(
    "",
    "3.15",
    "compression streams; since 4.7 the CPUs, whatever is written",
    "6.14",
  ),
  comp_algorithm: meaning(
    "",
    "3.15",
    "compression algorithms, the chosen one in brackets",
  ),
  recomp_algorithm: meaning(
    "",
    "6.2",
    "algorithms of recompression, a line for each priority",
  ),
  backing_dev: meaning("", "4.14", "where pages are written back to"),
  writeback_limit: meaning(
    "4 KiB",
    "5.0",
    "how much may still be written back",
  ),
  writeback_limit_enable: meaning("", "5.0", "whether that limit counts"),
  writeback_batch_size: meaning(
    "requests",
    "6.19",
    "writeback requests in flight at once",
  ),
  compressed_writeback: meaning(
    "",
    "7.0",
    "whether pages are written back as they are stored",
  ),
};

/** Files of one value each. */
export const ATTRIBUTE_MEANINGS: Readonly<Record<string, Meaning>> = {
  ...SETTINGS,
  ...SEPARATE,
};

/** The files of several numbers. */
export const STAT_FILES: readonly string[] = [
  "mm_stat",
  "bd_stat",
  "io_stat",
  "debug_stat",
];
