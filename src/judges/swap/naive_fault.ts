/** How a page comes in, is written and goes, in the naive model. */
import { type NaivePage, newPage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { SWAP_MODEL } from "./rules.ts";

/** How a fault fails. */
export type FaultErrno = "ENOMEM" | "EIO";

/** Whether more than half of all slots are in use. */
function isSwapFull(naive: NaiveSwap): boolean {
  const { inUse, count } = naive.devices;
  const isFull = inUse > count / 2;
  if (inUse === count / 2) {
    naive.slotRule = SWAP_MODEL.swapFull;
    naive.reach.count(SWAP_MODEL.swapFull);
  }
  return isFull;
}

/** The process maps what the swap cache has. */
function mapCached(naive: NaiveSwap, page: NaivePage): void {
  naive.setFrame(page, true, true);
  if (isSwapFull(naive)) leaveSwapCache(naive, page);
}

/** A mapped page leaves the swap cache, and its slot is free. */
function leaveSwapCache(naive: NaiveSwap, page: NaivePage): void {
  if (page.slot === undefined) return;
  naive.setFrame(page, page.mapped, false);
  page.dirty = false;
  naive.release(page.slot);
}

/** A frame is filled from where the page is: EIO where that is a device that fails. */
function fill(naive: NaiveSwap, slot: NaiveSlot): "EIO" | undefined {
  const { counts, requests, hasZswap, isExclusive } = naive;
  if (slot.place === "zswap" && !isExclusive) counts.loads++;
  if (slot.place === "zswap" || slot.place === "zeromap") return undefined;
  if (hasZswap) counts.diskSwapins++;
  naive.reach.count(SWAP_MODEL.request);
  counts.pswpin++;
  if (requests.takeRead(slot)) return undefined;
  counts.failedReads++;
  return "EIO";
}

/** A page that is out comes into a frame. */
function bringIn(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
): FaultErrno | undefined {
  if (!naive.requests.takeFrame()) return "ENOMEM";
  const errno = fill(naive, slot);
  if (errno !== undefined) return errno;
  if (naive.readsPastCache) {
    naive.setFrame(page, true, false);
    naive.release(slot);
    return undefined;
  }
  page.dirty = slot.place === "zswap" && naive.isExclusive;
  if (page.dirty) naive.leaveZswap(slot);
  mapCached(naive, page);
}

/** A page that is out or in the swap cache is mapped. */
export function faultIn(
  naive: NaiveSwap,
  page: NaivePage,
): FaultErrno | undefined {
  if (page.lost) return "EIO";
  const { slot } = page;
  if (page.mapped || slot === undefined) return undefined;
  if (!page.cached) return bringIn(naive, page, slot);
  mapCached(naive, page);
}

/** A process writes a page. */
export function writePage(
  naive: NaiveSwap,
  process: number,
  number: number,
  data: Uint8Array,
): FaultErrno | undefined {
  const page = naive.pageOf(process, number);
  if (page === undefined) {
    if (!naive.requests.takeFrame()) return "ENOMEM";
    naive.addPage(process, number, newPage(data));
    return undefined;
  }
  const errno = faultIn(naive, page);
  if (errno !== undefined) return errno;
  leaveSwapCache(naive, page);
  page.data = data;
  page.wasOut = page.replaced = false;
}

/** A device is swapped off: its pages come in, in the order of their processes. */
export function swapOff(naive: NaiveSwap): "ENOMEM" | undefined {
  const { devices, processes, reach } = naive;
  const type = devices.firstType;
  const pages = [...processes.values()].flatMap((own) =>
    [...own.values()].filter(({ slot }) => slot?.type === type)
  );
  for (const page of pages) {
    const errno = faultIn(naive, page);
    if (errno === "ENOMEM") return errno;
    if (errno === "EIO") {
      page.lost = true;
      reach.count(SWAP_MODEL.lost);
      if (page.slot !== undefined) naive.release(page.slot);
    } else {
      leaveSwapCache(naive, page);
    }
  }
  devices.replaceFirst();
}
