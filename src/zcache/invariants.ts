/** The rules that zcache keeps, and what checks them all. */
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  type Rule,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { ZCACHE_CHANGE_INVARIANTS } from "./change_invariants.ts";
import { ZCACHE_FRAME_INVARIANTS, zpagesOf } from "./frame_invariants.ts";
import { swizzle, type ZcacheFrontswap } from "./frontswap.ts";
import { TMEM_PROMISES } from "./promises.ts";
import { KIND_PREFIX } from "./stats.ts";
import type { TmemKind } from "./tmem.ts";
import { ZERO_FILLED } from "./pam.ts";
import type { Zcache } from "./zcache.ts";

/** A rule about zcache as a whole. */
export type ZcacheInvariant = Invariant<Zcache, Zcache>;
/** A rule about frontswap over zcache. */
export type ZcacheFrontswapInvariant = Invariant<
  ZcacheFrontswap,
  ZcacheFrontswap
>;

const KINDS: readonly TmemKind[] = ["ephemeral", "persistent"];

/** What the pages of a kind are kept as, of all pools. */
function pampdsOf({ pools }: Zcache, kind: TmemKind): number[] {
  return [...pools.values()]
    .filter((pool) => pool.kind === kind)
    .flatMap(({ objects }) => [...objects.values()])
    .flatMap(({ pampds }) => [...pampds.values()]);
}

/** What is there of a kind, counted one by one. */
function count(
  zcache: Zcache,
  kind: TmemKind,
): Readonly<Record<string, number>> {
  const zbud = zcache.zbud[kind];
  const sizes = [...zbud.lru].flatMap((pfn) =>
    zpagesOf({ zcache, kind }, pfn).map((budnum) => zbud.size(pfn, budnum))
  );
  const marked = pampdsOf(zcache, kind)
    .filter((pampd) => pampd === ZERO_FILLED).length;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    zpages: sizes.length,
    zbytes: bytes,
    marked,
    data: bytes - sizes.length * zcache.profile.handleBytes,
  };
}

/** Rules about zcache as a whole. */
export const ZCACHE_WHOLE_INVARIANTS: readonly ZcacheInvariant[] = [
  {
    id: "tmem/objects",
    sentence:
      "An object of tmem's is there while it has pages, and no longer; pools have numbers below the most.",
    source:
      "tmem_flush_page, drivers/staging/zcache/tmem.c; zcache_new_pool, drivers/staging/zcache/zcache-main.c, 3.9",
    check({ pools, profile }) {
      for (const { id, objects } of pools.values()) {
        if (id >= profile.maxPools) {
          return { where: "pools", expected: profile.maxPools, found: id };
        }
        for (const [key, { pampds }] of objects) {
          if (pampds.size > 0) continue;
          const where = `object ${key} of pool ${id}`;
          return { where, expected: "a page", found: "none" };
        }
      }
      return heldIf(pools.size > 0);
    },
  },
  {
    id: "tmem/one-zpage",
    sentence:
      "Each page of tmem's has one zpage that no other has, unless it is marked as one of zeros; there are no other zpages.",
    source:
      "zcache_pampd_create, zcache_pampd_free, drivers/staging/zcache/zcache-main.c, 3.9",
    check(zcache) {
      let all = 0;
      for (const kind of KINDS) {
        const pampds = pampdsOf(zcache, kind)
          .filter((pampd) => pampd !== ZERO_FILLED);
        // By zcache/handles each zpage has a page: as many are all of them.
        const violation = expectEqual(
          `${kind} pages with a zpage of their own`,
          new Set(pampds).size,
          pampds.length,
        ) ??
          expectEqual(
            `${kind} zpages`,
            count(zcache, kind).zpages,
            pampds.length,
          );
        if (violation !== undefined) return violation;
        all += pampds.length;
      }
      return heldIf(all > 0);
    },
  },
  {
    id: "zcache/kinds-apart",
    sentence: "No frame has ephemeral and persistent pages.",
    source:
      "zbud_eph_lru_list, zbud_pers_lru_list, drivers/staging/zcache/zbud.c, 3.9",
    check({ zbud: { ephemeral, persistent } }) {
      const both = [...ephemeral.lru].filter((pfn) => persistent.lru.has(pfn));
      return expectEqual("frames of both kinds", both.join(" "), "") ??
        heldIf(ephemeral.lru.size > 0 && persistent.lru.size > 0);
    },
  },
  {
    id: "zcache/counts",
    sentence:
      "zcache and zbud count the pages, bytes, frames and marks that are there, zcache bytes without handles.",
    source: "zbud_debugfs_init, drivers/staging/zcache/zbud.c, 3.10",
    check(zcache) {
      const { counters } = zcache;
      let marked = 0;
      for (const kind of KINDS) {
        const zbud = zcache.zbud[kind];
        const prefix = KIND_PREFIX[kind];
        const there = count(zcache, kind);
        marked += there.marked;
        const pairs: [string, number, number][] = [
          ["zpages", zbud.zpages, there.zpages],
          ["zbytes", zbud.zbytes, there.zbytes],
          ["zpages", counters[`${prefix}_zpages`], there.zpages + there.marked],
          ["zbytes", counters[`${prefix}_zbytes`], there.data],
          ["pageframes", counters[`${prefix}_pageframes`], zbud.lru.size],
        ];
        for (const [name, found, expected] of pairs) {
          const where = `${prefix}_${name}`;
          const violation = expectEqual(where, found, expected);
          if (violation !== undefined) return violation;
        }
      }
      return expectEqual(
        "zero_filled_pages",
        counters.zero_filled_pages,
        marked,
      ) ??
        heldIf(counters.eph_zpages + counters.pers_zpages > 0);
    },
  },
  {
    id: "zcache/frames-counted",
    sentence:
      "Each frame that came from the page allocator holds pages or was given back.",
    source: "curr_pageframes_count, drivers/staging/zcache/debug.h, 3.9",
    check({ counters, zbud: { ephemeral, persistent } }) {
      const { pageframes_alloced, pageframes_freed } = counters;
      return expectEqual(
        "frames that were taken and not given back",
        pageframes_alloced - pageframes_freed,
        ephemeral.lru.size + persistent.lru.size,
      ) ?? heldIf(pageframes_freed > 0);
    },
  },
];

