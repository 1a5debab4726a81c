/** What kernel releases and their configurations fix about zram. */
import type { Errno } from "./errno.ts";
import type { Gfp } from "./gfp.ts";
import type { LockKind } from "../rules/lock.ts";
import type { RefuseParams } from "./zcomp_params.ts";
import type { ZstdEncoder } from "./zstd_encoder.ts";

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
  /** Bytes of an access time, where it is kept: `ktime_t`, or a u32 (since 7.0). */
  readonly acTimeBytes: number;
}

/**
 * Slots of each release: a handle with size, count and flags in four bytes; a
 * handle and a word of flags and size; with a lock of its own a handle, and
 * four bytes for each of flags and lock; a handle and a word that flags and
 * access time share.
 */
export const ZRAM_TABLE_ENTRIES: Readonly<
  Record<"3.12" | "4.0" | "6.1" | "6.12" | "6.18" | "7.0", ZramTableEntry>
> = {
  "3.12": { words: 1, bytes: 4, acTimeBytes: 8 },
  "4.0": { words: 2, bytes: 0, acTimeBytes: 8 },
  "6.1": { words: 2, bytes: 0, acTimeBytes: 8 },
  "6.12": { words: 1, bytes: 8, acTimeBytes: 8 },
  "6.18": { words: 2, bytes: 0, acTimeBytes: 8 },
  "7.0": { words: 1, bytes: 4, acTimeBytes: 4 },
};

/** What covers the slots, and how it is waited for. */
export interface ZramSlotLocking {
  /** What lockdep would call it. */
  readonly name: string;
  /** A bit of the slot, a lock in it, or one lock of the device. */
  readonly kind: LockKind;
  /** Whether each slot has one, or (up to 3.14) all have one together. */
  readonly per: "slot" | "device";
}

/** What covers the buffers with which pages are compressed. */
export interface ZramStreamLocking {
  /** What lockdep would call it. */
  readonly name: string;
  /** Whether a holder is bound to its CPU, or may sleep. */
  readonly kind: LockKind;
  /** Whether each CPU has one, or the device. */
  readonly per: "cpu" | "device";
  /** Whether who decompresses holds it too. */
  readonly readers: boolean;
}

/** The locks of a device. */
export interface ZramLocking {
  /** What covers a slot. */
  readonly slot: ZramSlotLocking;
  /** What covers a compression stream. */
  readonly stream: ZramStreamLocking;
  /** What the semaphore of the device is called: dev_lock since 7.0. */
  readonly device: "zram->init_lock" | "zram->dev_lock";
  /** What covers whether the disk is open. */
  readonly open: "bdev->bd_mutex" | "disk->open_mutex";
  /** Whether the limit of writeback has a lock of its own (5.0 to 6.18). */
  readonly limit: boolean;
}

/** What was built into zram. */
export interface ZramConfiguration {
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
  /** Compression algorithms in the order in which `comp_algorithm` lists them. */
  readonly compAlgorithms: readonly string[];
  /** The algorithm of a fresh device (CONFIG_ZRAM_DEF_COMP). */
  readonly defaultAlgorithm: string;
}

/**
 * A sysfs file of a device: its name, its permissions, and the part of the
 * configuration without which it is not there.
 */
export type ZramAttribute = readonly [
  name: string,
  mode: number,
  needs?: "writeback" | "multiComp",
];

/** What the code of a kernel release does, however zram was configured. */
export interface ZramRelease {
  /**
   * What it asks for pages of its pool with: any that the kernel can map, which
   * can be moved since zsmalloc can have them moved (4.8).
   */
  readonly gfp: Gfp;
  /** The sysfs files of a device in the kernel's order. */
  readonly attributes: readonly ZramAttribute[];
  /** Whether `/sys/class/zram-control` is there: hot_add and hot_remove (since 4.2). */
  readonly control: boolean;
  /** The most that `num_devices` may be (max_num_devices, up to 4.1). */
  readonly mostDevices: number | undefined;

  /** What a slot of the table consists of. */
  readonly tableEntry: ZramTableEntry;
  /** What becomes of a table's size that no word can hold (array_size, since 4.18). */
  readonly tableSize: "wraps" | "saturates";
  /**
   * What `disksize` looks at first: whether there is memory for the table
   * (3.12, 4.0), or whether the device is initialised already.
   */
  readonly disksizeLooksFirst: "for-memory" | "whether-initialised";

