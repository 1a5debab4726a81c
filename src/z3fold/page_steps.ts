/** How pages of a z3fold pool are found, locked, listed and given up. */
import { NO_PAGE } from "../memory/memory.ts";
import { InvariantError } from "../rules/invariant.ts";
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
import { THIS_CPU } from "./page_lists.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import { NO_SLOTS } from "./slots.ts";
import {
  NEEDS_COMPACTING,
  PAGE_CLAIMED,
  PAGE_HEADLESS,
  PAGE_STALE,
} from "./z3fold_page.ts";

const LOOKUP = "__z3fold_alloc, mm/z3fold.c";
const HEADER = "get_z3fold_header, mm/z3fold.c";
const RELEASE = "__release_z3fold_page, mm/z3fold.c";

/** Claims a page for reclaim or a free; whether somebody had (`PAGE_CLAIMED`). */
export function claim({ lists, locks }: Z3foldParts, pfn: number): boolean {
  locks.touch(flagsState, pfn, true);
  return lists.pages.testAndSet(pfn, PAGE_CLAIMED);
}

/** Ends the claim to a page. */
export function unclaim({ lists, locks }: Z3foldParts, pfn: number): void {
  locks.touch(flagsState, pfn, true);
  lists.pages.clear(pfn, PAGE_CLAIMED);
}

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
export function* getPage(
  parts: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  yield* aboutToCount(parts, pfn, where);
  parts.lists.pages.getPage(pfn);
}

/** Drops a reference to a page and answers whether it was the last (`kref_put`). */
export function* putPage(
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
export function* lockPageOf(
  { lists, handles, slots, locks }: Z3foldParts,
  handle: number,
  verb: string,
): Generator<Stop, number> {
  if ((handle & PAGE_HEADLESS) !== 0) {
    const pfn = handles.pageOf(handle);
    yield reads(flagsState(pfn), HEADER);
    handles.locateToRead(handle, verb);
    return pfn;
  }
  const slotsLock = locks.ofSlots(slots.slotsOf(handle));
  for (let isFirst = true;; isFirst = false) {
    yield acquire(slotsLock, HEADER, "shared");
    if (isFirst) handles.locateToRead(handle, verb);
    const pfn = handles.pageOf(handle);
    if (!lists.frames.has(pfn)) {
      throw new InvariantError(Z3FOLD_RACE_RULES.pageThere, {
        where: `handle ${handle}`,
        expected: "a page of the pool",
        found: pfn < 0 ? "an empty slot" : `page ${pfn}, which was freed`,
      });
    }
    const page = locks.page(pfn);
    const isLocked = (yield trylock(page, HEADER)) !== false;
    yield release(slotsLock, HEADER, "shared");
    if (isLocked) return pfn;
    yield* waitUntilFree(page, `cpu_relax in ${HEADER}`);
  }
}

/** Ends what {@linkcode lockPageOf} began (`put_z3fold_header`). */
export function* unlockPage(
  { lists, locks }: Z3foldParts,
  pfn: number,
  where: string,
): Generator<Stop, void> {
  if (!lists.pages.has(pfn, PAGE_HEADLESS)) {
    yield release(locks.page(pfn), where);
  }
}

/** Lists a locked page by its free chunks, unless it is full (`add_to_unbuddied`). */
export function* addToUnbuddied(
  { lists, locks }: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  if (!lists.hasRoom(pfn)) return;
  const where = "add_to_unbuddied, mm/z3fold.c";
  locks.lockdep.assertHeld(locks.page(pfn), where);
  yield* under(locks.pool, where, () => lists.list(pfn, where));
  lists.pages.setCpu(pfn, THIS_CPU);
}

/**
 * Takes a page off its unbuddied list, under the pool's lock, if its own lock
 * is free and it is still the first.
 */
function* takeFirst(
  { lists, locks }: Z3foldParts,
  list: number,
  pfn: number,
): Generator<Stop, boolean> {
  if (lists.unbuddied.first(list) !== pfn) return false;
  if ((yield trylock(locks.page(pfn), LOOKUP)) === false) return false;
  lists.unlist(pfn, LOOKUP);
  lists.pages.setCpu(pfn, -1);
  return true;
}

/**
 * Whether a page that was taken off its list can have an object, with a
 * reference more then; one that is claimed, or to be compacted, is left off its
 * list and unlocked.
 */
function* holdTaken(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, boolean> {
  const { lists: { pages }, locks } = parts;
  locks.touch(flagsState, pfn, false);
  if (!pages.has(pfn, NEEDS_COMPACTING) && !pages.has(pfn, PAGE_CLAIMED)) {
    yield* getPage(parts, pfn, LOOKUP);
    return true;
  }
  yield release(locks.page(pfn), LOOKUP);
  return false;
}

/** A page with room for `chunks`, locked and held; from any list of this CPU. */
function* takeOwn(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks } = parts;
  for (;;) {
    yield reads(UNBUDDIED, LOOKUP);
    const found = lists.firstWithRoom(chunks);
    if (found === undefined) return NO_PAGE;
    const { list, pfn } = found;
    yield acquire(locks.pool, LOOKUP);
    const isTaken = yield* takeFirst(parts, list, pfn);
    const isLocked = !isTaken && lists.unbuddied.first(list) === pfn;
    yield release(locks.pool, LOOKUP);
    if (isTaken && (yield* holdTaken(parts, pfn))) return pfn;
    if (canSleep) yield sleeps(`cond_resched in ${LOOKUP}`);
    if (isLocked) yield* waitUntilFree(locks.page(pfn), LOOKUP);
  }
}

/**
 * A page whose room is just `chunks`, from the lists of any CPU: of the one
 * there is.
 */
function* takeExact(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks } = parts;
  yield acquire(locks.pool, LOOKUP);
  const pfn = chunks < lists.pages.nchunks
    ? lists.unbuddied.first(chunks)
    : NO_PAGE;
  const isTaken = pfn !== NO_PAGE && (yield* takeFirst(parts, chunks, pfn));
  yield release(locks.pool, LOOKUP);
  if (!isTaken) return NO_PAGE;
  if (yield* holdTaken(parts, pfn)) return pfn;
  if (canSleep) yield sleeps(`cond_resched in ${LOOKUP}`);
  return NO_PAGE;
}

