/** Allocating and freeing by zones: the fast path, then down to the lowest watermark. */
import { type Gfp, ZONE_NAMES } from "../linux/gfp.ts";
import {
  blockTypeOf,
  NO_BLOCK,
  type PageAllocator,
  zoneOf,
} from "./page_allocator.ts";
import { freeOnePage } from "./free_one_page.ts";
import { rmqueue } from "./rmqueue.ts";
import { zoneWatermarkOk } from "./watermark.ts";
import type { Zone } from "./zone.ts";

/**
 * Takes a block of 2^`order` frames, or answers {@linkcode NO_BLOCK}: first of
 * the highest zone that has more than its low watermark free, then, as nobody
 * reclaims here, down to the minimum. Specifies `__alloc_pages` as far as
 * `__alloc_pages_slowpath` asks the free lists once more; as after
 * `drain_all_pages`, no page is on a CPU's list.
 */
export function allocBlock(
  buddy: PageAllocator,
  order: number,
  gfp: Gfp,
): number {
  const zones = zonelist(buddy, gfp);
  const [preferred] = zones;
  if (preferred === undefined) return NO_BLOCK;
  const noFragment = avoidsFragments(buddy, preferred);
  const pfn = takeFrom(buddy, zones, order, gfp, "low", noFragment);
  return pfn === NO_BLOCK
    ? takeFrom(buddy, zones, order, gfp, "min", false)
    : pfn;
}

/** Gives a block back. Specifies `__free_pages_ok`. */
export function freeBlock(
  buddy: PageAllocator,
  pfn: number,
  order: number,
): void {
  const zone = zoneOf(buddy, pfn);
  if (zone === undefined) {
    throw new RangeError(`Cannot free page ${pfn}: it is of no zone`);
  }
  buddy.allocated[pfn] = NO_BLOCK;
  freeOnePage(buddy, zone, pfn, order, blockTypeOf(buddy, pfn));
}

/**
 * The zones that an allocation may have, the highest first
 * (`build_zonerefs_node`).
 */
export function zonelist(
  { zones }: PageAllocator,
  { highestZone }: Gfp,
): readonly Zone[] {
  const highest = ZONE_NAMES.indexOf(highestZone);
  return zones.filter(({ name }) => ZONE_NAMES.indexOf(name) <= highest)
    .toReversed();
}

/**
 * Whether lower zones are looked at before pageblocks of other types: where
 * Normal comes first, and the kernel has a DMA32, which one with high memory
 * has not. Specifies `alloc_flags_nofragment`, since 5.0.
 */
function avoidsFragments(
  { release, zones }: PageAllocator,
  preferred: Zone,
): boolean {
  return release.avoidsFragments && preferred.name === "Normal" &&
    zones.every(({ name }) => name !== "HighMem");
}

/** Specifies `get_page_from_freelist`. */
function takeFrom(
  buddy: PageAllocator,
  zones: readonly Zone[],
  order: number,
  gfp: Gfp,
  watermark: "low" | "min",
  noFragment: boolean,
): number {
  for (const zone of zones) {
    if (!zoneWatermarkOk(buddy, zone, order, zone[watermark], gfp)) continue;
    const pfn = rmqueue(buddy, zone, { gfp, order, noFragment });
    if (pfn === NO_BLOCK) continue;
    buddy.allocated[pfn] = order;
    return pfn;
  }
  // It would look at other zones rather than mix types, but there are none.
  return noFragment
    ? takeFrom(buddy, zones, order, gfp, watermark, false)
    : NO_BLOCK;
}
