/** What must hold of a z3fold pool while several use it at once. */
import type { Rule } from "../rules/rule.ts";

/** The rules by name. */
export const Z3FOLD_RACE_RULES = {
  /** Kept wherever a page is given up. */
  freedOnce: {
    id: "z3fold/freed-once",
    sentence:
      "A page is freed once: with its last reference, or, headless, by who claimed it.",
    source: "z3fold_free, z3fold_reclaim_page, mm/z3fold.c",
  },
  /** Kept by whoever comes to a page by a handle. */
  pageThere: {
    id: "z3fold/page-there",
    sentence: "A handle that is in use leads to a page of the pool.",
    source: "get_z3fold_header, mm/z3fold.c, 5.5",
  },
  /** Kept by z3fold_map. */
  mappedInPage: {
    id: "z3fold/mapped-in-page",
    sentence: "What is mapped lies in its page.",
    source: "z3fold_map, handle_to_chunks, mm/z3fold.c, 4.20",
  },
  /** Kept by free_handle and reclaim. */
  slotsFreedOnce: {
    id: "z3fold/slots-freed-once",
    sentence: "Slots are freed once, by who emptied the last of them.",
    source: "free_handle, kmem_cache_free, mm/z3fold.c, 5.5",
  },
  /** Kept by do_compact_page. */
  compactedOnce: {
    id: "z3fold/compaction-queued",
    sentence: "A page that is compacted was to be.",
    source: "WARN_ON in do_compact_page, mm/z3fold.c, 4.14",
  },
  /** Kept by __release_z3fold_page. */
  releasedUnlisted: {
    id: "z3fold/released-unlisted",
    sentence: "A page that is given up is on no unbuddied list.",
    source: "WARN_ON in __release_z3fold_page, mm/z3fold.c, 4.14",
  },
} as const satisfies Readonly<Record<string, Rule>>;
