/** What the buddy allocator of pages knows: its zones, its free lists, its pageblocks. */
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import { MIGRATE_TYPES } from "../linux/gfp.ts";
import type { Zone } from "./zone.ts";

/** What a frame has in {@linkcode PageAllocator.orders} that is the first of no block. */
export const NO_BLOCK: number = -1;

/**
 * The buddy allocator of one memory. Frames go by their numbers in every array.
 *
 * ```text
 * next, prev  lru.next and lru.prev of a free block's first frame; behind the
 *             frames stand the heads of lists, by zone, order and migrate type
 * orders      PageBuddy and buddy_order: the order of the free block that the
 *             frame is the first of, or NO_BLOCK
 * allocated   likewise of blocks that are allocated
 * owners      whose an allocated page is that can be moved, by the number that
 *             its operations have (PageLRU, page_has_movable_ops); 0: nobody's
 * blockTypes  the migrate type of each pageblock (pageblock_flags)
 * ```
 */
export interface PageAllocator {
  /** What its code does. */
  readonly release: PageAllocRelease;
  /** The largest order (`MAX_PAGE_ORDER` since 6.8, `MAX_ORDER - 1` to 6.3): 10. */
  readonly maxOrder: number;
  /** `pageblock_order`: 9 where pages of 4 KiB have huge pages of 2 MiB. */
  readonly pageblockOrder: number;
  /** The zones, the lowest first. */
  readonly zones: readonly Zone[];
  /** The first frame behind all zones: where the heads of lists start. */
  readonly endPfn: number;
  /** `list_head.next`. */
  readonly next: Uint32Array;
  /** `list_head.prev`. */
  readonly prev: Uint32Array;
  /** Orders of free blocks. */
  readonly orders: Int8Array;
  /** Orders of allocated blocks. */
  readonly allocated: Int8Array;
  /** Migrate types of pageblocks. */
  readonly blockTypes: Uint8Array;
  /** Owners of pages that can be moved. */
  readonly owners: Uint8Array;
}

/** The head of a free list: `free_area[order].free_list[type]`. */
export function listHead(
  { endPfn, maxOrder }: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): number {
  const area = zone.index * (maxOrder + 1) + order;
  return endPfn + area * MIGRATE_TYPES.length + type;
}

/** `get_pageblock_migratetype`. */
export function blockTypeOf(
  { blockTypes, pageblockOrder }: PageAllocator,
  pfn: number,
): number {
  return blockTypes[pfn >>> pageblockOrder];
}

/** The zone of a frame, or `undefined` where it is of none. */
export function zoneOf(
  { zones }: PageAllocator,
  pfn: number,
): Zone | undefined {
  return zones.find(({ start, end }) => pfn >= start && pfn < end);
}
