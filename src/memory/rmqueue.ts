/** Allocating of a zone: of the own type first, then of others. */
import { MIGRATE_CMA, MIGRATE_RESERVE } from "../linux/gfp.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import { FALLBACKS } from "./fallback.ts";
import { type Asked, takeSmallest } from "./take_block.ts";
import type { Zone } from "./zone.ts";

/**
 * Takes a block off the free lists of a zone, or answers {@linkcode NO_BLOCK}.
 * Specifies `__rmqueue`.
 */
export function rmqueue(
  buddy: PageAllocator,
  zone: Zone,
  asked: Asked,
): number {
  const { release } = buddy;
  const { gfp: { migrateType, cma }, order } = asked;
  const isCmaFirst = release.cma === "when-half-is-free" && cma &&
    zone.freeCma > Math.floor(zone.freePages / 2);
  if (isCmaFirst) {
    const pfn = takeSmallest(buddy, zone, order, MIGRATE_CMA);
    if (pfn !== NO_BLOCK) return pfn;
  }
  const own = takeSmallest(buddy, zone, order, migrateType);
  if (own !== NO_BLOCK) return own;
  if (release.cma !== "first-fallback" && cma) {
    const pfn = takeSmallest(buddy, zone, order, MIGRATE_CMA);
    if (pfn !== NO_BLOCK) return pfn;
  }
  const other = FALLBACKS[release.fallback](buddy, zone, asked);
  if (other !== NO_BLOCK || !release.reserve) return other;
  return takeSmallest(buddy, zone, order, MIGRATE_RESERVE);
}
