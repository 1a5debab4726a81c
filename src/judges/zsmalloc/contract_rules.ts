/** What every allocator must keep, whatever its policy. */
import type { Rule } from "../../rules/invariant.ts";

const SOURCE = "mm/zsmalloc.c; the oracle protocol";

function rule(id: string, sentence: string, source = SOURCE): Rule {
  return { id: `contract/${id}`, sentence, source };
}

/** The rules of zsmalloc's contract. */
export type ZsmallocContractRule =
  | "succeeds"
  | "gives"
  | "refuses"
  | "notZero"
  | "unique"
  | "data"
  | "enough"
  | "bounded"
  | "packed"
  | "steady"
  | "compactFreed"
  | "compacted";

/** The contract of zsmalloc, by name. */
export const ZSMALLOC_CONTRACT: Readonly<Record<ZsmallocContractRule, Rule>> = {
  succeeds: rule(
    "no-error",
    "create, free, write, read, compact and stats of what is there do not fail.",
  ),
  gives: rule(
    "malloc-gives",
    "While there is memory, an object of any size from 1 byte to a page is had.",
    "zs_malloc, mm/zsmalloc.c",
  ),
  refuses: rule(
    "malloc-refuses",
    "An object of no bytes, or of more than a page, is refused with an errno.",
    "zs_malloc, mm/zsmalloc.c",
  ),
  notZero: rule(
    "handle-not-zero",
    "A handle is never zero.",
    "zs_malloc, mm/zsmalloc.c",
  ),
  unique: rule(
    "handle-unique",
    "No two objects that are there have one handle.",
    "cache_alloc_handle, mm/zsmalloc.c",
  ),
  data: rule(
    "data",
    "An object holds what was written to it, wherever compaction moves it.",
    "zs_obj_write, zs_obj_read_begin, zs_object_copy, mm/zsmalloc.c",
  ),
  enough: rule(
    "pages-enough",
    "The pool has at least the pages that its objects' bytes fill.",
    "zs_get_total_pages, mm/zsmalloc.c",
  ),
  bounded: rule(
    "pages-bounded",
    "Every zspage has an object and at most as many pages as are chained: the pool has no more than that for each object, and none without objects.",
    "free_zspage, CONFIG_ZSMALLOC_CHAIN_SIZE, mm/zsmalloc.c",
  ),
  packed: rule(
    "pages-packed",
    "Until the first object is freed, the pool has at most twice the pages that Linux's classes need, and one zspage more for each size.",
    "find_get_zspage, calculate_zspage_chain_size, mm/zsmalloc.c",
  ),
  steady: rule(
    "pages-steady",
    "malloc adds at most one zspage and takes none away, write and read leave the pages as they are, free adds none.",
    "zs_malloc, zs_free, mm/zsmalloc.c",
  ),
  compactFreed: rule(
    "compact-freed",
    "compact answers by how many pages the pool shrank.",
    "zs_compact, mm/zsmalloc.c",
  ),
  compacted: rule(
    "pages-compacted",
    "pagesCompacted is the sum of what compact has answered.",
    "zs_compact, zs_pool_stats, mm/zsmalloc.c",
  ),
};
