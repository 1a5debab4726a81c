/** How a page comes in, is written and goes, in the naive model. */
import type { PageChoice } from "../../programs/swap/steps.ts";
import { NaivePage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { SWAP_MODEL } from "./rules.ts";

/** How a fault fails. */
export type FaultErrno = "ENOMEM" | "EIO";

/** Whether more than half of all slots are in use. */
function isSwapFull(naive: NaiveSwap): boolean {
  const { inUse, count } = naive.devices;
  if (inUse === count / 2) {
    naive.slotRule = SWAP_MODEL.swapFull;
    naive.reach.count(SWAP_MODEL.swapFull);
  }
  return naive.isSwapFull();
}

/** Whether a page that was mapped from the swap cache leaves it at once. */
function leavesAtOnce(
  naive: NaiveSwap,
  { shared }: NaivePage,
  isWrite: boolean,
): boolean {
  const { fastReads, writtenLeaves } = naive.facts;
  if (isSwapFull(naive) || naive.isFast && fastReads === "through") return true;
  if (!isWrite) return false;
  return writtenLeaves === "any" || shared === (writtenLeaves === "shared");
}

/** The process maps what the swap cache has. */
function mapCached(
  naive: NaiveSwap,
  page: NaivePage,
  isWrite: boolean,
): "EIO" | undefined {
  if (page.unread) return "EIO";
  naive.setFrame(page, true, true);
  if (leavesAtOnce(naive, page, isWrite)) leaveSwapCache(naive, page);
}

/** A mapped page leaves the swap cache, and its slot is free. */
export function leaveSwapCache(naive: NaiveSwap, page: NaivePage): void {
  if (page.slot === undefined) return;
  naive.setFrame(page, page.mapped, false);
  page.dirty = false;
  naive.release(page.slot);
}

/** A frame is filled from where the page is: EIO where that is a device that fails. */
function fill(naive: NaiveSwap, slot: NaiveSlot): "EIO" | undefined {
  const { counts, requests, hasZswap, isExclusive, facts } = naive;
  if (slot.place === "zswap" && !isExclusive) counts.loads++;
  if (slot.place === "zswap" || slot.place === "zeromap") return undefined;
  if (hasZswap) counts.diskSwapins++;
  naive.reach.count(SWAP_MODEL.request);
  const isRead = requests.takeRead(slot);
  if (isRead || facts.failedReadsCount) counts.pswpin++;
  if (isRead) return undefined;
  counts.failedReads++;
  return "EIO";
}

/** A page that is out comes into a frame, in the swap cache or past it. */
function bringIn(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  isPast: boolean,
  isWrite: boolean,
): FaultErrno | undefined {
  if (!naive.requests.takeFrame()) return "ENOMEM";
  const errno = fill(naive, slot);
  if (isPast) {
    if (errno !== undefined) return errno;
    naive.setFrame(page, true, false);
    page.shared = false;
    naive.release(slot);
    return undefined;
  }
  naive.setFrame(page, false, true);
  page.unread = errno !== undefined;
  if (errno !== undefined) return errno;
  page.dirty = slot.place === "zswap" && naive.isExclusive;
  if (page.dirty) naive.leaveZswap(slot);
  return mapCached(naive, page, isWrite);
}

/** A page that is out or in the swap cache is mapped, to be read or written. */
export function faultIn(
  naive: NaiveSwap,
  page: NaivePage,
  isWrite: boolean,
  isPast: boolean = naive.isFast && naive.facts.fastReads === "past",
): FaultErrno | undefined {
  if (page.lost) return "EIO";
  const { slot } = page;
  if (page.mapped || slot === undefined) return undefined;
  if (!page.cached) return bringIn(naive, page, slot, isPast, isWrite);
  return mapCached(naive, page, isWrite);
}

/** A page that is mapped and in the swap cache is written. */
function writeCached(
  naive: NaiveSwap,
  page: NaivePage,
): "ENOMEM" | undefined {
  const { readThenWritten } = naive.facts;
  naive.reach.count(SWAP_MODEL.cachedWrite);
  naive.slotRule = SWAP_MODEL.cachedWrite;
  if (readThenWritten === "stays" && !page.shared) {
    page.dirty = true;
  } else if (readThenWritten === "is-copied") {
    if (!naive.requests.takeFrame()) return "ENOMEM";
    naive.leaveBehind(page);
  } else {
    leaveSwapCache(naive, page);
    page.shared = false;
  }
}

/** A process writes a page. */
export function writePage(
  naive: NaiveSwap,
  choice: PageChoice,
  data: Uint8Array,
): FaultErrno | undefined {
  const page = naive.pageOf(choice);
  if (page === undefined) {
    if (!naive.requests.takeFrame()) return "ENOMEM";
    naive.addPage(choice, new NaivePage(data));
    return undefined;
  }
  const errno = faultIn(naive, page, true) ??
    (page.cached ? writeCached(naive, page) : undefined);
  if (errno !== undefined) return errno;
  page.write(data);
}

/** A page that could not be read, of a device that goes. */
function giveUp(naive: NaiveSwap, page: NaivePage): void {
  page.unread = false;
  if (naive.facts.mapsUnread) {
    page.anything = true;
    naive.setFrame(page, true, true);
  } else {
    page.lost = true;
    naive.reach.count(SWAP_MODEL.lost);
  }
  leaveSwapCache(naive, page);
}

/** The pages of a device come in, in the order of their processes. */
function emptyDevice(naive: NaiveSwap, type: number): "ENOMEM" | undefined {
  const pages = [...naive.processes.values()].flatMap((own) =>
    [...own.values()].filter(({ slot }) => slot?.type === type)
  );
  for (const page of pages) {
    const errno = faultIn(naive, page, false, false);
    if (errno === "ENOMEM") return errno;
    if (errno === "EIO") giveUp(naive, page);
    else leaveSwapCache(naive, page);
  }
  for (const slot of naive.devices.slotsOf(type)) naive.reclaimOrphan(slot);
}

/** A device is swapped off, and another like it comes on. */
export function swapOff(naive: NaiveSwap): "ENOMEM" | undefined {
  const { devices, kept } = naive;
  kept.pause();
  const errno = emptyDevice(naive, devices.firstType);
  kept.resume();
  if (errno === undefined) devices.replaceFirst();
  return errno;
}

/** Memory is short: the swap cache keeps what is mapped or stored nowhere else. */
export function reclaim(naive: NaiveSwap): void {
  const { devices, processes } = naive;
  if (devices.orphans > 0) {
    for (const slot of devices.slots) naive.reclaimOrphan(slot);
  }
  for (const pages of processes.values()) {
    for (const page of pages.values()) {
      if (!page.cached || page.mapped) continue;
      naive.reach.count(SWAP_MODEL.reclaimed);
      if (!page.dirty) naive.leaveFrame(page);
    }
  }
}
