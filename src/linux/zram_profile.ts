/** What kernel releases and their configurations fix about zram. */
import type { Errno } from "./errno.ts";

/** The event counters that single-number files, `io_stat` and `debug_stat` show. */
export interface IoStat {
  /** Requests to read: bios (3.12) or the pieces of them. */
  numReads: number;
  /** Requests to write: likewise. */
  numWrites: number;
  /** Reads that failed. */
  failedReads: number;
  /** Writes that failed. */
  failedWrites: number;
  /** Requests out of range or unaligned. */
  invalidIo: number;
  /** Pages discarded or freed by the swap layer, stored or not. */
  notifyFree: number;
  /** Times an allocation had to wait for memory. */
  writestall: number;
  /** Notifications that found the slot locked. */
  missFree: number;
}

/** A sysfs file that can only be read (DEVICE_ATTR_RO). */
export const ATTR_RO = 0o444;
/** A sysfs file that can only be written (DEVICE_ATTR_WO). */
export const ATTR_WO = 0o200;
/** A sysfs file that can be read and written (DEVICE_ATTR_RW). */
export const ATTR_RW = 0o644;

/**
 * What a slot of the table consists of, access times apart: the members of
 * `struct zram_table_entry`, `drivers/block/zram/zram_drv.h`.
 */
export interface ZramTableEntry {
  /** Members of a word: the handle, and mostly one more. */
  readonly words: number;
  /** Bytes of the other members. */
  readonly bytes: number;
}

/**
 * Slots of each release: a handle with size, count and flags in four bytes; a
 * handle and a word of flags and size; with a lock of its own a handle, and
 * four bytes for each of flags and lock.
 */
export const ZRAM_TABLE_ENTRIES: Readonly<
  Record<"3.12" | "4.0" | "6.1" | "6.12" | "6.18", ZramTableEntry>
> = {
  "3.12": { words: 1, bytes: 4 },
  "4.0": { words: 2, bytes: 0 },
  "6.1": { words: 2, bytes: 0 },
  "6.12": { words: 1, bytes: 8 },
  "6.18": { words: 2, bytes: 0 },
};

/** What a kernel release and its configuration fix about zram. */
export interface ZramProfile {
  /** The sysfs files of a device in the kernel's order, with their permissions. */
  readonly attributes: Readonly<Record<string, number>>;
  /** Whether `/sys/class/zram-control` is there: hot_add and hot_remove (since 4.2). */
  readonly control: boolean;

  /** CONFIG_ZRAM_WRITEBACK: a backing device can be set. */
  readonly writeback: boolean;
  /** CONFIG_ZRAM_MULTI_COMP: pages can be recompressed (since 6.2). */
  readonly multiComp: boolean;
  /**
   * CONFIG_ZRAM_TRACK_ENTRY_ACTIME: slots know when they were last accessed.
   * Up to 6.5 a part of CONFIG_ZRAM_MEMORY_TRACKING.
   */
  readonly trackEntryActime: boolean;
  /** CONFIG_ZRAM_MEMORY_TRACKING: debugfs has `block_state`. */
  readonly memoryTracking: boolean;

  /** What a slot of the table consists of. */
  readonly tableEntry: ZramTableEntry;
  /** What becomes of a table's size that no word can hold (array_size, since 4.18). */
  readonly tableSize: "wraps" | "saturates";
  /**
   * What `disksize` looks at first: whether there is memory for the table
   * (3.12, 4.0), or whether the device is initialised already.
   */
  readonly disksizeLooksFirst: "for-memory" | "whether-initialised";

  /** Compression algorithms in the order in which `comp_algorithm` lists them. */
  readonly compAlgorithms: readonly string[];
  /** The algorithm of a fresh device (CONFIG_ZRAM_DEF_COMP). */
  readonly defaultAlgorithm: string;
  /** Where an unknown algorithm is refused: by `comp_algorithm`, or by `disksize` (up to 4.2). */
  readonly algorithmChecked: "when-set" | "when-initialised";
  /** What a name of 128 characters or more gets. */
  readonly longAlgorithmName: Errno;
  /** Whether `reset` also puts the algorithm back to the default (since 6.2). */
  readonly resetRestoresAlgorithm: boolean;
  /** What `max_comp_streams` is: one stream a CPU, or what was set (up to 4.6). */
  readonly compStreams: "per-cpu" | "settable";

  /**
   * Who refuses requests that are out of range or unaligned: the driver, which
   * counts them in invalid_io; the driver once it is initialised, EIO before
   * (up to 4.0); or the block layer alone (since 6.4).
   */
  readonly requestsChecked: "by-driver" | "once-initialised" | "by-block-layer";
  /** Whether REQ_OP_DISCARD is supported (since 3.15). */
  readonly discard: boolean;
  /** Whether REQ_OP_WRITE_ZEROES is, where pages are logical blocks (since 4.12). */
  readonly writeZeroes: boolean;
  /** What num_reads and num_writes count. */
  readonly requestsCounted: "bios" | "segments";
  /**
   * What follows a segment that failed: nothing, or (6.1) the next segment, at
   * the place of the failed one.
   */
  readonly afterFailedSegment: "stop" | "next-segment";
  /** Whether a segment that failed counts as an access of its page. */
  readonly failureIsAccess: boolean;

