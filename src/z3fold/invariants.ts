/** The rules that a z3fold pool keeps, about each page and about the pool. */
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  heldIf,
  type Invariant,
  type Rule,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { checkNeighbours } from "../zbud/list_links.ts";
import { NCHUNKS_ORDER } from "../zbud/driver.ts";
import type { Z3foldObject } from "./handles.ts";
import { THIS_CPU } from "./page_lists.ts";
import type { Z3foldPool } from "./pool.ts";
import {
  HEADLESS,
  MIDDLE,
  NEEDS_COMPACTING,
  PAGE_CLAIMED,
  PAGE_HEADLESS,
  Z3FOLD_BUDDIES,
  Z3FOLD_BUDDY_NAMES,
  type Z3foldPages,
} from "./z3fold_page.ts";

/** A handle that is somebody's, and the object it leads to. */
export interface Z3foldHandle extends Z3foldObject {
  /** The handle. */
  readonly handle: number;
}

/** A pool and what leads to each of its pages, for rules about single pages. */
export interface Z3foldLinks {
  /** The pool. */
  readonly pool: Z3foldPool;
  /** The unbuddied list, by number, of each page that is on one. */
  readonly unbuddied: ReadonlyMap<number, number>;
  /** By page, the handles given for objects in it. */
  readonly handles: ReadonlyMap<number, readonly Z3foldHandle[]>;
}

/** A rule about one z3fold page, by its frame's number. */
export type Z3foldPageInvariant = Invariant<Z3foldLinks, number>;
/** A rule about a z3fold pool as a whole. */
export type Z3foldPoolInvariant = Invariant<Z3foldPool, Z3foldPool>;

const isHeadless = ({ pool }: Z3foldLinks, pfn: number): boolean =>
  pool.pages.has(pfn, PAGE_HEADLESS);

/** A byte a chunk, for the one page that is looked at. */
const COVER = new Uint8Array(1 << NCHUNKS_ORDER);

/** For each chunk of a page how often the header and the objects cover it. */
function coverOf(pages: Z3foldPages, pfn: number): Uint8Array {
  const cover = COVER.fill(0);
  cover.fill(1, 0, pages.headerChunks);
  for (const buddy of Z3FOLD_BUDDIES) {
    const start = pages.startOf(pfn, buddy);
    const end = start + pages.chunks(pfn, buddy);
    for (let chunk = start; chunk < end; chunk++) cover[chunk]++;
  }
  return cover;
}

/** Free chunks from `start` on in steps of 1 or -1. */
function freeRun(cover: Uint8Array, start: number, step: number): number {
  let length = 0;
  while (cover[start + length * step] === 0) length++;
  return length;
}

/**
 * Free chunks that one more object can have, counted one by one: with a middle
 * object, those where the first and where the last would be; else all.
 */
function countFreeChunks(pages: Z3foldPages, pfn: number): number {
  const cover = coverOf(pages, pfn);
  if (pages.chunks(pfn, MIDDLE) === 0) {
    let free = 0;
    for (const times of cover) if (times === 0) free++;
    return free;
  }
  return Math.max(
    freeRun(cover, pages.headerChunks, 1),
    freeRun(cover, pages.totalChunks - 1, -1),
  );
}

