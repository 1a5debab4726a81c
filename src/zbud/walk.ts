/** Rebuilding a zbud pool from the bytes of its frames, and from nothing else. */
import type { Profile } from "../linux/profile.ts";
import {
  type Memory,
  PAGE_FLAGS,
  PAGE_STRIDE,
  PG_ALLOCATED,
} from "../memory/memory.ts";
import { HeaderLists, type LinkTarget } from "./header_lists.ts";
import { ZBUD_BUDDIED, type ZbudPool } from "./pool.ts";
import { BUDDIES, type Buddy, ZbudPages } from "./zbud_page.ts";

/** An object of a zbud page. */
export interface ZbudObject {
  /** What `alloc` returned for it. */
  readonly handle: number;
  /** Its page. */
  readonly pfn: number;
  /** Which of the page's objects it is. */
  readonly buddy: Buddy;
  /** The chunks it takes. */
  readonly chunks: number;
}

/** All there is to a zbud pool: its pages, lists and objects. */
export interface ZbudContents {
  /** Every page, in the order of frame numbers. */
  readonly pages: readonly number[];
  /** Pages with two objects, in the list's order. */
  readonly buddied: readonly number[];
  /** By free chunks, pages with one object in the list's order. */
  readonly unbuddied: readonly (readonly number[])[];
  /** From the page last touched to the oldest; empty where there is no such list. */
  readonly lru: readonly number[];
  /** Pages that reclaim holds, in the order of frame numbers. */
  readonly underReclaim: readonly number[];
  /** Every object, page by page. */
  readonly objects: readonly ZbudObject[];
}

/** The objects that the headers of `pages` speak of. */
function objectsIn(
  headers: ZbudPages,
  pages: readonly number[],
): ZbudObject[] {
  return pages.flatMap((pfn) =>
    BUDDIES
      .map((buddy) => ({
        handle: headers.encodeHandle(pfn, buddy),
        pfn,
        buddy,
        chunks: headers.chunks(pfn, buddy),
      }))
      .filter(({ chunks }) => chunks > 0)
  );
}

/**
 * The contents of a pool as its own lists have them. The lists have to be
 * whole: see `checkZbud`.
 */
export function zbudContents(pool: ZbudPool): ZbudContents {
  const pages = [...pool.frames].sort((a, b) => a - b);
  return {
    pages,
    buddied: [...pool.buddy.pagesIn(ZBUD_BUDDIED)],
    unbuddied: Array.from(
      { length: pool.pages.nchunks },
      (_, free) => free === 0 ? [] : [...pool.buddy.pagesIn(free)],
    ),
    lru: [...pool.lru?.pagesIn(0) ?? []],
    underReclaim: [...pool.claimed.keys()].sort((a, b) => a - b),
    objects: objectsIn(pool.pages, pages),
  };
}

/** Every frame of a memory that is allocated. */
function allocatedPages(memory: Memory): number[] {
  const pages: number[] = [];
  for (let pfn = memory.firstPfn; pfn < memory.endPfn; pfn++) {
    const flags = memory.page[pfn * PAGE_STRIDE + PAGE_FLAGS];
    if ((flags & PG_ALLOCATED) !== 0) pages.push(pfn);
  }
  return pages;
}

function isHead(target: LinkTarget): target is { readonly list: number } {
  return "list" in target;
}

/**
 * The lists that headers form, by their numbers. A list starts at the page
 * whose `prev` leads to the list's head, and goes on to where `next` does.
 * Throws where a link leads to a page outside `pages` or back along the list.
 */
function rebuildLists(
  links: HeaderLists,
  pages: ReadonlySet<number>,
  lists: number,
): number[][] {
  const rebuilt: number[][] = Array.from({ length: lists }, () => []);
  for (const start of pages) {
    if (links.state(start) !== "linked") continue;
    const prev = links.prev(start);
    if (!isHead(prev)) continue;
    const list = rebuilt[prev.list];
    for (let at: LinkTarget = { pfn: start }; !isHead(at);) {
      if (!pages.has(at.pfn) || list.length === pages.size) {
        throw new Error(
          `Cannot rebuild list ${prev.list}: a link leads to page ${at.pfn}, not on to the list's head`,
        );
      }
      list.push(at.pfn);
      at = links.next(at.pfn);
    }
  }
  return rebuilt;
}

/**
 * The contents of the zbud pool that has the frames `pages` of a memory, read
 * from their headers alone: no list's head and no count of a pool is asked.
 * `pages` is every allocated frame where it is not given. Throws where the
 * links of the headers form no lists.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, walkZbud, ZbudPool, zbudContents } from "zspec";
 *
 * const pool = new ZbudPool(LINUX_6_1);
 * for (const size of [3000, 500, 2000]) pool.alloc(size);
 * const contents = walkZbud(pool.memory, LINUX_6_1);
 * assertEquals(contents, zbudContents(pool));
 * assertEquals(contents.lru, [2, 1]);
 * ```
 */
export function walkZbud(
  memory: Memory,
  { wordBits, release }: Pick<Profile, "wordBits" | "release">,
  pages: readonly number[] = allocatedPages(memory),
): ZbudContents {
  const headers = new ZbudPages(memory, wordBits, release.zbud);
  const { layout, nchunks } = headers;
  const frames = new Set(pages);
  const listsAt = (offset: number, lists: number) =>
    rebuildLists(
      new HeaderLists(memory, wordBits / 8, offset, lists),
      frames,
      lists,
    );
  const buddy = listsAt(layout.buddy, nchunks);
  return {
    pages,
    buddied: buddy[ZBUD_BUDDIED],
    unbuddied: buddy.map((list, free) => free === ZBUD_BUDDIED ? [] : list),
    lru: layout.lru === undefined ? [] : listsAt(layout.lru, 1)[0],
    underReclaim: pages.filter((pfn) => headers.underReclaim(pfn)),
    objects: objectsIn(headers, pages),
  };
}
