/** What the second model of zsmalloc says. */
import { type Rule, rule } from "../../../rules/rule.ts";

function naive(id: string, sentence: string, functions: string): Rule {
  return rule(`naive/${id}`, sentence, `${functions}, mm/zsmalloc.c`);
}

/** The rules of the second model, by name. */
export const ZSMALLOC_NAIVE = {
  pages: naive(
    "pages",
    "The pool has the pages of the zspages that its objects lie in, as they came, went and were moved.",
    "zs_malloc, zs_free, zs_get_total_pages",
  ),
  pagesCompacted: naive(
    "pages-compacted",
    "The pool counts the pages that all compactions have freed.",
    "zs_compact, zs_pool_stats",
  ),
  refusals: naive(
    "refusals",
    "A malloc is refused for no or too many bytes, where an allocation was to fail, and where fewer frames are left than it needs; and only there.",
    "zs_malloc, alloc_zspage",
  ),
  kept: naive(
    "kept",
    "An object that is mapped cannot be freed; any other can.",
    "zs_free",
  ),
  compaction: naive(
    "compaction",
    "Compaction frees the pages that its kernel's way of choosing zspages frees.",
    "__zs_compact",
  ),
  moved: naive(
    "objects-moved",
    "Compaction moves as many objects as that way moves.",
    "migrate_zspage",
  ),
  waits: naive(
    "waits",
    "Compaction waits for the mapped objects that are in its way, and for no others.",
    "migrate_write_lock, trypin_tag",
  ),
  turns: naive(
    "turns",
    "Compaction lets others run as often as its kernel drops the lock; they find the pool in order.",
    "__zs_compact, cond_resched",
  ),
  shrinker: naive(
    "shrinker",
    "Memory pressure finds the pages of zspages' worth of room, frees those, and stops where there are none.",
    "zs_shrinker_count, zs_shrinker_scan",
  ),
  classes: naive(
    "classes",
    "debugfs shows each class's zspages by use, its chunks, objects, pages and those that can be freed, and what they add up to.",
    "zs_stats_size_show",
  ),
  migration: naive(
    "migration",
    "A frame is replaced where the kernel can, a frame is left, it is not held and no object of its zspage is mapped; and only there.",
    "zs_page_isolate, zs_page_migrate",
  ),
  mapped: naive(
    "mapped-bytes",
    "A mapped object shows what it holds, or the copy that was made of it; what is written to a copy comes back where it was mapped to be written.",
    "zs_map_object, zs_unmap_object, zs_obj_read_begin",
  ),
  mapping: naive(
    "mapping",
    "A CPU maps one object at a time, an object that is pinned is mapped once, and since 6.16 objects are mapped to be read alone.",
    "zs_map_object, pin_tag, zs_obj_read_begin",
  ),
  misuse: naive(
    "misuse",
    "Freeing what was freed, unmapping what was unmapped and writing beyond an object's end are refused.",
    "zs_free, zs_unmap_object, zs_obj_write",
  ),
  poison: naive(
    "poison",
    "Up to 3.19 a new object's first word is POISON_INUSE.",
    "obj_malloc",
  ),
  isolation: naive(
    "isolation",
    "A frame is isolated where the kernel can move it, and it is not locked or isolated already; up to 5.18 its zspage then takes no object and is not freed.",
    "isolate_movable_page, zs_page_isolate, zs_page_putback",
  ),
  worker: naive(
    "worker",
    "The worker frees the zspages that lost their last object while a frame was held, and took none since; it waits for locked frames.",
    "async_free_zspage, find_get_zspage",
  ),
  freeAmid: naive(
    "free-amid",
    "Before zs_free has its lock the object's frame can be replaced, but up to 5.18, where the object is pinned.",
    "zs_free, zs_page_migrate",
  ),
  freeLate: naive(
    "free-late",
    "Since 7.3 the pool has the pages of a zspage that is freed until after its class's lock is dropped.",
    "zs_free, zs_get_total_pages",
  ),
  again: naive(
    "compacted-again",
    "While a pool is compacted, another compaction frees nothing and memory pressure stops (since 6.7, in 6.1.192 too); before, both go on.",
    "zs_compact, zs_shrinker_scan",
  ),
  leaked: naive(
    "leaked",
    "A pool that ends tells the zspages and objects that are lost with it.",
    "zs_destroy_pool",
  ),
};
