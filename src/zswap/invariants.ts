/** The rules that zswap keeps about its counters, pools, list and limits. */
import { assertHas } from "../rules/argument.ts";
import {
  assertInvariants,
  type Checked,
  expectEqual,
  type Invariant,
  type Rule,
  SILENT,
  type Violation,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import {
  ZSWAP_COUNT_INVARIANTS,
  ZSWAP_STORE_COUNT_INVARIANTS,
} from "./count_invariants.ts";
import type { ZswapEntry } from "./entry.ts";
import { contextOf, ENTRY_INVARIANTS } from "./entry_invariants.ts";
import { FRONTSWAP_INVARIANTS } from "./frontswap_invariants.ts";
import type { ZswapPool } from "./pools.ts";
import { acceptThresholdPages, maxPages } from "./limits.ts";
import { ZswapTally } from "./tally.ts";
import type { Zswap } from "./zswap.ts";

/** A rule about zswap as a whole, and what its entries add up to. */
export type ZswapInvariant = Invariant<ZswapTally, Zswap>;

const nameOf = ({ zpool, tfmName }: ZswapPool): string =>
  `a pool of ${zpool.type} and ${tfmName}`;

/** How an LRU list is not linked both ways, or not in the order of touching. */
function checkLinks({ lru }: Zswap): Violation | undefined {
  let before: ZswapEntry | undefined;
  for (const entry of lru) {
    const where = `LRU list at ${entry.type}:${entry.offset}`;
    if (entry.older !== before) {
      const expected = "the entry before it";
      return { where: `'older' of the ${where}`, expected, found: "another" };
    }
    if (before !== undefined && before.touched >= entry.touched) {
      return {
        where,
        expected: `touched after ${before.touched}`,
        found: entry.touched,
      };
    }
    before = entry;
  }
  if (lru.newest === before) return undefined;
  return { where: "the LRU list's tail", expected: "the last", found: "other" };
}

/** Entries that an LRU list lists twice, or that no tree has, or that it does not list. */
function checkListed(zswap: Zswap): Violation | undefined {
  const listed = new Set<ZswapEntry>(zswap.lru);
  let stored = 0;
  for (const { entries } of zswap.trees.values()) {
    for (const entry of entries.values()) {
      stored++;
      if (listed.has(entry)) continue;
      const where = `the entry at ${entry.type}:${entry.offset}`;
      return { where, expected: "on the LRU list", found: "not listed" };
    }
  }
  return expectEqual("entries on the LRU list", listed.size, stored) ??
    expectEqual("the LRU list's size", zswap.lru.size, stored);
}

/** Rules about what the entries add up to, and about pools. */
export const ZSWAP_STATE_INVARIANTS: readonly ZswapInvariant[] = [
  {
    id: "zswap/own-object",
    sentence: "No two entries have the same object.",
    source:
      "zswap_frontswap_store, mm/zswap.c, 6.1; zswap_store_page, mm/zswap.c, 6.18",
    check(tally, zswap) {
      if (zswap.underWay > 0) return SILENT;
      for (const pool of zswap.pools.list) {
        const violation = expectEqual(
          () => `objects of entries in ${nameOf(pool)}`,
          tally.objectsIn(pool),
          tally.entriesIn(pool),
        );
        if (violation !== undefined) return violation;
      }
      return tally.entries > 1 ? undefined : SILENT;
    },
  },
  {
    id: "zswap/counters",
    sentence:
      "stored_pages, same_filled_pages and stored_incompressible_pages are what the entries add up to.",
    source: "zswap_stored_pages and its like, mm/zswap.c, 3.12",
    check(tally, { counters, underWay }) {
      if (underWay > 0) return SILENT;
      return expectEqual(
        "stored_pages",
        counters.stored_pages,
        tally.entries,
      ) ?? expectEqual(
        "same_filled_pages",
        counters.same_filled_pages,
        tally.sameFilled,
      ) ?? expectEqual(
        "stored_incompressible_pages",
        counters.stored_incompressible_pages,
        tally.incompressible,
      );
    },
  },
  {
    id: "zswap/charged",
    sentence: "The cgroup is charged the bytes of every compressed page.",
    source:
      "zswap_frontswap_store, mm/zswap.c, 6.1.192; zswap_entry_free, mm/zswap.c, 6.12.118",
    check(tally, { chargedBytes, underWay }) {
      if (underWay > 0) return SILENT;
      return expectEqual("the bytes charged", chargedBytes, tally.bytes);
    },
  },
  {
    id: "zswap/pool-total-size",
    sentence:
      "The pages that the limits look at are never fewer than the pools have: up to 6.8, those that were there when an entry was last stored or freed.",
    source: "zswap_update_total_size, zswap.c, 6.1",
    check(_, zswap) {
      const { shrink, poolPer } = zswap.profile.zswap;
      const isCounted = shrink !== "entries-in-worker" && poolPer === "kernel";
      if (zswap.underWay > 0 || !isCounted) return SILENT;
      const pages = zswap.pools.totalPages;
      if (zswap.countedPages >= pages) return undefined;
      return {
        where: "pool_total_size",
        expected: `at least ${pages} pages`,
        found: zswap.countedPages,
      };
    },
  },
  {
    id: "zswap/pool-references",
    sentence:
      "A pool is referenced once for being current, or its swap type's, and once by each entry in it; in 6.1, once more each time that its work was queued when it waited already.",
    source: "zswap_pool_get, zswap_pool_put, mm/zswap.c, 6.1",
    check(tally, zswap) {
      if (zswap.underWay > 0) return SILENT;
      const { poolPer, shrink } = zswap.profile.zswap;
      for (const pool of zswap.pools.list) {
        const isOwned = poolPer === "swap-type" || pool === zswap.pools.current;
        const expected = Number(isOwned) + tally.entriesIn(pool);
        const leaks = shrink === "page-in-worker";
        const found = leaks ? Math.min(pool.kref, expected) : pool.kref;
        const violation = expectEqual(
          () => `kref of ${nameOf(pool)}`,
          found,
          expected,
        );
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zswap/current-pool",
    sentence:
      "The current pool has the allocator and the compressor that the parameters name, and no other pool has both.",
    source: "__zswap_param_set, zswap_pool_find_get, mm/zswap.c, 6.1",
    check(_, { pools, parameters, profile }) {
      if (profile.zswap.poolPer === "swap-type") return SILENT;
      const names = pools.list
        .map(({ zpool, tfmName }) => `${zpool.type}/${tfmName}`);
      const asked = `${parameters.zpool}/${parameters.compressor}`;
      return expectEqual("the current pool", names[0], asked) ??
        expectEqual("different pools", new Set(names).size, names.length);
    },
  },
  ...ZSWAP_COUNT_INVARIANTS,
];

/** Rules that take a walk of every pool and of the LRU list. */
export const ZSWAP_WHOLE_INVARIANTS: readonly ZswapInvariant[] = [
  {
    id: "zswap/objects",
    sentence: "Every object of a pool belongs to an entry.",
    source:
      "zswap_frontswap_store, zswap_free_entry, mm/zswap.c, 6.1; zswap_store_page, mm/zswap.c, 6.18",
    check(tally, zswap) {
      if (zswap.underWay > 0) return SILENT;
      for (const pool of zswap.pools.list) {
        const violation = expectEqual(
          () => `objects of ${nameOf(pool)}`,
          pool.zpool.handles().length,
          tally.entriesIn(pool),
        );
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zswap/lru",
    sentence:
      "Where zswap has an LRU list of its own, it holds exactly the stored entries, the one touched longest ago first.",
    source: "zswap_lru_add, zswap_lru_del, shrink_memcg_cb, zswap.c, 6.18",
    check(_, zswap) {
      const { lru, profile } = zswap;
      if (profile.zswap.shrink !== "entries-in-worker") {
        return lru.size === 0 ? SILENT : {
          where: "the LRU list's size",
          expected: 0,
          found: lru.size,
        };
      }
      // Up to 6.12 a load erases its entry before it takes it off the list.
      const isBetween = zswap.underWay > 0 &&
        profile.zswap.load === "erased-first";
      return (isBetween ? undefined : checkListed(zswap)) ?? checkLinks(zswap);
    },
  },
];

/** What the rules about limits compare zswap with: how it was before. */
export interface ZswapLimitsBefore {
  /** Pages that the limit allows. */
  readonly maxPages: number;
  /** Pages from which on down a full zswap accepts again. */
  readonly acceptThresholdPages: number;
  /** Pages that the limits looked at. */
  readonly pages: number;
  /** Pages that the pools had. */
  readonly poolPages: number;
  /** Whether the limit had been passed. */
  readonly reachedFull: boolean;
  /** `stored_pages`. */
  readonly storedPages: number;
  /** Stores that succeeded, where there is frontswap. */
  readonly succStores: number;
}

/**
 * What {@linkcode checkZswapStore} needs to know of zswap before a store. An
 * older page that goes before the store is tried must be gone by then.
 */
export function zswapLimitsBefore(zswap: Zswap): ZswapLimitsBefore {
  const { counters, pools, reachedFull, profile } = zswap;
  const isCounted = profile.zswap.shrink !== "entries-in-worker";
  return {
    maxPages: maxPages(zswap),
    acceptThresholdPages: acceptThresholdPages(zswap),
    pages: isCounted ? zswap.countedPages : pools.totalPages,
    poolPages: pools.totalPages,
    reachedFull,
    storedPages: counters.stored_pages,
    succStores: zswap.frontswap.succ_stores,
  };
}

/** A rule about what one store, run alone, does to zswap. */
export type ZswapStoreInvariant = Invariant<ZswapLimitsBefore, Zswap>;

/** How many pages a store added, where it should have added none. */
function expectNoneStored(
  where: string,
  { storedPages }: ZswapLimitsBefore,
  { counters }: Zswap,
): Checked {
  const added = counters.stored_pages - storedPages;
  if (added <= 0) return undefined;
  return { where, expected: "no page stored", found: added };
}

/** Rules about limits. */
export const ZSWAP_STORE_INVARIANTS: readonly ZswapStoreInvariant[] = [
  {
    id: "zswap/limit",
    sentence:
      "A store that finds the pools above the limit (since 6.9, at it) stores nothing; in 3.12, it first evicts as much as it will take.",
    source:
      "zswap_is_full, mm/zswap.c, 3.12; zswap_check_limits, mm/zswap.c, 6.18",
    check(before, zswap) {
      const { shrink } = zswap.profile.zswap;
      const { pages, maxPages, poolPages } = before;
      const atLimit = shrink === "entries-in-worker" && pages === maxPages;
      if (pages <= maxPages && !atLimit) return SILENT;
      if (shrink !== "in-store") {
        return expectNoneStored("a store above the limit", before, zswap);
      }
      if (zswap.pools.totalPages <= poolPages) return undefined;
      return {
        where: "pages after a store above the limit",
        expected: `at most ${poolPages}`,
        found: zswap.pools.totalPages,
      };
    },
  },
  {
    id: "zswap/hysteresis",
    sentence:
      "Once the limit was passed, nothing is stored until the pools are below the threshold (since 6.9, at it); since 5.6.",
    source:
      "zswap_can_accept, mm/zswap.c, 6.1; zswap_check_limits, mm/zswap.c, 6.18",
    check(before, zswap) {
      const { shrink } = zswap.profile.zswap;
      const { pages, acceptThresholdPages: threshold } = before;
      const atThreshold = shrink === "page-in-worker" && pages === threshold;
      const isAbove = pages > threshold || atThreshold;
      if (shrink === "in-store" || !before.reachedFull || !isAbove) {
        return SILENT;
      }
      return expectNoneStored("a store above the threshold", before, zswap);
    },
  },
  ...ZSWAP_STORE_COUNT_INVARIANTS,
];

/** Every rule about zswap, as a list to read. */
export const ZSWAP_INVARIANTS: readonly Rule[] = [
  ...ENTRY_INVARIANTS,
  ...ZSWAP_STATE_INVARIANTS,
  ...ZSWAP_WHOLE_INVARIANTS,
  ...ZSWAP_STORE_INVARIANTS,
  ...FRONTSWAP_INVARIANTS,
];

/**
 * Checks every rule on every entry of zswap, on zswap, and on its pools; some
 * hold only where no operation is stopped midway. Throws an `InvariantError`
 * at the first one broken.
 *
 * @example
 * ```ts
 * import { checkZswap, LINUX_6_18, Zswap } from "zspec";
 *
 * const zswap = new Zswap(LINUX_6_18, { totalRamPages: 100 });
 * zswap.swapon(0);
 * zswap.store(0, 1, [new Uint8Array(4096)]);
 * checkZswap(zswap);
 * ```
 */
export function checkZswap(zswap: Zswap, reach?: Reach): void {
  assertHas("check zswap", "zswap", zswap, "trees", "a Zswap");
  tallyZswap(zswap, reach);
}

/** {@linkcode checkZswap}, with what the entries add up to. */
export function tallyZswap(zswap: Zswap, reach?: Reach): ZswapTally {
  for (const { zpool } of zswap.pools.list) zpool.check();
  const context = contextOf(zswap);
  for (const tree of zswap.trees.values()) {
    for (const [offset, entry] of tree.entries) {
      const found = { tree, offset, entry };
      assertInvariants(ENTRY_INVARIANTS, context, found, reach);
    }
  }
  const tally = new ZswapTally(zswap);
  assertInvariants(ZSWAP_STATE_INVARIANTS, tally, zswap, reach);
  assertInvariants(ZSWAP_WHOLE_INVARIANTS, tally, zswap, reach);
  return tally;
}

/**
 * Checks the rules about limits after one store, run alone. Throws an
 * `InvariantError` at the first one broken.
 */
export function checkZswapStore(
  before: ZswapLimitsBefore,
  zswap: Zswap,
  reach?: Reach,
): void {
  assertInvariants(ZSWAP_STORE_INVARIANTS, before, zswap, reach);
}
