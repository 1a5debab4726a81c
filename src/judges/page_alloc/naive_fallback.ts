/** How the second model falls back on another type's blocks. */
import type { NaiveBlock, NaiveZone } from "./naive_zone.ts";

/** What is asked of a zone. */
export interface NaiveAsk {
  readonly order: number;
  readonly type: number;
  readonly usesCma: boolean;
  /** Whether pageblocks of other types are not to be broken. */
  readonly isGentle: boolean;
  /** The frames that could be moved. */
  readonly isMovable: (pfn: number) => boolean;
}

const [UNMOVABLE, MOVABLE, RECLAIMABLE, , CMA] = [0, 1, 2, 3, 4];

/** Whose blocks are taken, in which order. */
function others({ kernel }: NaiveZone, { type, usesCma }: NaiveAsk): number[] {
  const first = kernel.cma === "fallback" && usesCma ? [CMA] : [];
  return [...first, RECLAIMABLE, UNMOVABLE, MOVABLE]
    .filter((other) => other !== type);
}

/** Of each order from `least` on the first block, of the first type that has one. */
function* blocksOf(
  zone: NaiveZone,
  least: number,
  types: readonly number[],
): Generator<NaiveBlock> {
  for (let order = least; order <= zone.orders.maxOrder; order++) {
    const block = types.values().map((type) => zone.first(order, type))
      .find((one) => one !== undefined);
    if (block !== undefined) yield block;
  }
}

/** Blocks of other types, one of each order, the largest first. */
function candidates(zone: NaiveZone, ask: NaiveAsk): NaiveBlock[] {
  const { pageblockOrder } = zone.orders;
  const least = ask.isGentle ? Math.max(pageblockOrder, ask.order) : ask.order;
  return [...blocksOf(zone, least, others(zone, ask))].reverse();
}

/** Whether a pageblock is taken over for a block of an order. */
function takesOver(
  { kernel, orders }: NaiveZone,
  order: number,
  type: number,
): boolean {
  if (order >= orders.pageblockOrder >> 1) return true;
  return type === RECLAIMABLE ||
    type === UNMOVABLE && kernel.unmovableTakesOver;
}

/** A pageblock, as it is looked through. */
interface Pageblock {
  readonly isWhole: boolean;
  readonly free: NaiveBlock[];
  readonly freeFrames: number;
  readonly movable: number;
}

/** Looks through the pageblock of a block, or what of it a kernel looks at. */
function pageblockOf(
  zone: NaiveZone,
  { pfn }: NaiveBlock,
  { isMovable }: NaiveAsk,
): Pageblock {
  const size = zone.pageblockSize;
  const begin = zone.pageblock(pfn) * size;
  const end = begin + size;
  const from = begin < zone.start ? pfn : begin;
  const free = zone.blocks
    .filter((block) => block.pfn >= from && block.pfn < end)
    .toSorted((one, other) => one.pfn - other.pfn);
  let movable = 0;
  for (let at = from; at < end; at++) if (isMovable(at)) movable++;
  return {
    isWhole: end <= zone.end,
    free,
    freeFrames: free.reduce((sum, { order }) => sum + 2 ** order, 0),
    movable,
  };
}

/** Whether enough of a pageblock is free or in use by what is alike. */
function isAlike(
  zone: NaiveZone,
  { freeFrames, movable }: Pageblock,
  type: number,
  before: number,
): boolean {
  const size = zone.pageblockSize;
  let alike = 0;
  if (type === MOVABLE) alike = movable;
  else if (before === MOVABLE) alike = size - freeFrames - movable;
  return 2 * (freeFrames + alike) >= size;
}

/** Up to 4.0: the largest block, and all that is left of it. */
function takesTheRest(zone: NaiveZone, ask: NaiveAsk): number | undefined {
  const [block] = candidates(zone, ask);
  if (block === undefined) return undefined;
  if (block.type === CMA) return zone.take(block, ask.order, CMA);
  if (block.order >= zone.orders.pageblockOrder) {
    zone.setTypes(block.pfn, block.order, ask.type);
  } else if (takesOver(zone, block.order, ask.type)) {
    const pageblock = pageblockOf(zone, block, ask);
    if (pageblock.isWhole) {
      for (const one of pageblock.free) zone.move(one, ask.type);
      if (2 * pageblock.freeFrames >= zone.pageblockSize) {
        zone.setTypes(block.pfn, 0, ask.type);
      }
    }
  }
  const now = zone.at(block.pfn, block.order) ?? block;
  return zone.take(now, ask.order, ask.type);
}

/** Up to 6.9: a block or a pageblock changes lists, and the smallest is taken. */
function takesPageblocks(zone: NaiveZone, ask: NaiveAsk): number | undefined {
  const [largest] = candidates(zone, ask);
  if (largest === undefined) return undefined;
  const isSmall = ask.type === MOVABLE && largest.order > ask.order &&
    !takesOver(zone, largest.order, MOVABLE);
  const [block = largest] = isSmall
    ? blocksOf(zone, ask.order, others(zone, ask))
    : [];
  const isLarge = block.order >= zone.orders.pageblockOrder;
  if (isLarge) zone.setTypes(block.pfn, block.order, ask.type);
  const pageblock = pageblockOf(zone, block, ask);
  const isOver = !isLarge && takesOver(zone, block.order, ask.type) &&
    pageblock.isWhole;
  if (isOver) {
    const before = zone.typeOf(block.pfn);
    for (const one of pageblock.free) zone.move(one, ask.type);
    if (isAlike(zone, pageblock, ask.type, before)) {
      zone.setTypes(block.pfn, 0, ask.type);
    }
  } else zone.move(block, ask.type);
  return takeSmallest(zone, ask.order, ask.type);
}

/** Since 6.15: a pageblock is claimed whole, or the smallest block is broken. */
function claims(zone: NaiveZone, ask: NaiveAsk): number | undefined {
  for (const block of candidates(zone, ask)) {
    if (!takesOver(zone, block.order, ask.type)) break;
    if (block.order >= zone.orders.pageblockOrder) {
      zone.setTypes(block.pfn, block.order, ask.type);
      return zone.take(block, ask.order, ask.type);
    }
    const pageblock = pageblockOf(zone, block, ask);
    const isWhole = pageblock.isWhole &&
      zone.pageblock(block.pfn) * zone.pageblockSize >= zone.start;
    if (!isWhole || !isAlike(zone, pageblock, ask.type, block.type)) continue;
    for (const one of pageblock.free) zone.move(one, ask.type);
    zone.setTypes(block.pfn, 0, ask.type);
    return takeSmallest(zone, ask.order, ask.type);
  }
  const [block] = ask.isGentle
    ? []
    : blocksOf(zone, ask.order, others(zone, ask));
  return block && zone.take(block, ask.order, block.type);
}

/** The smallest block of a type that will do, if there is one. */
export function takeSmallest(
  zone: NaiveZone,
  order: number,
  type: number,
): number | undefined {
  const [block] = blocksOf(zone, order, [type]);
  return block && zone.take(block, order, type);
}

const FALLBACKS = {
  "takes-the-rest": takesTheRest,
  "takes-pageblocks": takesPageblocks,
  claims,
};

/** Takes a block of another type. */
export function fallBack(zone: NaiveZone, ask: NaiveAsk): number | undefined {
  return FALLBACKS[zone.kernel.fallback](zone, ask);
}
