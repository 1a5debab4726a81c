/** What the second model of the buddy allocator asks of an answer. */
import type { Rule } from "../../rules/invariant.ts";

/** Rules of what is allocated, freed and compacted. */
export const PAGE_ALLOC_NAIVE = {
  refusal: {
    id: "page_alloc/refusal",
    sentence:
      "An allocation fails only where no zone that it may have keeps its minimum watermark and has a block that is large enough, CMA's counting for movable pages alone.",
    source:
      "__zone_watermark_ok, get_page_from_freelist, mm/page_alloc.c, 2.6.13",
  },
  zoneOrder: {
    id: "page_alloc/zone-order",
    sentence:
      "An allocation has its highest zone first, down to the low watermark; lower zones then, and down to the minimum at last; since 5.0 Normal's other pageblocks come behind DMA32.",
    source:
      "get_page_from_freelist, alloc_flags_nofragment, mm/page_alloc.c, 5.0",
  },
  ownType: {
    id: "page_alloc/smallest-first",
    sentence:
      "An allocation gets the first frames of the first block on the list of its type of the smallest order that has one.",
    source: "__rmqueue_smallest, expand, mm/page_alloc.c, 2.6.24",
  },
  cma: {
    id: "page_alloc/cma-movable",
    sentence:
      "What a CMA area does not use goes to movable pages alone: before other types' blocks, and since 5.8 first where it is more than half of what is free.",
    source: "__rmqueue, __rmqueue_cma_fallback, mm/page_alloc.c, 4.1, 5.8",
  },
  fallback: {
    id: "page_alloc/fallback",
    sentence:
      "Without a block of its own type an allocation takes one of another: to 4.0 the largest with its rest, to 6.9 with its pageblock's free blocks where it takes that over, since 6.15 a pageblock whole or the smallest block alone.",
    source:
      "__rmqueue_fallback, steal_suitable_fallback, __rmqueue_claim, __rmqueue_steal, mm/page_alloc.c, 3.12, 6.15",
  },
  reserve: {
    id: "page_alloc/reserve",
    sentence: "Up to 4.3 the reserve's blocks are the last to be had.",
    source: "__rmqueue, MIGRATE_RESERVE, mm/page_alloc.c, 2.6.24",
  },
  merging: {
    id: "page_alloc/merging",
    sentence:
      "What is freed is one block with its buddy where that is free, and so on; it comes last in its list where it may soon be more.",
    source: "__free_one_page, buddy_merge_likely, mm/page_alloc.c, 2.6.34",
  },
  lists: {
    id: "page_alloc/free-lists",
    sentence:
      "After each operation every list has the blocks that it should have, in their order.",
    source:
      "__rmqueue, __free_one_page, move_freepages, mm/page_alloc.c, 2.6.24",
  },
  blockTypes: {
    id: "page_alloc/block-types",
    sentence:
      "A pageblock changes its type where it is taken over or merges with one, and nowhere else.",
    source:
      "set_pageblock_migratetype, change_pageblock_range, mm/page_alloc.c, 2.6.24",
  },
  bytes: {
    id: "page_alloc/bytes",
    sentence: "Pages hold what was written to them, wherever they were moved.",
    source: "move_to_new_folio, mm/migrate.c, 2.6.16",
  },
  compactUp: {
    id: "page_alloc/compact-up",
    sentence:
      "Compaction moves a page that can be moved, to a page behind it that was free, in a pageblock of the zone that is movable or CMA's.",
    source: "isolate_migratepages, isolate_freepages, mm/compaction.c, 2.6.35",
  },
  compactFrames: {
    id: "page_alloc/compact-frames",
    sentence:
      "After compaction the frames are free that were, but those that pages were moved to, and those that these were moved from.",
    source: "compact_zone, release_freepages, mm/compaction.c, 2.6.35",
  },
  compactWatermark: {
    id: "page_alloc/compact-watermark",
    sentence:
      "Compaction isolates no free page where that would leave the minimum watermark or less, and then moves nothing.",
    source: "__isolate_free_page, mm/page_alloc.c, 2.6.35",
  },
  compactEnds: {
    id: "page_alloc/compact-ends",
    sentence:
      "Compaction that succeeds leaves a block that is large enough; one that completes, and moved what it would, leaves no page to be moved three pageblocks below a free page that it could have moved it to.",
    source: "compact_finished, compact_scanners_met, mm/compaction.c, 2.6.35",
  },
} as const satisfies Record<string, Rule>;

/** Rules as a list. */
export const PAGE_ALLOC_NAIVE_RULES: readonly Rule[] = Object.values(
  PAGE_ALLOC_NAIVE,
);
