/** Profiles: what one kernel release and its configuration fix. */
import { type ChainRule, highestUsedPercent, leastWaste } from "./chain.ts";
import type { Errno } from "./errno.ts";
import {
  type FullnessRule,
  inuseRatio,
  partFilledThreeQuarters,
  quarter,
  threeQuarters,
} from "./fullness.ts";
import {
  CELLS_WITH_INDEX_LINKS,
  CELLS_WITH_LOCATION_LINKS,
  CELLS_WITHOUT_TAG,
  LOCATION_HANDLES,
  type ObjectRule,
} from "./objects.ts";
import {
  SWAP_3_12,
  SWAP_6_1,
  SWAP_6_18,
  type SwapProfile,
} from "./swap_profile.ts";
import {
  ZRAM_3_12,
  ZRAM_4_0,
  ZRAM_6_1,
  ZRAM_6_18,
  ZRAM_6_18_FULL,
  type ZramProfile,
} from "./zram_profile.ts";
import {
  ZSWAP_3_12,
  ZSWAP_4_0,
  ZSWAP_6_1,
  ZSWAP_6_18,
  type ZswapProfile,
} from "./zswap_profile.ts";

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
  /** The class step is the page size shifted right by it (CLASS_BITS). */
  readonly classBits: number;
  /** Whether classes of equal zspages are merged (since 3.19). */
  readonly mergesClasses: boolean;
  /** What names an object, and what its chunk's first word holds. */
  readonly objects: ObjectRule;
  /** How many pages a class chains. */
  readonly chainRule: ChainRule;
  /** How zspages are grouped by fullness. */
  readonly fullness: FullnessRule;
  /**
   * How a class is compacted: not at all, as first merged, emptying one source
   * after another, or filling one destination after another.
   */
  readonly compaction:
    | "none"
    | "first-merged"
    | "source-first"
    | "destination-first";
  /**
   * How an object that crosses frames is mapped: copied to a buffer, its
   * frames mapped side by side, or copied to its reader's buffer alone.
   */
  readonly mapping: "copy" | "page-table" | "read-only-copy";
  /**
   * What a mapped object does to who wants to move it: nothing moves, it is
   * passed over, its zspage is waited for, or its zspage is left alone.
   */
  readonly mapped: "unmovable" | "pinned" | "waited-for" | "left-alone";
  /** Whether the frames under objects can be replaced (since 4.8). */
  readonly movable: boolean;
  /** Whether memory pressure compacts the pool (since 4.3). */
  readonly shrinker: boolean;
  /** What `zs_malloc` answers to a size of 0; up to 5.18 no more than failure. */
  readonly zeroSize: Errno;
  /** What `zs_malloc` answers to a size above the page size; likewise. */
  readonly tooLarge: Errno;
  /** The table of classes in debugfs, if there is one. */
  readonly classesTable: "almost" | "almost-freeable" | "tenths" | undefined;
  /** The block device. */
  readonly zram: ZramProfile;
  /** The compressed cache of swapped-out pages. */
  readonly zswap: ZswapProfile;
  /** The swap path. */
  readonly swap: SwapProfile;
}

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
  classBits: 8,
  mergesClasses: true,
  objects: CELLS_WITHOUT_TAG,
  chainRule: leastWaste,
  fullness: inuseRatio,
  compaction: "destination-first",
  mapping: "read-only-copy",
  mapped: "left-alone",
  movable: true,
  shrinker: true,
  zeroSize: "EINVAL",
  tooLarge: "ENOSPC",
  classesTable: "tenths",
  zram: ZRAM_6_18,
  zswap: ZSWAP_6_18,
  swap: SWAP_6_18,
};

/**
 * {@linkcode LINUX_6_18} with everything that zram can be configured with:
 * writeback, recompression, access times, `block_state` and every algorithm.
 */
export const LINUX_6_18_FULL: Profile = {
  ...LINUX_6_18,
  name: "linux-6.18-full",
  zram: ZRAM_6_18_FULL,
};

/** Linux 6.1 on x86-64 as Debian configures it. */
export const LINUX_6_1: Profile = {
  name: "linux-6.1",
  pageSize: 4096,
  wordBits: 64,
  physBits: 52,
  chainSize: 4,
  classBits: 8,
  mergesClasses: true,
  objects: CELLS_WITH_INDEX_LINKS,
  chainRule: highestUsedPercent,
  fullness: threeQuarters,
  compaction: "source-first",
  mapping: "copy",
  mapped: "waited-for",
  movable: true,
  shrinker: true,
  zeroSize: "EINVAL",
  tooLarge: "EINVAL",
  classesTable: "almost-freeable",
  zram: ZRAM_6_1,
  zswap: ZSWAP_6_1,
  swap: SWAP_6_1,
};

/**
 * Linux 4.0 on x86-64 with the seven patches that decouple handles from
 * locations and compact on request, as they were merged for 4.1.
 */
export const LINUX_4_0: Profile = {
  ...LINUX_6_1,
  name: "linux-4.0",
  physBits: 46,
  objects: CELLS_WITH_LOCATION_LINKS,
  fullness: partFilledThreeQuarters,
  compaction: "first-merged",
  mapped: "pinned",
  movable: false,
  shrinker: false,
  zeroSize: "ENOMEM",
  tooLarge: "ENOMEM",
  classesTable: "almost",
  zram: ZRAM_4_0,
  // Since 3.17 a zpool stands between zswap and zbud.
  zswap: ZSWAP_4_0,
  swap: SWAP_3_12,
};

/**
 * Linux 3.12 on x86-64: a handle is a location, and nothing moves. With
 * `mapping: "page-table"` it maps objects as CONFIG_PGTABLE_MAPPING does.
 */
export const LINUX_3_12: Profile = {
  ...LINUX_4_0,
  name: "linux-3.12",
  mergesClasses: false,
  objects: LOCATION_HANDLES,
  fullness: quarter,
  compaction: "none",
  mapped: "unmovable",
  classesTable: undefined,
  zram: ZRAM_3_12,
  zswap: ZSWAP_3_12,
};

/** Every profile that has a name, the newest first. */
export const PROFILES: readonly Profile[] = [
  LINUX_6_18,
  LINUX_6_18_FULL,
  LINUX_6_1,
  LINUX_4_0,
  LINUX_3_12,
];

/** The profile called `name`, or `undefined`. */
export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
