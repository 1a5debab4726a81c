/** How a page is written while it is under writeback, in the naive model. */
import { type FaultErrno, writePage } from "./naive_fault.ts";
import {
  beforeStore,
  countStore,
  isOf,
  mayKeepBack,
  unmap,
  writtenToDevice,
  zeromapTakes,
} from "./naive_out.ts";
import type { NaivePage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { SWAP_MODEL } from "./rules.ts";

/** The parts of the step: the page goes out, it is written, and the end of both. */
const [OUT, WRITE, END] = [0, 1, 2];

/** The slot of a page whose writeback takes its time, if it does. */
function beginWriteback(
  naive: NaiveSwap,
  page: NaivePage,
): NaiveSlot | undefined {
  if (page.lost || (!page.mapped && !page.cached)) return undefined;
  const slot = unmap(naive, page);
  if (slot === undefined) return undefined;
  if (!page.dirty || zeromapTakes(naive, page, slot)) {
    page.dirty = false;
    naive.setFrame(page, false, false);
    return undefined;
  }
  beforeStore(naive, slot, OUT);
  naive.requests.nextWrite(OUT);
  // A page that is kept back needs no copy.
  const isKept = mayKeepBack(naive) && naive.requests.next?.part !== WRITE;
  if (isKept) countStore(naive, page, slot, false);
  return isKept ? undefined : slot;
}

/** What becomes of the older page: zswap has it by now, or its device gets it. */
function endWriteback(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
): void {
  const { requests, hasZswap } = naive;
  const { next } = requests;
  const isWritten = next?.part === END && isOf(slot, next);
  if (hasZswap) countStore(naive, page, slot, !isWritten);
  if (isWritten) {
    requests.take();
    writtenToDevice(naive, page, slot, next.failed);
  } else if (!hasZswap) {
    throw requests.unexpected("the page is written to its slot");
  }
}

/**
 * A page is written while its writeback is under way: where it is, or a copy of
 * it. Where it takes no time, the page is out when it is written.
 */
export function writeUnderWriteback(
  naive: NaiveSwap,
  process: number,
  number: number,
  data: Uint8Array,
): FaultErrno | undefined {
  const page = naive.pageOf(process, number);
  const slot = page && beginWriteback(naive, page);
  if (page === undefined || slot === undefined) {
    return writePage(naive, process, number, data);
  }
  naive.reach.count(SWAP_MODEL.underWriteback);
  naive.slotRule = SWAP_MODEL.underWriteback;
  const isInPlace = naive.profile.swap.writeUnderWriteback === "in-place";
  const isWritten = isInPlace || naive.requests.takeFrame();
  page.dirty = false;
  endWriteback(naive, page, slot);
  naive.setFrame(page, true, !isWritten || isInPlace);
  if (isWritten) {
    page.data = data;
    page.wasOut = page.replaced = false;
    page.dirty = isInPlace;
    if (!isInPlace) naive.release(slot);
  }
  naive.takeWritebacks(END);
  return isWritten ? undefined : "ENOMEM";
}
