/** How objects of a z3fold pool are freed, and what that leaves to workers. */
import { NO_PAGE } from "../memory/memory.ts";
import {
  acquire,
  blocked,
  release,
  sleeps,
  type Stop,
  under,
  writes,
} from "../rules/stop.ts";
import { doCompactPage } from "./compaction.ts";
import { COMPACT_WQ, flagsState } from "./locks.ts";
import { THIS_CPU } from "./page_lists.ts";
import {
  claim,
  getPage,
  lockPageOf,
  putPage,
  releasePage,
  unclaim,
} from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { NEEDS_COMPACTING, PAGE_HEADLESS } from "./z3fold_page.ts";

const FREE = "z3fold_free, mm/z3fold.c";
const FREE_HANDLE = "free_handle, mm/z3fold.c";
const FREE_PAGES = "free_pages_work, mm/z3fold.c";
const WORK = "compact_page_work, mm/z3fold.c";

/** Gives a frame back (`free_z3fold_page`). */
export function freeFrame({ lists, locks }: Z3foldParts, pfn: number): void {
  locks.touch(flagsState, pfn, true);
  lists.pages.memory.freePage(pfn);
}

/** Frees a headless page, unless reclaim has claimed it. */
function* freeHeadless(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  const { lists, handles, locks } = parts;
  const pfn = handles.pageOf(handle);
  yield writes(flagsState(pfn), FREE);
  handles.locate(handle, "free");
  handles.end(handle);
  if (claim(parts, pfn)) return;
  yield* under(locks.pool, FREE, () => lists.lru.delete(pfn));
  lists.removePage(pfn);
  freeFrame(parts, pfn);
}

/**
 * Empties the slot of a handle whose object was in a locked page, and frees the
 * structure with its last. Specifies `free_handle`.
 */
function* freeHandle(
  { lists, handles, slots, locks }: Z3foldParts,
  handle: number,
  pfn: number,
): Generator<Stop, void> {
  const structure = slots.slotsOf(handle);
  const isForeign = lists.pages.slots(pfn) !== structure;
  const lock = locks.ofSlots(structure);
  yield acquire(lock, FREE_HANDLE);
  locks.lockdep.assertHeld(lock, FREE_HANDLE);
  handles.emptySlot(handle, pfn);
  const isEmpty = slots.isEmpty(structure);
  yield release(lock, FREE_HANDLE);
  if (!isEmpty) return;
  if (!isForeign) lists.pages.setSlots(pfn, NO_SLOTS);
  slots.free(structure);
}

/**
 * Frees an object; what remains of its page is compacted, now or by the worker.
 * Specifies `z3fold_free`.
 */
export function* freeObject(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  if ((handle & PAGE_HEADLESS) !== 0) {
    return yield* freeHeadless(parts, handle);
  }
  const { lists, handles, locks } = parts;
  const { pages } = lists;
  const pfn = yield* lockPageOf(parts, handle, "free");
  const isClaimed = claim(parts, pfn);
  const { buddy } = handles.locate(handle, "free");
  handles.end(handle);
  pages.setChunks(pfn, buddy, 0);
  // The slot of an object that reclaim's page had is not emptied: its
  // structure is freed by reclaim, with the page.
  if (!isClaimed) yield* freeHandle(parts, handle, pfn);
  if (yield* putPage(parts, pfn, FREE)) {
    yield* under(locks.pool, FREE, () => lists.unlist(pfn, FREE));
    return yield* releasePage(parts, pfn);
  }
  if (isClaimed) yield release(locks.page(pfn), FREE);
  else yield* leaveToCompaction(parts, pfn);
}

/** Has a page that a free has claimed compacted, and ends the claim. */
function* leaveToCompaction(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  const { lists, locks, work, release: kernel } = parts;
  const { pages } = lists;
  if (pages.testAndSet(pfn, NEEDS_COMPACTING)) {
    return yield* unclaimAndUnlock(parts, pfn, FREE);
  }
  const isQueued = pages.cpu(pfn) === THIS_CPU;
  if (!isQueued && kernel.reclaimedInPart === "unlisted") {
    yield* under(locks.pool, FREE, () => lists.unlist(pfn, FREE));
  }
  yield* getPage(parts, pfn, FREE);
  unclaim(parts, pfn);
  if (!isQueued) return yield* doCompactPage(parts, pfn);
  locks.touch(() => COMPACT_WQ, pfn, true);
  work.compaction.add(pfn);
  yield release(locks.page(pfn), FREE);
}

/** Ends the claim to a locked page, and unlocks it, in the kernel's order. */
export function* unclaimAndUnlock(
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

/**
 * The worker of `compact_wq` compacts the pages that are queued, or one of them
 * (`compact_page_work`).
 */
export function* compactWork(
  parts: Z3foldParts,
  only?: number,
): Generator<Stop, void> {
  const { locks, work } = parts;
  yield acquire(locks.compactWorker, WORK);
  for (;;) {
    yield writes(COMPACT_WQ, WORK);
    const [first = NO_PAGE] = work.compaction;
    const pfn = only ?? first;
    const isQueued = work.compaction.delete(pfn);
    work.compacting = isQueued ? pfn : NO_PAGE;
    if (!isQueued) break;
    yield acquire(locks.page(pfn), WORK);
    yield* doCompactPage(parts, pfn);
  }
  yield release(locks.compactWorker, WORK);
}

/** The worker of `release_wq` frees what is stale. Specifies `free_pages_work`. */
export function* releaseWork(parts: Z3foldParts): Generator<Stop, void> {
  const { locks, work } = parts;
  yield acquire(locks.releaseWorker, FREE_PAGES);
  for (;;) {
    const pfn = yield* under(locks.stale, FREE_PAGES, () => work.stale.shift());
    if (pfn === undefined) break;
    yield* cancelWork(parts, pfn, FREE_PAGES);
    freeFrame(parts, pfn);
    yield sleeps(`cond_resched in ${FREE_PAGES}`);
  }
  yield release(locks.releaseWorker, FREE_PAGES);
}

/** Waits until nobody compacts a page any more (`cancel_work_sync`). */
export function* cancelWork(
  { work }: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield writes(COMPACT_WQ, `cancel_work_sync in ${where}`);
  work.compaction.delete(pfn);
  while (work.compacting === pfn) {
    yield blocked(`cancel_work_sync in ${where}: page ${pfn} is compacted`);
  }
}
