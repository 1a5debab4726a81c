/** Reclaim: a z3fold page is freed by evicting its objects. */
import { NO_PAGE } from "../memory/memory.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { acquire, release, type Stop, trylock, under } from "../rules/stop.ts";
import type { Evict, ReclaimErrno } from "../zbud/driver.ts";
import { freeHeadlessPage, unclaimAndUnlockSteps } from "./free.ts";
import { claim, unclaim } from "./page_sections.ts";
import {
  addToUnbuddiedSteps,
  getPageSteps,
  putPageSteps,
  releasePageSteps,
} from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { FIRST, HEADLESS, LAST, MIDDLE, PAGE_HEADLESS } from "./z3fold_page.ts";

const RECLAIM = "z3fold_reclaim_page, mm/z3fold.c";

/** The order in which a page's objects are evicted. */
const EVICTION_ORDER: readonly number[] = [MIDDLE, FIRST, LAST];

/**
 * Whether a page with a header can be evicted: it is locked and claimed then,
 * with a reference, and off its unbuddied list. The pool's lock is held.
 */
function* claimWithHeader(
  parts: Z3foldParts,
  pfn: number,
): Generator<Stop, boolean> {
  const { lists, locks, release: kernel } = parts;
  const { pages } = lists;
  const isHeldFirst = kernel.reclaimReference === "before-page-lock";
  if (isHeldFirst) yield* getPageSteps(parts, pfn, RECLAIM);
  if ((yield trylock(locks.page(pfn), RECLAIM)) === false) {
    if (isHeldFirst && (yield* putPageSteps(parts, pfn, RECLAIM))) {
      yield* releasePageSteps(parts, pfn, false);
    }
    return false;
  }
  if (pages.foreignHandles(pfn) > 0 || claim(parts, pfn)) {
    if (isHeldFirst && (yield* putPageSteps(parts, pfn, RECLAIM))) {
      yield* releasePageSteps(parts, pfn);
    } else yield release(locks.page(pfn), RECLAIM);
    return false;
  }
  lists.takeOff(pfn, RECLAIM);
  if (!isHeldFirst) yield* getPageSteps(parts, pfn, RECLAIM);
  return true;
}

/**
 * Takes the oldest page that can be evicted off its lists, or `NO_PAGE`. The
 * pool's lock is held.
 */
function* claimOldest(parts: Z3foldParts): Generator<Stop, number> {
  const { lists, locks, release: kernel } = parts;
  locks.lockdep.assertHeld(locks.pool, RECLAIM);
  for (const pfn of lists.lru) {
    const isHeadless = lists.pages.has(pfn, PAGE_HEADLESS);
    // kref_get_unless_zero: a page that goes ends the walk.
    if (
      !isHeadless && kernel.reclaimReference === "before-page-lock" &&
      lists.pages.refcount(pfn) === 0
    ) return NO_PAGE;
    const isClaimed = isHeadless
      ? !kernel.headlessClaimed || !claim(parts, pfn)
      : yield* claimWithHeader(parts, pfn);
    if (!isClaimed) continue;
    lists.lru.delete(pfn);
    return pfn;
  }
  return NO_PAGE;
}

/**
 * Evicts a claimed page's objects until one stays; answers whether none does.
 * The page is unlocked as soon as its objects' handles are made: in slots of
 * reclaim's own, as a free can empty the page's.
 */
function* evictObjects(
  { lists, handles, locks }: Z3foldParts,
  evict: Evict,
  pfn: number,
  onStack: number,
): Generator<Stop, boolean> {
  const { pages } = lists;
  const isHeadless = pages.has(pfn, PAGE_HEADLESS);
  const buddies = isHeadless
    ? [HEADLESS]
    : EVICTION_ORDER.filter((buddy) => pages.chunks(pfn, buddy) > 0);
  const evictions = buddies
    .map((buddy) => handles.giveToReclaim(pfn, onStack, buddy));
  if (!isHeadless) yield release(locks.page(pfn), RECLAIM);
  let isEvicted = true;
  for (const handle of evictions) {
    isEvicted = yield* evict(handle);
    if (!isEvicted) break;
  }
  for (const handle of evictions) handles.evicting.delete(handle);
  return isEvicted;
}

