/** Making the buddy allocator: all frames are freed to it, as at boot. */
import {
  MIGRATE_CMA,
  MIGRATE_MOVABLE,
  MIGRATE_RESERVE,
  MIGRATE_TYPES,
  ZONE_NAMES,
} from "../linux/gfp.ts";
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import { assertWhole } from "../rules/argument.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { freeOnePage } from "./free_one_page.ts";
import { changePageblockRange, moveFreepagesBlock } from "./pageblock.ts";
import type { Zone, ZoneOptions } from "./zone.ts";

/** What a buddy allocator is made of. */
export interface BuddyOptions {
  /** What its code does. */
  readonly release: PageAllocRelease;
  /** The zones, the lowest first. */
  readonly zones: readonly ZoneOptions[];
  /** The first frame of the first zone that names none. */
  readonly firstPfn: number;
  /** The largest order, up to 10. */
  readonly maxOrder: number;
  /** The order of a pageblock, from 1 to `maxOrder`. */
  readonly pageblockOrder: number;
}

/** A MAX_PAGE_ORDER above this would need an ARCH_FORCE_MAX_ORDER. */
const MOST_MAX_ORDER = 10;

/** The most pageblocks that are a reserve (`setup_zone_migrate_reserve`). */
const MOST_RESERVED = 2;

/**
 * A buddy allocator whose frames are all free: in blocks as large as their
 * alignment allows, movable, with the pageblocks of CMA areas freed last.
 * Specifies `memblock_free_all`, `setup_zone_migrate_reserve` (up to 4.3) and
 * `init_cma_reserved_pageblock`. Throws a RangeError where zones overlap, share
 * a pageblock or are out of order, and where a CMA area has no border of blocks.
 */
export function createBuddy(options: BuddyOptions): PageAllocator {
  const { release, maxOrder, pageblockOrder } = options;
  assertWhole("make memory", "maxOrder", maxOrder, 1, MOST_MAX_ORDER);
  assertWhole("make memory", "pageblockOrder", pageblockOrder, 1, maxOrder);
  const zones = createZones(options);
  const endPfn = zones[zones.length - 1].end;
  const lists = zones.length * (maxOrder + 1) * MIGRATE_TYPES.length;
  const blocks = (endPfn >>> pageblockOrder) + 1;
  const buddy: PageAllocator = {
    release,
    maxOrder,
    pageblockOrder,
    zones,
    endPfn,
    next: Uint32Array.from({ length: endPfn + lists }, (_, nth) => nth),
    prev: Uint32Array.from({ length: endPfn + lists }, (_, nth) => nth),
    orders: new Int8Array(endPfn).fill(NO_BLOCK),
    allocated: new Int8Array(endPfn).fill(NO_BLOCK),
    blockTypes: new Uint8Array(blocks).fill(MIGRATE_MOVABLE),
    owners: new Uint8Array(endPfn),
  };
  for (const [nth, zone] of zones.entries()) {
    boot(buddy, zone, options.zones[nth].cma ?? []);
  }
  return buddy;
}

/** Frees a zone: what is no CMA area's, a reserve of it, the CMA areas. */
function boot(
  buddy: PageAllocator,
  zone: Zone,
  areas: NonNullable<ZoneOptions["cma"]>,
): void {
  let pfn = zone.start;
  for (const [from, pages] of areas) {
    freeRange(buddy, zone, pfn, zone.start + from);
    pfn = zone.start + from + pages;
  }
  freeRange(buddy, zone, pfn, zone.end);
  if (buddy.release.reserve) reserveBlocks(buddy, zone);
  for (const [from, pages] of areas) {
    freeCma(buddy, zone, zone.start + from, pages);
  }
}

/** Frees frames in blocks as large as their alignment allows. Specifies `__free_pages_memory`. */
function freeRange(
  buddy: PageAllocator,
  zone: Zone,
  from: number,
  end: number,
): void {
  const at = buddy.release.bootedTo === "tail" ? "tail" : undefined;
  for (let pfn = from; pfn < end;) {
    let order = Math.min(buddy.maxOrder, alignmentOf(pfn));
    while (pfn + 2 ** order > end) order--;
    freeOnePage(buddy, zone, pfn, order, MIGRATE_MOVABLE, at);
    pfn += 2 ** order;
  }
}

/** The largest order of a block that can start at a frame. */
function alignmentOf(pfn: number): number {
  return pfn === 0 ? MOST_MAX_ORDER : 31 - Math.clz32(pfn & -pfn);
}

