/** What must hold of zswap whoever runs at once. */
import { InvariantError } from "../rules/invariant.ts";
import type { Rule } from "../rules/rule.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";

/** The rules by name. */
export const ZSWAP_RACE_RULES = {
  entryAlive: {
    id: "zswap/entry-alive",
    sentence: "Nobody looks at an entry, or frees it, that was freed.",
    source: "zswap_entry_cache_free, mm/zswap.c; KASAN",
  },
  treeAlive: {
    id: "zswap/tree-alive",
    sentence: "Nobody looks into a tree that went with its swap type.",
    source: "zswap_swapoff, mm/zswap.c, 6.8; KASAN",
  },
  poolAlive: {
    id: "zswap/pool-alive",
    sentence: "A pool that is looked at has not been destroyed.",
    source: "zswap_pool_destroy, __zswap_pool_release, mm/zswap.c; KASAN",
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Throws where an entry was freed. */
export function assertEntryAlive(entry: ZswapEntry, where: string): void {
  if (!entry.isFreed) return;
  throw new InvariantError(ZSWAP_RACE_RULES.entryAlive, {
    where,
    expected: `the entry of ${entry.type}:${entry.offset}`,
    found: "an entry that was freed",
  });
}

/** Throws where a tree is gone. */
export function assertTreeAlive(tree: ZswapTree, where: string): void {
  if (!tree.isFreed) return;
  throw new InvariantError(ZSWAP_RACE_RULES.treeAlive, {
    where,
    expected: `the tree of swap type ${tree.type}`,
    found: "a tree that was freed",
  });
}
