/** How a page is paged out in the naive model. */
import { Disagreement } from "../judge.ts";
import type { NaivePage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { isOneWord, isZero } from "../page_kinds.ts";
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

/** zswap has a page now, or refused it. */
export function countStore(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  isStored: boolean,
): void {
  const { counts, parameters, profile, isExclusive } = naive;
  slot.frontswap = isStored && !isExclusive;
  if (!isStored) {
    counts.failedStores++;
    return;
  }
  if (!parameters.isOn("enabled")) {
    throw new Disagreement(SWAP_MODEL.disabled, "refused", "stored");
  }
  counts.succStores++;
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
}

/** A page was written to its device: whether that took it. */
export function writtenToDevice(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  failed: boolean,
): boolean {
  naive.reach.count(SWAP_MODEL.request);
  naive.counts.pswpout++;
  if (failed) {
    naive.counts.failedWrites++;
    slot.place = "nowhere";
    page.dirty = true;
  } else {
    slot.place = "device";
  }
  return !failed;
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
  let next = naive.requests.nextWrite(part);
  while (next !== undefined && !isOf(slot, next)) {
    // No page that is stored now is evicted in the same part: the order is all one.
    naive.writeBack(next);
    naive.requests.take();
    next = naive.requests.nextWrite(part);
  }
}

/** Whether a request is of a slot. */
export function isOf(
  { type, offset }: NaiveSlot,
  request: { readonly type: number; readonly slot: number },
): boolean {
  return request.type === type && request.slot === offset;
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
  const next = naive.requests.nextWrite(part);
  if (next !== undefined && isOf(slot, next)) {
    naive.requests.take();
    if (naive.hasZswap) countStore(naive, page, slot, false);
    return writtenToDevice(naive, page, slot, next.failed);
  }
  if (!naive.hasZswap) {
    throw naive.requests.unexpected("the page is written to its slot");
  }
  const isStored = !mayKeepBack(naive) || !isKept();
  countStore(naive, page, slot, isStored);
  return isStored;
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
  if (isTaken) {
    page.dirty = page.unread = false;
    naive.setFrame(page, false, false);
  }
  naive.takeWritebacks(part);
  return true;
}
