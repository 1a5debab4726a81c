/** A machine with a CMA area whose processes swap to zram until that has no memory. */
import { lzo } from "../../codec/lzo.ts";
import { Memory } from "../../memory/memory.ts";
import { zramSwapDevice } from "../../swap/device.ts";
import { nrSwapPages } from "../../swap/slot_cache.ts";
import { Swap } from "../../swap/swap.ts";
import { Zram } from "../../zram/device.ts";
import type { Given } from "../experiment.ts";

/** The order of a pageblock here, and of the largest block: the area's borders. */
const PAGEBLOCK_ORDER = 9;
/** Of how many frames a process has one for its pages that are not out. */
const FRAMES_PER_WORKING_SET = 16;
/** Of how many frames one is kept back. */
const FRAMES_PER_RESERVED = 256;
/** Pages of swap for each frame. */
const SWAP_PER_FRAME = 4;

const PROCESS = 1;

/** A machine whose swap takes no page more. */
export interface OutOfMemory {
  /** Frames of the machine, and of its CMA area. */
  readonly frames: number;
  readonly cmaFrames: number;
  /** Pages that are out. */
  readonly stored: number;
  /** zram's frames, and those of them in the CMA area. */
  readonly poolFrames: number;
  readonly poolInCma: number;
  /** Free frames, and those of them in the CMA area. */
  readonly free: number;
  readonly freeCma: number;
  /** Slots, and those of them that are free. */
  readonly slots: number;
  readonly freeSlots: number;
}

/**
 * A process writes page after page and keeps a sixteenth of the frames, older
 * pages going out, until one cannot: its write, or the swap of an old one.
 */
export function runCmaSwap(
  { profile, sizes, realPages }: Given<"frames" | "cma">,
): OutOfMemory {
  const { pageSize, release } = profile;
  const { frames } = sizes;
  const block = 2 ** PAGEBLOCK_ORDER;
  const cmaFrames = Math.floor(frames * sizes.cma / 100 / block) * block;
  const memory = new Memory({
    pageSize,
    firstPfn: 0,
    buddy: {
      release: release.pageAlloc,
      maxOrder: PAGEBLOCK_ORDER,
      zones: [{
        name: "Normal",
        pages: frames,
        min: Math.ceil(frames / FRAMES_PER_RESERVED),
        cma: cmaFrames === 0 ? [] : [[frames - cmaFrames, cmaFrames]],
      }],
    },
  });
  const zram = new Zram(profile, { memory, codecs: [lzo] });
  zram.setAlgorithm(lzo.name);
  const errno = zram.setDisksize(SWAP_PER_FRAME * frames * pageSize);
  if (errno !== undefined) throw new Error(`Cannot set zram up: ${errno}`);
  const swap = new Swap(profile, { memory });
  swap.swapon(zramSwapDevice(zram));
  const slots = nrSwapPages(swap);
  const stored = fill(
    swap,
    realPages(Math.ceil(frames / 8), pageSize),
    frames / FRAMES_PER_WORKING_SET,
  );
  const zone = memory.buddy?.zones[0];
  if (zone === undefined) throw new Error("the machine has no zone");
  const { zspages, pagesAllocated } = zram.initialisedPool;
  const own = [...zspages.live()].flatMap((one) => zspages.pagesOf(one));
  return {
    frames,
    cmaFrames,
    stored,
    poolFrames: pagesAllocated,
    poolInCma: own.filter((pfn) => pfn >= frames - cmaFrames).length,
    free: zone.freePages,
    freeCma: zone.freeCma,
    slots,
    freeSlots: nrSwapPages(swap),
  };
}

/** Pages that went out until one could not. */
function fill(
  swap: Swap,
  pages: readonly Uint8Array[],
  workingSet: number,
): number {
  for (let number = 0;; number++) {
    const errno = swap.write(PROCESS, number, pages[number % pages.length]);
    const stored = Math.max(0, number - workingSet);
    if (errno !== undefined) return stored;
    if (number < workingSet) continue;
    const outcome = swap.swapOut(PROCESS, number - workingSet);
    if (outcome !== "swapped-out") return stored;
  }
}
