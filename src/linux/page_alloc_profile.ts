/** What kernel releases fix about the buddy allocator of pages. */
import type { MigrateType } from "./gfp.ts";

/** What the code of `mm/page_alloc.c` does, and of what of memory goes with it. */
export interface PageAllocRelease {
  /**
   * The migrate types as `/proc/pagetypeinfo` names and orders them
   * (`migratetype_names`). "Isolate", which is last, has no blocks here.
   */
  readonly typeNames: readonly (readonly [name: string, type: MigrateType])[];
  /**
   * What an allocation does that finds nothing of its own type.
   *
   * - `borrow`: it takes the largest block of another type, and its remains are
   *   of its own type then; of a block that is large, or for a type that
   *   `claimsAlways`, all free pages of the pageblock are taken over, which
   *   changes its type where half of it was free (`try_to_steal_freepages`, to
   *   4.0).
   * - `steal`: likewise, but a movable page that may not take over a pageblock
   *   takes the smallest block (4.13), and pages in use that are alike count as
   *   free ones do (4.12) (`steal_suitable_fallback`, to 6.9).
   * - `claim`: a pageblock is taken over whole, with its type, or not at all,
   *   the largest blocks being tried first; where none can be, the smallest
   *   block of another type is broken, and its remains keep that type
   *   (`__rmqueue_claim`, `__rmqueue_steal`, since 6.15, and stable 6.12).
   */
  readonly fallback: "borrow" | "steal" | "claim";
  /** Types whose allocations take over pageblocks even for a small block. */
  readonly claimsAlways: readonly MigrateType[];
  /**
   * When a movable allocation has what a CMA area does not use: as the first of
   * the types it falls back on, or before it falls back on any, and since 5.8
   * before all else where more than half of what is free is CMA's.
   */
  readonly cma: "first-fallback" | "before-fallback" | "when-half-is-free";
  /**
   * Which free blocks of pageblocks of two types merge: any, as CMA areas then
   * have borders where no block can cross; or those that fall back on one
   * another (since 5.18), so that a CMA area has borders at pageblocks.
   */
  readonly merges: "any" | "fallbackable";
  /**
   * Whether a free block is always on the list of its pageblock's type (since
   * 6.10), which a merge of pageblocks and a fallback change for all of it.
   */
  readonly listsFollowBlocks: boolean;
  /** Where in its new list a block comes that changes lists. */
  readonly movedTo: "head" | "tail";
  /** Where in its list a block comes that is freed at boot. */
  readonly bootedTo: "head" | "tail";
  /**
   * How a watermark is held for more than one page: by passing over all smaller
   * blocks and halving the mark for each order (up to 4.3), or by asking that
   * there is one block that is large enough.
   */
  readonly largeOrders: "smaller-are-not-free" | "a-block-is-there";
  /**
   * Whether an allocation from the zone Normal, where there is a DMA32, looks in
   * lower zones before it falls back on another type (`ALLOC_NOFRAGMENT`, 5.0).
   */
  readonly avoidsFragments: boolean;
  /** Whether a zone's first pageblocks are a reserve (`MIGRATE_RESERVE`, up to 4.3). */
  readonly reserve: boolean;
  /**
   * When compaction has made what it was asked for: a free block on the type's
   * own list, or of another type, which has it made of a pageblock; or also one
   * that the allocation would take over, where a pageblock is done (4.1).
   */
  readonly compactionEnds: "own-type" | "takes-over";
  /**
   * Which free blocks compaction leaves alone, rather than fill them: those of a
   * pageblock or more, or also those that are large enough for what it is for.
   */
  readonly compactionKeeps: "pageblocks" | "asked-order";
}

const NAMES_BEFORE_4_4 = [
  ["Unmovable", "unmovable"],
  ["Reclaimable", "reclaimable"],
  ["Movable", "movable"],
  ["Reserve", "reserve"],
  ["CMA", "cma"],
] as const;

const NAMES_SINCE_4_4 = [
  ["Unmovable", "unmovable"],
  ["Movable", "movable"],
  ["Reclaimable", "reclaimable"],
  ["HighAtomic", "reserve"],
  ["CMA", "cma"],
] as const;

/** 3.12: `try_to_steal_freepages` in its first form. */
export const PAGE_ALLOC_3_12: PageAllocRelease = {
  typeNames: NAMES_BEFORE_4_4,
  fallback: "borrow",
  claimsAlways: ["reclaimable"],
  cma: "first-fallback",
  merges: "any",
  listsFollowBlocks: false,
  movedTo: "head",
  bootedTo: "head",
  largeOrders: "smaller-are-not-free",
  avoidsFragments: false,
  reserve: true,
  compactionEnds: "own-type",
  compactionKeeps: "pageblocks",
};

/** 4.0: unmovable allocations take over pageblocks too. */
export const PAGE_ALLOC_4_0: PageAllocRelease = {
  ...PAGE_ALLOC_3_12,
  claimsAlways: ["reclaimable", "unmovable"],
};

/** 5.10: no reserve, `steal_suitable_fallback`, CMA first where it is half. */
export const PAGE_ALLOC_5_10: PageAllocRelease = {
  ...PAGE_ALLOC_4_0,
  typeNames: NAMES_SINCE_4_4,
  fallback: "steal",
  cma: "when-half-is-free",
  movedTo: "tail",
  bootedTo: "tail",
  largeOrders: "a-block-is-there",
  avoidsFragments: true,
  reserve: false,
  compactionEnds: "takes-over",
};

/** 6.1: what does not fall back does not merge. */
export const PAGE_ALLOC_6_1: PageAllocRelease = {
  ...PAGE_ALLOC_5_10,
  merges: "fallbackable",
};

/** 6.12.118, and from 6.16 to 7.3: lists follow pageblocks; claims, then steals. */
export const PAGE_ALLOC_6_12: PageAllocRelease = {
  ...PAGE_ALLOC_6_1,
  fallback: "claim",
  listsFollowBlocks: true,
  compactionKeeps: "asked-order",
};