  /**
   * Pages that take no memory: pages of zeros, which do not count as stored
   * (up to 4.10), or of any one word, which do.
   */
  readonly sameFilled: "zeros" | "word";
  /** Compressed bytes from which on a page is stored whole. */
  wholeFrom(pageSize: number, hugeClassSize: number): number;
  /** Whether an allocation that the limit undoes raises mem_used_max (not in 4.0). */
  readonly refusedRaisesMax: boolean;
  /** Whether a failed allocation is tried once more, waiting (4.7 to 6.14). */
  readonly mallocSlowPath: boolean;

  /**
   * What `idle` marks: any stored page (up to 6.12), or those whose bytes are
   * in the pool, the ones that are too young losing the mark.
   */
  readonly idleMarks: "stored" | "in-pool";
  /**
   * In what order `writeback` takes pages: by number as they are found, or
   * largest objects first, found beforehand (since 6.13).
   */
  readonly writebackOrder: "by-index" | "by-size";
  /** Whether `backing_dev` takes the device that is set already. */
  readonly backingReopens: boolean;
  /** The letters of `block_state`. */
  readonly blockStateFlags: "swhi" | "swhirn";

  /** Who makes `reset` refuse: whoever has the device open, or claims it exclusively. */
  readonly resetRefusedBy: "openers" | "holders";
  /** Whether `reset` reads its text before it looks for them. */
  readonly resetReadsFirst: boolean;

  /** The text of `io_stat`. */
  ioStat(stat: Readonly<IoStat>): string;
  /** The text of `debug_stat`. */
  debugStat(stat: Readonly<IoStat>): string;
}

const count = (value: number): string => String(value).padStart(8);

/** `max_zpage_size`, `zram_drv.h` up to 4.16: above three quarters of a page. */
const aboveMaxZpageSize = (pageSize: number): number => pageSize / 4 * 3 + 1;

/**
 * zram of Linux 3.12, `drivers/staging/zram`: lzo alone; with the fix of its
 * stable releases, before which it did not notice that it had no table.
 */
export const ZRAM_3_12: ZramProfile = {
  attributes: {
    disksize: ATTR_RW,
    initstate: ATTR_RO,
    reset: ATTR_WO,
    num_reads: ATTR_RO,
    num_writes: ATTR_RO,
    invalid_io: ATTR_RO,
    notify_free: ATTR_RO,
    zero_pages: ATTR_RO,
    orig_data_size: ATTR_RO,
    compr_data_size: ATTR_RO,
    mem_used_total: ATTR_RO,
  },
  control: false,
  writeback: false,
  multiComp: false,
  trackEntryActime: false,
  memoryTracking: false,
  tableEntry: ZRAM_TABLE_ENTRIES["3.12"],
  tableSize: "wraps",
  disksizeLooksFirst: "for-memory",
  compAlgorithms: ["lzo"],
  defaultAlgorithm: "lzo",
  algorithmChecked: "when-initialised",
  longAlgorithmName: "EINVAL",
  resetRestoresAlgorithm: false,
  compStreams: "settable",
  requestsChecked: "once-initialised",
  discard: false,
  writeZeroes: false,
  requestsCounted: "bios",
  afterFailedSegment: "stop",
  failureIsAccess: false,
  sameFilled: "zeros",
  wholeFrom: aboveMaxZpageSize,
  refusedRaisesMax: false,
  mallocSlowPath: false,
  idleMarks: "stored",
  writebackOrder: "by-index",
  backingReopens: false,
  blockStateFlags: "swhi",
  resetRefusedBy: "holders",
  resetReadsFirst: false,
  ioStat: () => "",
  debugStat: () => "",
};

/**
 * zram of Linux 4.0: lzo and lz4, a limit, a maximum. It has no `mm_stat` and
 * no `compact`; both came with 4.1.
 */
export const ZRAM_4_0: ZramProfile = {
  ...ZRAM_3_12,
  attributes: {
    disksize: ATTR_RW,
    initstate: ATTR_RO,
    reset: ATTR_WO,
    num_reads: ATTR_RO,
    num_writes: ATTR_RO,
    failed_reads: ATTR_RO,
    failed_writes: ATTR_RO,
    invalid_io: ATTR_RO,
    notify_free: ATTR_RO,
    zero_pages: ATTR_RO,
    orig_data_size: ATTR_RO,
    compr_data_size: ATTR_RO,
    mem_used_total: ATTR_RO,
    mem_limit: ATTR_RW,
    mem_used_max: ATTR_RW,
    max_comp_streams: ATTR_RW,
    comp_algorithm: ATTR_RW,
  },
  tableEntry: ZRAM_TABLE_ENTRIES["4.0"],
  compAlgorithms: ["lzo", "lz4"],
  discard: true,
  requestsCounted: "segments",
  resetRefusedBy: "openers",
};

