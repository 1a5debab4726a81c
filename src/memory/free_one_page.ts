/** Freeing: a block merges with its buddy while that is free too. */
import { blockTypeOf, type PageAllocator } from "./page_allocator.ts";
import {
  accountFreePages,
  addToFreeList,
  deleteFromFreeList,
  type ListEnd,
} from "./free_area.ts";
import { changePageblockRange, isMergeable } from "./pageblock.ts";
import { spans, type Zone } from "./zone.ts";

/**
 * Frees a block of a zone to the lists of `type`, merged as far as it goes.
 * Where the buddy of what it would merge to next is free, it comes to the end of
 * its list, so that it is not taken before it merges; with `end` it comes there.
 * Specifies `__free_one_page`.
 */
export function freeOnePage(
  buddy: PageAllocator,
  zone: Zone,
  block: number,
  blockOrder: number,
  type: number,
  end?: ListEnd,
): void {
  accountFreePages(zone, 2 ** blockOrder, type);
  let [pfn, order] = [block, blockOrder];
  while (order < buddy.maxOrder && mergesAt(buddy, zone, pfn, order, type)) {
    const other = pfn ^ 2 ** order;
    deleteFromFreeList(buddy, zone, other);
    if (buddy.release.listsFollowBlocks && order >= buddy.pageblockOrder) {
      changePageblockRange(buddy, other, order, type);
    }
    pfn = Math.min(pfn, other);
    order++;
  }
  const merging = mergeLikely(buddy, zone, pfn, order) ? "tail" : "head";
  addToFreeList(buddy, zone, pfn, order, type, end ?? merging);
}

/** Whether the buddy of a block is free, as a whole. Specifies `page_is_buddy`. */
export function isBuddyFree(
  { orders }: PageAllocator,
  zone: Zone,
  pfn: number,
  order: number,
): boolean {
  const other = pfn ^ 2 ** order;
  return spans(zone, other) && orders[other] === order;
}

/**
 * Whether two free blocks of an order may be one: of pageblocks, where these are
 * of types that may merge.
 */
export function mayMerge(
  buddy: PageAllocator,
  order: number,
  type: number,
  otherType: number,
): boolean {
  return order < buddy.pageblockOrder || buddy.release.merges === "any" ||
    type === otherType || isMergeable(type) && isMergeable(otherType);
}

function mergesAt(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  order: number,
  type: number,
): boolean {
  return isBuddyFree(buddy, zone, pfn, order) &&
    mayMerge(buddy, order, type, blockTypeOf(buddy, pfn ^ 2 ** order));
}

/** Whether a block's buddy may soon be free. Specifies `buddy_merge_likely`. */
function mergeLikely(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  order: number,
): boolean {
  if (order >= buddy.maxOrder - 1) return false;
  const higher = pfn & ~(2 ** order);
  return isBuddyFree(buddy, zone, higher, order + 1);
}