/** Makes a page the newest again, which reclaim could not empty. */
function* putBack(
  { lists, locks }: Z3foldParts,
  pfn: number,
): Generator<Stop, void> {
  yield* under(locks.pool, RECLAIM, () => lists.lru.add(pfn));
}

/** Ends the reclaim of a headless page: answers whether it is freed. */
function* finishHeadless(
  parts: Z3foldParts,
  pfn: number,
  isEvicted: boolean,
): Generator<Stop, boolean> {
  if (!isEvicted) {
    yield* putBack(parts, pfn);
    unclaim(parts, pfn);
    return false;
  }
  // Whoever else has the handle has it in vain: there is no count of holders.
  parts.handles.endHeadless(pfn);
  freeHeadlessPage(parts, pfn);
  return true;
}

/**
 * Frees the slots of a page that reclaim emptied. Where its last object was
 * freed before reclaim claimed it, held by compaction alone, there are none.
 */
function freeSlotsOf({ slots }: Z3foldParts, structure: number): void {
  if (structure === NO_SLOTS) {
    throw new KernelBug("z3fold_reclaim_page", "free slots that are null");
  }
  slots.free(structure);
}

/** Ends the reclaim of a page with a header: answers whether it is freed. */
function* finish(parts: Z3foldParts, pfn: number): Generator<Stop, boolean> {
  const { lists, locks, release: kernel } = parts;
  const structure = lists.pages.slots(pfn);
  yield acquire(locks.page(pfn), RECLAIM);
  if (yield* putPageSteps(parts, pfn, RECLAIM)) {
    yield* releasePageSteps(parts, pfn);
    freeSlotsOf(parts, structure);
    return true;
  }
  yield* putBack(parts, pfn);
  const isListed = lists.unbuddied.state(pfn) === "linked";
  if (kernel.reclaimedInPart === "listed-again" && !isListed) {
    yield* addToUnbuddiedSteps(parts, pfn);
  }
  yield* unclaimAndUnlockSteps(parts, pfn, RECLAIM);
  return false;
}

/**
 * Tries pages from the oldest on, at most `retries` of them, until one is
 * freed. Specifies `z3fold_reclaim_page`, `mm/z3fold.c`, 5.10.262 and 6.1.192.
 */
export function* reclaimPage(
  parts: Z3foldParts,
  evict: Evict | undefined,
  retries: number,
): Generator<Stop, ReclaimErrno | undefined> {
  const { locks, slots } = parts;
  yield acquire(locks.pool, RECLAIM);
  if (evict === undefined || retries === 0) {
    yield release(locks.pool, RECLAIM);
    return "EINVAL";
  }
  const onStack = slots.allocOnStack();
  const outcome = yield* tryPages(parts, evict, retries, onStack);
  slots.free(onStack);
  return outcome;
}

/** The pool's lock is held, and let go. */
function* tryPages(
  parts: Z3foldParts,
  evict: Evict,
  retries: number,
  onStack: number,
): Generator<Stop, ReclaimErrno | undefined> {
  const { lists, locks } = parts;
  for (let nth = 0; nth < retries; nth++) {
    if (lists.lru.size === 0) {
      yield release(locks.pool, RECLAIM);
      return "EINVAL";
    }
    const pfn = yield* claimOldest(parts);
    if (pfn === NO_PAGE) break;
    yield release(locks.pool, RECLAIM);
    const isHeadless = lists.pages.has(pfn, PAGE_HEADLESS);
    const isEvicted = yield* evictObjects(parts, evict, pfn, onStack);
    const isFreed = isHeadless
      ? yield* finishHeadless(parts, pfn, isEvicted)
      : yield* finish(parts, pfn);
    if (isFreed) return undefined;
    yield acquire(locks.pool, RECLAIM);
  }
  yield release(locks.pool, RECLAIM);
  return "EAGAIN";
}
