/**
 * The operations of a z3fold pool as who is alone does them, without
 * generators: the sections of those that stop, in a row.
 */
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { cannotGoOnAlone } from "../rules/stop.ts";
import { ALLOC, assertSlots, placeHeadless } from "./alloc.ts";
import {
  COMPACT,
  compactInPlace,
  copyInto,
  isLeftAlone,
  movableBuddy,
  takeMark,
} from "./compaction.ts";
import {
  beingCompacted,
  endHeadless,
  endObject,
  FREE,
  FREE_PAGES,
  freeEmptySlots,
  freeHeadlessPage,
  queueCompaction,
  takeQueued,
} from "./free.ts";
import type { Z3foldObject } from "./handles.ts";
import {
  assertFits,
  beginMapping,
  copyFrom,
  copyTo,
  endMapping,
} from "./mapping.ts";
import { THIS_CPU } from "./page_lists.ts";
import { freeFrame, unclaim } from "./page_sections.ts";
import {
  addToUnbuddied,
  pageOf,
  releasePage,
  takeUnbuddied,
} from "./pages_at_once.ts";
import type { Z3foldParts } from "./parts.ts";
import { HEADLESS, NEEDS_COMPACTING, PAGE_HEADLESS } from "./z3fold_page.ts";

/** Allocates an object of `size` bytes. */
export function allocObject(parts: Z3foldParts, size: number): number | Errno {
  const { lists } = parts;
  const isHeadless = lists.pages.isHeadless(size);
  const chunks = lists.pages.sizeToChunks(size);
  if (!isHeadless) {
    const pfn = takeUnbuddied(parts, chunks);
    if (pfn !== NO_PAGE) {
      assertSlots(parts, pfn);
      return place(parts, pfn, chunks);
    }
  }
  const pfn = newFrame(parts);
  if (pfn === NO_PAGE) return "ENOMEM";
  if (isHeadless) return placeHeadless(parts, pfn);
  if (!lists.initPage(pfn)) return "ENOMEM";
  lists.addPage(pfn);
  return place(parts, pfn, chunks);
}

function newFrame(parts: Z3foldParts): number {
  const { lists: { pages }, work, release: kernel } = parts;
  const pfn = kernel.reusesStale ? work.stale.shift() : undefined;
  if (pfn === undefined) return pages.memory.allocPage();
  cancelWork(parts, pfn, ALLOC);
  pages.forgetFlags(pfn);
  return pfn;
}

function place(parts: Z3foldParts, pfn: number, chunks: number): number {
  const { lists, handles } = parts;
  const buddy = lists.occupy(pfn, chunks);
  addToUnbuddied(parts, pfn);
  lists.touch(pfn);
  return handles.give(pfn, buddy);
}

/** Frees an object; answers which page's compaction that queued, or `NO_PAGE`. */
export function freeObject(parts: Z3foldParts, handle: number): number {
  const { lists } = parts;
  const pfn = pageOf(parts, handle, "free");
  if ((handle & PAGE_HEADLESS) !== 0) {
    if (!endHeadless(parts, handle, pfn)) return NO_PAGE;
    lists.lru.delete(pfn);
    freeHeadlessPage(parts, pfn);
    return NO_PAGE;
  }
  const isClaimed = endObject(parts, handle, pfn);
  if (!isClaimed) freeHandle(parts, handle, pfn);
  if (lists.pages.putPage(pfn)) {
    lists.unlist(pfn, FREE);
    releasePage(parts, pfn);
    return NO_PAGE;
  }
  return isClaimed ? NO_PAGE : leaveToCompaction(parts, pfn);
}

function freeHandle(parts: Z3foldParts, handle: number, pfn: number): void {
  const isEmpty = parts.handles.emptySlot(handle, pfn);
  if (isEmpty) freeEmptySlots(parts, parts.slots.slotsOf(handle), pfn);
}

function leaveToCompaction(parts: Z3foldParts, pfn: number): number {
  const { pages } = parts.lists;
  if (pages.testAndSet(pfn, NEEDS_COMPACTING)) {
    unclaim(parts, pfn);
    return NO_PAGE;
  }
  pages.getPage(pfn);
  unclaim(parts, pfn);
  if (pages.cpu(pfn) === THIS_CPU) {
    queueCompaction(parts, pfn);
    return pfn;
  }
  // What 5.10 takes off its list before, compaction does here.
  doCompactPage(parts, pfn);
  return NO_PAGE;
}

function doCompactPage(parts: Z3foldParts, pfn: number): void {
  const { lists } = parts;
  const { pages } = lists;
  takeMark(parts, pfn);
  lists.unlist(pfn, COMPACT);
  if (pages.putPage(pfn)) return releasePage(parts, pfn);
  if (isLeftAlone(parts, pfn)) return;
  const isMoved = compactSingleBuddy(parts, pfn);
  if (isMoved && pages.putPage(pfn)) return releasePage(parts, pfn);
  if (!isMoved) {
    compactInPlace(parts, pfn);
    addToUnbuddied(parts, pfn);
  }
  unclaim(parts, pfn);
}

function compactSingleBuddy(parts: Z3foldParts, pfn: number): boolean {
  const { lists: { pages }, handles } = parts;
  const buddy = movableBuddy(pages, pfn);
  if (buddy === HEADLESS) return false;
  const target = takeUnbuddied(parts, pages.chunks(pfn, buddy));
  if (target === NO_PAGE) return false;
  const targetBuddy = copyInto(parts, pfn, buddy, target);
  handles.move(pfn, buddy, target, targetBuddy);
  addToUnbuddied(parts, target);
  pages.setChunks(pfn, buddy, 0);
  return true;
}

/** Has the worker of `compact_wq` compact a page, if that is queued. */
export function compactWork(parts: Z3foldParts, pfn: number): void {
  while (takeQueued(parts, pfn)) doCompactPage(parts, pfn);
}

/** Has the worker of `release_wq` free the pages that were given up. */
export function releaseWork(parts: Z3foldParts): void {
  const { stale } = parts.work;
  for (let pfn = stale.shift(); pfn !== undefined; pfn = stale.shift()) {
    cancelWork(parts, pfn, FREE_PAGES);
    freeFrame(parts, pfn);
  }
}

/** Throws where the worker has the page, who is stopped in it. */
function cancelWork({ work }: Z3foldParts, pfn: number, where: string): void {
  work.compaction.delete(pfn);
  if (work.compacting === pfn) {
    throw cannotGoOnAlone(beingCompacted(pfn, where));
  }
}

/** Maps an object. */
export function mapObject(
  parts: Z3foldParts,
  handle: number,
  verb: string,
): Z3foldObject {
  return beginMapping(parts, handle, pageOf(parts, handle, verb), verb);
}

/** Ends a mapping. */
export function unmapObject(parts: Z3foldParts, handle: number): void {
  endMapping(parts, handle, pageOf(parts, handle, "unmap"));
}

/** Copies `data` to the start of an object, which has to hold as much. */
export function writeObject(
  parts: Z3foldParts,
  handle: number,
  data: Uint8Array,
): void {
  const object = mapObject(parts, handle, "write");
  copyTo(parts, object, data);
  unmapObject(parts, handle);
  assertFits("write", data, handle, object);
}

/** Fills `into` from the start of an object, which has to have as much. */
export function readObject(
  parts: Z3foldParts,
  handle: number,
  into: Uint8Array,
): Uint8Array {
  const object = mapObject(parts, handle, "read");
  copyFrom(parts, object, into);
  unmapObject(parts, handle);
  assertFits("read", into, handle, object);
  return into;
}
