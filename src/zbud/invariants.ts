/** The rules that a zbud pool keeps, about each page and about the whole pool. */
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  type Rule,
  SILENT,
  type Violation,
  violationOf,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { NCHUNKS_ORDER } from "./driver.ts";
import type { HeaderLists } from "./header_lists.ts";
import { checkNeighbours } from "./list_links.ts";
import { ZBUD_BUDDIED, type ZbudPool } from "./pool.ts";
import { walkZbud, zbudContents } from "./walk.ts";
import { BUDDIES } from "./zbud_page.ts";

/** A pool and where each of its pages is linked, for rules about single pages. */
export interface ZbudLists {
  /** The pool. */
  readonly pool: ZbudPool;
  /** The buddy list, by number, of each page that is on one. */
  readonly buddy: ReadonlyMap<number, number>;
  /** The pages on the LRU list. */
  readonly lru: ReadonlySet<number>;
}

/** A rule about one zbud page, by its frame's number. */
export type ZbudPageInvariant = Invariant<ZbudLists, number>;
/** A rule about a zbud pool as a whole. */
export type ZbudPoolInvariant = Invariant<ZbudPool, ZbudPool>;

/** A byte a chunk, for the one page that is looked at. */
const COVER = new Uint8Array(1 << NCHUNKS_ORDER);

/**
 * Free chunks of a page, counted one by one: those that the header and the
 * objects, by where they start, do not cover.
 */
function countFreeChunks({ pages, memory }: ZbudPool, pfn: number): number {
  COVER.fill(0)[0] = 1;
  for (const buddy of BUDDIES) {
    const offset = pages.encodeHandle(pfn, buddy) % memory.pageSize;
    const from = offset / pages.chunkSize;
    COVER.fill(1, from, from + pages.chunks(pfn, buddy));
  }
  let free = 0;
  for (const isUsed of COVER) if (isUsed === 0) free++;
  return free;
}

/** Rules about each page. */
export const ZBUD_PAGE_INVARIANTS: readonly ZbudPageInvariant[] = [
  {
    id: "zbud/two-objects",
    sentence:
      "A page holds one or two objects, which leave the header's chunk and each other alone; none only while reclaim holds it.",
    source: "zbud_alloc, zbud_free, mm/zbud.c, 3.11",
    check({ pool }, pfn) {
      const where = `page ${pfn}`;
      const first = pool.pages.chunks(pfn, "FIRST");
      const last = pool.pages.chunks(pfn, "LAST");
      const { nchunks } = pool.pages;
      if (first + last > nchunks || Math.max(first, last) >= nchunks) {
        return {
          where,
          expected: `at most ${nchunks} chunks, ${nchunks - 1} for one object`,
          found: `${first} and ${last}`,
        };
      }
      if (first + last > 0) return undefined;
      return pool.pages.underReclaim(pfn)
        ? SILENT
        : { where, expected: "an object", found: "none" };
    },
  },
  {
    id: "zbud/buddied",
    sentence:
      "A page is on the buddied list where it has two objects, on the unbuddied list of its count of free chunks where it has one, on none where reclaim holds it.",
    source: "zbud_alloc, zbud_free, num_free_chunks, mm/zbud.c, 3.11",
    check({ pool, buddy }, pfn) {
      const objects = pool.pages.countObjects(pfn);
      const list = objects === 2 ? ZBUD_BUDDIED : countFreeChunks(pool, pfn);
      return expectEqual(
        () => `the buddy list of page ${pfn} with ${objects} objects`,
        buddy.get(pfn) ?? pool.buddy.state(pfn),
        pool.pages.underReclaim(pfn) ? "deleted" : list,
      );
    },
  },
  {
    id: "zbud/lru",
    sentence:
      "A page is on the LRU list, where there is one (up to 6.4), unless reclaim holds it.",
    source: "zbud_alloc, zbud_reclaim_page, mm/zbud.c, 3.11",
    check({ pool, lru }, pfn) {
      if (pool.lru === undefined) return SILENT;
      return expectEqual(
        () => `the LRU list of page ${pfn}`,
        lru.has(pfn) ? "linked" : pool.lru.state(pfn),
        pool.pages.underReclaim(pfn) ? "deleted" : "linked",
      );
    },
  },
  {
    id: "zbud/under-reclaim",
    sentence: "The pages marked as under reclaim are those that reclaim holds.",
    source: "zbud_reclaim_page, mm/zbud.c, 3.11",
    check({ pool }, pfn) {
      const isMarked = pool.pages.underReclaim(pfn);
      return expectEqual(
        () => `the mark of page ${pfn}`,
        String(isMarked),
        String(pool.claimed.has(pfn)),
      ) ?? heldIf(isMarked);
    },
  },
  {
    id: "zbud/handles",
    sentence:
      "An object's handle is not 0 and tells its page and which of the page's objects it is.",
    source: "encode_handle, handle_to_zbud_header, mm/zbud.c, 3.11",
    check({ pool }, pfn) {
      for (const buddy of BUDDIES) {
        if (pool.pages.chunks(pfn, buddy) === 0) continue;
        const handle = pool.pages.encodeHandle(pfn, buddy);
        const violation = expectEqual(
          () => `page of handle ${handle}`,
          pool.pages.pfnOf(handle),
          pfn,
        ) ??
          expectEqual(
            () => `object of handle ${handle} of page ${pfn}`,
            pool.pages.buddyOf(handle),
            buddy,
          );
        if (violation !== undefined) return violation;
        if (handle === 0) {
          return { where: `page ${pfn}`, expected: "not 0", found: handle };
        }
      }
      return heldIf(pool.pages.countObjects(pfn) > 0);
    },
  },
  {
    id: "zbud/neighbours",
    sentence:
      "The neighbours of a page in its lists, or the lists' heads, point back to it.",
    source: "list_add, list_del, include/linux/list.h, in mm/zbud.c, 3.11",
    check({ pool }, pfn) {
      const beside = checkNeighbours(pool.buddy, pfn);
      if (pool.lru === undefined) return beside;
      return violationOf(beside) ?? checkNeighbours(pool.lru, pfn);
    },
  },
];

