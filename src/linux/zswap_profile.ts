/** What kernel releases and their configurations fix about zswap. */
import { ATTR_RW } from "./zram_profile.ts";

/** The allocators that there are, as the parameter `zpool` of zswap names them. */
export type ZpoolType = "zbud" | "z3fold" | "zsmalloc";

/** A module parameter of zswap, as `/sys/module/zswap/parameters` names it. */
export type ZswapParameter =
  | "enabled"
  | "compressor"
  | "zpool"
  | "max_pool_percent"
  | "accept_threshold_percent"
  | "same_filled_pages_enabled"
  | "non_same_filled_pages_enabled"
  | "shrinker_enabled";

/** A counter of zswap, as `debugfs/zswap` names it. */
export type ZswapCounter =
  | "pool_limit_hit"
  | "reject_reclaim_fail"
  | "reject_alloc_fail"
  | "reject_kmemcache_fail"
  | "reject_compress_fail"
  | "reject_compress_poor"
  | "decompress_fail"
  | "written_back_pages"
  | "duplicate_entry"
  | "pool_pages"
  | "pool_total_size"
  | "stored_pages"
  | "same_filled_pages"
  | "stored_incompressible_pages";

/** What a kernel release and its configuration fix about zswap. */
export interface ZswapProfile {
  /** The parameters that sysfs has, with their permissions. */
  readonly parameters: Readonly<Partial<Record<ZswapParameter, number>>>;
  /** The files of `debugfs/zswap`, in the kernel's order. */
  readonly counters: readonly ZswapCounter[];

  /** Compressors that can be chosen (`crypto_has_acomp`). */
  readonly compressors: readonly string[];
  /** CONFIG_ZSWAP_COMPRESSOR_DEFAULT. */
  readonly defaultCompressor: string;
  /** Those of them that fail where a page does not fit into a page. */
  readonly limitedCompressors: readonly string[];
  /** The allocators that can be chosen. */
  readonly zpools: readonly ZpoolType[];
  /** CONFIG_ZSWAP_ZPOOL_DEFAULT. */
  readonly defaultZpool: ZpoolType;
  /** Who has a pool: each swap type its own (up to 3.15), or all one. */
  readonly poolPer: "swap-type" | "kernel";

  /**
   * What stands between the swap layer and zswap: frontswap (up to 6.6), or
   * nothing; and what frontswap does with an older page at an offset that is
   * stored again. Up to 3.17 it leaves it to zswap, which replaces it where
   * the store succeeds; where it fails, frontswap forgets the page, and zswap
   * still has it. Since 3.18 the older page goes: where the store fails, or
   * (since 4.3, and so here) before it is tried.
   */
  readonly frontswap: "older-page-stays" | "older-page-goes" | "none";
  /**
   * How an entry is found and kept: in a red-black tree with a count of
   * references that whoever drops the last one acts on (up to 3.12) or that
   * frees the entry (up to 6.8), or in an xarray, without a count.
   */
  readonly entries: "counted-by-caller" | "counted" | "uncounted";
  /** Bits below the swap type in a `swp_entry_t`. */
  swpTypeShift(wordBits: number): number;

  /**
   * When a full pool shrinks, and what chooses: before the store that finds it
   * full, a page of the allocator's LRU list (up to 5.5); in a worker, the
   * same (up to 6.4); in a worker, entries of zswap's own LRU list.
   */
  readonly shrink: "in-store" | "page-in-worker" | "entries-in-worker";
  /** Whether pages of one word repeated take no object (4.16 to 6.9). */
  readonly sameFilled: boolean;
  /** Whether pages that do not compress are stored as they are (since 6.18). */
  readonly storesIncompressible: boolean;
}

/** 64-bit words: `swp_entry_t` has five bits of type, and bits of the tree's. */
const belowType = (treeBits: number) => (wordBits: number): number =>
  wordBits - 5 - treeBits;

