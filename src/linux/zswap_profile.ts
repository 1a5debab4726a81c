/** What kernel releases and their configurations fix about zswap. */
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

/** What was built for zswap to use. */
export interface ZswapConfiguration {
  /** Compressors that can be chosen (`crypto_has_acomp`). */
  readonly compressors: readonly string[];
  /** CONFIG_ZSWAP_COMPRESSOR_DEFAULT. */
  readonly defaultCompressor: string;
  /** The allocators that can be chosen. */
  readonly zpools: readonly ZpoolType[];
  /** CONFIG_ZSWAP_ZPOOL_DEFAULT. */
  readonly defaultZpool: ZpoolType;
}

/** What the code of a kernel release does, however zswap was configured. */
export interface ZswapRelease {
  /** The parameters that sysfs has, with their permissions. */
  readonly parameters: Readonly<Partial<Record<ZswapParameter, number>>>;
  /** The files of `debugfs/zswap`, in the kernel's order. */
  readonly counters: readonly ZswapCounter[];

  /** Compressors that fail where a page does not fit into a page. */
  readonly limitedCompressors: readonly string[];
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

/** What a kernel release and its configuration fix about zswap. */
export interface ZswapProfile extends ZswapRelease, ZswapConfiguration {}

/** zswap of a release, configured. */
export function configuredZswap(
  release: ZswapRelease,
  configuration: ZswapConfiguration,
): ZswapProfile {
  const { compressors, defaultCompressor, zpools, defaultZpool } =
    configuration;
  return { ...release, compressors, defaultCompressor, zpools, defaultZpool };
}