/** Rules about frontswap over zcache. */
export const ZCACHE_FRONTSWAP_INVARIANTS: readonly ZcacheFrontswapInvariant[] =
  [
    {
      id: "zcache/frontswap-known",
      sentence:
        "zcache has each page that frontswap knows; others, where an older page goes with a store that is refused, it has not.",
      source:
        "__frontswap_store, mm/frontswap.c; zcache_put_page, drivers/staging/zcache/zcache-main.c, 3.9",
      check({ zcache, maps, pool: poolId }) {
        const pool = poolId === undefined
          ? undefined
          : zcache.pools.get(poolId);
        const objects = [...pool?.objects.values() ?? []];
        let known = 0;
        for (const [type, map] of maps) {
          known += map.size;
          for (const offset of map) {
            if (pool?.lookup(...swizzle(type, offset)) === undefined) {
              const where = `page ${type}:${offset}`;
              return { where, expected: "it in zcache", found: "nothing" };
            }
          }
        }
        const there = objects.reduce((sum, { pampds }) => sum + pampds.size, 0);
        const strays = zcache.profile.failedPut === "older-goes"
          ? expectEqual("persistent pages", there, known)
          : undefined;
        return strays ?? heldIf(known > 0);
      },
    },
  ];

/** Every rule about zcache, as a list to read. */
export const ZCACHE_INVARIANTS: readonly Rule[] = [
  ...ZCACHE_WHOLE_INVARIANTS,
  ...ZCACHE_FRAME_INVARIANTS,
  ...ZCACHE_CHANGE_INVARIANTS,
  ...TMEM_PROMISES,
  ...ZCACHE_FRONTSWAP_INVARIANTS,
];

/**
 * Checks every rule on all of zcache as it is. Throws an `InvariantError` at
 * the first one broken. `reach` counts the rules that spoke.
 *
 * @example
 * ```ts
 * import { checkZcache, Zcache, ZCACHE_3_10 } from "zspec";
 *
 * const zcache = new Zcache(ZCACHE_3_10);
 * const pool = Number(zcache.newPool("persistent"));
 * zcache.putPage(pool, [1, 0, 0], 7, new Uint8Array(4096).fill(1));
 * checkZcache(zcache);
 * ```
 */
export function checkZcache(zcache: Zcache, reach?: Reach): void {
  for (const kind of KINDS) {
    for (const pfn of zcache.zbud[kind].lru) {
      assertInvariants(
        ZCACHE_FRAME_INVARIANTS,
        { zcache, kind },
        pfn,
        reach,
      );
    }
  }
  assertInvariants(ZCACHE_WHOLE_INVARIANTS, zcache, zcache, reach);
}
