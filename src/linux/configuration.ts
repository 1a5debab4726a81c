/** Configurations: what was built into a kernel, whatever its release. */
import type { ZramConfiguration } from "./zram_profile.ts";
import type { ZswapConfiguration } from "./zswap_profile.ts";

/** What was built into a kernel, and for which machine. */
export interface Configuration {
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`: 32 or 64. */
  readonly wordBits: number;
  /** MAX_POSSIBLE_PHYSMEM_BITS: bits of a physical address. */
  readonly physBits: number;
  /** The most pages a zspage chains (CONFIG_ZSMALLOC_CHAIN_SIZE since 6.3). */
  readonly chainSize: number;
  /** The block device. */
  readonly zram: ZramConfiguration;
  /** The compressed cache of swapped-out pages. */
  readonly zswap: ZswapConfiguration;
}

/** 3.12 as its Kconfig proposes: zram has lzo, zswap has zbud. */
export const DEFAULT_3_12: Configuration = {
  pageSize: 4096,
  wordBits: 64,
  physBits: 46,
  chainSize: 4,
  zram: {
    writeback: false,
    multiComp: false,
    trackEntryActime: false,
    memoryTracking: false,
    compAlgorithms: ["lzo"],
    defaultAlgorithm: "lzo",
  },
  zswap: {
    compressors: ["lzo", "deflate", "lz4", "lz4hc"],
    defaultCompressor: "lzo",
    zpools: ["zbud"],
    defaultZpool: "zbud",
  },
};

/** 4.0 likewise, with lz4 for zram. */
export const DEFAULT_4_0: Configuration = {
  ...DEFAULT_3_12,
  zram: { ...DEFAULT_3_12.zram, compAlgorithms: ["lzo", "lz4"] },
};

/** Debian's 5.10 and 6.1 for amd64: with writeback, tracking, three allocators. */
export const DEBIAN_5_10: Configuration = {
  pageSize: 4096,
  wordBits: 64,
  physBits: 52,
  chainSize: 4,
  zram: {
    writeback: true,
    multiComp: false,
    trackEntryActime: true,
    memoryTracking: true,
    compAlgorithms: ["lzo", "lzo-rle", "lz4", "lz4hc", "zstd"],
    defaultAlgorithm: "lzo-rle",
  },
  zswap: {
    compressors: ["lzo", "lzo-rle", "lz4", "lz4hc", "deflate", "zstd"],
    defaultCompressor: "lzo",
    zpools: ["zbud", "z3fold", "zsmalloc"],
    defaultZpool: "zbud",
  },
};

/** Debian's 6.12 for amd64: zram's own compressors, without lzo; no z3fold. */
export const DEBIAN_6_12: Configuration = {
  ...DEBIAN_5_10,
  chainSize: 8,
  zram: {
    ...DEBIAN_5_10.zram,
    compAlgorithms: ["lz4", "lz4hc", "zstd", "deflate"],
    defaultAlgorithm: "lz4",
  },
  zswap: {
    ...DEBIAN_5_10.zswap,
    zpools: ["zbud", "zsmalloc"],
    defaultZpool: "zsmalloc",
  },
};

/** Debian's 6.16 to 7.3 for amd64: no zbud either. */
export const DEBIAN_6_16: Configuration = {
  ...DEBIAN_6_12,
  zswap: { ...DEBIAN_6_12.zswap, zpools: ["zsmalloc"] },
};

/** Everything that zram can be configured with, and every compressor. */
export const FULL_CONFIGURATION: Configuration = {
  ...DEBIAN_6_16,
  zram: {
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
    defaultAlgorithm: "lzo-rle",
  },
  zswap: {
    ...DEBIAN_6_16.zswap,
    compressors: ["lzo", "lzo-rle", "lz4", "lz4hc", "deflate", "842", "zstd"],
  },
};
