/** How a page is paged out in the naive model. */
import { Disagreement } from "../judge.ts";
import type { NaivePage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { isOneWord, isZero } from "../page_kinds.ts";
import { isOf } from "./request_reader.ts";
import { SWAP_MODEL } from "./rules.ts";

/** The slot of a page, or one that it takes now; none where none is free. */
function slotOf(naive: NaiveSwap, page: NaivePage): NaiveSlot | undefined {
  if (page.slot !== undefined) return page.slot;
  const slot = naive.kept.take();
  if (slot === undefined) return undefined;
  page.slot = slot;
  slot.page = page;
  page.dirty = true;
  return slot;
}

/** Whether a page of zeros is a bit from now on, and nothing else. */
export function zeromapTakes(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
): boolean {
  if (!naive.facts.zeroBits) return false;
  if (slot.place === "zeromap") slot.place = "nowhere";
  if (!isZero(page.data)) return false;
  naive.leaveZswap(slot);
  slot.place = "zeromap";
  return true;
}

/** zswap has a page now, or refused it: answers which. */
export function countStore(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  isStored: boolean,
): boolean {
  const { counts, parameters, profile, isExclusive } = naive;
  slot.frontswap = isStored && !isExclusive;
  if (!isStored) {
    counts.failed_stores++;
    return false;
  }
  if (!parameters.isOn("enabled")) {
    throw new Disagreement(SWAP_MODEL.disabled, "refused", "stored");
  }
  counts.succ_stores++;
  counts.stored++;
  slot.place = "zswap";
  slot.sameFilled = profile.zswap.sameFilled &&
    parameters.isOn("same_filled_pages_enabled") &&
    isOneWord(page.data, profile.wordBits / 8);
  if (slot.sameFilled) counts.sameFilled++;
  const { leftWhileEvicting } = naive;
  if (leftWhileEvicting?.has(`${slot.type}:${slot.offset}`)) {
    page.replaced = true;
  }
  return true;
}

/**
 * A page is written to its slot, which must come next, zswap having refused it;
 * answers whether the device took it.
 */
export function writeOut(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  part: number,
): boolean {
  const { requests, counts } = naive;
  const { next } = requests;
  if (next?.part !== part || !isOf(slot, next)) {
    throw requests.unexpected("the page is written to its slot");
  }
  requests.take();
  if (naive.hasZswap) countStore(naive, page, slot, false);
  naive.reach.count(SWAP_MODEL.request);
  counts.pswpout++;
  if (next.failed) {
    counts.failedWrites++;
    page.dirty = true;
  }
  slot.place = next.failed ? "nowhere" : "device";
  return !next.failed;
}

/** Before zswap is asked, it gives up what it has of the slot, and others to make room. */
export function beforeStore(
  naive: NaiveSwap,
  slot: NaiveSlot,
  part: number,
): void {
  if (!naive.hasZswap) return;
  naive.leaveZswap(slot);
  slot.frontswap = false;
  if (!naive.parameters.isOn("enabled")) {
    naive.reach.count(SWAP_MODEL.disabled);
  }
  naive.takeWritebacks(part, slot);
}

/** A dirty page is stored; answers whether anybody took it. */
function store(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  part: number,
  isKept: () => boolean,
): boolean {
  if (zeromapTakes(naive, page, slot)) return true;
  beforeStore(naive, slot, part);
  const isWritten = naive.requests.nextWrite(part) !== undefined;
  if (isWritten || !naive.hasZswap) return writeOut(naive, page, slot, part);
  const isStored = !mayKeepBack(naive) || !isKept();
  return countStore(naive, page, slot, isStored);
}

/**
 * Whether a page that zswap refuses is kept from its device: only where it may
 * not go there, as it may from a zswap that is disabled.
 */
export function mayKeepBack(
  { setup, isExclusive, parameters }: NaiveSwap,
): boolean {
  return isExclusive && setup.below === "zswap-pseudo" &&
    parameters.isOn("enabled");
}

/**
 * A page is in the swap cache alone, in its slot; `undefined` where none is
 * free, and it stays as it was.
 */
export function unmap(
  naive: NaiveSwap,
  page: NaivePage,
): NaiveSlot | undefined {
  const slot = slotOf(naive, page);
  if (slot === undefined) return undefined;
  naive.setFrame(page, false, true);
  page.wasOut = true;
  return slot;
}

/**
 * A page is paged out in one part of a step, `isKept` saying whether it is
 * still in the swap cache; answers whether it is out.
 */
export function pageOut(
  naive: NaiveSwap,
  page: NaivePage | undefined,
  part: number,
  isKept: () => boolean,
): boolean {
  if (page === undefined || page.lost) return false;
  if (!page.mapped && !page.cached) return true;
  const slot = unmap(naive, page);
  if (slot === undefined) return false;
  const isTaken = !page.dirty || store(naive, page, slot, part, isKept);
  if (isTaken) naive.leaveFrame(page);
  naive.takeWritebacks(part);
  return true;
}
