/** The rules that zswap keeps about its counters, pools, list and limits. */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Rule,
  type Violation,
} from "../rules/invariant.ts";
import {
  ZSWAP_COUNT_INVARIANTS,
  ZSWAP_STORE_COUNT_INVARIANTS,
} from "./count_invariants.ts";
import type { ZswapEntry } from "./entry.ts";
import { contextOf, ENTRY_INVARIANTS } from "./entry_invariants.ts";
import { FRONTSWAP_INVARIANTS } from "./frontswap_invariants.ts";
import { acceptThresholdPages, maxPages } from "./limits.ts";
import type { Zswap } from "./zswap.ts";

/** A rule about zswap as a whole. */
export type ZswapInvariant = Invariant<Zswap, Zswap>;

/** Every entry that is in a tree. */
function entriesOf({ trees }: Zswap): ZswapEntry[] {
  return [...trees.values()].flatMap(({ entries }) => [...entries.values()]);
}

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

/** Rules about zswap as a whole. */
export const ZSWAP_STATE_INVARIANTS: readonly ZswapInvariant[] = [
  {
    id: "zswap/objects",
    sentence: "Every object of a pool belongs to one entry.",
    source:
      "zswap_frontswap_store, zswap_free_entry, mm/zswap.c, 6.1; zswap_store_page, mm/zswap.c, 6.18",
    check(zswap) {
      if (zswap.underWay > 0) return undefined;
      const entries = entriesOf(zswap);
      for (const pool of zswap.pools.list) {
        const own = entries.filter((entry) => entry.pool === pool);
        const handles = new Set(own.map(({ handle }) => handle));
        const where = `a pool of ${pool.zpool.type} and ${pool.codec.name}`;
        const violation =
          expectEqual(`entries in ${where}`, own.length, handles.size) ??
            expectEqual(
              `objects of ${where}`,
              pool.zpool.handles().length,
              own.length,
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
    check(zswap) {
      const listed = [...zswap.lru];
      const isOwn = zswap.profile.zswap.shrink === "entries-in-worker";
      const stored = isOwn ? entriesOf(zswap) : [];
      const known = new Set(listed);
      const missing = stored.filter((entry) => !known.has(entry)).length;
      return expectEqual("entries that are not listed", missing, 0) ??
        expectEqual("entries on the LRU list", listed.length, stored.length) ??
        expectEqual("the LRU list's size", zswap.lru.size, listed.length) ??
        checkLinks(zswap);
    },
  },
  {
    id: "zswap/counters",
    sentence:
      "stored_pages, same_filled_pages and stored_incompressible_pages are what the entries add up to.",
    source: "zswap_stored_pages and its like, mm/zswap.c, 3.12",
    check(zswap) {
      if (zswap.underWay > 0) return undefined;
      const { counters, profile } = zswap;
      const entries = entriesOf(zswap);
      const count = (holds: (entry: ZswapEntry) => boolean) =>
        entries.filter(holds).length;
      const whole = profile.zswap.storesIncompressible
        ? count(({ length }) => length === profile.pageSize)
        : 0;
      return expectEqual(
        "stored_pages",
        counters.stored_pages,
        entries.length,
      ) ?? expectEqual(
        "same_filled_pages",
        counters.same_filled_pages,
        count(({ length }) => length === 0),
      ) ?? expectEqual(
        "stored_incompressible_pages",
        counters.stored_incompressible_pages,
        whole,
      );
    },
  },
  {
    id: "zswap/pool-total-size",
    sentence:
      "The pages that the limits look at are never fewer than the pools have: up to 6.8, those that were there when an entry was last stored or freed.",
    source: "zswap_update_total_size, zswap.c, 6.1",
    check(zswap) {
      const { shrink, poolPer } = zswap.profile.zswap;
      const isCounted = shrink !== "entries-in-worker" && poolPer === "kernel";
      const pages = zswap.pools.totalPages;
      if (zswap.underWay > 0 || !isCounted || zswap.countedPages >= pages) {
        return undefined;
      }
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
    check(zswap) {
      if (zswap.underWay > 0) return undefined;
      const { poolPer, shrink } = zswap.profile.zswap;
      const entries = entriesOf(zswap);
      for (const pool of zswap.pools.list) {
        const isOwned = poolPer === "swap-type" || pool === zswap.pools.current;
        const users = entries.filter((entry) => entry.pool === pool).length;
        const expected = Number(isOwned) + users;
        const where = `kref of a pool of ${pool.zpool.type}`;
        const leaks = shrink === "page-in-worker";
        const found = leaks ? Math.min(pool.kref, expected) : pool.kref;
        const violation = expectEqual(where, found, expected);
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zswap/current-pool",
    sentence:
      "The current pool has the allocator and the compressor that the parameters name, and no other pool has both.",
    source: "__zswap_param_set, zswap_pool_find_get, mm/zswap.c, 6.1",
    check({ pools, parameters, profile }) {
      if (profile.zswap.poolPer === "swap-type") return undefined;
      const names = pools.list
        .map(({ zpool, codec }) => `${zpool.type}/${codec.name}`);
      const asked = `${parameters.zpool}/${parameters.compressor}`;
      return expectEqual("the current pool", names[0], asked) ??
        expectEqual("different pools", new Set(names).size, names.length);
    },
  },
  ...ZSWAP_COUNT_INVARIANTS,
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
): Violation | undefined {
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
      if (pages <= maxPages && !atLimit) return undefined;
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
        return undefined;
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
export function checkZswap(zswap: Zswap): void {
  for (const { zpool } of zswap.pools.list) zpool.check();
  const context = contextOf(zswap);
  for (const tree of zswap.trees.values()) {
    for (const [offset, entry] of tree.entries) {
      assertInvariants(ENTRY_INVARIANTS, context, { tree, offset, entry });
    }
  }
  assertInvariants(ZSWAP_STATE_INVARIANTS, zswap, zswap);
}

/**
 * Checks the rules about limits after one store, run alone. Throws an
 * `InvariantError` at the first one broken.
 */
export function checkZswapStore(before: ZswapLimitsBefore, zswap: Zswap): void {
  assertInvariants(ZSWAP_STORE_INVARIANTS, before, zswap);
}
