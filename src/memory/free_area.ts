/** Free lists: `struct free_area`, one for each order, with a list for each migrate type. */
import { MIGRATE_CMA } from "../linux/gfp.ts";
import { listHead, NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import type { Zone } from "./zone.ts";

/** Which end of a list a block is put to. */
export type ListEnd = "head" | "tail";

/** The first block of a list, or {@linkcode NO_BLOCK}. Specifies `get_page_from_free_area`. */
export function firstFree(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): number {
  const head = listHead(buddy, zone, order, type);
  const first = buddy.next[head];
  return first === head ? NO_BLOCK : first;
}

/** Lists a block as free. Specifies `add_to_free_list` and `set_buddy_order`. */
export function addToFreeList(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  order: number,
  type: number,
  end: ListEnd,
): void {
  link(buddy, pfn, listHead(buddy, zone, order, type), end);
  buddy.orders[pfn] = order;
  zone.nrFree[order]++;
}

/** Takes a block off its list. Specifies `del_page_from_free_list`. */
export function deleteFromFreeList(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
): void {
  unlink(buddy, pfn);
  zone.nrFree[buddy.orders[pfn]]--;
  buddy.orders[pfn] = NO_BLOCK;
}

/** Puts a free block on another list of its order. Specifies `move_to_free_list`. */
export function moveToFreeList(
  buddy: PageAllocator,
  zone: Zone,
  pfn: number,
  type: number,
): void {
  unlink(buddy, pfn);
  const head = listHead(buddy, zone, buddy.orders[pfn], type);
  link(buddy, pfn, head, buddy.release.movedTo);
}

/**
 * Counts pages of a type that became free, or are free no more where it is
 * below 0. Specifies `__mod_zone_freepage_state`, `account_freepages` since 6.10.
 */
export function accountFreePages(
  zone: Zone,
  pages: number,
  type: number,
): void {
  zone.freePages += pages;
  if (type === MIGRATE_CMA) zone.freeCma += pages;
}

/** `list_add` and `list_add_tail`. */
function link(
  { next, prev }: PageAllocator,
  pfn: number,
  head: number,
  end: ListEnd,
): void {
  const before = end === "head" ? head : prev[head];
  const after = next[before];
  next[before] = pfn;
  prev[pfn] = before;
  next[pfn] = after;
  prev[after] = pfn;
}

/** `list_del`: the links of what is on no list are its own. */
function unlink({ next, prev }: PageAllocator, pfn: number): void {
  next[prev[pfn]] = next[pfn];
  prev[next[pfn]] = prev[pfn];
  next[pfn] = pfn;
  prev[pfn] = pfn;
}
