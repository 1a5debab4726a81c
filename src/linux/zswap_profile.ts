/** What kernel releases and their configurations fix about zswap. */
import type { LockKind } from "../rules/lock.ts";
import type { Gfp } from "./gfp.ts";
import type { ZstdEncoder } from "./zstd_encoder.ts";

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

/** What a compressor answers that has no room left. */
export type CompressorErrno = "EINVAL" | "ENOSPC";

/** Which locks zswap has, by the names that lockdep has for them. */
export interface ZswapLockNames {
  /** What covers the entries of a swap type: its tree's lock, or the xarray's. */
  readonly tree: "tree->lock" | "xa_lock";
  /** What covers the LRU list, where zswap has one of its own. */
  readonly lru: "pool->lru_lock" | "list_lru_one->lock" | undefined;
  /** What keeps others from a processor's buffer and compressor. */
  readonly compressor: { readonly name: string; readonly kind: LockKind };
}

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
  /**
   * What it asks zsmalloc for pages with: since 5.4 what it asks others for,
   * and that they may be moved and in high memory
   * (`zpool_malloc_support_movable`). zbud and z3fold are asked for pages that
   * stay.
   */
  readonly zsmallocGfp: Gfp;
  /** The parameters that sysfs has, with their permissions. */
  readonly parameters: Readonly<Partial<Record<ZswapParameter, number>>>;
  /** The files of `debugfs/zswap`, in the kernel's order. */
  readonly counters: readonly ZswapCounter[];

  /**
   * What each compressor answers where a page does not fit into a page; one
   * that is not named has room for two pages, whatever it makes of one.
   */
  readonly compressorErrnos: Readonly<Record<string, CompressorErrno>>;
  /** How `zstd` is called (`crypto/zstd.c`). */
  readonly zstd: ZstdEncoder;
  /**
   * The driver's name of each compressor, by which it can be chosen as well
   * (`cra_driver_name`), once its module is loaded.
   */
  readonly drivers: Readonly<Record<string, string>>;
  /** Which locks there are. */
  readonly locks: ZswapLockNames;
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
   * frees the entry (up to 6.8), or in an xarray, without a count. Before zswap
   * was merged its tree had a lock and its entries no count: nothing but
   * whoever has the slot could free one, until a full zswap could write it back.
   */
  readonly entries:
    | "unreferenced"
    | "counted-by-caller"
    | "counted"
    | "uncounted";
  /**
   * Whether writeback, once it has the swap cache's page, looks whether the
   * slot is still its entry's (in 6.5; in 6.1.192 too). Where it does not, it
   * writes what the slot had over what it has.
   */
  readonly writebackLooksAgain: boolean;
  /**
   * Where writeback of an entry of zswap's LRU list makes sure that it is still
   * there: in the tree, of which nothing keeps swapoff away (up to 6.8), or in
   * the swap cache, whose page keeps everybody from the slot.
   */
  readonly writebackFinds: "in-tree" | "in-swap-cache";
  /**
   * What becomes of an older entry at an offset where a page is refused since
   * there is no frontswap: it stays (6.7), or it goes.
   */
  readonly failedStore: "older-stays" | "older-goes";
  /**
   * How often a full pool is referenced for the worker that waits to shrink it:
   * each time that it is queued (5.6 to 6.5), or once.
   */
  readonly queuedReference: "each-time" | "once";
  /**
   * What a load does to the entry: it holds a reference, and the entry stays
   * (up to 6.4); where the page goes to the swap cache, it erases the entry
   * before it decompresses (up to 6.12), or after that; or it erases it always
   * (since 7.1), every page being in the swap cache by then.
   */
  readonly load:
    | "referenced"
    | "erased-first"
    | "erased-after"
    | "erased-always";
  /**
   * What damaged bytes lead to: the kernel stops at a BUG_ON (up to 6.12), or
   * the page is an error to whoever asks.
   */
  readonly damaged: "bug" | "EIO";
  /**
   * Folios that are stored: of a single page, others being refused before
   * anything is looked at; or of any size, whole or not at all (since 6.13).
   */
  readonly folios: "single-page" | "whole";
  /** Bits below the swap type in a `swp_entry_t`. */
  swpTypeShift(wordBits: number): number;

  /**
   * When a full pool shrinks, and what chooses: before the store that finds it
   * full, a page of the allocator's LRU list (up to 5.5); in a worker, the
   * same (up to 6.4); in a worker, entries of zswap's own LRU list.
   */
  readonly shrink: "in-store" | "page-in-worker" | "entries-in-worker";
  /** The most entries that one step of the worker looks at: SWAP_CLUSTER_MAX since 7.3. */
  readonly entriesPerStep: number;
  /**
   * What a store does whose memory cgroup has all that `memory.zswap.max` lets
   * it have: there is no such limit (up to 5.18); the page is refused (up to
   * 6.7); or the cgroup is shrunk by a step, and the page refused where that
   * writes nothing back.
   */
  readonly cgroupLimit: "none" | "refuses" | "shrinks";
  /**
   * What the worker shrinks in a kernel without memory cgroups: nothing, since
   * it finds none (6.8 to 7.1), or the one list that there is (7.2; 6.12.118).
   */
  readonly withoutMemcg: "nothing" | "root";
  /** Whether pages of one word repeated take no object (4.16 to 6.11). */
  readonly sameFilled: boolean;
  /** Whether pages that do not compress are stored as they are (since 6.18). */
  readonly storesIncompressible: boolean;
}

/** What a kernel release and its configuration fix about zswap. */
export interface ZswapProfile extends ZswapRelease, ZswapConfiguration {}

/** Every compressor that `crypto/` has had. */
export const CRYPTO_COMPRESSORS: readonly string[] = [
  "lzo",
  "lzo-rle",
  "lz4",
  "lz4hc",
  "deflate",
  "842",
  "zstd",
];

/** What each of some compressors answers, or is called. */
export function eachCompressor<Answer>(
  names: readonly string[],
  answer: (name: string) => Answer,
): Readonly<Record<string, Answer>> {
  return Object.fromEntries(names.map((name) => [name, answer(name)]));
}

/** zswap of a release, configured. */
export function configuredZswap(
  release: ZswapRelease,
  configuration: ZswapConfiguration,
): ZswapProfile {
  const { compressors, defaultCompressor, zpools, defaultZpool } =
    configuration;
  return { ...release, compressors, defaultCompressor, zpools, defaultZpool };
}