/**
 * Makes so many first pageblocks a reserve as the minimum watermark takes, two
 * at most; the free blocks that start in them change lists whole.
 */
function reserveBlocks(buddy: PageAllocator, zone: Zone): void {
  const { pageblockOrder, blockTypes } = buddy;
  const size = 2 ** pageblockOrder;
  let left = Math.min(Math.ceil(zone.min / size), MOST_RESERVED);
  const first = Math.ceil(zone.start / size) * size;
  for (let pfn = first; left > 0 && pfn + size <= zone.end; pfn += size) {
    if (buddy.orders[pfn] === NO_BLOCK) continue;
    blockTypes[pfn >>> pageblockOrder] = MIGRATE_RESERVE;
    moveFreepagesBlock(buddy, zone, pfn, MIGRATE_RESERVE);
    left--;
  }
}

/** Frees a CMA area by pageblocks. Specifies `init_cma_reserved_pageblock`. */
function freeCma(
  buddy: PageAllocator,
  zone: Zone,
  from: number,
  pages: number,
): void {
  const order = buddy.pageblockOrder;
  for (let pfn = from; pfn < from + pages; pfn += 2 ** order) {
    changePageblockRange(buddy, pfn, order, MIGRATE_CMA);
    freeOnePage(buddy, zone, pfn, order, MIGRATE_CMA);
  }
}

function createZones(options: BuddyOptions): Zone[] {
  const { maxOrder, pageblockOrder } = options;
  if (options.zones.length === 0) {
    throw new RangeError("Cannot make memory: there are no 'zones'");
  }
  const zones: Zone[] = [];
  let before = options.firstPfn;
  for (const [index, asked] of options.zones.entries()) {
    const { name, pages, startPfn = before, min = 0, cma = [] } = asked;
    const { low = min + Math.floor(min / 4), lowmemReserve = 0 } = asked;
    assertWhole("make memory", `pages of zone ${name}`, pages, 1);
    assertWhole("make memory", `startPfn of zone ${name}`, startPfn);
    assertWhole("make memory", `min of zone ${name}`, min);
    assertWhole("make memory", `low of zone ${name}`, low, min);
    assertWhole("make memory", `lowmemReserve of zone ${name}`, lowmemReserve);
    const zone: Zone = {
      name,
      index,
      start: startPfn,
      end: startPfn + pages,
      min,
      low,
      lowmemReserve,
      cmaPages: cma.reduce((sum, [, more]) => sum + more, 0),
      nrFree: new Int32Array(maxOrder + 1),
      freePages: 0,
      freeCma: 0,
    };
    const last = zones.at(-1);
    if (last !== undefined) assertBehind(last, zone, pageblockOrder);
    assertCma(zone, cma, options);
    zones.push(zone);
    before = zone.end;
  }
  return zones;
}

/** Throws where a zone is not behind the one before it. */
function assertBehind(last: Zone, zone: Zone, pageblockOrder: number): void {
  if (ZONE_NAMES.indexOf(zone.name) <= ZONE_NAMES.indexOf(last.name)) {
    throw new RangeError(
      `Cannot make memory: zone ${zone.name} is behind zone ${last.name}, not before it`,
    );
  }
  if (zone.start >>> pageblockOrder > (last.end - 1) >>> pageblockOrder) return;
  throw new RangeError(
    `Cannot make memory: zone ${zone.name} starts at page ${zone.start}, in the last pageblock of zone ${last.name} or before it`,
  );
}

/** Throws where a CMA area is not within its zone, or has no border of blocks. */
function assertCma(
  { name, start, end }: Zone,
  areas: NonNullable<ZoneOptions["cma"]>,
  { release, maxOrder, pageblockOrder }: BuddyOptions,
): void {
  const order = release.merges === "any" ? maxOrder : pageblockOrder;
  let least = 0;
  for (const [from, pages] of areas) {
    assertWhole("make memory", `CMA area of zone ${name}`, from, least);
    const most = end - start - from;
    assertWhole(
      "make memory",
      `pages of a CMA area of zone ${name}`,
      pages,
      1,
      most,
    );
    least = from + pages;
    if ((start + from) % 2 ** order === 0 && pages % 2 ** order === 0) continue;
    throw new RangeError(
      `Cannot make memory: a CMA area of zone ${name} starts at page ${
        start + from
      } and has ${pages}, not multiples of ${2 ** order}`,
    );
  }
}
