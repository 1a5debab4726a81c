/** When compaction has made what it was for. */
import { type Gfp, MIGRATE_CMA } from "../linux/gfp.ts";
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import { fallbackTypeAt, takesOver } from "./fallback.ts";
import { firstFree } from "./free_area.ts";
import { pageblockOf } from "./pageblock.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { zoneWatermarkOk } from "./watermark.ts";
import type { Zone } from "./zone.ts";

/** An allocation that compaction is for. */
interface Wanted {
  readonly order: number;
  readonly gfp: Gfp;
}

/** Whether an allocation has its block, where the migrate scanner is. */
type Finished = (
  buddy: PageAllocator,
  zone: Zone,
  migratePfn: number,
  wanted: Wanted,
) => boolean;

const FINISHED: Readonly<
  Record<PageAllocRelease["compactionEnds"], Finished>
> = {
  "own-type": (buddy, zone, _, { order, gfp }) =>
    zoneWatermarkOk(buddy, zone, order, zone.low, gfp) &&
    hasOrder(
      buddy,
      order,
      (current) =>
        isListed(buddy, zone, current, gfp.migrateType) ||
        current >= buddy.pageblockOrder && zone.nrFree[current] > 0,
    ),
  "takes-over": (buddy, zone, migratePfn, { order, gfp }) => {
    const { start } = pageblockOf(buddy, migratePfn);
    // Once begun, a pageblock is scanned to its end.
    if (start !== migratePfn && migratePfn !== zone.start) return false;
    return hasOrder(
      buddy,
      order,
      (current) =>
        isListed(buddy, zone, current, gfp.migrateType) ||
        gfp.cma && isListed(buddy, zone, current, MIGRATE_CMA) ||
        takesOver(buddy, current, gfp.migrateType) &&
          fallbackTypeAt(buddy, zone, current, gfp) !== undefined,
    );
  },
};

/**
 * Whether a block of an order or more is there that an allocation would have.
 * Specifies `compact_finished`.
 */
export function compactFinished(
  buddy: PageAllocator,
  zone: Zone,
  migratePfn: number,
  wanted: Wanted,
): boolean {
  const { compactionEnds } = buddy.release;
  return FINISHED[compactionEnds](buddy, zone, migratePfn, wanted);
}

function hasOrder(
  { maxOrder }: PageAllocator,
  order: number,
  isThere: (current: number) => boolean,
): boolean {
  for (let current = order; current <= maxOrder; current++) {
    if (isThere(current)) return true;
  }
  return false;
}

function isListed(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): boolean {
  return firstFree(buddy, zone, order, type) !== NO_BLOCK;
}