/** Rules about each page. */
export const Z3FOLD_PAGE_INVARIANTS: readonly Z3foldPageInvariant[] = [
  {
    id: "z3fold/three-objects",
    sentence:
      "A page with a header holds at most three objects, in their order, which leave the header and each other alone.",
    source: "z3fold_alloc, z3fold_compact_page, mm/z3fold.c, 4.8",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      const { pages } = links.pool;
      const cover = coverOf(pages, pfn);
      const twice = cover.findIndex((times) => times > 1);
      const where = `page ${pfn}`;
      if (twice >= 0) {
        return {
          where,
          expected: "each chunk used once at most",
          found: `chunk ${twice} used twice`,
        };
      }
      const starts = pages.buddies(pfn).map((one) => pages.startOf(pfn, one));
      const isInOrder = starts.every((start, nth) =>
        nth === 0 || start > starts[nth - 1]
      );
      if (isInOrder) return heldIf(starts.length > 0);
      return { where, expected: "in their order", found: String(starts) };
    },
  },
  {
    id: "z3fold/references",
    sentence:
      "A page with a header has a reference for each object, one for reclaim that has claimed it and one for compaction that is queued; it is freed with the last.",
    source: "kref_get and kref_put on refcount, mm/z3fold.c, 4.14",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      const { pages } = links.pool;
      const holders = Number(pages.has(pfn, PAGE_CLAIMED)) +
        Number(pages.has(pfn, NEEDS_COMPACTING));
      const references = pages.buddies(pfn).length + holders;
      const where = `the references to page ${pfn}`;
      if (references === 0) return { where, expected: "one", found: "none" };
      return expectEqual(where, pages.refcount(pfn), references);
    },
  },
  {
    id: "z3fold/unbuddied",
    sentence:
      "A page with a header that has room for an object more is on the unbuddied list of its count of free chunks, or, where it is to be compacted, on one for fewer or none; a full, claimed or headless page is on none, in 5.10 nor one that reclaim could not empty.",
    source:
      "add_to_unbuddied, num_free_chunks, mm/z3fold.c, 4.8; z3fold_reclaim_page, 5.10.262",
    check(links, pfn) {
      const { pages } = links.pool;
      const list = links.unbuddied.get(pfn) ?? "none";
      const where = () => `the unbuddied list of page ${pfn}`;
      const isOnNone = isHeadless(links, pfn) ||
        pages.has(pfn, PAGE_CLAIMED) ||
        pages.buddies(pfn).length === Z3FOLD_BUDDIES.length;
      if (isOnNone) return expectEqual(where, list, "none");
      const free = countFreeChunks(pages, pfn);
      // A free leaves the page where it is, and compaction lists it anew; an
      // allocation that meets the page before takes it off.
      if (pages.has(pfn, NEEDS_COMPACTING)) {
        const isBehind = list === "none" || list <= free;
        return isBehind
          ? undefined
          : { where: where(), expected: `${free}, fewer or none`, found: list };
      }
      const { reclaimedInPart } = links.pool.release;
      if (list === "none" && reclaimedInPart === "unlisted") return SILENT;
      return expectEqual(where, list, free);
    },
  },
  {
    id: "z3fold/cpu",
    sentence:
      "A page with a header knows the CPU on whose unbuddied lists it is, and -1 where it is on none.",
    source: "add_to_unbuddied, __z3fold_alloc, mm/z3fold.c, 4.14",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      return expectEqual(
        () => `the CPU of page ${pfn}`,
        links.pool.pages.cpu(pfn),
        links.unbuddied.has(pfn) ? THIS_CPU : -1,
      );
    },
  },
  {
    id: "z3fold/lru",
    sentence: "A page is on the LRU list unless reclaim has claimed it.",
    source: "z3fold_alloc, z3fold_reclaim_page, mm/z3fold.c, 4.8",
    check({ pool }, pfn) {
      return expectEqual(
        () => `page ${pfn} on the LRU list`,
        String(pool.lists.lru.has(pfn)),
        String(!pool.pages.has(pfn, PAGE_CLAIMED)),
      );
    },
  },
  {
    id: "z3fold/handles",
    sentence:
      "Every object of a page with a header has one handle, and a headless page at most one.",
    source: "__encode_handle, handle_to_buddy, mm/z3fold.c, 5.5",
    check(links, pfn) {
      const { pages } = links.pool;
      const handles = links.handles.get(pfn) ?? [];
      const named = handles.map(({ buddy }) => buddy).sort();
      const where = () => `the handles of page ${pfn}`;
      // A headless page whose object is freed while reclaim has it stays.
      if (isHeadless(links, pfn)) {
        return named.length === 0
          ? SILENT
          : expectEqual(where, String(named), String([HEADLESS]));
      }
      return expectEqual(where, String(named), String(pages.buddies(pfn))) ??
        heldIf(named.length > 0);
    },
  },
  {
    id: "z3fold/object-of-handle",
    sentence: "A handle leads to where its object is, all of its chunks.",
    source: "z3fold_map, handle_to_chunks, mm/z3fold.c, 5.5",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      const { pages } = links.pool;
      const handles = links.handles.get(pfn) ?? [];
      for (const { handle, buddy, address, length } of handles) {
        const where = () =>
          `handle ${handle}, the ${
            Z3FOLD_BUDDY_NAMES[buddy]
          } object of page ${pfn}`;
        const bytes = pages.chunks(pfn, buddy) * pages.chunkSize;
        const violation = expectEqual(
          () => `the bytes of ${where()}`,
          length,
          bytes,
        ) ??
          expectEqual(
            () => `the address of ${where()}`,
            address,
            pages.addressOf(pfn, buddy),
          );
        if (violation !== undefined) return violation;
      }
      return heldIf(handles.length > 0);
    },
  },
  {
    id: "z3fold/foreign-handles",
    sentence:
      "A page counts the objects whose handles were made for another page.",
    source: "compact_single_buddy, free_handle, mm/z3fold.c, 5.5",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      const { pages, slots } = links.pool;
      const foreign = (links.handles.get(pfn) ?? [])
        .filter(({ handle }) => slots.slotsOf(handle) !== pages.slots(pfn));
      return expectEqual(
        () => `the foreign handles of page ${pfn}`,
        pages.foreignHandles(pfn),
        foreign.length,
      ) ?? heldIf(foreign.length > 0);
    },
  },
  {
    id: "z3fold/neighbours",
    sentence:
      "The neighbours of a page in its unbuddied list, or the list's head, point back to it.",
    source:
      "list_add, list_del_init, include/linux/list.h, in mm/z3fold.c, 4.8",
    check(links, pfn) {
      if (isHeadless(links, pfn)) return SILENT;
      return checkNeighbours(links.pool.lists.unbuddied, pfn);
    },
  },
];

