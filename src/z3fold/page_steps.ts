/** How pages of a z3fold pool are found, locked, listed and given up. */
import { NO_PAGE } from "../memory/memory.ts";
import type { Lock } from "../rules/lock.ts";
import {
  acquire,
  reads,
  release,
  sleeps,
  type Stop,
  trylock,
  under,
  writes,
} from "../rules/stop.ts";
import { flagsState, UNBUDDIED } from "./locks.ts";
import { NO_LIST } from "./page_lists.ts";
import {
  canHaveObject,
  makeSlots,
  makeStale,
  pageInSlot,
} from "./page_sections.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { PAGE_HEADLESS } from "./z3fold_page.ts";

/** Where a page with room is looked for. */
export const LOOKUP = "__z3fold_alloc, mm/z3fold.c";
const HEADER = "get_z3fold_header, mm/z3fold.c";
const ADD = "add_to_unbuddied, mm/z3fold.c";
const RELEASE = "__release_z3fold_page, mm/z3fold.c";

/**
 * Where reclaim counts references before it has a page's lock, the count is one
 * that no lock covers.
 */
function* aboutToCount(
  { release: kernel }: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  if (kernel.reclaimReference === "before-page-lock") {
    yield writes(`the references to page ${pfn}`, where);
  }
}

/** Takes a reference to a page (`kref_get`). */
export function* getPageSteps(
  parts: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield* aboutToCount(parts, pfn, where);
  parts.lists.pages.getPage(pfn);
}

/** Drops a reference to a page and answers whether it was the last (`kref_put`). */
export function* putPageSteps(
  parts: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, boolean> {
  yield* aboutToCount(parts, pfn, where);
  return parts.lists.pages.putPage(pfn);
}

/** Whoever could not have a lock comes again once it is free. */
function* waitUntilFree(lock: Lock, where: string): Generator<Stop, void> {
  yield acquire(lock, where);
  yield release(lock, where);
}

/**
 * The page that a handle leads to, locked unless it is headless. The handle has
 * to name an object: it throws where it does not. Specifies `get_z3fold_header`.
 */
export function* lockPageOfSteps(
  parts: Z3foldParts,
  handle: number,
  verb: string,
): Generator<Stop, number> {
  const { handles, slots, locks } = parts;
  if ((handle & PAGE_HEADLESS) !== 0) {
    const pfn = handles.pageOf(handle);
    yield reads(flagsState(pfn), HEADER);
    handles.assertNames(handle, verb);
    return pfn;
  }
  const slotsLock = locks.ofSlots(slots.slotsOf(handle));
  for (let isFirst = true;; isFirst = false) {
    yield acquire(slotsLock, HEADER, "shared");
    if (isFirst) handles.assertNames(handle, verb);
    const pfn = pageInSlot(parts, handle);
    const page = locks.page(pfn);
    const isLocked = (yield trylock(page, HEADER)) !== false;
    yield release(slotsLock, HEADER, "shared");
    if (isLocked) return pfn;
    yield* waitUntilFree(page, `cpu_relax in ${HEADER}`);
  }
}

/** Ends what {@linkcode lockPageOfSteps} began (`put_z3fold_header`). */
export function* unlockPageSteps(
  { lists, locks }: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  if (!lists.pages.has(pfn, PAGE_HEADLESS)) {
    yield release(locks.page(pfn), where);
  }
}

/** Lists a locked page by its free chunks, unless it is full (`add_to_unbuddied`). */
export function* addToUnbuddiedSteps(
  { lists, locks }: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  if (!lists.hasRoom(pfn)) return;
  locks.lockdep.assertHeld(locks.page(pfn), ADD);
  yield* under(locks.pool, ADD, () => lists.list(pfn));
  lists.setOnThisCpu(pfn);
}

/**
 * Takes a page off its unbuddied list, under the pool's lock, if its own lock
 * is free and it is still the first.
 */
function* takeFirstSteps(
  { lists, locks }: Z3foldParts,
  list: number,
  pfn: number,
): Generator<Stop, boolean> {
  if (lists.unbuddied.first(list) !== pfn) return false;
  if ((yield trylock(locks.page(pfn), LOOKUP)) === false) return false;
  lists.takeOff(pfn, LOOKUP);
  return true;
}

/**
 * Whether a page that was taken off its list can have an object, with a
 * reference more then; one that is claimed, or to be compacted, is left off its
 * list and unlocked.
 */
function* holdTakenSteps(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, boolean> {
  if (canHaveObject(parts, pfn)) {
    yield* getPageSteps(parts, pfn, LOOKUP);
    return true;
  }
  yield release(parts.locks.page(pfn), LOOKUP);
  return false;
}

/** A page with room for `chunks`, locked and held; from any list of this CPU. */
function* takeOwnSteps(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks } = parts;
  for (;;) {
    yield reads(UNBUDDIED, LOOKUP);
    const list = lists.listWithRoom(chunks);
    if (list === NO_LIST) return NO_PAGE;
    const pfn = lists.unbuddied.first(list);
    yield acquire(locks.pool, LOOKUP);
    const isTaken = yield* takeFirstSteps(parts, list, pfn);
    const isLocked = !isTaken && lists.unbuddied.first(list) === pfn;
    yield release(locks.pool, LOOKUP);
    if (isTaken && (yield* holdTakenSteps(parts, pfn))) return pfn;
    if (canSleep) yield sleeps(`cond_resched in ${LOOKUP}`);
    if (isLocked) yield* waitUntilFree(locks.page(pfn), LOOKUP);
  }
}

/**
 * A page whose room is just `chunks`, from the lists of any CPU: of the one
 * there is.
 */
function* takeExactSteps(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks } = parts;
  yield acquire(locks.pool, LOOKUP);
  const pfn = chunks < lists.pages.nchunks
    ? lists.unbuddied.first(chunks)
    : NO_PAGE;
  const isTaken = pfn !== NO_PAGE &&
    (yield* takeFirstSteps(parts, chunks, pfn));
  yield release(locks.pool, LOOKUP);
  if (!isTaken) return NO_PAGE;
  if (yield* holdTakenSteps(parts, pfn)) return pfn;
  if (canSleep) yield sleeps(`cond_resched in ${LOOKUP}`);
  return NO_PAGE;
}