/**
 * Takes the page with the fewest free chunks that will do off its list, locked,
 * with a reference and slots for one object more, without them where 5.10 can
 * have none; or `NO_PAGE`. Specifies `__z3fold_alloc`.
 */
export function* takeUnbuddied(
  parts: Z3foldParts,
  chunks: number,
  canSleep: boolean,
): Generator<Stop, number> {
  const { lists, locks, slots, release: kernel } = parts;
  const { pages } = lists;
  let pfn = yield* takeOwn(parts, chunks, canSleep);
  if (pfn === NO_PAGE) pfn = yield* takeExact(parts, chunks, canSleep);
  if (pfn === NO_PAGE || pages.slots(pfn) !== NO_SLOTS) return pfn;
  if (canSleep && kernel.slotsAllocated === "sleeping") {
    yield sleeps(`alloc_slots in ${LOOKUP}`);
  }
  const made = slots.alloc();
  if (made === NO_SLOTS && kernel.withoutSlots === "listed-again") {
    if (yield* putPage(parts, pfn, LOOKUP)) yield* releasePage(parts, pfn);
    else {
      yield* addToUnbuddied(parts, pfn);
      yield release(locks.page(pfn), LOOKUP);
    }
    return NO_PAGE;
  }
  pages.setSlots(pfn, made);
  return pfn;
}

/**
 * Gives up a page with its last reference: it is unlocked, and left to the
 * worker that frees such pages. Specifies `__release_z3fold_page`.
 */
export function* releasePage(
  { lists, locks, work }: Z3foldParts,
  pfn: number,
  isLocked = true,
): Generator<Stop, void> {
  const { pages } = lists;
  if (lists.unbuddied.state(pfn) !== "empty") {
    throw new InvariantError(Z3FOLD_RACE_RULES.releasedUnlisted, {
      where: `page ${pfn}`,
      expected: "on no unbuddied list",
      found: "on one",
    });
  }
  pages.testAndSet(pfn, PAGE_STALE);
  pages.clear(pfn, NEEDS_COMPACTING);
  lists.removePage(pfn);
  yield* under(locks.pool, RELEASE, () => lists.lru.delete(pfn));
  if (isLocked) yield release(locks.page(pfn), RELEASE);
  yield* under(locks.stale, RELEASE, () => work.stale.unshift(pfn));
}
