/** What the second model of the buddy allocator asks of an answer. */
import { rule } from "../../rules/rule.ts";

/** Rules of what is allocated, freed and compacted. */
export const PAGE_ALLOC_NAIVE = {
  refusal: rule(
    "page_alloc/refusal",
    "An allocation fails only where no zone that it may have keeps its minimum watermark and has a block that is large enough, CMA's counting for movable pages alone.",
    "__zone_watermark_ok, get_page_from_freelist, mm/page_alloc.c, 2.6.13",
  ),
  zoneOrder: rule(
    "page_alloc/zone-order",
    "An allocation has its highest zone first, down to the low watermark; lower zones then, and down to the minimum at last; since 5.0 Normal's other pageblocks come behind DMA32.",
    "get_page_from_freelist, alloc_flags_nofragment, mm/page_alloc.c, 5.0",
  ),
  ownType: rule(
    "page_alloc/smallest-first",
    "An allocation gets the first frames of the first block on the list of its type of the smallest order that has one.",
    "__rmqueue_smallest, expand, mm/page_alloc.c, 2.6.24",
  ),
  cma: rule(
    "page_alloc/cma-movable",
    "What a CMA area does not use goes to movable pages alone: before other types' blocks, and since 5.8 first where it is more than half of what is free.",
    "__rmqueue, __rmqueue_cma_fallback, mm/page_alloc.c, 4.1, 5.8",
  ),
  fallback: rule(
    "page_alloc/fallback",
    "Without a block of its own type an allocation takes one of another: to 4.0 the largest with its rest, to 6.9 with its pageblock's free blocks where it takes that over, since 6.15 a pageblock whole or the smallest block alone.",
    "__rmqueue_fallback, steal_suitable_fallback, __rmqueue_claim, __rmqueue_steal, mm/page_alloc.c, 3.12, 6.15",
  ),
  reserve: rule(
    "page_alloc/reserve",
    "Up to 4.3 the reserve's blocks are the last to be had.",
    "__rmqueue, MIGRATE_RESERVE, mm/page_alloc.c, 2.6.24",
  ),
  merging: rule(
    "page_alloc/merging",
    "What is freed is one block with its buddy where that is free, and so on; it comes last in its list where it may soon be more.",
    "__free_one_page, buddy_merge_likely, mm/page_alloc.c, 2.6.34",
  ),
  lists: rule(
    "page_alloc/free-lists",
    "After each operation every list has the blocks that it should have, in their order.",
    "__rmqueue, __free_one_page, move_freepages, mm/page_alloc.c, 2.6.24",
  ),
  blockTypes: rule(
    "page_alloc/block-types",
    "A pageblock changes its type where it is taken over or merges with one, and nowhere else.",
    "set_pageblock_migratetype, change_pageblock_range, mm/page_alloc.c, 2.6.24",
  ),
  bytes: rule(
    "page_alloc/bytes",
    "Pages hold what was written to them, wherever they were moved.",
    "move_to_new_folio, mm/migrate.c, 2.6.16",
  ),
  compactUp: rule(
    "page_alloc/compact-up",
    "Compaction moves a page that can be moved, to a page behind it that was free, in a pageblock of the zone that is movable or CMA's.",
    "isolate_migratepages, isolate_freepages, mm/compaction.c, 2.6.35",
  ),
  compactPutback: rule(
    "page_alloc/compact-putback",
    "Compaction puts a page back that it isolated and could not move.",
    "putback_movable_pages, mm/migrate.c, 2.6.35",
  ),
  compactFrames: rule(
    "page_alloc/compact-frames",
    "After compaction the frames are free that were, but those that pages were moved to, and those that these were moved from.",
    "compact_zone, release_freepages, mm/compaction.c, 2.6.35",
  ),
  compactWatermark: rule(
    "page_alloc/compact-watermark",
    "Compaction isolates no free page where that would leave the minimum watermark or less, and then moves nothing.",
    "__isolate_free_page, mm/page_alloc.c, 2.6.35",
  ),
  compactEnds: rule(
    "page_alloc/compact-ends",
    "Compaction that succeeds leaves a block that is large enough; one that completes, and moved what it would, leaves no page to be moved three pageblocks below a free page that it could have moved it to.",
    "compact_finished, compact_scanners_met, mm/compaction.c, 2.6.35",
  ),
};
