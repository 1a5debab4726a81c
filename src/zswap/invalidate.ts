/** Freeing pages that the swap layer needs no more. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import type { ZswapTree } from "./entry.ts";
import { slotState } from "./locks.ts";
import { putPoolSteps } from "./pool_references.ts";
import { eraseEntry } from "./tree.ts";
import { freeEntrySteps, putEntrySteps, takeEntrySteps } from "./tree_steps.ts";
import type { Zswap } from "./zswap.ts";

type Invalidate = (
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
) => Generator<Stop, void>;

/**
 * Where another path holds the entry, that one frees it when it is done.
 * Specifies `zswap_frontswap_invalidate_page`, 3.12 and 6.1.192.
 */
function* invalidateReferenced(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): Generator<Stop, void> {
  const where = "zswap_frontswap_invalidate_page, mm/zswap.c";
  yield acquire(tree.lock, where);
  const entry = tree.entries.get(offset);
  if (entry !== undefined) {
    eraseEntry(zswap, tree, entry);
    yield* putEntrySteps(zswap, tree, entry);
  }
  yield release(tree.lock, where);
}

/** Whoever takes an entry out of the xarray frees it (`zswap_invalidate`). */
function* invalidateTaken(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): Generator<Stop, void> {
  const where = "zswap_invalidate, mm/zswap.c";
  // xa_empty: whether any is there, of which this one alone matters here.
  yield reads(slotState({ type: tree.type, offset }), where);
  if (!tree.entries.has(offset)) return;
  const entry = yield* takeEntrySteps(zswap, tree, offset, where);
  if (entry !== undefined) yield* freeEntrySteps(zswap, tree, entry);
}

/** How the entry at an offset is freed, if there is one. */
const INVALIDATE: Readonly<
  Record<ZswapProfile["entries"], Invalidate>
> = {
  unreferenced: invalidateReferenced,
  "counted-by-caller": invalidateReferenced,
  counted: invalidateReferenced,
  uncounted: invalidateTaken,
};

/** Frees the entry at an offset, if there is one. */
export function invalidatePageSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): Generator<Stop, void> {
  return INVALIDATE[zswap.profile.zswap.entries](zswap, tree, offset);
}

/**
 * Frees all entries of a swap type, and its tree with them, its own pool too:
 * swapoff has brought every page in before. Specifies
 * `zswap_frontswap_invalidate_area` and, since 6.7, `zswap_swapoff`.
 */
export function* invalidateAreaSteps(
  zswap: Zswap,
  tree: ZswapTree,
): Generator<Stop, void> {
  const where = "zswap_swapoff, mm/zswap.c";
  yield acquire(tree.lock, where);
  const entries = [...tree.entries.values()];
  if (zswap.profile.zswap.frontswap === "none" && entries.length > 0) {
    throw new Error(
      `Cannot swap off type ${tree.type}: zswap has ${entries.length} of its pages, not 0`,
    );
  }
  for (const entry of entries) {
    eraseEntry(zswap, tree, entry);
    yield* freeEntrySteps(zswap, tree, entry);
  }
  yield release(tree.lock, where);
  if (tree.pool !== undefined) yield* putPoolSteps(zswap, tree.pool);
  zswap.locks.touch(treeState(tree.type), true);
  tree.isFreed = true;
  zswap.trees.delete(tree.type);
}

/** Whether a swap type has a tree (`zswap_trees`). */
export const treeState = (type: number): string => `zswap_trees[${type}]`;
