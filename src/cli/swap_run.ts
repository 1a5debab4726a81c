/** One run of `zspec swap`: the same pages through one way of holding them. */
import { crc32 } from "node:zlib";
import type { Codec } from "../codec/codec.ts";
import { lz4 } from "../codec/lz4.ts";
import { randomFrom, shuffle } from "../programs/random.ts";
import type { Profile } from "../linux/profile.ts";
import type { ZpoolType } from "../linux/zswap_profile.ts";
import {
  blockSwapDevice,
  type SwapDevice,
  zramSwapDevice,
} from "../swap/device.ts";
import { Swap } from "../swap/swap.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { Zram } from "../zram/device.ts";
import { type Input, inputPages } from "./pages.ts";

/** A way of holding pages: zram, or zswap over an allocator. */
export interface SwapStore {
  /** What it is called. */
  readonly name: string;
  /** zswap's allocator; none for zram. */
  readonly zpool?: ZpoolType;
}

/** All ways there are. */
export const SWAP_STORES: readonly SwapStore[] = [
  { name: "zram" },
  { name: "zswap on zbud", zpool: "zbud" },
  { name: "zswap on z3fold", zpool: "z3fold" },
  { name: "zswap on zsmalloc", zpool: "zsmalloc" },
];

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
interface Size {
  readonly pages: number;
  readonly memory: number;
  readonly seed: number;
}

/** A codec that counts the pages it decompresses. */
class CountedLz4 implements Codec {
  readonly name: string = lz4.name;
  decompressions = 0;
  compress(page: Uint8Array, into: Uint8Array): number {
    return lz4.compress(page, into);
  }
  decompress(compressed: Uint8Array, page: Uint8Array): void {
    this.decompressions++;
    lz4.decompress(compressed, page);
  }
}

/** A swap path, and who holds its pages. */
interface Machine {
  readonly swap: Swap;
  readonly zram: Zram | undefined;
  readonly codec: CountedLz4;
}

/** zram as the swap device, limited to the memory that a run may take. */
function zramOf(profile: Profile, codec: Codec, size: Size): Zram {
  const zram = new Zram(profile, { codecs: [codec] });
  zram.setAlgorithm(codec.name);
  zram.setDisksize((size.pages + 1) * profile.pageSize);
  zram.limitPages = Math.floor(size.memory / profile.pageSize);
  return zram;
}

/** A disk with a slot for every page, and one for the header. */
function diskOf({ pageSize }: Profile, { pages }: Size): SwapDevice {
  return blockSwapDevice(new RamBackingDevice(pages + 1, pageSize));
}

function start(store: SwapStore, profile: Profile, size: Size): Machine {
  const codec = new CountedLz4();
  const { zpool } = store;
  if (zpool === undefined) {
    const zram = zramOf(profile, codec, size);
    const swap = new Swap(profile);
    swap.swapon(zramSwapDevice(zram));
    return { swap, zram, codec };
  }
  const totalRamPages = Math.floor(size.memory / profile.pageSize);
  const swap = new Swap(profile, {
    zswap: { totalRamPages, zpool, compressor: codec.name, codecs: [codec] },
  });
  if (swap.zswap !== undefined) swap.zswap.parameters.maxPoolPercent = 100;
  swap.swapon(diskOf(profile, size));
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
  input: Input,
  size: Size,
  step: (done: number) => void,
): SwapRun {
  const machine = start(store, profile, size);
  const { swap } = machine;
  const checksums = new Uint32Array(size.pages);
  let page = 0;
  for (const data of inputPages(input, profile.pageSize)) {
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

/** Pages that are in memory as they are, mapped or in the swap cache. */
function countInMemory({ types, mapped }: Swap): number {
  const frames = new Set(mapped.keys());
  for (const { cache } of types.values()) {
    for (const { pfn } of cache.values()) frames.add(pfn);
  }
  return frames.size;
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
