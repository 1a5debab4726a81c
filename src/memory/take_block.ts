/** Taking blocks: the smallest one that will do, halved until it is as asked for. */
import type { Gfp } from "../linux/gfp.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import {
  accountFreePages,
  addToFreeList,
  deleteFromFreeList,
  firstFree,
} from "./free_area.ts";
import type { Zone } from "./zone.ts";

/** How far an allocation goes. */
export interface Asked {
  /** What it asks for. */
  readonly gfp: Gfp;
  /** Its order. */
  readonly order: number;
  /** Whether pageblocks of other types are left alone (`ALLOC_NOFRAGMENT`). */
  readonly noFragment: boolean;
}

/**
 * Takes the smallest block of a type that is large enough; what is left of it
 * stays of that type. Specifies `__rmqueue_smallest`.
 */
export function takeSmallest(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): number {
  for (let current = order; current <= buddy.maxOrder; current++) {
    const pfn = firstFree(buddy, zone, current, type);
    if (pfn === NO_BLOCK) continue;
    return takeBlock(buddy, zone, { pfn, order, type, remains: type });
  }
  return NO_BLOCK;
}

/** A free block of which some is taken. */
export interface Taken {
  /** Its first frame. */
  readonly pfn: number;
  /** The order of what is taken. */
  readonly order: number;
  /** The migrate type that it is counted as. */
  readonly type: number;
  /** The type of whose lists its remains become. */
  readonly remains: number;
}

/** Takes the first pages of a free block, and lists its remains. Specifies `page_del_and_expand`. */
export function takeBlock(
  buddy: PageAllocator,
  zone: Zone,
  { pfn, order, type, remains }: Taken,
): number {
  const from = buddy.orders[pfn];
  deleteFromFreeList(buddy, zone, pfn);
  accountFreePages(zone, -(2 ** from), type);
  expand(buddy, zone, pfn, order, from, remains);
  accountFreePages(zone, 2 ** from - 2 ** order, remains);
  return pfn;
}

/** Halves a block down to an order; what is cut off is listed. Specifies `expand`. */
function expand(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  low: number,
  high: number,
  type: number,
): void {
  for (let order = high - 1; order >= low; order--) {
    addToFreeList(buddy, zone, pfn + 2 ** order, order, type, "head");
  }
}
