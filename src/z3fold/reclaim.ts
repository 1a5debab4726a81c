/** Reclaim: a z3fold page is freed by evicting its objects. */
import type { Z3foldRelease } from "../linux/buddy_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import type { Stop } from "../rules/stop.ts";
import type { Evict, ReclaimErrno } from "../zbud/driver.ts";
import type { Z3foldHandles } from "./handles.ts";
import type { Z3foldLists } from "./page_lists.ts";
import type { BuddySlots } from "./slots.ts";
import {
  FIRST,
  HEADLESS,
  LAST,
  MIDDLE,
  PAGE_CLAIMED,
  PAGE_HEADLESS,
  Z3FOLD_BUDDY_NAMES,
} from "./z3fold_page.ts";

/** The order in which a page's objects are evicted. */
const EVICTION_ORDER: readonly number[] = [MIDDLE, FIRST, LAST];

/** What reclaim works on. */
export interface Z3foldReclaim {
  /** The pool's pages. */
  readonly lists: Z3foldLists;
  /** The pool's handles. */
  readonly handles: Z3foldHandles;
  /** The slots of handles. */
  readonly slots: BuddySlots;
  /** What evicts an object. */
  readonly evict: Evict;
  /** What this kernel's z3fold does. */
  readonly release: Z3foldRelease;
}

/** Takes the oldest page that can be evicted off its lists, or `NO_PAGE`. */
function claimOldest({ lists }: Z3foldReclaim): number {
  const { pages } = lists;
  for (const pfn of lists.lru) {
    if (!pages.has(pfn, PAGE_HEADLESS)) {
      if (pages.foreignHandles(pfn) > 0) continue;
      lists.unbuddied.delInit(pfn);
      pages.setCpu(pfn, -1);
      pages.getPage(pfn);
    }
    pages.testAndSet(pfn, PAGE_CLAIMED);
    lists.lru.delete(pfn);
    return pfn;
  }
  return NO_PAGE;
}

/** Evicts a claimed page's objects until one stays; answers whether none does. */
function* evictObjects(
  { lists, handles, evict }: Z3foldReclaim,
  pfn: number,
  onStack: number,
): Generator<Stop, boolean> {
  const { pages } = lists;
  const buddies = pages.has(pfn, PAGE_HEADLESS)
    ? [HEADLESS]
    : EVICTION_ORDER.filter((buddy) => pages.chunks(pfn, buddy) > 0);
  const evictions = buddies.map((buddy) => ({
    name: Z3FOLD_BUDDY_NAMES[buddy],
    handle: handles.giveToReclaim(pfn, onStack, buddy),
  }));
  let isEvicted = true;
  for (const { name, handle } of evictions) {
    yield `z3fold_reclaim_page: pool and page unlocked, evict of the ${name} object`;
    isEvicted = yield* evict(handle);
    if (!isEvicted) break;
  }
  for (const { handle } of evictions) handles.evicting.delete(handle);
  return isEvicted;
}

/** Puts a page back that reclaim could not empty, as the newest. */
function putBack({ lists }: Z3foldReclaim, pfn: number): void {
  lists.lru.add(pfn);
  lists.pages.clear(pfn, PAGE_CLAIMED);
}

/** Ends the reclaim of a headless page: answers whether it is freed. */
function finishHeadless(
  reclaim: Z3foldReclaim,
  pfn: number,
  isEvicted: boolean,
): boolean {
  if (!isEvicted) {
    putBack(reclaim, pfn);
    return false;
  }
  // Whoever else has the handle has it in vain: there is no count of holders.
  reclaim.handles.endHeadless(pfn);
  reclaim.lists.releasePage(pfn);
  return true;
}

/** Ends the reclaim of a page with a header: answers whether it is freed. */
function finish(reclaim: Z3foldReclaim, pfn: number): boolean {
  const { lists, slots, release } = reclaim;
  if (lists.pages.putPage(pfn)) {
    slots.free(lists.pages.slots(pfn));
    lists.releasePage(pfn);
    return true;
  }
  if (release.reclaimedInPart === "listed-again") lists.addToUnbuddied(pfn);
  putBack(reclaim, pfn);
  return false;
}

/**
 * Tries pages from the oldest on, at most `retries` of them, until one is
 * freed. Specifies `z3fold_reclaim_page`, `mm/z3fold.c`, 5.10.262 and 6.1.192,
 * from where a handler is known to be there.
 */
export function* reclaimPage(
  reclaim: Z3foldReclaim,
  retries: number,
  onStack: number,
): Generator<Stop, ReclaimErrno | undefined> {
  const { lists } = reclaim;
  for (let nth = 0; nth < retries; nth++) {
    if (lists.lru.size === 0) return "EINVAL";
    const pfn = claimOldest(reclaim);
    if (pfn === NO_PAGE) return "EAGAIN";
    const isEvicted = yield* evictObjects(reclaim, pfn, onStack);
    const isFreed = lists.pages.has(pfn, PAGE_HEADLESS)
      ? finishHeadless(reclaim, pfn, isEvicted)
      : finish(reclaim, pfn);
    if (isFreed) return undefined;
  }
  return "EAGAIN";
}
