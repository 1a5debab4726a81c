/** What the kernel asks memory for: migrate types, zones, and the flags of an allocation. */

/**
 * Where a free block is listed, and what a pageblock is for (`enum
 * migratetype`, `include/linux/mmzone.h`): pages that stay where they are, that
 * can be moved, that can be had back by asking; a reserve (up to 4.3) or what
 * atomic allocations have (since 4.4); a contiguous area that only movable
 * pages may borrow.
 */
export type MigrateType =
  | "unmovable"
  | "movable"
  | "reclaimable"
  | "reserve"
  | "cma";

/** The types as numbers, by which lists and pageblocks have them. */
export const MIGRATE_TYPES: readonly MigrateType[] = [
  "unmovable",
  "movable",
  "reclaimable",
  "reserve",
  "cma",
];

/** `MIGRATE_UNMOVABLE`. */
export const MIGRATE_UNMOVABLE = 0;
/** `MIGRATE_MOVABLE`. */
export const MIGRATE_MOVABLE = 1;
/** `MIGRATE_RECLAIMABLE`. */
export const MIGRATE_RECLAIMABLE = 2;
/** `MIGRATE_RESERVE` up to 4.3; `MIGRATE_HIGHATOMIC`, which stays empty here, since. */
export const MIGRATE_RESERVE = 3;
/** `MIGRATE_CMA`. */
export const MIGRATE_CMA = 4;

/** The types that fall back on one another: those that an allocation may ask for. */
export type AskedType =
  | typeof MIGRATE_UNMOVABLE
  | typeof MIGRATE_MOVABLE
  | typeof MIGRATE_RECLAIMABLE;

/** The zones, from the one that every allocation may have to the one that the fewest may. */
export const ZONE_NAMES = [
  "DMA",
  "DMA32",
  "Normal",
  "HighMem",
  "Movable",
] as const;

/** A zone's name, as `/proc/buddyinfo` has it. */
export type ZoneName = typeof ZONE_NAMES[number];

/** What of `gfp_t` decides which page an allocation gets. */
export interface Gfp {
  /** The migrate type (`gfp_migratetype`). */
  readonly migrateType: AskedType;
  /** The highest zone it may have (`gfp_zone`). */
  readonly highestZone: ZoneName;
  /** Whether a page of a CMA area will do (`ALLOC_CMA`): of movable pages alone. */
  readonly cma: boolean;
}

/** `GFP_KERNEL`, `GFP_NOIO`, `GFP_NOWAIT`: a page that stays, in no high memory. */
export const GFP_KERNEL: Gfp = {
  migrateType: MIGRATE_UNMOVABLE,
  highestZone: "Normal",
  cma: false,
};

/** `GFP_NOIO | __GFP_HIGHMEM`: a page that stays, and that is mapped when used. */
export const GFP_NOIO_HIGHMEM: Gfp = { ...GFP_KERNEL, highestZone: "HighMem" };

/** `__GFP_RECLAIMABLE`: a page of a cache that is shrunk by asking. */
export const GFP_RECLAIMABLE: Gfp = {
  ...GFP_KERNEL,
  migrateType: MIGRATE_RECLAIMABLE,
};

/** `__GFP_MOVABLE`: a page that can be moved, in no high memory. */
export const GFP_MOVABLE: Gfp = {
  migrateType: MIGRATE_MOVABLE,
  highestZone: "Normal",
  cma: true,
};

/** `GFP_HIGHUSER_MOVABLE`, `__GFP_HIGHMEM | __GFP_MOVABLE`: a process's page. */
export const GFP_HIGHUSER_MOVABLE: Gfp = {
  ...GFP_MOVABLE,
  highestZone: "Movable",
};
