/**
 * Compaction of a z3fold page after a free: an only object moves into another
 * page; else the middle object moves towards the others, so that the room in
 * the page is one piece.
 */
import { NO_PAGE } from "../memory/memory.ts";
import { InvariantError } from "../rules/invariant.ts";
import { release, type Stop, under } from "../rules/stop.ts";
import { objectsState } from "./locks.ts";
import {
  addToUnbuddied,
  claim,
  putPage,
  releasePage,
  takeUnbuddied,
  unclaim,
} from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import {
  FIRST,
  LAST,
  MIDDLE,
  MIDDLE_CHUNK_MAPPED,
  NEEDS_COMPACTING,
  PAGE_STALE,
  type Z3foldPages,
} from "./z3fold_page.ts";

const COMPACT = "do_compact_page, mm/z3fold.c";
const SINGLE = "compact_single_buddy, mm/z3fold.c";

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
 * foreign handle: its slot stays where it was. Answers whether it did. The page
 * is locked. Specifies `compact_single_buddy`, `mm/z3fold.c`, 6.1.
 */
function* compactSingleBuddy(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, boolean> {
  const { lists, handles, locks } = parts;
  const { pages } = lists;
  const buddies = pages.buddies(pfn);
  if (
    buddies.length !== 1 || pages.foreignHandles(pfn) > 0 ||
    pages.mappedCount(pfn) > 0
  ) return false;
  const [buddy] = buddies;
  const chunks = pages.chunks(pfn, buddy);
  const target = yield* takeUnbuddied(parts, chunks, false);
  if (target === NO_PAGE) return false;
  const targetBuddy = lists.occupy(target, chunks);
  pages.addForeignHandles(target, 1);
  const from = pages.addressOf(pfn, buddy);
  locks.touch(objectsState, pfn, false);
  locks.touch(objectsState, target, true);
  pages.memory.bytes.copyWithin(
    pages.addressOf(target, targetBuddy),
    from,
    from + chunks * pages.chunkSize,
  );
  yield* under(
    locks.ofSlots(pages.slots(pfn)),
    SINGLE,
    () => handles.move(pfn, buddy, target, targetBuddy),
  );
  yield* addToUnbuddied(parts, target);
  yield release(locks.page(target), SINGLE);
  pages.setChunks(pfn, buddy, 0);
  return true;
}

/**
 * Compacts a locked page, unlocks it and drops the reference that compaction
 * has; a page that is left without an object is given up, one that somebody has
 * claimed is left alone. Specifies `do_compact_page`, `mm/z3fold.c`, 6.1.
 */
export function* doCompactPage(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  const { lists, locks } = parts;
  const { pages } = lists;
  assertQueued(parts, pfn);
  pages.clear(pfn, NEEDS_COMPACTING);
  yield* under(locks.pool, COMPACT, () => lists.unlist(pfn, COMPACT));
  if (yield* putPage(parts, pfn, COMPACT)) {
    return yield* releasePage(parts, pfn);
  }
  if (pages.has(pfn, PAGE_STALE) || claim(parts, pfn)) {
    yield release(locks.page(pfn), COMPACT);
    return;
  }
  const isMoved = yield* compactSingleBuddy(parts, pfn);
  if (isMoved && (yield* putPage(parts, pfn, COMPACT))) {
    return yield* releasePage(parts, pfn);
  }
  if (!isMoved) {
    locks.touch(objectsState, pfn, true);
    compactPage(pages, pfn);
    yield* addToUnbuddied(parts, pfn);
  }
  unclaim(parts, pfn);
  yield release(locks.page(pfn), COMPACT);
}

function assertQueued({ lists, locks }: Z3foldParts, pfn: number): void {
  locks.lockdep.assertHeld(locks.page(pfn), COMPACT);
  if (lists.frames.has(pfn) && lists.pages.has(pfn, NEEDS_COMPACTING)) return;
  throw new InvariantError(Z3FOLD_RACE_RULES.compactedOnce, {
    where: `page ${pfn}`,
    expected: "marked as to be compacted",
    found: "not marked",
  });
}
