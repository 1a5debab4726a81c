/**
 * Aging: what heavy swapping leaves of a pool, and what compaction makes of
 * it. The experiment is that of the patches by which zsmalloc got compaction
 * ("zsmalloc: compaction support", 2015): data that compresses very well, and
 * much swapping in and out on a zram-swap of 8 GiB.
 */
import type { Profile } from "../linux/profile.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { type Random, randomFrom, shuffle } from "./random.ts";
import { SwappedMemory } from "./swapped_memory.ts";

/** How many processes there are where nobody says it. */
const PROCESSES = 256;
/** Bytes of each's pages: with 256 processes, 12 GiB in all. */
const BYTES_PER_PROCESS = 48 << 20;
/** Bytes of each that are in swap, on average, when it is fullest: 7.5 GiB. */
const SWAPPED_PER_PROCESS = 30 << 20;
/** Pages of one process that reclaim takes at a time. */
const BURST = 128;
/** Pages that are faulted in again, one here and one there, after a burst. */
const FAULTS = 32;
/** The experiment's "zram allocated object": bytes of objects at its end. */
const ALLOCATED_OBJECT = 60212066;
/** The experiment's pages. */
const PAGE_SIZE = 4096;
/** What is left at its end of the bytes of the fullest, on other pages. */
const LEFT = 0.543;
/** How often pages come and go to end with the very number of bytes. */
const MOST_SETTLING = 10000;

/** What is in swap at one moment, and what it takes. */
export interface SwapUse {
  /** Pages in swap: objects of the pool. */
  readonly objects: number;
  /** Their bytes ("zram allocated object"). */
  readonly objectBytes: number;
  /** Bytes of the pool's frames ("zram total used"). */
  readonly bytesUsed: number;
}

/** An aged swap. */
export interface AgedSwap {
  /** The pool as compaction left it. */
  readonly pool: ZsPool;
  /** When the swap was fullest. */
  readonly grown: SwapUse;
  /** When it had shrunk. */
  readonly aged: SwapUse;
  /** After compaction. */
  readonly compacted: SwapUse;
}

function useOf({ pool, pagesInSwap, bytesInSwap }: SwappedMemory): SwapUse {
  return {
    objects: pagesInSwap,
    objectBytes: bytesInSwap,
    bytesUsed: pool.pagesAllocated * pool.geometry.pageSize,
  };
}

/**
 * Fills the swap: again and again, reclaim swaps a burst of pages of a random
 * process out, going on where it stopped there, and a quarter as many random
 * pages are faulted in.
 */
function grow(
  memory: SwappedMemory,
  processes: number,
  random: Random,
  step: (objects: number) => void,
): void {
  const { pageSize } = memory.pool.geometry;
  const pagesPerProcess = BYTES_PER_PROCESS / pageSize;
  const stoppedAt = new Uint32Array(processes);
  const reclaim = (process: number) => {
    let left = BURST;
    for (let tried = 0; left > 0 && tried < pagesPerProcess; tried++) {
      const page = process * pagesPerProcess + stoppedAt[process];
      stoppedAt[process] = (stoppedAt[process] + 1) % pagesPerProcess;
      if (memory.isInSwap(page)) continue;
      memory.swapOut(page);
      left--;
    }
  };
  const fullest = processes * SWAPPED_PER_PROCESS / pageSize;
  for (;;) {
    reclaim(random(processes));
    step(memory.pagesInSwap);
    if (memory.pagesInSwap >= fullest) return;
    for (let nth = 0; nth < FAULTS; nth++) memory.swapIn(memory.anyPage(true));
  }
}

/**
 * Frees pages until `bytes` are left: half by processes that exit, half by
 * random faults.
 */
function shrink(
  memory: SwappedMemory,
  processes: number,
  bytes: number,
  random: Random,
  step: () => void,
): void {
  const half = (memory.bytesInSwap + bytes) / 2;
  const pagesPerProcess = memory.pages / processes;
  for (const process of shuffle([...Array(processes).keys()], random)) {
    if (memory.bytesInSwap <= half) break;
    for (let nth = 0; nth < pagesPerProcess; nth++) {
      const page = process * pagesPerProcess + nth;
      if (memory.isInSwap(page)) memory.swapIn(page);
    }
    step();
  }
  while (memory.bytesInSwap > bytes) {
    memory.swapIn(memory.anyPage(true));
    step();
  }
}

/** Pages come and go until exactly `bytes` are left. */
function settle(memory: SwappedMemory, bytes: number): void {
  for (let nth = 0; nth < MOST_SETTLING; nth++) {
    const missing = bytes - memory.bytesInSwap;
    if (missing === 0) return;
    if (missing < 0) memory.swapIn(memory.anyPage(true));
    else memory.swapOut(memory.anyPage(false), missing);
  }
}

/**
 * Ages a zram-swap and compacts its pool. Pages are zeros but for a few bytes,
 * compressed by lzo. Reclaim swaps them out in bursts, a process at a time,
 * while single ones are faulted in again, up to 30 MiB a process: 7.5 GiB where
 * there are 256. Then it shrinks, half by processes that exit and half by
 * faults, until exactly 60,212,066 bytes of objects are left, the experiment's
 * "zram allocated object", or as much less as there are fewer processes. With
 * pages of another size than the experiment's 4 KiB there are as many fewer, and
 * 54.3% of the bytes of the fullest swap are left, about its share. Every page
 * that is left is compared with what was stored. `step` is told which share of
 * filling and shrinking is done.
 *
 * With the kernel of the patches, `LINUX_4_0`, the ratio of objects to memory
 * used comes out as there: 42.98 % before compaction, 79.03 % after, within
 * one percentage point.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ageSwap, LINUX_4_0 } from "zspec";
 *
 * const { aged, compacted } = ageSwap(LINUX_4_0, 1, 16);
 * const ratios = [aged, compacted].map(({ objectBytes, bytesUsed }) =>
 *   Math.round(100 * objectBytes / bytesUsed)
 * );
 * assertEquals(ratios, [43, 79]);
 * ```
 */
export function ageSwap(
  profile: Profile,
  seed: number,
  processes: number = PROCESSES,
  step: (share: number) => void = () => {},
): AgedSwap {
  const random = randomFrom(seed);
  const memory = new SwappedMemory(
    profile,
    processes * BYTES_PER_PROCESS / profile.pageSize,
    random,
  );
  const fullest = processes * SWAPPED_PER_PROCESS / profile.pageSize;
  grow(memory, processes, random, (objects) => step(objects / fullest / 2));
  const grown = useOf(memory);
  const bytes = Math.round(
    profile.pageSize === PAGE_SIZE
      ? ALLOCATED_OBJECT * processes / PROCESSES
      : LEFT * memory.bytesInSwap,
  );
  const most = memory.bytesInSwap - bytes;
  shrink(memory, processes, bytes, random, () => {
    step(1 - (memory.bytesInSwap - bytes) / most / 2);
  });
  settle(memory, bytes);
  const aged = useOf(memory);
  memory.pool.compact();
  memory.assertIntact();
  return { pool: memory.pool, grown, aged, compacted: useOf(memory) };
}
