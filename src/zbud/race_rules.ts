/** What must hold of a zbud pool while several use it at once. */
import type { Rule } from "../rules/rule.ts";

/** The rules by name. */
export const ZBUD_RACE_RULES = {
  /** Kept wherever a page is freed. */
  freedOnce: {
    id: "zbud/freed-once",
    sentence:
      "A page is freed once: by the free of its last object, or by the reclaim that has it.",
    source: "zbud_free, zbud_reclaim_page, mm/zbud.c, 3.11",
  },
} as const satisfies Readonly<Record<string, Rule>>;
