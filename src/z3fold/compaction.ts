/**
 * Compaction of a z3fold page after a free: an only object moves into another
 * page; else the middle object moves towards the others, so that the room in
 * the page is one piece.
 */
import { NO_PAGE } from "../memory/memory.ts";
import type { Z3foldHandles } from "./handles.ts";
import type { Z3foldLists } from "./page_lists.ts";
import {
  FIRST,
  LAST,
  MIDDLE,
  MIDDLE_CHUNK_MAPPED,
  NEEDS_COMPACTING,
  PAGE_CLAIMED,
  type Z3foldPages,
} from "./z3fold_page.ts";

/** Chunks that a move of the middle object has to win beside another object. */
const BIG_CHUNK_GAP = 3;

/** Moves a page's middle object to a chunk (`mchunk_memmove`). */
function moveMiddle(pages: Z3foldPages, pfn: number, chunk: number): void {
  const { chunkSize } = pages;
  const page = pfn * pages.memory.pageSize;
  const from = page + pages.startMiddle(pfn) * chunkSize;
  const length = pages.chunks(pfn, MIDDLE) * chunkSize;
  pages.memory.bytes.copyWithin(page + chunk * chunkSize, from, from + length);
  pages.setStartMiddle(pfn, chunk);
}

/** Makes a page's only object, its middle one, its first. */
function middleBecomesFirst(pages: Z3foldPages, pfn: number): void {
  moveMiddle(pages, pfn, pages.headerChunks);
  pages.setChunks(pfn, FIRST, pages.chunks(pfn, MIDDLE));
  pages.setChunks(pfn, MIDDLE, 0);
  pages.setStartMiddle(pfn, 0);
  // The object's slot, index and all, is now the first object's.
  pages.addFirstNum(pfn);
}

/**
 * Moves the middle object of a page, if there is one and nobody has it mapped:
 * alone it becomes the first; beside one other it moves up to it, where that
 * wins at least three chunks. Answers whether it moved.
 *
 * Specifies `z3fold_compact_page`, `mm/z3fold.c`, 6.1.
 */
export function compactPage(pages: Z3foldPages, pfn: number): boolean {
  const middle = pages.chunks(pfn, MIDDLE);
  if (middle === 0 || pages.has(pfn, MIDDLE_CHUNK_MAPPED)) return false;
  const first = pages.chunks(pfn, FIRST);
  const last = pages.chunks(pfn, LAST);
  if (first === 0 && last === 0) {
    middleBecomesFirst(pages, pfn);
    return true;
  }
  if (first !== 0 && last !== 0) return false;
  const start = pages.startMiddle(pfn);
  const target = first !== 0
    ? pages.headerChunks + first
    : pages.totalChunks - last - middle;
  if (Math.abs(target - start) < BIG_CHUNK_GAP) return false;
  moveMiddle(pages, pfn, target);
  return true;
}

/**
 * Moves a page's only object into another page with room, as an object with a
 * foreign handle: its slot stays where it was. Answers whether it did; the page
 * is then to be freed.
 * Specifies `compact_single_buddy`, `mm/z3fold.c`, 6.1.
 */
function compactSingleBuddy(
  lists: Z3foldLists,
  handles: Z3foldHandles,
  pfn: number,
): boolean {
  const { pages } = lists;
  const buddies = pages.buddies(pfn);
  if (
    buddies.length !== 1 || pages.foreignHandles(pfn) > 0 ||
    pages.mappedCount(pfn) > 0
  ) return false;
  const [buddy] = buddies;
  const chunks = pages.chunks(pfn, buddy);
  const target = lists.takeUnbuddied(chunks);
  if (target === NO_PAGE) return false;
  const targetBuddy = lists.occupy(target, chunks);
  pages.addForeignHandles(target, 1);
  const from = pages.addressOf(pfn, buddy);
  pages.memory.bytes.copyWithin(
    pages.addressOf(target, targetBuddy),
    from,
    from + chunks * pages.chunkSize,
  );
  handles.move(pfn, buddy, target, targetBuddy);
  lists.addToUnbuddied(target);
  return true;
}

/**
 * Compacts a page and drops the reference that compaction has; a page that is
 * left without an object is freed, one that reclaim has claimed is left alone.
 * Specifies `do_compact_page`, `mm/z3fold.c`, 6.1.
 */
export function doCompactPage(
  lists: Z3foldLists,
  handles: Z3foldHandles,
  pfn: number,
): void {
  const { pages } = lists;
  pages.clear(pfn, NEEDS_COMPACTING);
  lists.unbuddied.delInit(pfn);
  if (pages.putPage(pfn)) {
    lists.releasePage(pfn);
    return;
  }
  if (pages.has(pfn, PAGE_CLAIMED)) return;
  if (compactSingleBuddy(lists, handles, pfn)) {
    // The object's reference is the last: reclaim, with another, claims first.
    lists.releasePage(pfn);
    return;
  }
  compactPage(pages, pfn);
  lists.addToUnbuddied(pfn);
}
