/** What must hold of a pool while several use it at once. */
import type { Rule } from "../rules/rule.ts";

/** The rules by name. */
export const ZSMALLOC_RACE_RULES = {
  /** Kept by `readSteps` and `writeSteps`. */
  mappedStays: {
    id: "zsmalloc/mapped-stays",
    sentence: "An object lies where it is mapped until it is unmapped.",
    source: "zs_map_object, zs_obj_read_begin, mm/zsmalloc.c",
  },
  /** Kept wherever the frames of a zspage are given back. */
  freedLocked: {
    id: "zsmalloc/freed-frames-locked",
    sentence:
      "Whoever gives the frames of a zspage back has locked each of them.",
    source: "VM_BUG_ON_PAGE in __free_zspage, mm/zsmalloc.c, since 4.8",
  },
  /** Kept by whoever frees a zspage. */
  freedEmpty: {
    id: "zsmalloc/freed-zspage-empty",
    sentence: "A zspage that is freed holds no object.",
    source: "VM_BUG_ON in __free_zspage, mm/zsmalloc.c, since 4.8",
  },
  /** Kept by `reclaimSteps`. */
  evictedLocated: {
    id: "zsmalloc/evicted-located",
    sentence:
      "Whoever writes a zspage back finds each object there that he has found in it.",
    source: "zs_reclaim_page, mm/zsmalloc.c, 6.2",
  },
  /** Kept by isolation, migration and putback. */
  poolThere: {
    id: "zsmalloc/pool-there",
    sentence: "Nobody who has a frame of a pool outlives that pool.",
    source: "zs_unregister_migration, mm/zsmalloc.c, 5.3 to 5.18",
  },
} as const satisfies Readonly<Record<string, Rule>>;
