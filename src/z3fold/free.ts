/** How objects of a z3fold pool are freed, and what that leaves to workers. */
import { NO_PAGE } from "../memory/memory.ts";
import {
  acquire,
  blocked,
  release,
  sleeps,
  type Stop,
  under,
  type Wait,
  writes,
} from "../rules/stop.ts";
import { doCompactPageSteps } from "./compaction.ts";
import { COMPACT_WQ, flagsState } from "./locks.ts";
import { THIS_CPU } from "./page_lists.ts";
import { claim, freeFrame, unclaim } from "./page_sections.ts";
import {
  getPageSteps,
  lockPageOfSteps,
  putPageSteps,
  releasePageSteps,
} from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { NEEDS_COMPACTING, PAGE_HEADLESS } from "./z3fold_page.ts";

/** Where a free takes a page off its list. */
export const FREE = "z3fold_free, mm/z3fold.c";
const FREE_HANDLE = "free_handle, mm/z3fold.c";
/** Where pages that were given up are freed. */
export const FREE_PAGES = "free_pages_work, mm/z3fold.c";
const WORK = "compact_page_work, mm/z3fold.c";

/**
 * Ends the handle of a headless page; answers whether the page is to be freed:
 * not where reclaim has claimed it.
 */
export function endHeadless(
  parts: Z3foldParts,
  handle: number,
  pfn: number,
): boolean {
  parts.handles.assertGiven(handle, "free");
  parts.handles.end(handle);
  return !claim(parts, pfn);
}

/** Frees a headless page that is off the LRU list. */
export function freeHeadlessPage(parts: Z3foldParts, pfn: number): void {
  parts.lists.removePage(pfn);
  freeFrame(parts, pfn);
}

/**
 * Ends an object of a locked page, and claims the page; answers whether somebody
 * had.
 */
export function endObject(
  parts: Z3foldParts,
  handle: number,
  pfn: number,
): boolean {
  const { lists, handles } = parts;
  const isClaimed = claim(parts, pfn);
  const { buddy } = handles.locate(handle, "free");
  handles.end(handle);
  lists.pages.setChunks(pfn, buddy, 0);
  return isClaimed;
}

/** Frees a structure whose slots are empty; a page that had it has none then. */
export function freeEmptySlots(
  { lists: { pages }, slots }: Z3foldParts,
  structure: number,
  pfn: number,
): void {
  if (pages.slots(pfn) === structure) pages.setSlots(pfn, NO_SLOTS);
  slots.free(structure);
}

/** Leaves the compaction of a page to the worker (`queue_work_on`). */
export function queueCompaction(
  { locks, work }: Z3foldParts,
  pfn: number,
): void {
  locks.touch(() => COMPACT_WQ, pfn, true);
  work.compaction.add(pfn);
}

/** Has the worker take a page, or none; answers whether it was queued. */
export function takeQueued({ work }: Z3foldParts, pfn: number): boolean {
  const isQueued = work.compaction.delete(pfn);
  work.compacting = isQueued ? pfn : NO_PAGE;
  return isQueued;
}

/** What {@linkcode cancelWorkSteps} waits for. */
export function beingCompacted(pfn: number, where: string): Wait {
  return blocked(`cancel_work_sync in ${where}: page ${pfn} is compacted`);
}

/** Frees a headless page, unless reclaim has claimed it. */
function* freeHeadlessSteps(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  const { lists, handles, locks } = parts;
  const pfn = handles.pageOf(handle);
  yield writes(flagsState(pfn), FREE);
  if (!endHeadless(parts, handle, pfn)) return;
  yield* under(locks.pool, FREE, () => lists.lru.delete(pfn));
  freeHeadlessPage(parts, pfn);
}

/**
 * Empties the slot of a handle whose object was in a locked page, and frees the
 * structure with its last. Specifies `free_handle`.
 */
function* freeHandleSteps(
  parts: Z3foldParts,
  handle: number,
  pfn: number,
): Generator<Stop, void> {
  const { handles, slots, locks } = parts;
  const structure = slots.slotsOf(handle);
  const lock = locks.ofSlots(structure);
  yield acquire(lock, FREE_HANDLE);
  locks.lockdep.assertHeld(lock, FREE_HANDLE);
  const isEmpty = handles.emptySlot(handle, pfn);
  yield release(lock, FREE_HANDLE);
  if (isEmpty) freeEmptySlots(parts, structure, pfn);
}

