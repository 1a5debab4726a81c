/**
 * Compaction of a z3fold page after a free: an only object moves into another
 * page; else the middle object moves towards the others, so that the room in
 * the page is one piece.
 */
import { NO_PAGE } from "../memory/memory.ts";
import { InvariantError } from "../rules/invariant.ts";
import { release, type Stop, under } from "../rules/stop.ts";
import { objectsState } from "./locks.ts";
import { claim, unclaim } from "./page_sections.ts";
import {
  addToUnbuddiedSteps,
  putPageSteps,
  releasePageSteps,
  takeUnbuddiedSteps,
} from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import {
  FIRST,
  HEADLESS,
  LAST,
  MIDDLE,
  MIDDLE_CHUNK_MAPPED,
  NEEDS_COMPACTING,
  PAGE_STALE,
  Z3FOLD_BUDDIES,
  type Z3foldPages,
} from "./z3fold_page.ts";

/** Where compaction takes a page off its list. */
export const COMPACT = "do_compact_page, mm/z3fold.c";
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
function compactPage(pages: Z3foldPages, pfn: number): boolean {
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
 * Which of its objects a locked page has alone, if that can move into another
 * page: it is neither from another nor mapped. Else HEADLESS.
 */
export function movableBuddy(pages: Z3foldPages, pfn: number): number {
  if (
    pages.countBuddies(pfn) !== 1 || pages.foreignHandles(pfn) > 0 ||
    pages.mappedCount(pfn) > 0
  ) return HEADLESS;
  return Z3FOLD_BUDDIES.find((one) => pages.chunks(pfn, one) > 0) ?? HEADLESS;
}

/**
 * Copies one of a page's objects into another page that has room and is off its
 * list, and answers which of its objects it is there.
 */
export function copyInto(
  { lists, locks }: Z3foldParts,
  pfn: number,
  buddy: number,
  target: number,
): number {
  const { pages } = lists;
  const chunks = pages.chunks(pfn, buddy);
  const targetBuddy = lists.occupy(target, chunks);
  pages.addForeignHandles(target, 1);
  locks.touch(objectsState, pfn, false);
  locks.touch(objectsState, target, true);
  const from = pages.addressOf(pfn, buddy);
  pages.memory.bytes.copyWithin(
    pages.addressOf(target, targetBuddy),
    from,
    from + chunks * pages.chunkSize,
  );
  return targetBuddy;
}

/** Takes the mark of a page that is compacted. Throws where it has none. */
export function takeMark({ lists }: Z3foldParts, pfn: number): void {
  if (!lists.frames.has(pfn) || !lists.pages.has(pfn, NEEDS_COMPACTING)) {
    throw new InvariantError(Z3FOLD_RACE_RULES.compactedOnce, {
      where: `page ${pfn}`,
      expected: "marked as to be compacted",
      found: "not marked",
    });
  }
  lists.pages.clear(pfn, NEEDS_COMPACTING);
}

/**
 * Whether compaction, which claims a page, is to leave it alone: it was given
 * up, or somebody had claimed it.
 */
export function isLeftAlone(parts: Z3foldParts, pfn: number): boolean {
  return parts.lists.pages.has(pfn, PAGE_STALE) || claim(parts, pfn);
}

/** Compacts a page whose objects stay in it. */
export function compactInPlace(
  { lists, locks }: Z3foldParts,
  pfn: number,
): void {
  locks.touch(objectsState, pfn, true);
  compactPage(lists.pages, pfn);
}

/**
 * Moves a page's only object into another page with room, as an object with a
 * foreign handle: its slot stays where it was. Answers whether it did. The page
 * is locked. Specifies `compact_single_buddy`, `mm/z3fold.c`, 6.1.
 */
function* compactSingleBuddySteps(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, boolean> {
  const { lists, handles, locks } = parts;
  const { pages } = lists;
  const buddy = movableBuddy(pages, pfn);
  if (buddy === HEADLESS) return false;
  const chunks = pages.chunks(pfn, buddy);
  const target = yield* takeUnbuddiedSteps(parts, chunks, false);
  if (target === NO_PAGE) return false;
  const targetBuddy = copyInto(parts, pfn, buddy, target);
  yield* under(
    locks.ofSlots(pages.slots(pfn)),
    SINGLE,
    () => handles.move(pfn, buddy, target, targetBuddy),
  );
  yield* addToUnbuddiedSteps(parts, target);
  yield release(locks.page(target), SINGLE);
  pages.setChunks(pfn, buddy, 0);
  return true;
}

/**
 * Compacts a locked page, unlocks it and drops the reference that compaction
 * has; a page that is left without an object is given up, one that somebody has
 * claimed is left alone. Specifies `do_compact_page`, `mm/z3fold.c`, 6.1.
 */
export function* doCompactPageSteps(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  const { lists, locks } = parts;
  locks.lockdep.assertHeld(locks.page(pfn), COMPACT);
  takeMark(parts, pfn);
  yield* under(locks.pool, COMPACT, () => lists.unlist(pfn, COMPACT));
  if (yield* putPageSteps(parts, pfn, COMPACT)) {
    return yield* releasePageSteps(parts, pfn);
  }
  if (isLeftAlone(parts, pfn)) {
    yield release(locks.page(pfn), COMPACT);
    return;
  }
  const isMoved = yield* compactSingleBuddySteps(parts, pfn);
  if (isMoved && (yield* putPageSteps(parts, pfn, COMPACT))) {
    return yield* releasePageSteps(parts, pfn);
  }
  if (!isMoved) {
    compactInPlace(parts, pfn);
    yield* addToUnbuddiedSteps(parts, pfn);
  }
  unclaim(parts, pfn);
  yield release(locks.page(pfn), COMPACT);
}