/** Follows a list from its head: each page of the pool, once, linked both ways. */
function checkList(
  pool: ZbudPool,
  lists: HeaderLists,
  list: number,
  seen: Set<number>,
): Violation | undefined {
  const where = `list ${list}`;
  let prev: string = `list ${list}`;
  for (const pfn of lists.pagesIn(list)) {
    if (seen.has(pfn) || !pool.frames.has(pfn)) {
      const found = `page ${pfn}`;
      return { where, expected: "each page of the pool once", found };
    }
    const back = lists.prev(pfn);
    const violation = expectEqual(
      `prev of page ${pfn} on ${where}`,
      "pfn" in back ? `page ${back.pfn}` : `list ${back.list}`,
      prev,
    );
    if (violation !== undefined) return violation;
    seen.add(pfn);
    prev = `page ${pfn}`;
  }
  const last = lists.last(list);
  return expectEqual(
    `the tail of ${where}`,
    last < 0 ? where : `page ${last}`,
    prev,
  );
}

/** Rules about a pool as a whole. */
export const ZBUD_POOL_INVARIANTS: readonly ZbudPoolInvariant[] = [
  {
    id: "zbud/lists",
    sentence:
      "Lists are linked both ways and hold pages of the pool only, each on one buddy list and on the LRU list at most once.",
    source: "zbud_alloc, zbud_free, zbud_reclaim_page, mm/zbud.c, 3.11",
    check(pool) {
      const seen = new Set<number>();
      for (let list = 0; list < pool.pages.nchunks; list++) {
        const violation = checkList(pool, pool.buddy, list, seen);
        if (violation !== undefined) return violation;
      }
      const byAge = pool.lru === undefined
        ? undefined
        : checkList(pool, pool.lru, 0, new Set());
      return byAge ??
        heldIf(pool.frames.size > 0);
    },
  },
  {
    id: "zbud/pages-counted",
    sentence: "The pool counts each frame that is its own and allocated.",
    source: "pages_nr in zbud_alloc and zbud_free, mm/zbud.c, 3.11",
    check(pool) {
      const { page } = pool.memory;
      const isAllocated = (pfn: number) =>
        (page[pfn * PAGE_STRIDE + PAGE_FLAGS] & PG_ALLOCATED) !== 0;
      const allocated = [...pool.frames].filter(isAllocated).length;
      return expectEqual("allocated frames", allocated, pool.frames.size) ??
        expectEqual("pages_nr", pool.pagesNr, allocated) ??
        heldIf(allocated > 0);
    },
  },
  {
    id: "zbud/frames-tell-all",
    sentence:
      "The headers in the frames alone give the pool's pages, lists in their order, and objects.",
    source: "struct zbud_header, struct zbud_pool, mm/zbud.c, 3.11",
    check(pool) {
      const contents = zbudContents(pool);
      const walked = walkZbud(pool.memory, pool.profile, contents.pages);
      return expectEqual(
        "the pool rebuilt from its frames",
        JSON.stringify(walked),
        JSON.stringify(contents),
      ) ?? heldIf(contents.pages.length > 0);
    },
  },
];

/** Every rule about zbud, as a list to read. */
export const ZBUD_INVARIANTS: readonly Rule[] = [
  ...ZBUD_POOL_INVARIANTS,
  ...ZBUD_PAGE_INVARIANTS,
];

/**
 * Checks every rule on every part of a zbud pool. Throws an `InvariantError`
 * at the first one broken. `reach` counts the rules that spoke.
 *
 * @example
 * ```ts
 * import { checkZbud, LINUX_6_1, ZbudPool } from "zspec";
 *
 * const pool = new ZbudPool(LINUX_6_1);
 * pool.alloc(100);
 * checkZbud(pool);
 * ```
 */
export function checkZbud(pool: ZbudPool, reach?: Reach): void {
  // Lists first: the other rules walk along them.
  assertInvariants(ZBUD_POOL_INVARIANTS, pool, pool, reach);
  const buddy = new Map<number, number>();
  for (let list = 0; list < pool.pages.nchunks; list++) {
    for (const pfn of pool.buddy.pagesIn(list)) buddy.set(pfn, list);
  }
  const lists = { pool, buddy, lru: new Set(pool.lru?.pagesIn(0)) };
  for (const pfn of pool.frames) {
    assertInvariants(ZBUD_PAGE_INVARIANTS, lists, pfn, reach);
  }
}
