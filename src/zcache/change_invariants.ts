/** The rules about what one operation on zcache may do. */
import {
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import {
  oidKey,
  type TmemHandle,
  type TmemKind,
  type TmemOid,
} from "./tmem.ts";
import { zbudPfn } from "./zbud.ts";
import { ZERO_FILLED } from "./pam.ts";
import type { Zcache } from "./zcache.ts";

/** zcache as it was before an operation. */
export interface ZcacheBefore {
  /** The ephemeral frames, the oldest first. */
  readonly ephemeral: readonly number[];
  /** The handles of persistent pages. */
  readonly persistent: readonly TmemHandle[];
  /** Frames with one zpage, by the chunks that it takes, as they are listed. */
  readonly unbuddied: Readonly<
    Record<TmemKind, readonly (readonly number[])[]>
  >;
  /** Ephemeral frames that were evicted so far. */
  readonly evicted: number;
  /** Frames that the page allocator did not have so far. */
  readonly refusedFrames: number;
}

/**
 * One operation: a put, a get and a flush name a pool, and an object and an
 * index as far as they are about one alone; the shrinker names nothing.
 */
export interface ZcacheChange {
  /** zcache as it is now. */
  readonly zcache: Zcache;
  /** What was done. */
  readonly op: "put" | "get" | "flush" | "shrink";
  /** The pool. */
  readonly poolId?: number;
  /** The object. */
  readonly oid?: TmemOid;
  /** The index. */
  readonly index?: number;
  /** Whether a put was kept. */
  readonly isKept?: boolean;
}

/** A rule about one operation. */
export type ZcacheChangeInvariant = Invariant<ZcacheBefore, ZcacheChange>;

/** What {@linkcode ZCACHE_CHANGE_INVARIANTS} need to know before an operation. */
export function zcacheBefore(zcache: Zcache): ZcacheBefore {
  const persistent: TmemHandle[] = [];
  for (const { id: poolId, kind, objects } of zcache.pools.values()) {
    if (kind === "ephemeral") continue;
    for (const { oid, pampds } of objects.values()) {
      for (const index of pampds.keys()) {
        persistent.push({ poolId, oid, index });
      }
    }
  }
  return {
    ephemeral: [...zcache.zbud.ephemeral.lru],
    persistent,
    unbuddied: {
      ephemeral: zcache.zbud.ephemeral.unbuddied.map((pfns) => [...pfns]),
      persistent: zcache.zbud.persistent.unbuddied.map((pfns) => [...pfns]),
    },
    evicted: zcache.counters.evicted_eph_pageframes,
    refusedFrames: zcache.counters.failed_getfreepages,
  };
}

/** Whether an operation was about a page. */
function names(change: ZcacheChange, handle: TmemHandle): boolean {
  if (change.op === "shrink" || change.poolId !== handle.poolId) return false;
  const { oid, index } = change;
  if (oid !== undefined && oidKey(oid) !== oidKey(handle.oid)) return false;
  return index === undefined || index === handle.index;
}

/** Frames that an operation evicted. */
const evictedBy = (before: ZcacheBefore, { zcache }: ZcacheChange): number =>
  zcache.counters.evicted_eph_pageframes - before.evicted;

/** A put's pool and the frame of its zpage, where it was kept with one. */
function putFrame(
  { zcache, op, isKept, poolId, oid, index }: ZcacheChange,
): { kind: TmemKind; pfn: number; chunks: number } | undefined {
  if (op !== "put" || !isKept || poolId === undefined) return undefined;
  if (oid === undefined || index === undefined) return undefined;
  const pool = zcache.pools.get(poolId);
  const pampd = pool?.lookup(oid, index);
  if (pool === undefined || pampd === undefined || pampd === ZERO_FILLED) {
    return undefined;
  }
  const zbud = zcache.zbud[pool.kind];
  const size = zbud.data(pampd).length + zcache.profile.handleBytes;
  const chunks = zbud.sizeToChunks(size);
  return { kind: pool.kind, pfn: zbudPfn(pampd), chunks };
}

/** Rules about one operation. */
export const ZCACHE_CHANGE_INVARIANTS: readonly ZcacheChangeInvariant[] = [
  {
    id: "zcache/persistent-stay",
    sentence:
      "A persistent page goes only where it is put again, got or flushed: no page makes room by it, and no shrinker has it.",
    source:
      "zcache_evict_eph_pageframe, shrink_zcache_memory, drivers/staging/zcache/zcache-main.c, 3.9, without CONFIG_ZCACHE_WRITEBACK",
    check({ persistent }, change) {
      for (const handle of persistent) {
        const { poolId, oid, index } = handle;
        if (names(change, handle)) continue;
        const pool = change.zcache.pools.get(poolId);
        if (pool?.lookup(oid, index) !== undefined) continue;
        return {
          where: `page ${poolId}:${oid.join(":")}:${index}, ${change.op}`,
          expected: "the persistent page",
          found: "nothing",
        };
      }
      return heldIf(persistent.length > 0);
    },
  },
  {
    id: "zcache/lru-order",
    sentence:
      "Ephemeral frames stay in the order in which they got their last zpage: one that gets another is last, and those that are evicted were first.",
    source:
      "zbud_match_prep, zbud_create_prep, zbud_evict_pageframe_lru, drivers/staging/zcache/zbud.c, 3.9",
    check(before, change) {
      const lru = [...change.zcache.zbud.ephemeral.lru];
      const there = new Set(lru);
      const put = putFrame(change);
      const newest = put?.kind === "ephemeral" ? put.pfn : undefined;
      const expected = before.ephemeral.slice(evictedBy(before, change))
        .filter((pfn) => there.has(pfn) && pfn !== newest);
      if (newest !== undefined) expected.push(newest);
      return expectEqual(
        `the LRU list, ${change.op}`,
        lru.join(" "),
        expected.join(" "),
      ) ?? heldIf(expected.length > 1);
    },
  },
  {
    id: "zcache/evicts-late",
    sentence:
      "An ephemeral frame is evicted for the shrinker, or one for a put for which the page allocator has none, and else it stays.",
    source:
      "zcache_pampd_eph_create, zcache_pampd_pers_create, shrink_zcache_memory, drivers/staging/zcache/zcache-main.c, 3.9",
    check(before, change) {
      const evicted = evictedBy(before, change);
      if (change.op === "shrink") return heldIf(evicted > 0);
      const refused = change.zcache.counters.failed_getfreepages -
        before.refusedFrames;
      const most = Math.min(refused, before.ephemeral.length);
      return expectEqual(`frames evicted, ${change.op}`, evicted, most) ??
        heldIf(evicted > 0);
    },
  },
  {
    id: "zcache/best-fit",
    sentence:
      "A zpage goes beside the largest that leaves room for it, of several into the frame that waits longest, and has a frame of its own only where there is none.",
    source: "zbud_match_prep, drivers/staging/zcache/zbud.c, 3.9",
    check(before, change) {
      const put = putFrame(change);
      if (put === undefined) return SILENT;
      const lists = before.unbuddied[put.kind];
      const fitting = lists.slice(0, lists.length - put.chunks + 1)
        .findLast((pfns) => pfns.length > 0);
      const where = `the frame of a zpage of ${put.chunks} chunks`;
      if (fitting !== undefined) return expectEqual(where, put.pfn, fitting[0]);
      const isEvicted = evictedBy(before, change) > 0 &&
        before.ephemeral[0] === put.pfn;
      const isBeside = !isEvicted &&
        lists.some((pfns) => pfns.includes(put.pfn));
      return isBeside
        ? { where, expected: "a frame of its own", found: put.pfn }
        : undefined;
    },
  },
];