  /** Where an unknown algorithm is refused: by `comp_algorithm`, or by `disksize` (up to 4.2). */
  readonly algorithmChecked: "when-set" | "when-initialised";
  /**
   * Whether a name may end in a newline beside the one that is ignored, which
   * then is a part of it: nothing shows it, `algo=` does not find it, and it
   * compresses all the same (6.12 to 7.1).
   */
  readonly algorithmKeepsNewline: boolean;
  /** What a name of 128 characters or more gets. */
  readonly longAlgorithmName: Errno;
  /**
   * Which algorithms can be chosen: those that are listed, or (up to 6.1) any
   * compressor that the crypto layer has.
   */
  readonly algorithmsTaken: "listed" | "any-of-crypto";
  /** Whether `reset` also puts the algorithm back to the default (since 6.2). */
  readonly resetRestoresAlgorithm: boolean;
  /**
   * Which algorithms a device has after `disksize` could not set one of them
   * up: those that it had, none at all (6.13 to 7.1), or the default alone.
   */
  readonly afterFailedSetup: "unchanged" | "none" | "default";
  /** The parameters of `algorithm_params` that are numbers. */
  readonly numberParams: readonly string[];
  /**
   * When `algorithm_params` is taken, and for what: at any time, for the
   * algorithm of a name or else of a priority; or (since 7.1) until there is a
   * disk, where the two go together.
   */
  readonly paramsTaken: "at-any-time" | "before-disksize";
  /** What a dictionary gets that cannot be read: its own error since 7.3. */
  readonly dictErrors: "EINVAL" | "own";
  /** Whether a priority loses its parameters when it gets an algorithm (since 7.3). */
  readonly algorithmForgetsParams: boolean;
  /** What `disksize` refuses of an algorithm's parameters. */
  readonly refuseParams: RefuseParams;
  /** How `zstd` is called: by `crypto/zstd.c`, since 6.12 by `backend_zstd.c`. */
  readonly zstd: ZstdEncoder;
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
  /**
   * What becomes of a discard that starts within a page and ends in it: it
   * ends, or whoever waits for it waits for ever (6.4 to 6.19).
   */
  readonly partialDiscard: "ends" | "never-ends";
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
   * What `idle` marks: any stored page (up to 6.12) that is not being written
   * back, or those whose bytes are in the pool, the ones that are too young
   * losing the mark. Were pages marked that are being written back, nobody
   * could tell that they were overwritten meanwhile: no release does that.
   */
  readonly idleMarks: "stored" | "in-pool" | "whatever-is-stored";
  /** Whether `idle` takes an age, where access times are kept (since 5.16). */
  readonly idleAges: boolean;
  /**
   * In what order `writeback` takes pages: by number as they are found; largest
   * objects first, found beforehand (since 6.13); or so, many of them in flight
   * (since 6.19).
   */
  readonly writebackOrder: "by-index" | "by-size" | "in-batches";
  /** What `writeback_limit` may be: any number, or whole pages (since 6.19). */
  readonly writebackLimit: "any" | "whole-pages";
  /**
   * What becomes of a block that a writeback in batches took and had no page
   * for: it stays taken (up to 7.1), or is given back.
   */
  readonly unusedBlock: "stays-taken" | "given-back";
  /**
   * What a slot keeps when its page is written back: nothing, or its flags, its
   * size and its access time, all but the mark of idleness (since 7.0).
   */
  readonly writtenBackKeeps: "nothing" | "flags";
  /**
   * What stands in a block behind an object that is written as it is: what the
   * page for it held before, or zeros (since 7.2).
   */
  readonly blockTail: "what-was-there" | "zeros";
  /** Access times: to the nanosecond, or in seconds of 32 bits (since 7.0). */
  readonly acTime: "nanoseconds" | "seconds";
  /**
   * What age `idle` takes: any of 64 bits, in nanoseconds that wrap; one of 32
   * bits, where one beyond the uptime marks all pages (7.0); or one below
   * the uptime, any other changing nothing (since 7.3).
   */
  readonly idleAge: "nanoseconds" | "seconds" | "below-uptime";
  /**
   * Where `recomp_algorithm` puts the line of each priority: behind the last,
   * or as far behind it as that ends (since 6.17).
   */
  readonly recompAlgorithmLines: "behind-another" | "offset-twice";
  /** The kinds of pages that `writeback` knows by name. */
  readonly writebackTypes: readonly string[];
  /**
   * What else `writeback` reads: nothing, one page's number (since 5.16), or
   * pages and ranges as pairs of a name and a value (since 6.16).
   */
  readonly writebackPages: "none" | "one" | "pairs";
  /**
   * When `page_index` is held against the disk (up to 6.12): once there is a
   * backing device, or before that is looked for.
   */
  readonly pageIndexChecked: "with-backing" | "without-backing";
  /**
   * Whether a page that is written back by number is read while its slot is
   * locked, or once it was unlocked.
   */
  readonly writebackReads: "locked" | "unlocked";
  /**
   * Whether writeback and recompression can run beside one another, or one
   * gets EAGAIN while another runs, or waits for it, as then everybody does who
   * takes dev_lock (since 7.0).
   */
  readonly postProcessing: "many" | "one-or-EAGAIN" | "one-after-another";
  /**
   * In what order `recompress` takes pages, as `writeback` does: to try all
   * algorithms of a range of priorities on each, or one alone (since 7.1).
   */
  readonly recompressOrder: "by-index" | "by-size" | "one-by-size";
  /** Whether `backing_dev` takes the device that is set already. */
  readonly backingReopens: boolean;
  /** The letters of `block_state`. */
  readonly blockStateFlags: "swhi" | "swhirn";