/** Rules about a pool as a whole. */
export const Z3FOLD_POOL_INVARIANTS: readonly Z3foldPoolInvariant[] = [
  {
    id: "z3fold/lists",
    sentence:
      "The unbuddied lists are linked both ways and hold pages of the pool only, each once; so does the LRU list.",
    source: "add_to_unbuddied, __z3fold_alloc, mm/z3fold.c, 4.8",
    check({ lists }) {
      const seen = new Set<number>();
      for (let list = 0; list <= lists.pages.nchunks; list++) {
        let prev = `list ${list}`;
        for (const pfn of lists.unbuddied.pagesIn(list)) {
          const where = `page ${pfn} on list ${list}`;
          if (seen.has(pfn) || !lists.frames.has(pfn)) {
            return { where, expected: "a page of the pool", found: "another" };
          }
          const back = lists.unbuddied.prev(pfn);
          const found = "pfn" in back
            ? `page ${back.pfn}`
            : `list ${back.list}`;
          if (found !== prev) return { where, expected: prev, found };
          seen.add(pfn);
          prev = `page ${pfn}`;
        }
      }
      const strange = [...lists.lru].find((pfn) => !lists.frames.has(pfn));
      return expectEqual("the LRU list", strange ?? "whole", "whole") ??
        heldIf(lists.frames.size > 0);
    },
  },
  {
    id: "z3fold/pages-counted",
    sentence: "The pool counts each frame that is its own and allocated.",
    source:
      "pages_nr in z3fold_alloc and __release_z3fold_page, mm/z3fold.c, 4.8",
    check({ lists, memory }) {
      const isAllocated = (pfn: number) =>
        (memory.page[pfn * PAGE_STRIDE + PAGE_FLAGS] & PG_ALLOCATED) !== 0;
      const allocated = [...lists.frames].filter(isAllocated).length;
      return expectEqual("allocated frames", allocated, lists.frames.size) ??
        expectEqual("pages_nr", lists.pagesNr, allocated) ??
        heldIf(allocated > 0);
    },
  },
  {
    id: "z3fold/every-handle-leads-to-a-page",
    sentence: "No handle is 0, and each leads to a page of the pool.",
    source: "__encode_handle, get_z3fold_header, mm/z3fold.c, 5.5",
    check({ handles, lists }) {
      for (const handle of handles.given) {
        const { pfn } = handles.decode(handle);
        if (handle === 0 || !lists.frames.has(pfn)) {
          return {
            where: `handle ${handle}`,
            expected: "a page of the pool",
            found: `page ${pfn}`,
          };
        }
      }
      return heldIf(handles.given.size > 0);
    },
  },
];

/** Every rule about z3fold, as a list to read. */
export const Z3FOLD_INVARIANTS: readonly Rule[] = [
  ...Z3FOLD_POOL_INVARIANTS,
  ...Z3FOLD_PAGE_INVARIANTS,
];

/**
 * Checks every rule on every part of a z3fold pool. Throws an
 * `InvariantError` at the first one broken. `reach` counts the rules that
 * spoke.
 *
 * @example
 * ```ts
 * import { checkZ3fold, LINUX_6_1, Z3foldPool } from "zspec";
 *
 * const pool = new Z3foldPool(LINUX_6_1);
 * pool.alloc(100);
 * checkZ3fold(pool);
 * ```
 */
export function checkZ3fold(pool: Z3foldPool, reach?: Reach): void {
  // Lists and handles first: the other rules go along them.
  assertInvariants(Z3FOLD_POOL_INVARIANTS, pool, pool, reach);
  const unbuddied = new Map<number, number>();
  for (let list = 0; list <= pool.pages.nchunks; list++) {
    for (const pfn of pool.lists.unbuddied.pagesIn(list)) {
      unbuddied.set(pfn, list);
    }
  }
  const handles = new Map<number, Z3foldHandle[]>();
  for (const handle of pool.handles.given) {
    const object = pool.handles.decode(handle);
    const others = handles.get(object.pfn) ?? [];
    handles.set(object.pfn, others);
    others.push({ handle, ...object });
  }
  for (const pfn of pool.lists.frames) {
    assertInvariants(
      Z3FOLD_PAGE_INVARIANTS,
      { pool, unbuddied, handles },
      pfn,
      reach,
    );
  }
}
