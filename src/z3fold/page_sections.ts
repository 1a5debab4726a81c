/**
 * What is done to pages of a z3fold pool between two stops: the operations that
 * stop and those of who is alone are made of the same.
 */
import { InvariantError } from "../rules/invariant.ts";
import { flagsState } from "./locks.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import { NO_SLOTS } from "./slots.ts";
import { NEEDS_COMPACTING, PAGE_CLAIMED, PAGE_STALE } from "./z3fold_page.ts";

/** Claims a page for reclaim or a free; whether somebody had (`PAGE_CLAIMED`). */
export function claim({ lists, locks }: Z3foldParts, pfn: number): boolean {
  locks.touch(flagsState, pfn, true);
  return lists.pages.testAndSet(pfn, PAGE_CLAIMED);
}

/** Ends the claim to a page. */
export function unclaim({ lists, locks }: Z3foldParts, pfn: number): void {
  locks.touch(flagsState, pfn, true);
  lists.pages.clear(pfn, PAGE_CLAIMED);
}

/**
 * The page of an object that has a slot, as the slot says. Throws where that
 * leads to none of the pool's.
 */
export function pageInSlot(
  { lists, handles }: Z3foldParts,
  handle: number,
): number {
  const pfn = handles.pageOf(handle);
  if (!lists.frames.has(pfn)) {
    throw new InvariantError(Z3FOLD_RACE_RULES.pageThere, {
      where: `handle ${handle}`,
      expected: "a page of the pool",
      found: pfn < 0 ? "an empty slot" : `page ${pfn}, which was freed`,
    });
  }
  return pfn;
}

/**
 * Whether a page that was taken off its list can have an object; one that is
 * claimed, or to be compacted, is left off its list.
 */
export function canHaveObject(
  { lists: { pages }, locks }: Z3foldParts,
  pfn: number,
): boolean {
  locks.touch(flagsState, pfn, false);
  return !pages.has(pfn, NEEDS_COMPACTING) && !pages.has(pfn, PAGE_CLAIMED);
}

/**
 * Has a page that has no slots have some; answers false where it can have none
 * and is to be listed again, which 5.10 does not do.
 */
export function makeSlots(
  { lists, slots, release: kernel }: Z3foldParts,
  pfn: number,
): boolean {
  const made = slots.alloc();
  if (made === NO_SLOTS && kernel.withoutSlots === "listed-again") return false;
  lists.pages.setSlots(pfn, made);
  return true;
}

/** A page that is on no unbuddied list, nor held any more, is no longer the pool's. */
export function makeStale({ lists }: Z3foldParts, pfn: number): void {
  if (lists.unbuddied.state(pfn) !== "empty") {
    throw new InvariantError(Z3FOLD_RACE_RULES.releasedUnlisted, {
      where: `page ${pfn}`,
      expected: "on no unbuddied list",
      found: "on one",
    });
  }
  lists.pages.testAndSet(pfn, PAGE_STALE);
  lists.pages.clear(pfn, NEEDS_COMPACTING);
  lists.removePage(pfn);
}

/** Gives a frame back (`free_z3fold_page`). */
export function freeFrame({ lists, locks }: Z3foldParts, pfn: number): void {
  locks.touch(flagsState, pfn, true);
  lists.pages.memory.freePage(pfn);
}
