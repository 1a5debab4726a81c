/** What the second model of zswap holds the first one's answers against. */
import type { Rule } from "../../rules/invariant.ts";
import { zeroCounters } from "../../zswap/stats.ts";

function rule(id: string, sentence: string, source: string): Rule {
  return { id: `naive/zswap-${id}`, sentence, source: `${source}, mm/zswap.c` };
}

/** The rules about what is done, by name. */
export const ZSWAP_NAIVE = {
  taken: rule(
    "taken",
    "A store is taken where nothing is against it.",
    "zswap_frontswap_store, 6.1; zswap_store, 6.18",
  ),
  disabled: rule(
    "disabled",
    "A zswap that is disabled takes no page.",
    "zswap_frontswap_store, 6.1; zswap_store, 6.18",
  ),
  limit: rule(
    "limit",
    "A store that finds the pools above the limit (since 6.9, at it) is refused, and up to 5.5 only where the allocator then frees no page.",
    "zswap_is_full, 3.12; zswap_check_limits, 6.18",
  ),
  cgroup: rule(
    "cgroup-limit",
    "A cgroup that has all that it may have is refused a page; since 6.8 it first gives up what a step of the worker would, and is refused where that is nothing.",
    "obj_cgroup_may_zswap, memcontrol.c, 6.1.192, 7.3.4; zswap_store, 6.12.118",
  ),
  cgroupMadeRoom: rule(
    "cgroup-made-room",
    "A cgroup at its limit that gave up a page is let in, whether it has room now or not.",
    "zswap_store, 6.12.118, 7.3.4",
  ),
  evictedFrom: rule(
    "evicted-from",
    "A page is evicted from the pool that is to shrink: up to 3.15 the swap type's own, up to 5.5 the current one, up to 6.4 the last one when it was queued.",
    "zswap_frontswap_store, 3.12; shrink_worker, zswap_pool_last_get, 6.1",
  ),
  tries: rule(
    "tries",
    "A store is refused for want of a page to evict once eight of them were tried.",
    "zbud_zpool_shrink, mm/zbud.c, 3.17; zswap_frontswap_store, 3.12",
  ),
  evicted: rule(
    "evicted-in-store",
    "Up to 5.5 a store above the limit is taken where the allocator frees a page for it.",
    "zswap_frontswap_store, 3.12",
  ),
  hysteresis: rule(
    "hysteresis",
    "Once the limit was passed, a store is refused until the pools are below the threshold (since 6.9, at it); since 5.6.",
    "zswap_can_accept, 6.1; zswap_check_limits, 6.18",
  ),
  acceptsAgain: rule(
    "accepts-again",
    "Once the pools are below the threshold (since 6.9, at it), stores go on.",
    "zswap_can_accept, 6.1; zswap_check_limits, 6.18",
  ),
  entry: rule(
    "no-entry",
    "A page for which there is no entry is refused.",
    "zswap_entry_cache_alloc, 6.1",
  ),
  node: rule(
    "no-node",
    "A page for which the tree has no node is refused.",
    "zswap_store_page, 6.18",
  ),
  memory: rule(
    "no-memory",
    "A page for which the allocator has no frame or no structure is refused.",
    "zpool_malloc in zswap_frontswap_store, 6.1; zs_malloc in zswap_compress, 6.18",
  ),
  codec: rule(
    "not-compressed",
    "A page that does not fit into a page when it is compressed is refused by compressors that are limited so; since 6.18, where it may not be written back, as it may from a zswap that is disabled.",
    "zswap_frontswap_store, 6.1.192; zswap_compress, 6.12.118, 6.18.15; mem_cgroup_zswap_writeback_enabled, memcontrol.c, 6.12.118",
  ),
  codecPoor: rule(
    "no-room",
    "A page whose compressor says that there is no room, and not that it failed, is counted as too large, since 6.12.",
    "zswap_compress, 6.12.118, 7.3.4; deflate_compress_one, crypto/deflate.c, 7.2.12",
  ),
  poor: rule(
    "too-large",
    "A compressed page with its header that is larger than the allocator's largest object is refused.",
    "zpool_malloc in zswap_frontswap_store, 6.1",
  ),
  notSame: rule(
    "not-same",
    "Where other pages are turned off, a page that is not one word repeated is refused.",
    "zswap_frontswap_store, 6.1",
  ),
  same: rule(
    "same-filled",
    "A page of one word repeated is kept in its entry where that is turned on.",
    "zswap_is_page_same_filled, 6.1",
  ),
  whole: rule(
    "incompressible",
    "A page that does not become smaller is stored as it is where it may be written back.",
    "zswap_compress, 6.18",
  ),
  replaced: rule(
    "replaced",
    "A page that is stored takes the place of an older one.",
    "zswap_rb_insert, 6.1; zswap_store_page, 6.18",
  ),
  refusedOver: rule(
    "refused-over-older",
    "Where a page is refused the older one at its offset is gone; up to 3.17 it stays, and nobody knows of it.",
    "__frontswap_store, mm/frontswap.c, 3.18; zswap_store, 6.18",
  ),
  folio: rule(
    "folio",
    "A folio of several pages is stored whole or not at all; up to 6.12, not at all, and what was at its offsets stays.",
    "zswap_store, 6.12.118, 6.18.15",
  ),
  loaded: rule(
    "loaded",
    "A page that is there is loaded as it was stored; since 6.5 it leaves where it goes into the swap cache.",
    "zswap_frontswap_load, 6.1; zswap_load, 6.18",
  ),
  alwaysLeaves: rule(
    "always-leaves",
    "Since 7.1 a page that is loaded leaves, whatever is asked.",
    "zswap_load, 7.2.12",
  ),
  bug: rule(
    "damaged-bug",
    "Up to 6.12 the kernel stops where it decompresses a damaged page, in 5.10 where z3fold has no slots for an object, and nowhere else.",
    "BUG_ON in zswap_frontswap_load, zswap_writeback_entry, 5.10.262, 6.1.192; in zswap_decompress, 6.12.118; __encode_handle, mm/z3fold.c, 5.10.262",
  ),
  damaged: rule(
    "damaged",
    "A damaged page is neither loaded nor written back, and stays; since 6.16.",
    "zswap_decompress, 6.18",
  ),
  missing: rule(
    "missing",
    "A page that is not there is not loaded.",
    "zswap_frontswap_load, 6.1; zswap_load, 6.18",
  ),
  written: rule(
    "written",
    "A page is written back as it was stored; in 6.18 the one that was touched longest ago.",
    "zswap_writeback_entry, 6.1; shrink_memcg_cb, 6.18",
  ),
  notWritten: rule(
    "not-written",
    "A page that is in the swap cache, or for which there is no frame there, stays.",
    "zswap_writeback_entry, 6.1 and 6.18",
  ),
  changed: rule(
    "changed-meanwhile",
    "An entry that is replaced or goes while a page is allocated for it is not written back; up to 5.10 it is.",
    "zswap_writeback_entry, 3.12, 5.10.262, 6.1.192 and 6.18.15",
  ),
  stale: rule(
    "stale-writeback-bug",
    "Up to 5.10 an entry that is replaced or goes while a page is allocated for it is written back, over what its slot has by then.",
    "zswap_writeback_entry, 3.12, 5.10.262",
  ),
  secondChance: rule(
    "second-chance",
    "An entry that is new to the LRU list is passed over once.",
    "shrink_memcg_cb, 6.18",
  ),
  worker: rule(
    "worker",
    "The worker does nothing unless it was queued; up to 6.4 it frees one page of each queued pool; since 6.8 it writes entries back until the pools are at the threshold, or 16 could not be.",
    "shrink_worker, 6.1 and 6.18",
  ),
  severalInAStep: rule(
    "several-in-a-step",
    "Since 7.3 a step of the worker looks at up to 32 entries, and at the threshold after that.",
    "shrink_memcg, 7.3.4",
  ),
  withoutMemcg: rule(
    "without-memory-cgroups",
    "Without memory cgroups the worker writes nothing back from 6.8 to 7.1, but what it would with them in 6.12.118 and since 7.2.",
    "shrink_worker, 6.12.118, 7.2.12",
  ),
  shrinker: rule(
    "shrinker",
    "The shrinker counts the entries that could be freed less those that had to be read from the device, by what zswap saves.",
    "zswap_shrinker_count, 6.18",
  ),
  scanned: rule(
    "scanned",
    "The shrinker looks at so many entries from the oldest on, and stops at one whose page is in the swap cache.",
    "zswap_shrinker_scan, 6.18",
  ),
  parameter: rule(
    "parameter",
    "A parameter takes what it can be, refuses the rest with the kernel's errno, and shows what it is.",
    "zswap_compressor_param_set, zswap_zpool_param_set, 6.1",
  ),
  pools: rule(
    "pools",
    "There are the current pool and those that somebody refers to, each with as many references; in 6.1 one more for each time that its work was queued when it waited already.",
    "zswap_pool_get, zswap_pool_put, zswap_pool_create, 6.1",
  ),
  events: rule(
    "unasked",
    "Nothing is written, allocated or given back without a reason.",
    "shrink_worker, 6.1 and 6.18",
  ),
  lru: rule(
    "lru",
    "The LRU list has the stored pages in the order in which they were touched.",
    "zswap_lru_add, 6.18",
  ),
  reachedFull: rule(
    "reached-full",
    "zswap remembers that the limit was passed until it accepts again.",
    "zswap_pool_reached_full, 5.6 to 6.18",
  ),
} satisfies Record<string, Rule>;

/** The name of a rule about what is done. */
export type ZswapNaiveRule = keyof typeof ZSWAP_NAIVE;

/** The counters of frontswap. */
export const FRONTSWAP_COUNTERS = [
  "loads",
  "succ_stores",
  "failed_stores",
  "invalidates",
] as const;

/** One rule for each counter of `debugfs/zswap`, and for each of frontswap. */
export const COUNTER_RULES: ReadonlyMap<string, Rule> = new Map([
  ...Object.keys(zeroCounters()).map((name) =>
    [
      name,
      rule(`counter-${name}`, `${name} counts what it names, each once.`, name),
    ] as const
  ),
  ...FRONTSWAP_COUNTERS.map((name) =>
    [name, {
      id: `naive/frontswap-${name}`,
      sentence: `frontswap's ${name} counts what it names, each once.`,
      source: "inc_frontswap_loads and its like, mm/frontswap.c, 3.11 to 6.5",
    }] as const
  ),
]);

/** Every rule of the second model. */
export const ZSWAP_NAIVE_RULES: readonly Rule[] = [
  ...Object.values(ZSWAP_NAIVE),
  ...COUNTER_RULES.values(),
];