  /** Who makes `reset` refuse: whoever has the device open, or claims it exclusively. */
  readonly resetRefusedBy: "openers" | "holders";
  /** Whether `reset` reads its text before it looks for them. */
  readonly resetReadsFirst: boolean;
  /**
   * What `reset` of a device without a disk undoes: the limit alone (up to
   * 5.10), or everything.
   */
  readonly resetWithoutDisk: "limit" | "everything";

  /** The device's locks. */
  readonly locking: ZramLocking;
  /**
   * What keeps a request's device initialised while it runs: init_lock (up to
   * 3.19), a reference that `reset` waits for (4.0, 4.1), or only that who
   * sends it has the disk open.
   */
  readonly requestHolds: "init_lock" | "reference" | "nothing";
  /**
   * How `reset` keeps out whoever opens the disk while it runs: not at all (up
   * to 3.19), under the lock that opening takes (4.0, 4.1), or by a mark that
   * opening looks at.
   */
  readonly resetExcludes: "nobody" | "opening" | "by-claim";
  /**
   * What becomes of the pointer to a table of slots that was freed, as there
   * was no memory for the pool: it is kept, or forgotten (since 6.14 and in
   * 6.1.y, 6.12.y).
   */
  readonly failedTable: "kept" | "forgotten";
  /**
   * When a write frees what is in the slot: under the lock under which it puts
   * the new page there, or (6.14 to 6.16) before it compresses that page.
   */
  readonly slotFreed: "with-the-store" | "before-compression";
  /**
   * How the swap layer's notification takes a slot: not at all (up to 3.10),
   * waiting for it, or by a try (since 4.20).
   */
  readonly notifyTakes: "nothing" | "waits" | "tries";
  /**
   * When a read of a written-back page looks for its block: under the slot's
   * lock since 6.19, else once that was let go.
   */
  readonly blockRead: "locked" | "unlocked";
  /**
   * When `writeback` and `block_state` look how many pages there are: under the
   * device's lock, or before they take it.
   */
  readonly pagesCounted: "locked" | "before-lock";
  /** Likewise `backing_dev` at the file that it shows (before until 5.4). */
  readonly backingShown: "locked" | "before-lock";
  /** Whether those who show a number take the device's lock (since 3.11). */
  readonly showHolds: "device-lock" | "nothing";
  /**
   * What the end of a read from a swap device does to the slot: nothing, or (up
   * to 5.17 and in 5.10.y) frees it at once (`end_swap_bio_read`, mm/page_io.c).
   */
  readonly swapReadEnds: "keeps-slot" | "frees-slot";

  /** How many numbers `mm_stat` shows: 9 since 5.11, 8 since 4.18, 7 before. */
  readonly mmStatNumbers: number;
  /** The text of `io_stat`. */
  ioStat(stat: Readonly<IoStat>): string;
  /** The text of `debug_stat`. */
  debugStat(stat: Readonly<IoStat>): string;
}

/** What a kernel release and its configuration fix about zram. */
export interface ZramProfile
  extends ZramConfiguration, Omit<ZramRelease, "attributes"> {
  /** The sysfs files of a device in the kernel's order, with their permissions. */
  readonly attributes: Readonly<Record<string, number>>;
  /** Algorithms that can be chosen and are not listed. */
  readonly unlistedAlgorithms: readonly string[];
}

/** What the crypto layer puts behind an algorithm to name the kernel's own code. */
const GENERIC = "-generic";

/** The algorithm that a name of the crypto layer stands for. */
export function cryptoAlgorithm(name: string): string {
  return name.endsWith(GENERIC) ? name.slice(0, -GENERIC.length) : name;
}

/**
 * zram of a release, configured, in a kernel whose crypto layer has these
 * compressors. Modules are as if they were loaded: one that is not yet is found
 * under its algorithm's name alone.
 */
export function configuredZram(
  release: ZramRelease,
  configuration: ZramConfiguration,
  crypto: readonly string[],
): ZramProfile {
  const attributes = Object.fromEntries(
    release.attributes.flatMap(([name, mode, needs]) =>
      needs === undefined || configuration[needs] ? [[name, mode]] : []
    ),
  );
  const {
    writeback,
    multiComp,
    trackEntryActime,
    memoryTracking,
    compAlgorithms,
    defaultAlgorithm,
  } = configuration;
  return {
    ...release,
    writeback,
    multiComp,
    trackEntryActime,
    memoryTracking,
    compAlgorithms,
    defaultAlgorithm,
    attributes,
    unlistedAlgorithms: release.algorithmsTaken === "listed"
      ? []
      : [...crypto, ...crypto.map((name) => name + GENERIC)]
        .filter((name) => !compAlgorithms.includes(name)),
  };
}

/** A number of `io_stat` and its like: `%8llu`. */
export const statColumn = (value: number): string => String(value).padStart(8);