/**
 * Takes the page with the fewest free chunks that will do off its list, locked,
 * with a reference and slots for one object more, without them where 5.10 can
 * have none; or `NO_PAGE`. Specifies `__z3fold_alloc`.
 */
export function* takeUnbuddiedSteps(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks, release: kernel } = parts;
  let pfn = yield* takeOwnSteps(parts, chunks, canSleep);
  if (pfn === NO_PAGE) pfn = yield* takeExactSteps(parts, chunks, canSleep);
  if (pfn === NO_PAGE || lists.pages.slots(pfn) !== NO_SLOTS) return pfn;
  if (canSleep && kernel.slotsAllocated === "sleeping") {
    yield sleeps(`alloc_slots in ${LOOKUP}`);
  }
  if (makeSlots(parts, pfn)) return pfn;
  if (yield* putPageSteps(parts, pfn, LOOKUP)) {
    yield* releasePageSteps(parts, pfn);
  } else {
    yield* addToUnbuddiedSteps(parts, pfn);
    yield release(locks.page(pfn), LOOKUP);
  }
  return NO_PAGE;
}

/**
 * Gives up a page with its last reference: it is unlocked, and left to the
 * worker that frees such pages. Specifies `__release_z3fold_page`.
 */
export function* releasePageSteps(
  parts: Z3foldParts,
  pfn: number,
  isLocked = true,
): Generator<Stop, void> {
  const { lists, locks, work } = parts;
  makeStale(parts, pfn);
  yield* under(locks.pool, RELEASE, () => lists.lru.delete(pfn));
  if (isLocked) yield release(locks.page(pfn), RELEASE);
  yield* under(locks.stale, RELEASE, () => work.stale.unshift(pfn));
}
