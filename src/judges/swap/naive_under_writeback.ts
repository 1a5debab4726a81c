/** How a page is written while it is under writeback, in the naive model. */
import type { PageChoice } from "../../programs/swap/steps.ts";
import { type FaultErrno, writePage } from "./naive_fault.ts";
import {
  beforeStore,
  countStore,
  mayKeepBack,
  unmap,
  writeOut,
  zeromapTakes,
} from "./naive_out.ts";
import type { NaivePage } from "./naive_page.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import type { NaiveSwap } from "./naive_swap.ts";
import { SWAP_MODEL } from "./rules.ts";

/** The parts of the step: the page goes out, it is written, and the end of both. */
const [OUT, WRITE, END] = [0, 1, 2];

/** Who takes a page that is written out: which says whether that takes its time. */
type Taker = "nobody" | "zswap" | "device-at-once" | "device";

/**
 * Who takes the page of a slot, as the requests say that are left of the step.
 * Without a frame to bring it in again, zswap has it and may write it back in
 * the same step: then it is not mapped.
 */
function takerOf(
  naive: NaiveSwap,
  slot: NaiveSlot,
  isMapped: () => boolean,
): Taker {
  const write = naive.requests.writeOf(slot);
  if (write?.part === OUT) return "device-at-once";
  const isOut = naive.requests.next?.kind === "frame" && !isMapped();
  if (write !== undefined && !isOut) return "device";
  if (!naive.hasZswap) throw naive.requests.unexpected("the page is written");
  // What is kept back is in the swap cache still, and needs no frame to be written.
  const isKept = mayKeepBack(naive) && naive.requests.next?.part !== WRITE;
  return isKept ? "nobody" : "zswap";
}

/** The page is out, or stays, without a time when it is under writeback. */
function goOut(
  naive: NaiveSwap,
  page: NaivePage,
  slot: NaiveSlot,
  taker: Exclude<Taker, "device">,
): void {
  const isTaken = taker === "device-at-once"
    ? writeOut(naive, page, slot, OUT)
    : countStore(naive, page, slot, taker === "zswap");
  if (isTaken) naive.leaveFrame(page);
}

/**
 * Begins to page a page out that is to be written meanwhile: its slot and who
 * takes it, where it is under writeback then.
 */
function beginWriteback(
  naive: NaiveSwap,
  page: NaivePage,
  isMapped: () => boolean,
): { slot: NaiveSlot; taker: "zswap" | "device" } | undefined {
  if (page.lost || (!page.mapped && !page.cached)) return undefined;
  const slot = unmap(naive, page);
  if (slot === undefined) return undefined;
  if (!page.dirty || zeromapTakes(naive, page, slot)) {
    naive.leaveFrame(page);
    return undefined;
  }
  beforeStore(naive, slot, OUT);
  naive.requests.nextWrite(OUT);
  const taker = takerOf(naive, slot, isMapped);
  const isUnderWriteback = taker === "device" ||
    taker === "zswap" && naive.facts.storedIsWriteback;
  if (isUnderWriteback) return { slot, taker };
  goOut(naive, page, slot, taker);
}

/**
 * A page is written while its writeback is under way: where it is, or a copy of
 * it, `isMapped` saying whether it is mapped in the end. Where it takes no time, the page is out when it is written.
 */
export function writeUnderWriteback(
  naive: NaiveSwap,
  choice: PageChoice,
  data: Uint8Array,
  isMapped: () => boolean,
): FaultErrno | undefined {
  const page = naive.pageOf(choice);
  const begun = page && beginWriteback(naive, page, isMapped);
  if (page === undefined || begun === undefined) {
    const errno = writePage(naive, choice, data);
    naive.takeWritebacks(END);
    return errno;
  }
  const { slot, taker } = begun;
  naive.reach.count(SWAP_MODEL.underWriteback);
  naive.slotRule = SWAP_MODEL.underWriteback;
  const isCopied = naive.isStable;
  const isWritten = !isCopied || naive.requests.takeFrame();
  page.dirty = false;
  // The older page: zswap has it by now, or its device gets it.
  if (taker === "zswap") countStore(naive, page, slot, true);
  else writeOut(naive, page, slot, END);
  naive.setFrame(page, true, !isWritten || !isCopied);
  page.shared = isCopied && !isWritten;
  if (isWritten) {
    page.write(data);
    page.dirty = !isCopied;
    if (isCopied) naive.release(slot);
  }
  naive.takeWritebacks(END);
  return isWritten ? undefined : "ENOMEM";
}
