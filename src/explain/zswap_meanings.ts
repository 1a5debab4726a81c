/**
 * What the counters and parameters of zswap are, and the lines of
 * `/proc/meminfo` and `/proc/vmstat` that are about it.
 *
 * Source: `zswap_debugfs_init` and the module parameters of `mm/zswap.c`,
 * `meminfo_proc_show`, `vmstat_text`, and the commits that brought each.
 */
import { type Meaning, meaning as of } from "./zram_meanings.ts";

/** The files of `/sys/kernel/debug/zswap`. */
export const ZSWAP_COUNTERS: Readonly<Record<string, Meaning>> = {
  pool_limit_hit: of(
    "stores",
    "3.11",
    "stores that found zswap at its limit",
  ),
  reject_reclaim_fail: of(
    "",
    "3.11",
    "tries to write back that failed; up to 5.5 stores refused for it",
  ),
  reject_alloc_fail: of(
    "stores",
    "3.11",
    "stores refused: no memory for the object",
  ),
  reject_kmemcache_fail: of(
    "stores",
    "3.11",
    "stores refused: no memory for the entry",
  ),
  reject_compress_fail: of(
    "stores",
    "6.8",
    "stores refused: the compressor failed",
  ),
  reject_compress_poor: of(
    "stores",
    "3.11",
    "stores refused: the page does not compress, or fits no object of the allocator",
  ),
  decompress_fail: of("loads", "6.15", "loads that could not be decompressed"),
  written_back_pages: of(
    "pages",
    "3.11",
    "pages written from zswap to the swap device",
  ),
  duplicate_entry: of(
    "stores",
    "3.11",
    "stores that replaced an older entry of their slot",
    "6.8",
  ),
  pool_pages: of("pages", "3.11", "memory of the pools", "3.16"),
  pool_total_size: of("bytes", "3.17", "memory of the pools"),
  stored_pages: of("pages", "3.11", "pages that zswap holds"),
  same_filled_pages: of(
    "pages",
    "4.16",
    "pages of one word repeated among them, which take no object",
    "6.11",
  ),
  stored_incompressible_pages: of(
    "pages",
    "6.18",
    "pages among them that are stored whole",
  ),
};

/** The files of `/sys/module/zswap/parameters`. */
export const ZSWAP_PARAMETERS: Readonly<Record<string, Meaning>> = {
  enabled: of("", "3.11", "whether pages are stored"),
  compressor: of("", "3.11", "the compressor of new entries"),
  zpool: of("", "3.17", "the allocator of new entries", "6.17"),
  max_pool_percent: of("%", "3.11", "the limit, as a share of all memory"),
  accept_threshold_percent: of(
    "%",
    "5.6",
    "after the limit was hit, stores are refused until the pools are down to this share of it",
  ),
  same_filled_pages_enabled: of(
    "",
    "4.16",
    "whether pages of one word take no object",
    "6.9",
  ),
  non_same_filled_pages_enabled: of(
    "",
    "5.18",
    "whether any other pages are stored",
    "6.9",
  ),
  exclusive_loads: of("", "6.5", "whether a load takes the entry away", "6.6"),
  shrinker_enabled: of(
    "",
    "6.8",
    "whether memory pressure writes entries back before the limit is hit",
  ),
};

/** The lines of `/proc/meminfo` that matter here. */
export const MEMINFO: Readonly<Record<string, Meaning>> = {
  MemTotal: of("kB", "2.6", "memory that the kernel has"),
  MemFree: of("kB", "2.6", "memory that nobody uses"),
  MemAvailable: of("kB", "3.14", "memory that can be had without swapping"),
  SwapTotal: of("kB", "2.6", "swap space"),
  SwapFree: of(
    "kB",
    "2.6",
    "swap space without a page; a page in zswap has its slot there all the same",
  ),
  Zswap: of("kB", "5.19", "memory of zswap's pools"),
  Zswapped: of("kB", "5.19", "pages that zswap holds, before compression"),
};

/** The lines of `/proc/vmstat` that matter here. */
export const VMSTAT: Readonly<Record<string, Meaning>> = {
  pswpin: of("pages", "2.6", "pages read from swap devices"),
  pswpout: of("pages", "2.6", "pages written to swap devices"),
  zswpin: of("pages", "5.19", "pages loaded from zswap"),
  zswpout: of("pages", "5.19", "pages stored in zswap"),
  zswpwb: of("pages", "6.8", "pages that zswap wrote to the swap device"),
};

/** Everything that is about zswap. */
export const ZSWAP_MEANINGS: Readonly<Record<string, Meaning>> = {
  ...ZSWAP_COUNTERS,
  ...ZSWAP_PARAMETERS,
  ...MEMINFO,
  ...VMSTAT,
};
