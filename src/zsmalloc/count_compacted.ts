/** How the pages that compaction frees are counted (`zs_pool_stats`). */
import type { Profile } from "../linux/profile.ts";
import { reads, type Stop, writes } from "../rules/stop.ts";

/** What counts them. */
export interface CountingPool {
  /** Frames that compaction has freed so far. */
  pagesCompacted: number;
}

/** A way of counting. */
interface CountCompacted {
  /** Pages were freed. */
  count(pool: CountingPool, pages: number): Generator<Stop, void>;
  /** Compacts, and says how many pages that freed. */
  compact(
    pool: CountingPool,
    compactEvery: Generator<Stop, number>,
  ): Generator<Stop, number>;
}

const PAGES_COMPACTED = "pool->stats.pages_compacted";
const ZS_COMPACT = "zs_compact, mm/zsmalloc.c";

/** The ways, by the name that a profile gives them. */
export const COUNT_COMPACTED: Readonly<
  Record<Profile["compactedCounted"], CountCompacted>
> = {
  /**
   * Each in the pool's counter, which nothing makes atomic, and whose difference
   * is the answer. 4.3 to 5.11.
   */
  "each-page": {
    *count(pool, pages) {
      yield reads(PAGES_COMPACTED, "__zs_compact, mm/zsmalloc.c");
      const before = pool.pagesCompacted;
      yield writes(PAGES_COMPACTED, "__zs_compact, mm/zsmalloc.c");
      pool.pagesCompacted = before + pages;
    },
    *compact(pool, compactEvery) {
      yield reads(PAGES_COMPACTED, ZS_COMPACT);
      const before = pool.pagesCompacted;
      yield* compactEvery;
      yield reads(PAGES_COMPACTED, ZS_COMPACT);
      return pool.pagesCompacted - before;
    },
  },
  /** All of them, atomically, at the end. Since 5.12 (5.10.262). */
  "at-its-end": {
    *count() {},
    *compact(pool, compactEvery) {
      const pagesFreed = yield* compactEvery;
      yield writes(PAGES_COMPACTED, ZS_COMPACT);
      pool.pagesCompacted += pagesFreed;
      return pagesFreed;
    },
  },
};
