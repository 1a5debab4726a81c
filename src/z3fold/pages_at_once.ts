/**
 * How pages of a z3fold pool are found, listed and given up by who is alone: all
 * locks are free then, and what is looked at again under one is as it was.
 */
import { NO_PAGE } from "../memory/memory.ts";
import { NO_LIST } from "./page_lists.ts";
import {
  canHaveObject,
  makeSlots,
  makeStale,
  pageInSlot,
} from "./page_sections.ts";
import { LOOKUP } from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { PAGE_HEADLESS } from "./z3fold_page.ts";

/** Lists a page by its free chunks, unless it is full. */
export function addToUnbuddied({ lists }: Z3foldParts, pfn: number): void {
  if (!lists.hasRoom(pfn)) return;
  lists.list(pfn);
  lists.setOnThisCpu(pfn);
}

/** A page with room, held and off its list, or `NO_PAGE`. */
export function takeUnbuddied(parts: Z3foldParts, chunks: number): number {
  const { pages } = parts.lists;
  const pfn = takeOwn(parts, chunks);
  if (pfn === NO_PAGE || pages.slots(pfn) !== NO_SLOTS) return pfn;
  if (makeSlots(parts, pfn)) return pfn;
  if (pages.putPage(pfn)) releasePage(parts, pfn);
  else addToUnbuddied(parts, pfn);
  return NO_PAGE;
}

/**
 * A page from any list of this CPU. Where there is none, there is none whose room
 * is just as much, for which others look a second time.
 */
function takeOwn(parts: Z3foldParts, chunks: number): number {
  const { lists } = parts;
  for (;;) {
    const list = lists.listWithRoom(chunks);
    if (list === NO_LIST) return NO_PAGE;
    const pfn = lists.unbuddied.first(list);
    lists.takeOff(pfn, LOOKUP);
    if (!canHaveObject(parts, pfn)) continue;
    lists.pages.getPage(pfn);
    return pfn;
  }
}

/** Gives up a page with its last reference. */
export function releasePage(parts: Z3foldParts, pfn: number): void {
  makeStale(parts, pfn);
  parts.lists.lru.delete(pfn);
  parts.work.stale.unshift(pfn);
}

/** The page of an object, which has to be there. */
export function pageOf(
  parts: Z3foldParts,
  handle: number,
  verb: string,
): number {
  const { handles } = parts;
  handles.assertNames(handle, verb);
  const isHeadless = (handle & PAGE_HEADLESS) !== 0;
  return isHeadless ? handles.pageOf(handle) : pageInSlot(parts, handle);
}
