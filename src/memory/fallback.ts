/** Fallback: an allocation that finds nothing of its own type takes of another. */
import {
  MIGRATE_CMA,
  MIGRATE_MOVABLE,
  MIGRATE_RECLAIMABLE,
  MIGRATE_TYPES,
  MIGRATE_UNMOVABLE,
} from "../linux/gfp.ts";
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import { blockTypeOf, NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { firstFree, moveToFreeList } from "./free_area.ts";
import {
  changePageblockRange,
  moveFreePages,
  moveFreepagesBlock,
  pageblockOf,
  type PageblockTally,
  tallyPageblock,
} from "./pageblock.ts";
import { type Asked, takeBlock, takeSmallest } from "./take_block.ts";
import type { Zone } from "./zone.ts";

/** Takes a block of another type, or answers {@linkcode NO_BLOCK}. */
type Fallback = (buddy: PageAllocator, zone: Zone, asked: Asked) => number;

/** The types that each falls back on, in their order. Specifies `fallbacks`. */
const FALLBACK_TYPES: readonly (readonly number[])[] = [
  [MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE],
  [MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE],
  [MIGRATE_UNMOVABLE, MIGRATE_MOVABLE],
];

/** Another type's block. */
interface Found {
  readonly pfn: number;
  readonly type: number;
  readonly order: number;
}

/**
 * Whether an allocation takes over the pageblock of a block of an order, and not
 * that block alone. Specifies `can_steal_fallback`, `should_try_claim_block`
 * since 6.15.
 */
export function takesOver(
  { release, pageblockOrder }: PageAllocator,
  order: number,
  type: number,
): boolean {
  return order >= Math.floor(pageblockOrder / 2) ||
    release.claimsAlways.includes(MIGRATE_TYPES[type]);
}

/** The first type of the fallbacks that has a block of an order, or `undefined`. */
export function fallbackTypeAt(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  { migrateType, cma }: Asked["gfp"],
): number | undefined {
  const types = FALLBACK_TYPES[migrateType];
  const isCmaOne = buddy.release.cma === "first-fallback" && cma;
  return (isCmaOne ? [MIGRATE_CMA, ...types] : types).find((type) =>
    firstFree(buddy, zone, order, type) !== NO_BLOCK
  );
}

/** What is found of an order. Specifies `find_suitable_fallback`. */
function foundAt(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  { gfp }: Asked,
): Found | undefined {
  const type = fallbackTypeAt(buddy, zone, order, gfp);
  return type === undefined
    ? undefined
    : { pfn: firstFree(buddy, zone, order, type), type, order };
}

/** The largest orders first, down to what is asked for, or to whole pageblocks. */
function* largestFirst(
  buddy: PageAllocator,
  zone: Zone,
  asked: Asked,
): Generator<Found> {
  const { maxOrder, pageblockOrder } = buddy;
  const least = asked.noFragment
    ? Math.max(asked.order, pageblockOrder)
    : asked.order;
  for (let order = maxOrder; order >= least; order--) {
    const found = foundAt(buddy, zone, order, asked);
    if (found !== undefined) yield found;
  }
}

/** The smallest block of another type. */
function smallest(
  buddy: PageAllocator,
  zone: Zone,
  asked: Asked,
): Found | undefined {
  for (let order = asked.order; order <= buddy.maxOrder; order++) {
    const found = foundAt(buddy, zone, order, asked);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The largest block; what is left of it is the allocation's type's, but a CMA
 * area's stays that. Specifies `__rmqueue_fallback` and `try_to_steal_freepages`
 * up to 4.0.
 */
const borrow: Fallback = (buddy, zone, asked) => {
  const [found] = largestFirst(buddy, zone, asked);
  if (found === undefined) return NO_BLOCK;
  const { gfp: { migrateType }, order } = asked;
  const { pfn, type } = found;
  if (type === MIGRATE_CMA) {
    return takeBlock(buddy, zone, { pfn, order, type, remains: type });
  }
  if (found.order >= buddy.pageblockOrder) {
    changePageblockRange(buddy, pfn, found.order, migrateType);
  } else if (takesOver(buddy, found.order, migrateType)) {
    const { start, free } = moveFreepagesBlock(buddy, zone, pfn, migrateType);
    if (free >= halfPageblock(buddy)) setBlockType(buddy, start, migrateType);
  }
  return takeBlock(buddy, zone, { pfn, order, type, remains: migrateType });
};

/**
 * The largest block, or the smallest where a movable page may not take over its
 * pageblock; then the smallest of the type's own, of which there is one now.
 * Specifies `__rmqueue_fallback` and `steal_suitable_fallback`, 4.13 to 6.9.
 */
const steal: Fallback = (buddy, zone, asked) => {
  const { gfp: { migrateType }, order } = asked;
  const [largest] = largestFirst(buddy, zone, asked);
  if (largest === undefined) return NO_BLOCK;
  const isOver = takesOver(buddy, largest.order, migrateType);
  const found = !isOver && migrateType === MIGRATE_MOVABLE &&
      largest.order > order
    ? smallest(buddy, zone, asked) ?? largest
    : largest;
  stealSuitable(buddy, zone, found, migrateType);
  return takeSmallest(buddy, zone, order, migrateType);
};

/** Moves a block, or all of its pageblock, to the lists of a type. */
function stealSuitable(
  buddy: PageAllocator,
  zone: Zone,
  { pfn, order }: Found,
  type: number,
): void {
  if (order >= buddy.pageblockOrder) {
    changePageblockRange(buddy, pfn, order, type);
  } else if (takesOver(buddy, order, type)) {
    const wasType = blockTypeOf(buddy, pfn);
    const tally = moveFreepagesBlock(buddy, zone, pfn, type);
    if (isMostlyAlike(buddy, tally, type, wasType)) {
      setBlockType(buddy, tally.start, type);
    }
    if (tally.free > 0) return;
  }
  moveToFreeList(buddy, zone, pfn, type);
}

/**
 * A pageblock that can be claimed, then, unless fragments are avoided, the
 * smallest block. Specifies `__rmqueue_claim` and `__rmqueue_steal`, since 6.15.
 */
const claim: Fallback = (buddy, zone, asked) => {
  const { gfp: { migrateType }, order, noFragment } = asked;
  for (const found of largestFirst(buddy, zone, asked)) {
    if (!takesOver(buddy, found.order, migrateType)) break;
    const pfn = claimBlock(buddy, zone, found, asked);
    if (pfn !== NO_BLOCK) return pfn;
  }
  const found = noFragment ? undefined : smallest(buddy, zone, asked);
  if (found === undefined) return NO_BLOCK;
  const { pfn, type } = found;
  return takeBlock(buddy, zone, { pfn, order, type, remains: type });
};

/** Claims the pageblock of a block, and takes of it. Specifies `try_to_claim_block`. */
function claimBlock(
  buddy: PageAllocator,
  zone: Zone,
  { pfn, type, order: foundOrder }: Found,
  { gfp: { migrateType }, order }: Asked,
): number {
  if (foundOrder >= buddy.pageblockOrder) {
    changePageblockRange(buddy, pfn, foundOrder, migrateType);
    return takeBlock(buddy, zone, { pfn, order, type, remains: migrateType });
  }
  const tally = tallyPageblock(buddy, zone, pfn);
  if (tally === undefined) return NO_BLOCK;
  if (!isMostlyAlike(buddy, tally, migrateType, type)) return NO_BLOCK;
  const { start, end } = pageblockOf(buddy, pfn);
  moveFreePages(buddy, zone, start, end, migrateType);
  setBlockType(buddy, start, migrateType);
  return takeSmallest(buddy, zone, order, migrateType);
}

/**
 * Whether half of a pageblock is free or in use by what is alike: what moves,
 * for a movable allocation; for another what does not, if the block was
 * movable, as nobody can tell unmovable from reclaimable pages.
 */
function isMostlyAlike(
  buddy: PageAllocator,
  { free, movable }: PageblockTally,
  type: number,
  wasType: number,
): boolean {
  const unmoving = wasType === MIGRATE_MOVABLE
    ? 2 ** buddy.pageblockOrder - (free + movable)
    : 0;
  const alike = type === MIGRATE_MOVABLE ? movable : unmoving;
  return free > 0 && free + alike >= halfPageblock(buddy);
}

const halfPageblock = ({ pageblockOrder }: PageAllocator): number =>
  2 ** (pageblockOrder - 1);

function setBlockType(
  { blockTypes, pageblockOrder }: PageAllocator,
  pfn: number,
  type: number,
): void {
  blockTypes[pfn >>> pageblockOrder] = type;
}

/** What each kind of fallback does. */
export const FALLBACKS: Readonly<
  Record<PageAllocRelease["fallback"], Fallback>
> = { borrow, steal, claim };
