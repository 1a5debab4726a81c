/** Invariants of free blocks, each where its list has it. */
import { MIGRATE_CMA, MIGRATE_TYPES } from "../linux/gfp.ts";
import { type Invariant, SILENT, type Violation } from "../rules/invariant.ts";
import { blockTypeOf, listHead, type PageAllocator } from "./page_allocator.ts";
import { isBuddyFree, mayMerge } from "./free_one_page.ts";
import { type Memory, PAGE_FLAGS, PAGE_STRIDE } from "./memory.ts";
import { spans, type Zone } from "./zone.ts";

/** A block as a free list has it. */
export interface ListedBlock {
  /** The allocator. */
  readonly buddy: PageAllocator;
  /** The zone of the list. */
  readonly zone: Zone;
  /** The block's first frame. */
  readonly pfn: number;
  /** The list's order. */
  readonly order: number;
  /** The list's migrate type. */
  readonly type: number;
}

/** A rule of free blocks. */
export type BlockInvariant = Invariant<Memory, ListedBlock>;

const at = ({ zone, pfn }: ListedBlock): string =>
  `page ${pfn} of zone ${zone.name}`;

/** A block's order is its list's, and its frames are free. */
const LISTED: BlockInvariant = {
  id: "page_alloc/listed",
  sentence:
    "What is on a free list is the first frame of a free block of the list's order, and none of its frames is allocated.",
  source: "set_buddy_order, page_is_buddy, mm/page_alloc.c, 2.6.39",
  check({ page }, block) {
    const { buddy: { orders, allocated }, pfn, order } = block;
    if (orders[pfn] !== order) {
      return { where: at(block), expected: order, found: orders[pfn] };
    }
    for (let frame = pfn; frame < pfn + 2 ** order; frame++) {
      const flags = page[frame * PAGE_STRIDE + PAGE_FLAGS];
      const isHead = frame > pfn && orders[frame] !== -1;
      if (flags === 0 && allocated[frame] === -1 && !isHead) continue;
      return {
        where: `page ${frame} of the free block at ${at(block)}`,
        expected: "a free frame within the block",
        found: isHead
          ? "the first frame of another free block"
          : `an allocated frame (flags ${flags})`,
      };
    }
  },
};

/** Where blocks can lie. */
const ALIGNED: BlockInvariant = {
  id: "page_alloc/aligned",
  sentence:
    "A free block's first frame is a multiple of its size, and all of it is its zone's.",
  source: "__find_buddy_pfn, bad_range, mm/page_alloc.c, 2.6.39",
  check(_, block) {
    const { zone, pfn, order } = block;
    const size = 2 ** order;
    if (pfn % size === 0 && spans(zone, pfn) && spans(zone, pfn + size - 1)) {
      return undefined;
    }
    return {
      where: at(block),
      expected: `a multiple of ${size} from ${zone.start} to ${zone.end}`,
      found: pfn,
    };
  },
};

/** What merges is merged. */
const MERGED: BlockInvariant = {
  id: "page_alloc/merged",
  sentence:
    "No two buddies of one order are free beside each other, but whole pageblocks of which one is CMA's, and since 5.18 alone: before that a CMA area ends where no block can cross.",
  source:
    "__free_one_page, mm/page_alloc.c, 2.6.24; migratetype_is_mergeable, 5.18",
  check(_, block) {
    const { buddy, zone, pfn, order, type } = block;
    if (order >= buddy.maxOrder) return SILENT;
    if (!isBuddyFree(buddy, zone, pfn, order)) return undefined;
    const other = pfn ^ 2 ** order;
    if (!mayMerge(buddy, order, type, blockTypeOf(buddy, other))) return SILENT;
    return {
      where: at(block),
      expected: "one block with its buddy",
      found: `two free blocks of order ${order}, the other at ${other}`,
    };
  },
};

/** Whose list a block is on. */
const TYPE: BlockInvariant = {
  id: "page_alloc/list-type",
  sentence:
    "Since 6.10 a free block is on the list of its pageblocks' type; before that a block that was taken from another type may not be.",
  source: "__add_to_free_list, VM_WARN_ONCE, mm/page_alloc.c, 6.10",
  check(_, block) {
    const { buddy: { release } } = block;
    if (!release.listsFollowBlocks) return SILENT;
    return eachPageblock(block, (type) => type === block.type, block.type);
  },
};

/** CMA's own. */
const CMA: BlockInvariant = {
  id: "page_alloc/cma-lists",
  sentence:
    "Of a CMA area's pageblocks every free block is on a CMA list, and on these is no other.",
  source: "__rmqueue_fallback, fallbacks, mm/page_alloc.c, 3.5",
  check(_, block) {
    const { zone, type } = block;
    if (zone.cmaPages === 0) return SILENT;
    const isCma = type === MIGRATE_CMA;
    return eachPageblock(
      block,
      (one) => (one === MIGRATE_CMA) === isCma,
      isCma ? MIGRATE_CMA : "another type than cma",
    );
  },
};

function eachPageblock(
  block: ListedBlock,
  isRight: (type: number) => boolean,
  expected: number | string,
): Violation | undefined {
  const { buddy: { blockTypes, pageblockOrder }, pfn, order } = block;
  const last = pfn + 2 ** order - 1 >>> pageblockOrder;
  for (let nth = pfn >>> pageblockOrder; nth <= last; nth++) {
    const type = blockTypes[nth];
    if (isRight(type)) continue;
    return {
      where: `pageblock ${nth} of the free block at ${at(block)}`,
      expected: typeof expected === "number"
        ? MIGRATE_TYPES[expected]
        : expected,
      found: MIGRATE_TYPES[type],
    };
  }
  return undefined;
}

/** Links. */
const LINKS: BlockInvariant = {
  id: "page_alloc/links",
  sentence: "The neighbours of a block in its list have it as their neighbour.",
  source: "list_add, list_del, __list_add_valid, lib/list_debug.c, 4.10",
  check(_, block) {
    const { buddy: { next, prev }, pfn } = block;
    const [before, after] = [next[prev[pfn]], prev[next[pfn]]];
    if (before === pfn && after === pfn) return undefined;
    return {
      where: at(block),
      expected: pfn,
      found: before === pfn ? after : before,
    };
  },
};

/** What holds of every free block. */
export const FREE_BLOCK_INVARIANTS: readonly BlockInvariant[] = [
  LISTED,
  ALIGNED,
  MERGED,
  TYPE,
  CMA,
  LINKS,
];

/** The blocks of a free list, up to a number that no list can have. */
export function* listedBlocks(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): Generator<ListedBlock> {
  const head = listHead(buddy, zone, order, type);
  let pfn = buddy.next[head];
  for (let nth = 0; pfn !== head && nth <= buddy.endPfn; nth++) {
    yield { buddy, zone, pfn, order, type };
    pfn = buddy.next[pfn];
  }
}