/** What `crypto/` compresses with in 6.1 and 6.18. */
const COMPRESSORS: readonly string[] = [
  "lzo",
  "lzo-rle",
  "lz4",
  "lz4hc",
  "deflate",
  "842",
  "zstd",
];

/** zswap of Linux 3.12: zbud alone, eviction by the store that needs room. */
export const ZSWAP_3_12: ZswapProfile = {
  parameters: { max_pool_percent: ATTR_RW },
  counters: [
    "pool_limit_hit",
    "reject_reclaim_fail",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "reject_compress_poor",
    "written_back_pages",
    "duplicate_entry",
    "pool_pages",
    "stored_pages",
  ],
  compressors: ["lzo", "deflate", "lz4", "lz4hc"],
  defaultCompressor: "lzo",
  limitedCompressors: ["deflate"],
  zpools: ["zbud"],
  defaultZpool: "zbud",
  poolPer: "swap-type",
  frontswap: "older-page-stays",
  entries: "counted-by-caller",
  swpTypeShift: belowType(2),
  shrink: "in-store",
  sameFilled: false,
  storesIncompressible: false,
};

/**
 * zswap of Linux 4.0: one pool for all swap types, zbud or zsmalloc behind a
 * zpool, of which zbud alone is modelled.
 */
export const ZSWAP_4_0: ZswapProfile = {
  ...ZSWAP_3_12,
  // Since 3.17 the pools are counted in bytes.
  counters: ZSWAP_3_12.counters
    .map((name) => name === "pool_pages" ? "pool_total_size" : name),
  poolPer: "kernel",
  frontswap: "older-page-goes",
  entries: "counted",
};

/** zswap of Linux 6.1 as Debian configures it: three allocators, a worker. */
export const ZSWAP_6_1: ZswapProfile = {
  parameters: {
    enabled: ATTR_RW,
    compressor: ATTR_RW,
    zpool: ATTR_RW,
    max_pool_percent: ATTR_RW,
    accept_threshold_percent: ATTR_RW,
    same_filled_pages_enabled: ATTR_RW,
    non_same_filled_pages_enabled: ATTR_RW,
  },
  counters: [
    "pool_limit_hit",
    "reject_reclaim_fail",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "reject_compress_poor",
    "written_back_pages",
    "duplicate_entry",
    "pool_total_size",
    "stored_pages",
    "same_filled_pages",
  ],
  compressors: COMPRESSORS,
  defaultCompressor: "lzo",
  // lzo and lzo-rle since 6.1.75, where crypto/scompress.c compares lengths.
  limitedCompressors: COMPRESSORS,
  zpools: ["zbud", "z3fold", "zsmalloc"],
  defaultZpool: "zbud",
  poolPer: "kernel",
  frontswap: "older-page-goes",
  entries: "counted",
  swpTypeShift: belowType(1),
  shrink: "page-in-worker",
  sameFilled: true,
  storesIncompressible: false,
};

/** zswap of Linux 6.18: zsmalloc alone, an LRU list of entries, folios. */
export const ZSWAP_6_18: ZswapProfile = {
  parameters: {
    enabled: ATTR_RW,
    compressor: ATTR_RW,
    max_pool_percent: ATTR_RW,
    accept_threshold_percent: ATTR_RW,
    shrinker_enabled: ATTR_RW,
  },
  counters: [
    "pool_limit_hit",
    "reject_reclaim_fail",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "reject_compress_fail",
    "reject_compress_poor",
    "decompress_fail",
    "written_back_pages",
    "pool_total_size",
    "stored_pages",
    "stored_incompressible_pages",
  ],
  compressors: COMPRESSORS,
  defaultCompressor: "lzo",
  limitedCompressors: COMPRESSORS,
  zpools: ["zsmalloc"],
  defaultZpool: "zsmalloc",
  poolPer: "kernel",
  frontswap: "none",
  entries: "uncounted",
  swpTypeShift: belowType(1),
  shrink: "entries-in-worker",
  sameFilled: false,
  storesIncompressible: true,
};
