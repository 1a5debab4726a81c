/** The same pages through one way of holding them, and what that came to. */
import { crc32 } from "node:zlib";
import type { Codec } from "../../codec/codec.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import { blockSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { Swap } from "../../swap/swap.ts";
import { RamBackingDevice } from "../../zram/backing.ts";
import type { Zram } from "../../zram/device.ts";
import { type CountedCodec, countedCodec } from "./counting.ts";
import { countInMemory, limitedZram, zswapOver } from "./swap_machine.ts";

/** A way of holding pages: zram, or zswap over an allocator. */
export interface SwapStore {
  /** What it is called. */
  readonly name: string;
  /** zswap's allocator; none for zram. */
  readonly zpool?: ZpoolType;
}

/** All ways there are. */
const SWAP_STORES: readonly SwapStore[] = [
  { name: "zram" },
  { name: "zswap on zbud", zpool: "zbud" },
  { name: "zswap on z3fold", zpool: "z3fold" },
  { name: "zswap on zsmalloc", zpool: "zsmalloc" },
];

/** zram, and zswap over the allocators that a kernel has. */
export function swapStoresOf({ zswap }: Profile): SwapStore[] {
  return SWAP_STORES.filter(({ zpool }) =>
    zpool === undefined || zswap.zpools.includes(zpool)
  );
}

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
  /** Pages that zswap wrote back to the disk. */
  readonly writtenBack: number;
  /** Times that a page was not taken. */
  readonly refused: number;
  /** Pages that nobody took and that stayed in memory. */
  readonly inMemory: number;
  /** Pages that were decompressed, to be read or to be written back. */
  readonly decompressions: number;
  /** Pages read from the disk. */
  readonly deviceReads: number;
  /** Pages written to the disk. */
  readonly deviceWrites: number;
}

/** What a run is done with. */
export interface SwapRunSize {
  /** Pages of the process. */
  readonly pages: number;
  /** Bytes of memory that may hold them. */
  readonly memory: number;
  /** What is touched, at random. */
  readonly seed: number;
}

/** A swap path, and who holds its pages. */
interface Machine {
  readonly swap: Swap;
  readonly zram: Zram | undefined;
  readonly codec: CountedCodec;
}

function start(
  { zpool }: SwapStore,
  profile: Profile,
  codec: CountedCodec,
  size: SwapRunSize,
): Machine {
  const { pageSize } = profile;
  const limitPages = Math.floor(size.memory / pageSize);
  // A slot for every page, and one for the header.
  const pages = size.pages + 1;
  if (zpool === undefined) {
    const zram = limitedZram(profile, codec, { pages, limitPages });
    const swap = new Swap(profile);
    swap.swapon(zramSwapDevice(zram));
    return { swap, zram, codec };
  }
  const disk = blockSwapDevice(new RamBackingDevice(pages, pageSize));
  const swap = zswapOver(disk, profile, codec, { limitPages, zpool });
  return { swap, zram: undefined, codec };
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
  size: SwapRunSize,
  step: (done: number) => void = () => {},
): SwapRun {
  const machine = start(store, profile, countedCodec(codec), size);
  const { swap } = machine;
  const checksums = new Uint32Array(size.pages);
  let page = 0;
  for (const data of pages) {
    const errno = swap.write(PROCESS, page, data);
    if (errno !== undefined) {
      throw new Error(`Cannot write page ${page}: ${errno}`);
    }
    checksums[page] = crc32(data);
    swap.swapOut(PROCESS, page++);
    step(page);
  }
  const order = shuffle([...Array(page).keys()], randomFrom(size.seed));
  const touched = order.slice(0, Math.ceil(page / 10));
  for (const number of touched) readBack(machine, checksums, number);
  for (const number of touched) swap.swapOut(PROCESS, number);
  const run = figures(store, machine, page);
  for (let number = 0; number < page; number++) {
    readBack(machine, checksums, number);
    swap.swapOut(PROCESS, number);
    step(page + number + 1);
  }
  return run;
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

/** Pages that a device has: up to 3.19 those of zeros are not in its count. */
function countSlots({ slots }: Zram): number {
  let count = 0;
  for (let slot = 0; slot < slots.length; slot++) {
    if (slots.isAllocated(slot)) count++;
  }
  return count;
}

function figures(
  { name }: SwapStore,
  { swap, zram, codec }: Machine,
  pages: number,
): SwapRun {
  const { pageSize } = swap.profile;
  const { zswap, stats } = swap;
  const zeros = [...swap.types.values()]
    .reduce((sum, { zeromap }) => sum + zeromap.size, 0);
  const common = {
    name,
    pageSize,
    inMemory: countInMemory(swap),
    decompressions: codec.decompressions,
  };
  if (zram !== undefined) {
    return {
      ...common,
      held: countSlots(zram) + zeros,
      heldWithoutMemory: zram.stats.samePages + zeros,
      memory: zram.mmStat().mem_used_total,
      writtenBack: 0,
      refused: stats.failedWrites,
      deviceReads: 0,
      deviceWrites: 0,
    };
  }
  if (zswap === undefined) throw new Error("neither zram nor zswap");
  const { counters } = zswap;
  const stored = counters.stored_pages + zeros;
  const { pswpin, pswpout } = stats;
  return {
    ...common,
    held: Math.min(stored, pages),
    heldWithoutMemory: counters.same_filled_pages + zeros,
    memory: zswap.pools.totalPages * pageSize,
    writtenBack: counters.written_back_pages,
    refused: pswpout - counters.written_back_pages,
    deviceReads: pswpin,
    deviceWrites: pswpout,
  };
}
