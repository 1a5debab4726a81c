/** Profiles: what one kernel release and its configuration fix. */
import { type ChainRule, highestUsedPercent, leastWaste } from "./chain.ts";
import type { Errno } from "./errno.ts";
import { type FullnessRule, inuseRatio, threeQuarters } from "./fullness.ts";
import { SWAP_6_1, SWAP_6_18, type SwapProfile } from "./swap_profile.ts";
import { ZRAM_6_1, ZRAM_6_18, type ZramProfile } from "./zram_profile.ts";
import { ZSWAP_6_1, ZSWAP_6_18, type ZswapProfile } from "./zswap_profile.ts";

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
  objTagBits: 0,
  chainRule: leastWaste,
  fullness: inuseRatio,
  compaction: "destination-first",
  tooLarge: "ENOSPC",
  zram: ZRAM_6_18,
  zswap: ZSWAP_6_18,
  swap: SWAP_6_18,
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
  zram: ZRAM_6_1,
  zswap: ZSWAP_6_1,
  swap: SWAP_6_1,
};

/** Every profile that has a name, the newest first. */
export const PROFILES: readonly Profile[] = [LINUX_6_18, LINUX_6_1];

/** The profile called `name`, or `undefined`. */
export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