/**
 * Frees an object; what remains of its page is compacted, now or by the worker.
 * Specifies `z3fold_free`.
 */
export function* freeObjectSteps(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  if ((handle & PAGE_HEADLESS) !== 0) {
    return yield* freeHeadlessSteps(parts, handle);
  }
  const { lists, locks } = parts;
  const pfn = yield* lockPageOfSteps(parts, handle, "free");
  const isClaimed = endObject(parts, handle, pfn);
  // The slot of an object that reclaim's page had is not emptied: its
  // structure is freed by reclaim, with the page.
  if (!isClaimed) yield* freeHandleSteps(parts, handle, pfn);
  if (yield* putPageSteps(parts, pfn, FREE)) {
    yield* under(locks.pool, FREE, () => lists.unlist(pfn, FREE));
    return yield* releasePageSteps(parts, pfn);
  }
  if (isClaimed) yield release(locks.page(pfn), FREE);
  else yield* leaveToCompactionSteps(parts, pfn);
}

/** Has a page that a free has claimed compacted, and ends the claim. */
function* leaveToCompactionSteps(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  const { lists, locks, release: kernel } = parts;
  const { pages } = lists;
  if (pages.testAndSet(pfn, NEEDS_COMPACTING)) {
    return yield* unclaimAndUnlockSteps(parts, pfn, FREE);
  }
  const isQueued = pages.cpu(pfn) === THIS_CPU;
  if (!isQueued && kernel.reclaimedInPart === "unlisted") {
    yield* under(locks.pool, FREE, () => lists.unlist(pfn, FREE));
  }
  yield* getPageSteps(parts, pfn, FREE);
  unclaim(parts, pfn);
  if (!isQueued) return yield* doCompactPageSteps(parts, pfn);
  queueCompaction(parts, pfn);
  yield release(locks.page(pfn), FREE);
}

/** Ends the claim to a locked page, and unlocks it, in the kernel's order. */
export function* unclaimAndUnlockSteps(
  parts: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  const { locks, release: kernel } = parts;
  if (kernel.claimEnds === "under-page-lock") {
    unclaim(parts, pfn);
    yield release(locks.page(pfn), where);
    return;
  }
  yield release(locks.page(pfn), where);
  yield writes(flagsState(pfn), where);
  unclaim(parts, pfn);
}

/** The worker of `compact_wq` compacts what is queued (`compact_page_work`). */
export function* compactWorkSteps(parts: Z3foldParts): Generator<Stop, void> {
  const { locks, work } = parts;
  yield acquire(locks.compactWorker, WORK);
  for (;;) {
    yield writes(COMPACT_WQ, WORK);
    const [pfn = NO_PAGE] = work.compaction;
    if (!takeQueued(parts, pfn)) break;
    yield acquire(locks.page(pfn), WORK);
    yield* doCompactPageSteps(parts, pfn);
  }
  yield release(locks.compactWorker, WORK);
}

/** The worker of `release_wq` frees what is stale. Specifies `free_pages_work`. */
export function* releaseWorkSteps(parts: Z3foldParts): Generator<Stop, void> {
  const { locks, work } = parts;
  yield acquire(locks.releaseWorker, FREE_PAGES);
  for (;;) {
    const pfn = yield* under(locks.stale, FREE_PAGES, () => work.stale.shift());
    if (pfn === undefined) break;
    yield* cancelWorkSteps(parts, pfn, FREE_PAGES);
    freeFrame(parts, pfn);
    yield sleeps(`cond_resched in ${FREE_PAGES}`);
  }
  yield release(locks.releaseWorker, FREE_PAGES);
}

/** Waits until nobody compacts a page any more (`cancel_work_sync`). */
export function* cancelWorkSteps(
  { work }: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield writes(COMPACT_WQ, `cancel_work_sync in ${where}`);
  work.compaction.delete(pfn);
  while (work.compacting === pfn) {
    yield beingCompacted(pfn, where);
  }
}
