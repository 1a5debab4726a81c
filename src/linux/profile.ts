/** Profiles: what one kernel release and its configuration fix. */
import { type ChainRule, highestUsedPercent, leastWaste } from "./chain.ts";
import type { Errno } from "./errno.ts";
import { type FullnessRule, inuseRatio, threeQuarters } from "./fullness.ts";

/** The event counters that `io_stat` and `debug_stat` show, as counts. */
export interface IoStat {
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

/** What a kernel release and its configuration fix about zram. */
export interface ZramProfile {
  /** Compression algorithms in the order in which `comp_algorithm` lists them. */
  readonly compAlgorithms: readonly string[];
  /** The algorithm of a fresh device (CONFIG_ZRAM_DEF_COMP). */
  readonly defaultAlgorithm: string;
  /** Whether `reset` also puts the algorithm back to the default (since 6.2). */
  readonly resetRestoresAlgorithm: boolean;
  /** Whether the attribute `max_comp_streams` is there (removed in 6.12). */
  readonly maxCompStreams: boolean;
  /** The text of `io_stat`. */
  ioStat(stat: Readonly<IoStat>): string;
  /** The text of `debug_stat`. */
  debugStat(stat: Readonly<IoStat>): string;
}

/**
 * What one kernel release, architecture and configuration fix. What differs
 * between kernels is data or a small strategy here, chosen once; the allocator
 * and the device have no branch on a version.
 */
export interface Profile {
  /** The name by which the command and transcripts call it. */
  readonly name: string;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`: 32 or 64. */
  readonly wordBits: number;
  /** MAX_POSSIBLE_PHYSMEM_BITS: bits of a physical address. */
  readonly physBits: number;
  /** The most pages a zspage chains (CONFIG_ZSMALLOC_CHAIN_SIZE since 6.3). */
  readonly chainSize: number;
  /** Bits below the object index in an encoded location (none since 6.9). */
  readonly objTagBits: number;
  /** How many pages a class chains. */
  readonly chainRule: ChainRule;
  /** How zspages are grouped by fullness. */
  readonly fullness: FullnessRule;
  /** Which zspage compaction takes first: the one to empty or the one to fill. */
  readonly compaction: "source-first" | "destination-first";
  /** What `zs_malloc` answers to a size above the page size. */
  readonly tooLarge: Errno;
  /** The block device. */
  readonly zram: ZramProfile;
}

const count = (value: number): string => String(value).padStart(8);

/**
 * Linux 6.18 on x86-64: CONFIG_ZSMALLOC_CHAIN_SIZE 8, zram with lzo-rle, lzo
 * and lz4, no writeback.
 */
export const LINUX_6_18: Profile = {
  name: "linux-6.18",
  pageSize: 4096,
  wordBits: 64,
  physBits: 52,
  chainSize: 8,
  objTagBits: 0,
  chainRule: leastWaste,
  fullness: inuseRatio,
  compaction: "destination-first",
  tooLarge: "ENOSPC",
  zram: {
    compAlgorithms: ["lzo-rle", "lzo", "lz4"],
    defaultAlgorithm: "lzo-rle",
    resetRestoresAlgorithm: true,
    maxCompStreams: false,
    ioStat: (stat) =>
      `${count(stat.failedReads)} ${count(stat.failedWrites)} 0 ${
        count(stat.notifyFree)
      }\n`,
    debugStat: (stat) => `version: 1\n0 ${count(stat.missFree)}\n`,
  },
};

/** Linux 6.1 on x86-64 as Debian configures it. */
export const LINUX_6_1: Profile = {
  name: "linux-6.1",
  pageSize: 4096,
  wordBits: 64,
  physBits: 52,
  chainSize: 4,
  objTagBits: 1,
  chainRule: highestUsedPercent,
  fullness: threeQuarters,
  compaction: "source-first",
  tooLarge: "EINVAL",
  zram: {
    compAlgorithms: ["lzo", "lzo-rle", "lz4", "lz4hc", "zstd"],
    defaultAlgorithm: "lzo-rle",
    resetRestoresAlgorithm: false,
    maxCompStreams: true,
    ioStat: (stat) =>
      [stat.failedReads, stat.failedWrites, stat.invalidIo, stat.notifyFree]
        .map(count).join(" ") + "\n",
    debugStat: (stat) =>
      `version: 1\n${count(stat.writestall)} ${count(stat.missFree)}\n`,
  },
};

/** Every profile that has a name, the newest first. */
export const PROFILES: readonly Profile[] = [LINUX_6_18, LINUX_6_1];

/** The profile called `name`, or `undefined`. */
export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
