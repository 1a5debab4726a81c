/** Pageblocks: what the pages of a block are for, which keeps those that stay together. */
import {
  MIGRATE_CMA,
  MIGRATE_MOVABLE,
  MIGRATE_RECLAIMABLE,
} from "../linux/gfp.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { moveToFreeList } from "./free_area.ts";
import { spans, type Zone } from "./zone.ts";

/** Sets the type of the pageblocks of a block that is a pageblock or more. */
export function changePageblockRange(
  { blockTypes, pageblockOrder }: PageAllocator,
  pfn: number,
  order: number,
  type: number,
): void {
  const first = pfn >>> pageblockOrder;
  blockTypes.fill(type, first, first + 2 ** (order - pageblockOrder));
}

/** Whether a type falls back on others (`migratetype_is_mergeable`, 5.18). */
export function isMergeable(type: number): boolean {
  return type <= MIGRATE_RECLAIMABLE;
}

/** Whether movable pages may be moved to a pageblock. Specifies `is_migrate_movable`. */
export function isMigrateMovable(type: number): boolean {
  return type === MIGRATE_MOVABLE || type === MIGRATE_CMA;
}

/** What there is in a pageblock. */
export interface PageblockTally {
  /** Its first frame. */
  readonly start: number;
  /** Free frames. */
  readonly free: number;
  /** Allocated frames that could be moved. */
  readonly movable: number;
}

/**
 * Counts the frames of a pageblock; `undefined` where a part of it is not the
 * zone's. Specifies `prep_move_freepages_block`, since 6.10.
 */
export function tallyPageblock(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
): PageblockTally | undefined {
  const { start, end } = pageblockOf(buddy, pfn);
  if (!spans(zone, start) || !spans(zone, end - 1)) return undefined;
  return tallyRange(buddy, start, end);
}

/**
 * Moves the free blocks of a pageblock to the lists of a type, and counts.
 * Of a pageblock that begins before its zone only what is behind the block is
 * moved, of one that ends after it nothing. Specifies `move_freepages_block`, up
 * to 6.9.
 */
export function moveFreepagesBlock(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  type: number,
): PageblockTally {
  const { start, end } = pageblockOf(buddy, pfn);
  const from = spans(zone, start) ? start : pfn;
  if (!spans(zone, end - 1)) return { start, free: 0, movable: 0 };
  const tally = tallyRange(buddy, from, end);
  moveFreePages(buddy, zone, from, end, type);
  return tally;
}

/** Moves the free blocks of a range to the lists of a type. Specifies `move_freepages`. */
export function moveFreePages(
  buddy: PageAllocator,
  zone: Zone,
  start: number,
  end: number,
  type: number,
): void {
  const { orders } = buddy;
  for (let pfn = start; pfn < end;) {
    const order = orders[pfn];
    if (order !== NO_BLOCK) moveToFreeList(buddy, zone, pfn, type);
    pfn += order === NO_BLOCK ? 1 : 2 ** order;
  }
}

/** The frames of the pageblock that a frame is in. */
export function pageblockOf(
  { pageblockOrder }: PageAllocator,
  pfn: number,
): { readonly start: number; readonly end: number } {
  const start = pfn >>> pageblockOrder << pageblockOrder;
  return { start, end: start + 2 ** pageblockOrder };
}

function tallyRange(
  buddy: PageAllocator,
  start: number,
  end: number,
): PageblockTally {
  const { orders, owners } = buddy;
  let [free, movable] = [0, 0];
  for (let pfn = start; pfn < end;) {
    const order = orders[pfn];
    if (order !== NO_BLOCK) free += 2 ** order;
    else if (owners[pfn] !== 0) movable++;
    pfn += order === NO_BLOCK ? 1 : 2 ** order;
  }
  return { start, free, movable };
}
