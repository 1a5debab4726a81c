/** Watermarks: what an allocation must leave free. */
import {
  type Gfp,
  MIGRATE_CMA,
  MIGRATE_RECLAIMABLE,
  ZONE_NAMES,
} from "../linux/gfp.ts";
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { firstFree } from "./free_area.ts";
import type { Zone } from "./zone.ts";

/**
 * Whether a zone has more than a watermark free behind an allocation: what is
 * CMA's counts for who may use it alone. Specifies `__zone_watermark_ok` for
 * who has no access to reserves.
 */
export function zoneWatermarkOk(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  mark: number,
  gfp: Gfp,
): boolean {
  const free = zone.freePages - (2 ** order - 1) - (gfp.cma ? 0 : zone.freeCma);
  const isHigherAllowed = ZONE_NAMES.indexOf(gfp.highestZone) >
    ZONE_NAMES.indexOf(zone.name);
  const reserve = isHigherAllowed ? zone.lowmemReserve : 0;
  if (free <= mark + reserve) return false;
  return order === 0 ||
    LARGE_ORDERS[buddy.release.largeOrders](buddy, zone, order, mark, gfp);
}

/** Whether more than one page can be had where one could. */
type LargeOrder = (
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  mark: number,
  gfp: Gfp,
) => boolean;

const LARGE_ORDERS: Readonly<
  Record<PageAllocRelease["largeOrders"], LargeOrder>
> = {
  /** Up to 4.3. What is CMA's is not taken off here. */
  "smaller-are-not-free": (_, { freePages, nrFree }, order, mark) => {
    let free = freePages - (2 ** order - 1);
    let min = mark;
    for (let smaller = 0; smaller < order; smaller++) {
      free -= nrFree[smaller] * 2 ** smaller;
      min = Math.floor(min / 2);
      if (free <= min) return false;
    }
    return true;
  },
  /** Of any type that falls back on others, or CMA's. Since 4.4. */
  "a-block-is-there": (buddy, zone, order, _, { cma }) => {
    for (let larger = order; larger <= buddy.maxOrder; larger++) {
      for (let type = 0; type <= MIGRATE_RECLAIMABLE; type++) {
        if (firstFree(buddy, zone, larger, type) !== NO_BLOCK) return true;
      }
      if (cma && firstFree(buddy, zone, larger, MIGRATE_CMA) !== NO_BLOCK) {
        return true;
      }
    }
    return false;
  },
};