/** The files of a device with a backing device, in the kernel's order. */
const WRITEBACK_ATTRIBUTES = {
  backing_dev: ATTR_RW,
  writeback: ATTR_WO,
  writeback_limit: ATTR_RW,
  writeback_limit_enable: ATTR_RW,
};

/** zram of Linux 6.1 as Debian configures it: with writeback and tracking. */
export const ZRAM_6_1: ZramProfile = {
  attributes: {
    disksize: ATTR_RW,
    initstate: ATTR_RO,
    reset: ATTR_WO,
    compact: ATTR_WO,
    mem_limit: ATTR_WO,
    mem_used_max: ATTR_WO,
    idle: ATTR_WO,
    max_comp_streams: ATTR_RW,
    comp_algorithm: ATTR_RW,
    ...WRITEBACK_ATTRIBUTES,
    io_stat: ATTR_RO,
    mm_stat: ATTR_RO,
    bd_stat: ATTR_RO,
    debug_stat: ATTR_RO,
  },
  control: true,
  writeback: true,
  multiComp: false,
  trackEntryActime: true,
  memoryTracking: true,
  tableEntry: ZRAM_TABLE_ENTRIES["6.1"],
  tableSize: "saturates",
  disksizeLooksFirst: "whether-initialised",
  compAlgorithms: ["lzo", "lzo-rle", "lz4", "lz4hc", "zstd"],
  defaultAlgorithm: "lzo-rle",
  algorithmChecked: "when-set",
  longAlgorithmName: "EINVAL",
  resetRestoresAlgorithm: false,
  compStreams: "per-cpu",
  requestsChecked: "by-driver",
  discard: true,
  writeZeroes: true,
  requestsCounted: "segments",
  afterFailedSegment: "next-segment",
  failureIsAccess: true,
  sameFilled: "word",
  wholeFrom: (_pageSize, hugeClassSize) => hugeClassSize,
  refusedRaisesMax: true,
  mallocSlowPath: true,
  idleMarks: "stored",
  writebackOrder: "by-index",
  backingReopens: true,
  blockStateFlags: "swhi",
  resetRefusedBy: "openers",
  resetReadsFirst: true,
  ioStat: (stat) =>
    [stat.failedReads, stat.failedWrites, stat.invalidIo, stat.notifyFree]
      .map(count).join(" ") + "\n",
  debugStat: (stat) =>
    `version: 1\n${count(stat.writestall)} ${count(stat.missFree)}\n`,
};

/** zram of Linux 6.18 with lzo-rle, lzo and lz4: no writeback, no recompression. */
export const ZRAM_6_18: ZramProfile = {
  ...ZRAM_6_1,
  attributes: {
    disksize: ATTR_RW,
    initstate: ATTR_RO,
    reset: ATTR_WO,
    compact: ATTR_WO,
    mem_limit: ATTR_WO,
    mem_used_max: ATTR_WO,
    idle: ATTR_WO,
    comp_algorithm: ATTR_RW,
    io_stat: ATTR_RO,
    mm_stat: ATTR_RO,
    debug_stat: ATTR_RO,
    algorithm_params: ATTR_WO,
  },
  writeback: false,
  trackEntryActime: false,
  memoryTracking: false,
  tableEntry: ZRAM_TABLE_ENTRIES["6.18"],
  compAlgorithms: ["lzo-rle", "lzo", "lz4"],
  longAlgorithmName: "E2BIG",
  resetRestoresAlgorithm: true,
  requestsChecked: "by-block-layer",
  afterFailedSegment: "stop",
  failureIsAccess: false,
  mallocSlowPath: false,
  idleMarks: "in-pool",
  writebackOrder: "by-size",
  backingReopens: false,
  blockStateFlags: "swhirn",
  ioStat: (stat) =>
    `${count(stat.failedReads)} ${count(stat.failedWrites)} 0 ${
      count(stat.notifyFree)
    }\n`,
  debugStat: (stat) => `version: 1\n0 ${count(stat.missFree)}\n`,
};

/**
 * zram of Linux 6.18 with everything that can be configured: writeback,
 * recompression, tracking, and every algorithm.
 */
export const ZRAM_6_18_FULL: ZramProfile = {
  ...ZRAM_6_18,
  attributes: {
    disksize: ATTR_RW,
    initstate: ATTR_RO,
    reset: ATTR_WO,
    compact: ATTR_WO,
    mem_limit: ATTR_WO,
    mem_used_max: ATTR_WO,
    idle: ATTR_WO,
    comp_algorithm: ATTR_RW,
    ...WRITEBACK_ATTRIBUTES,
    io_stat: ATTR_RO,
    mm_stat: ATTR_RO,
    bd_stat: ATTR_RO,
    debug_stat: ATTR_RO,
    recomp_algorithm: ATTR_RW,
    recompress: ATTR_WO,
    algorithm_params: ATTR_WO,
  },
  writeback: true,
  multiComp: true,
  trackEntryActime: true,
  memoryTracking: true,
  compAlgorithms: [
    "lzo-rle",
    "lzo",
    "lz4",
    "lz4hc",
    "zstd",
    "deflate",
    "842",
  ],
};
