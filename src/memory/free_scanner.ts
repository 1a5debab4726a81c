/** Compaction's free scanner: free pages from a zone's end downwards, to move others to. */
import { GFP_MOVABLE } from "../linux/gfp.ts";
import { accountFreePages, deleteFromFreeList } from "./free_area.ts";
import type { Memory } from "./memory.ts";
import { isMigrateMovable, pageblockOf } from "./pageblock.ts";
import { blockTypeOf, NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { zoneWatermarkOk } from "./watermark.ts";
import type { Zone } from "./zone.ts";

/** The free pages that a compaction has isolated, and where it looks for more. */
export class FreeScanner {
  readonly #memory: Memory;
  readonly #buddy: PageAllocator;
  readonly #zone: Zone;
  /** From this order on a free block is no place to move pages to. */
  readonly #largeOrder: number;
  /** Isolated pages, the next to be taken first. */
  readonly #pages: number[] = [];
  #freePfn: number;

  /** At a zone's last pageblock. `order`: of the allocation that it is for. */
  constructor(
    memory: Memory,
    buddy: PageAllocator,
    zone: Zone,
    order: number | undefined,
  ) {
    this.#memory = memory;
    this.#buddy = buddy;
    this.#zone = zone;
    const isAskedOrder = buddy.release.compactionKeeps === "asked-order";
    this.#largeOrder = isAskedOrder && order !== undefined
      ? order
      : buddy.pageblockOrder;
    this.#freePfn = pageblockOf(buddy, zone.end - 1).start;
  }

  /** Whether the migrate scanner is where this one is. Specifies `compact_scanners_met`. */
  hasMet(migratePfn: number): boolean {
    const { pageblockOrder } = this.#buddy;
    return this.#freePfn < this.#zone.start || migratePfn >= this.#zone.end ||
      this.#freePfn >>> pageblockOrder <= migratePfn >>> pageblockOrder;
  }

  /**
   * A page to move one to, of which `wanted` more are to be moved, or
   * {@linkcode NO_BLOCK}. Specifies `compaction_alloc`.
   */
  take(migratePfn: number, wanted: number): number {
    if (this.#pages.length === 0) this.#isolate(migratePfn, wanted);
    return this.#pages.shift() ?? NO_BLOCK;
  }

  /** Takes a page back that nothing was moved to. Specifies `compaction_free`. */
  giveBack(pfn: number): void {
    this.#pages.unshift(pfn);
  }

  /** Frees what is left. Specifies `release_freepages`. */
  release(): void {
    for (const pfn of this.#pages) this.#memory.freePage(pfn);
    this.#pages.length = 0;
  }

  /**
   * Isolates free pages of pageblocks above the migrate scanner's until there are
   * enough. Specifies `isolate_freepages`.
   */
  #isolate(migratePfn: number, wanted: number): void {
    const { end: low } = pageblockOf(this.#buddy, migratePfn);
    const size = 2 ** this.#buddy.pageblockOrder;
    let from = this.#freePfn;
    let { start } = pageblockOf(this.#buddy, from);
    for (; start >= low; from = start) {
      from = this.#isolateBlock(from, start + size, wanted);
      if (from < start + size) break;
      start -= size;
      if (this.#pages.length >= wanted) {
        from = start;
        break;
      }
    }
    this.#freePfn = from;
  }

  /**
   * Isolates free pages of a pageblock up to enough, and answers where it ended.
   * Specifies `isolate_freepages_block`.
   */
  #isolateBlock(from: number, end: number, wanted: number): number {
    const { orders } = this.#buddy;
    const last = Math.min(end, this.#zone.end);
    let pfn = from;
    if (!this.#isSuitable(from)) return end;
    while (pfn < last) {
      const order = orders[pfn];
      if (order === NO_BLOCK) {
        pfn++;
        continue;
      }
      if (!this.#isolateFree(pfn, order)) return pfn;
      pfn += 2 ** order;
      if (this.#pages.length >= wanted && pfn < last) return pfn;
    }
    return end;
  }

  /** Whether pages may be moved to a pageblock. Specifies `suitable_migration_target`. */
  #isSuitable(pfn: number): boolean {
    const { start } = pageblockOf(this.#buddy, pfn);
    if (start < this.#zone.start) return false;
    return this.#buddy.orders[start] < this.#largeOrder &&
      isMigrateMovable(blockTypeOf(this.#buddy, start));
  }

  /**
   * Takes a free block, page by page, where the minimum watermark allows it.
   * Specifies `__isolate_free_page` and `split_map_pages`.
   */
  #isolateFree(pfn: number, order: number): boolean {
    const size = 2 ** order;
    const mark = this.#zone.min + size;
    const gfp = { ...GFP_MOVABLE, highestZone: this.#zone.name };
    if (!zoneWatermarkOk(this.#buddy, this.#zone, 0, mark, gfp)) return false;
    deleteFromFreeList(this.#buddy, this.#zone, pfn);
    accountFreePages(this.#zone, -size, blockTypeOf(this.#buddy, pfn));
    this.#buddy.allocated.fill(0, pfn, pfn + size);
    this.#memory.takeFrames(pfn, size);
    for (let nth = 0; nth < size; nth++) this.#pages.push(pfn + nth);
    return true;
  }
}
