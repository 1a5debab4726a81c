/** The same pages through one way of holding them, and what that came to. */
import { crc32 } from "node:zlib";
import type { Codec } from "../../codec/codec.ts";
import type { Profile } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import type { Zram } from "../../zram/device.ts";
import { ZRAM_WB } from "../../zram/slots.ts";
import { countedCodec } from "./counting.ts";
import { countInMemory } from "./swap_machine.ts";
import { type Places, placesByAge } from "./swap_places.ts";
import {
  type Machine,
  type Size,
  startMachine,
  type SwapStore,
  writeSomeBack,
} from "./swap_stores.ts";

/** What a run came to. */
export interface SwapRun {
  /** The way of holding pages. */
  readonly name: string;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Pages that were held in the end. */
  readonly held: number;
  /** Of those, pages of one word repeated, which take no memory. */
  readonly heldWithoutMemory: number;
  /** Bytes of memory that held them. */
  readonly memory: number;
  /** Pages that zswap or zram wrote back to the disk. */
  readonly writtenBack: number;
  /** Times that zswap, or else zram, did not take a page. */
  readonly refused: number;
  /** Pages that nobody took and that stayed in memory. */
  readonly inMemory: number;
  /** Pages that were decompressed, to be read or to be written back. */
  readonly decompressions: number;
  /** Pages read from the disk. */
  readonly deviceReads: number;
  /** Pages written to the disk. */
  readonly deviceWrites: number;
  /** Where the pages are, a quarter at a time, those used longest ago first. */
  readonly places: readonly Places[];
}

/** The process that has the pages. */
const PROCESS = 1;

/**
 * Swaps every page out in its order, touches a random tenth and swaps those out
 * again; takes the figures; then reads every page back. Throws at the first
 * that is not what it was. `step` is told how many of twice the pages are done.
 */
export function swapThrough(
  store: SwapStore,
  profile: Profile,
  codec: Codec,
  pages: Iterable<Uint8Array>,
  size: Size,
  step: (done: number) => void = () => {},
): SwapRun {
  const machine = startMachine(store, profile, countedCodec(codec), size);
  const { swap } = machine;
  const checksums = new Uint32Array(size.pages);
  let page = 0;
  for (const data of pages) {
    const errno = swap.write(PROCESS, page, data);
    if (errno !== undefined) {
      throw new Error(`Cannot write page ${page}: ${errno}`);
    }
    checksums[page] = crc32(data);
    swapOut(store, machine, page++);
    step(page);
  }
  const order = shuffle([...Array(page).keys()], randomFrom(size.seed));
  const touched = order.slice(0, Math.ceil(page / 10));
  for (const number of touched) readBack(machine, checksums, number);
  for (const number of touched) swapOut(store, machine, number);
  const used = new Set(touched);
  const untouched = order.filter((number) => !used.has(number));
  const byAge = [...untouched.sort((a, b) => a - b), ...touched];
  const run = figures(store, machine, byAge);
  for (let number = 0; number < page; number++) {
    readBack(machine, checksums, number);
    swapOut(store, machine, number);
    step(page + number + 1);
  }
  return run;
}

/** Swaps a page out; where zram refuses it, it may write others back first. */
function swapOut(
  { isBacked }: SwapStore,
  { swap, zram }: Machine,
  number: number,
): void {
  let outcome = swap.swapOut(PROCESS, number);
  if (!isBacked || zram === undefined) return;
  while (outcome === "refused" && writeSomeBack(zram)) {
    outcome = swap.swapOut(PROCESS, number);
  }
}

function readBack(
  { swap }: Machine,
  checksums: Uint32Array,
  number: number,
): void {
  const into = new Uint8Array(swap.profile.pageSize);
  const errno = swap.read(PROCESS, number, into);
  const sum = crc32(into);
  if (errno === undefined && sum === checksums[number]) return;
  throw new Error(
    `Page ${number} is not what was written: its CRC-32 is ${sum}, not ${
      checksums[number]
    }${errno === undefined ? "" : ` (${errno})`}`,
  );
}

/** Pages that zram has in memory: up to 3.19 those of zeros are not in its count. */
function countSlots({ slots }: Zram): number {
  let count = 0;
  for (let slot = 0; slot < slots.length; slot++) {
    if (slots.isAllocated(slot) && !slots.has(slot, ZRAM_WB)) count++;
  }
  return count;
}

/** What came of it; `byAge` has the pages, those used longest ago first. */
function figures(
  { name }: SwapStore,
  machine: Machine,
  byAge: readonly number[],
): SwapRun {
  const { swap, zram, disk, codec } = machine;
  const { pageSize } = swap.profile;
  const { zswap, stats } = swap;
  const zeros = [...swap.types.values()]
    .reduce((sum, { zeromap }) => sum + zeromap.size, 0);
  const counters = zswap?.counters;
  const evicted = counters?.written_back_pages ?? 0;
  const inZram = zram === undefined ? 0 : countSlots(zram);
  const stored = (counters?.stored_pages ?? 0) + inZram + zeros;
  return {
    name,
    pageSize,
    held: Math.min(stored, byAge.length),
    heldWithoutMemory: (counters?.same_filled_pages ?? 0) +
      (zram?.stats.samePages ?? 0) + zeros,
    memory: (zswap?.pools.totalPages ?? 0) * pageSize +
      (zram?.mmStat().mem_used_total ?? 0),
    writtenBack: evicted + (zram?.stats.bdWrites ?? 0),
    refused: zswap === undefined ? stats.failedWrites : stats.pswpout - evicted,
    inMemory: countInMemory(swap),
    decompressions: codec.decompressions,
    deviceReads: disk.reads,
    deviceWrites: disk.written.length,
    places: placesByAge(machine, PROCESS, byAge),
  };
}
