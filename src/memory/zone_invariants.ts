/** Invariants of zones: what is counted, and that every frame is somewhere. */
import { MIGRATE_CMA, MIGRATE_TYPES } from "../linux/gfp.ts";
import {
  type Checked,
  expectEqual,
  heldIf,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import { listedBlocks } from "./block_invariants.ts";
import { listHead, NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import {
  type Memory,
  PAGE_FLAGS,
  PAGE_STRIDE,
  PG_ALLOCATED,
} from "./memory.ts";
import type { Zone } from "./zone.ts";

/** A zone, and the allocator that has it. */
export interface BuddyZone {
  /** The allocator. */
  readonly buddy: PageAllocator;
  /** The zone. */
  readonly zone: Zone;
}

/** A rule of zones. */
export type ZoneInvariant = Invariant<Memory, BuddyZone>;

/** Frames. */
const ONE_PLACE: ZoneInvariant = {
  id: "page_alloc/one-place",
  sentence:
    "Every frame of a zone is in one free block or in one that is allocated, and in no other.",
  source: "PageBuddy, __free_one_page, expand, mm/page_alloc.c, 2.6.39",
  check({ page }, { buddy: { orders, allocated }, zone: { start, end } }) {
    for (let pfn = start; pfn < end;) {
      const [free, taken] = [orders[pfn], allocated[pfn]];
      if ((free === NO_BLOCK) === (taken === NO_BLOCK)) {
        return {
          where: `page ${pfn}`,
          expected: "the first frame of a free block or of an allocated one",
          found: free === NO_BLOCK ? "neither" : "both",
        };
      }
      const block = { pfn, order: Math.max(free, taken) };
      const wrong = wrongWithin(page, orders, allocated, block, taken);
      if (wrong !== undefined) return wrong;
      pfn += 2 ** block.order;
    }
  },
};

/** What is wrong with the frames of a block behind its first, and with all frames' flags. */
function wrongWithin(
  page: Uint32Array,
  orders: Int8Array,
  allocated: Int8Array,
  { pfn, order }: { readonly pfn: number; readonly order: number },
  taken: number,
): Checked {
  const expected = taken === NO_BLOCK ? 0 : PG_ALLOCATED;
  for (let frame = pfn; frame < pfn + 2 ** order; frame++) {
    const flag = page[frame * PAGE_STRIDE + PAGE_FLAGS] & PG_ALLOCATED;
    if (flag !== expected) {
      return { where: `flags of page ${frame}`, expected, found: flag };
    }
    const isFirst = orders[frame] !== NO_BLOCK || allocated[frame] !== NO_BLOCK;
    if (isFirst !== (frame === pfn)) {
      return {
        where: `page ${frame}`,
        expected: `a frame within the block at ${pfn}`,
        found: "the first frame of another block",
      };
    }
  }
  return undefined;
}

/** Blocks by order. */
const NR_FREE: ZoneInvariant = {
  id: "page_alloc/nr-free",
  sentence:
    "A free area counts the blocks of its lists, of all migrate types, and every free block is on one.",
  source: "nr_free in add_to_free_list, mm/page_alloc.c, 2.6.24",
  check(_, { buddy, zone }) {
    const { orders } = buddy;
    const heads = new Int32Array(buddy.maxOrder + 1);
    for (let pfn = zone.start; pfn < zone.end; pfn++) {
      if (orders[pfn] !== NO_BLOCK) heads[orders[pfn]]++;
    }
    for (let order = 0; order <= buddy.maxOrder; order++) {
      const where = `order ${order} of zone ${zone.name}`;
      const listed = MIGRATE_TYPES.reduce(
        (sum, _, type) => sum + lengthOf(buddy, zone, order, type),
        0,
      );
      const wrong = expectEqual(where, zone.nrFree[order], listed) ??
        expectEqual(`blocks of ${where}`, heads[order], listed);
      if (wrong !== undefined) return wrong;
    }
  },
};

function lengthOf(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): number {
  let length = 0;
  for (const _ of listedBlocks(buddy, zone, order, type)) length++;
  return length;
}

/** Free pages. */
const FREE_PAGES: ZoneInvariant = {
  id: "page_alloc/free-pages",
  sentence: "A zone counts the frames of its free blocks.",
  source:
    "NR_FREE_PAGES in __mod_zone_freepage_state, account_freepages, mm/page_alloc.c, 2.6.21",
  check(_, { zone }) {
    const sum = zone.nrFree.reduce(
      (pages, count, order) => pages + count * 2 ** order,
      0,
    );
    return expectEqual(`zone ${zone.name}`, zone.freePages, sum);
  },
};

/** Free pages of CMA areas. */
const FREE_CMA: ZoneInvariant = {
  id: "page_alloc/free-cma",
  sentence: "A zone counts the frames of its CMA areas' free blocks.",
  source:
    "NR_FREE_CMA_PAGES in __mod_zone_freepage_state, mm/page_alloc.c, 3.7",
  check(_, { buddy, zone }) {
    if (zone.cmaPages === 0) return heldOrNone(zone);
    let sum = 0;
    for (let order = 0; order <= buddy.maxOrder; order++) {
      sum += lengthOf(buddy, zone, order, MIGRATE_CMA) * 2 ** order;
    }
    return expectEqual(`zone ${zone.name}`, zone.freeCma, sum);
  },
};

/** A zone without a CMA area counts none. */
function heldOrNone({ name, freeCma }: Zone): Checked {
  return expectEqual(`zone ${name}`, freeCma, 0) ?? SILENT;
}

/** CMA areas stay. */
const CMA_BLOCKS: ZoneInvariant = {
  id: "page_alloc/cma-blocks",
  sentence:
    "A zone has as many pageblocks of the type CMA as its areas have: nobody claims one.",
  source: "init_cma_reserved_pageblock, fallbacks, mm/page_alloc.c, 3.5",
  check(_, { buddy: { blockTypes, pageblockOrder }, zone }) {
    let pages = 0;
    for (let pfn = zone.start; pfn < zone.end; pfn += 2 ** pageblockOrder) {
      if (blockTypes[pfn >>> pageblockOrder] === MIGRATE_CMA) {
        pages += 2 ** pageblockOrder;
      }
    }
    return expectEqual(`zone ${zone.name}`, pages, zone.cmaPages) ??
      heldIf(zone.cmaPages > 0);
  },
};

/** The least that is free. */
const WATERMARK: ZoneInvariant = {
  id: "page_alloc/watermark",
  sentence:
    "A zone keeps its minimum watermark free, as nobody here may go below it.",
  source: "__zone_watermark_ok, mm/page_alloc.c, 2.6.13",
  check(_, { zone }) {
    const { name, min, freePages, start, end } = zone;
    if (min === 0 || end - start <= min) return SILENT;
    if (freePages >= min) return undefined;
    return {
      where: `zone ${name}`,
      expected: `${min} pages or more`,
      found: freePages,
    };
  },
};

/** Heads of lists. */
const HEADS: ZoneInvariant = {
  id: "page_alloc/list-heads",
  sentence: "A list's head has its first block before the last.",
  source: "list_add, list_del, __list_add_valid, lib/list_debug.c, 4.10",
  check(_, { buddy, zone }) {
    const { next, prev, maxOrder } = buddy;
    for (let order = 0; order <= maxOrder; order++) {
      for (const type of MIGRATE_TYPES.keys()) {
        const head = listHead(buddy, zone, order, type);
        const where = `the list of order ${order} and type ${
          MIGRATE_TYPES[type]
        } of zone ${zone.name}`;
        const wrong = expectEqual(where, prev[next[head]], head) ??
          expectEqual(where, next[prev[head]], head);
        if (wrong !== undefined) return wrong;
      }
    }
  },
};

/** What holds of every zone. */
export const ZONE_INVARIANTS: readonly ZoneInvariant[] = [
  HEADS,
  ONE_PLACE,
  NR_FREE,
  FREE_PAGES,
  FREE_CMA,
  CMA_BLOCKS,
  WATERMARK,
];
