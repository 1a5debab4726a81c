/** Evictions of zswap's that stand still while others run. */
import { type Stop, stopText } from "../../rules/stop.ts";
import type { Swap } from "../../swap/swap.ts";
import type { ZswapEntry } from "../../zswap/entry.ts";
import type { SwpEntry } from "../../zswap/swp_entry.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { isHeadless } from "../zswap/surroundings.ts";

/** A worker that stopped in the middle of evicting a page. */
export interface Eviction {
  /** What is left of its work. */
  readonly worker: Generator<Stop, void>;
  /** Whose page it is, where the entry that is held tells. */
  readonly victim: ZswapEntry | undefined;
}

/** Where the worker waits for a frame: others may run, and the entry may go. */
const WAITS_FOR_FRAME = "__read_swap_cache_async: no lock held";

/** The entry that somebody holds beside its tree, where entries are counted. */
function heldEntry({ trees, profile }: Zswap): ZswapEntry | undefined {
  if (profile.zswap.entries === "uncounted") return undefined;
  for (const { entries } of trees.values()) {
    for (const entry of entries.values()) if (entry.refcount > 1) return entry;
  }
  return undefined;
}

/** Runs the worker to where it waits for a frame, or to its end. */
export function beginEviction(zswap: Zswap): Eviction | undefined {
  zswap.queueShrink();
  const worker = zswap.shrinkWorkSteps();
  let at = worker.next();
  while (!at.done && !stopText(at.value).startsWith(WAITS_FOR_FRAME)) {
    at = worker.next();
  }
  return at.done ? undefined : { worker, victim: heldEntry(zswap) };
}

/**
 * Whether what zswap has of a slot must stay while a page is being evicted,
 * since 6.1 would lose or damage pages otherwise. It looks for the next entry
 * of the frame that it evicts by what the object says: where that is another
 * entry by now, it takes the length of the one for the bytes of the other. And
 * a page that z3fold has given to one object alone is nobody's, but on its
 * list, where that object goes meanwhile. Up to 5.10 the page that is evicted
 * itself is written over whatever its slot has by then.
 */
export function mustStay(
  { zswap }: Swap,
  { victim }: Eviction,
  { type, offset }: SwpEntry,
): boolean {
  if (victim === undefined) return false;
  const isVictim = type === victim.type && offset === victim.offset;
  const isStored = zswap?.trees.get(type)?.entries.has(offset) ?? false;
  const looksAgain = zswap?.profile.zswap.writebackLooksAgain ?? true;
  return isStored && (!isVictim || !looksAgain || isHeadless(victim));
}
