/** What zswap's writeback takes: frames, decompressions, requests. */
import { lzo } from "../../codec/lzo.ts";
import type { Profile } from "../../linux/profile.ts";
import { NO_PAGE } from "../../memory/memory.ts";
import { runToEnd } from "../../rules/stop.ts";
import { blockSwapDevice } from "../../swap/device.ts";
import type { SwapLayer } from "../../zswap/swap_layer.ts";
import { Zswap } from "../../zswap/zswap.ts";
import { countedCodec, CountedDisk, CountedMemory } from "./counting.ts";
import { type Distribution, distribution } from "../numbers.ts";
import { PROCESS, swapOutByAge } from "./swap_by_age.ts";
import { zswapOf, zswapOver } from "./swap_machine.ts";
import {
  countPlain,
  type Pages,
  sequentialShare,
  type Written,
} from "./writeback_written.ts";

/** What was done in stores, and what by the worker. */
export interface InStores {
  /** Stores, and those of them that wrote pages back themselves. */
  readonly stores: number;
  readonly storesThatWrote: number;
  /** Pages that were written back in stores, and by the worker. */
  readonly inStores: number;
  readonly byWorker: number;
}

/** What freeing one frame of the pools takes, where requests end late. */
export interface ToFreeOne {
  /** Frames that are taken, one for each page, before one is given back. */
  readonly frames: Distribution;
  /** Times that it was tried with two frames free, and that it was done. */
  readonly tries: number;
  readonly doneWithTwo: number;
}

/** All that is measured of zswap. */
export interface ZswapWriteback {
  readonly written: Written;
  readonly inStores: InStores;
  readonly toFreeOne: ToFreeOne;
}

/**
 * One step of writeback, as the kernel does it: a page of the allocator's, or
 * an entry of the LRU list. Entries that are new to the list have had their
 * second chance before.
 */
function writeBackOne(zswap: Zswap): void {
  const { shrink } = zswap.profile.zswap;
  if (shrink === "entries-in-worker") zswap.shrinkerScan(1);
  else zswap.pools.last?.zpool.shrink(1);
}

/** Gives each entry of the LRU list its second chance. */
function ageEntries(zswap: Zswap): void {
  if (zswap.profile.zswap.shrink !== "entries-in-worker") return;
  zswap.parameters.shrinkerEnabled = true;
  zswap.shrinkerScan(zswap.lru.size);
}

/** A zswap with room for all pages, which have gone out. */
function filled({ profile, data, seed }: Pages) {
  const { pageSize } = profile;
  const memory = new CountedMemory({ pageSize });
  const disk = new CountedDisk(data.length + 1, pageSize);
  const codec = countedCodec(lzo);
  const swap = zswapOver(blockSwapDevice(disk), profile, codec, {
    limitPages: 2 * data.length,
    memory,
  });
  swapOutByAge(swap, data, seed, (page) => swap.swapOut(PROCESS, page));
  const zswap = zswapOf(swap);
  ageEntries(zswap);
  return { zswap, memory, disk, codec };
}

/** Pages that are written back in so many steps with so many frames free. */
function writtenWith(pages: Pages, frames: number): number {
  const { zswap, memory } = filled(pages);
  memory.left = frames;
  for (let step = 0; step < pages.steps; step++) writeBackOne(zswap);
  return zswap.counters.written_back_pages;
}

function measureWritten(pages: Pages): Written {
  const { zswap, memory, disk, codec } = filled(pages);
  const refused = disk.written.length;
  const decompressed = codec.decompressions;
  const before = memory.allocatedPages;
  const pool = zswap.pools.totalPages;
  memory.count();
  for (let step = 0; step < pages.steps; step++) writeBackOne(zswap);
  const blocks = disk.written.slice(refused);
  return {
    name: "zswap",
    pages: zswap.counters.written_back_pages,
    decompressions: codec.decompressions - decompressed,
    requests: blocks.length,
    framesTaken: memory.taken,
    framesAtATime: memory.most - before,
    framesFreed: pool - zswap.pools.totalPages,
    sequential: sequentialShare(blocks),
    plain: countPlain(pages, disk, blocks),
    withoutFrames: writtenWith(pages, 0),
    withOneFrame: writtenWith(pages, 1),
  };
}

/** The share of the pages that a zswap that is to be full has room for. */
const ROOM = 1 / 4;

function measureStores({ profile, data, seed }: Pages): InStores {
  const { pageSize } = profile;
  const disk = new CountedDisk(data.length + 1, pageSize);
  const swap = zswapOver(blockSwapDevice(disk), profile, lzo, {
    limitPages: Math.ceil(data.length * ROOM),
  });
  const { counters } = zswapOf(swap);
  let [stores, storesThatWrote, inStores, byWorker] = [0, 0, 0, 0];
  swapOutByAge(swap, data, seed, (page) => {
    const before = counters.written_back_pages;
    runToEnd(swap.swapOutSteps(PROCESS, page));
    const stored = counters.written_back_pages;
    stores++;
    if (stored > before) storesThatWrote++;
    inStores += stored - before;
    swap.zswap?.shrinkWork();
    byWorker += counters.written_back_pages - stored;
  });
  return { stores, storesThatWrote, inStores, byWorker };
}

/** A swap layer whose writes end only when they are told to. */
function lateSwapLayer(memory: CountedMemory) {
  const underWriteback: number[] = [];
  const layer: SwapLayer = {
    // deno-lint-ignore require-yield -- nobody else runs
    *allocSwapCachePage() {
      const pfn = memory.allocPage();
      if (pfn === NO_PAGE) return "no-memory";
      underWriteback.push(pfn);
      return "new";
    },
    // deno-lint-ignore require-yield -- nobody else runs
    *deleteFromSwapCache() {
      const pfn = underWriteback.pop();
      if (pfn !== undefined) memory.freePage(pfn);
    },
    *writePage() {},
  };
  return {
    layer,
    get pages() {
      return underWriteback.length;
    },
    end() {
      for (const pfn of underWriteback.splice(0)) memory.freePage(pfn);
    },
  };
}

/** A zswap over such a layer, with all pages stored. */
function filledLate(profile: Profile, data: readonly Uint8Array[]) {
  const memory = new CountedMemory({ pageSize: profile.pageSize });
  const late = lateSwapLayer(memory);
  const zswap = new Zswap(profile, {
    totalRamPages: 2 * data.length,
    memory,
    swap: late.layer,
    compressor: lzo.name,
    codecs: [lzo],
  });
  zswap.parameters.maxPoolPercent = 100;
  zswap.swapon(0);
  data.forEach((page, nth) => zswap.store(0, nth + 1, [page]));
  ageEntries(zswap);
  return { zswap, memory, late };
}

/** Frames that are taken until the pools have one fewer, or none is to be had. */
function freeOne({ zswap, memory, late }: ReturnType<typeof filledLate>) {
  const pool = zswap.pools.totalPages;
  memory.refused = 0;
  while (zswap.pools.totalPages >= pool && memory.refused === 0) {
    if (zswap.counters.stored_pages === 0) break;
    const before = late.pages;
    writeBackOne(zswap);
    if (late.pages === before && memory.refused === 0) break;
  }
  const isDone = zswap.pools.totalPages < pool;
  const frames = late.pages;
  late.end();
  return { isDone, frames };
}

function measureToFreeOne({ profile, data, steps }: Pages): ToFreeOne {
  const usual = filledLate(profile, data);
  const frames: number[] = [];
  for (let step = 0; step < steps; step++) {
    const freed = freeOne(usual);
    if (!freed.isDone) break;
    frames.push(freed.frames);
  }
  const short = filledLate(profile, data);
  let doneWithTwo = 0;
  for (let step = 0; step < frames.length; step++) {
    short.memory.left = 2;
    if (freeOne(short).isDone) doneWithTwo++;
  }
  return {
    frames: distribution(frames),
    tries: frames.length,
    doneWithTwo,
  };
}

/** Measures zswap's writeback. */
export function measureZswap(pages: Pages): ZswapWriteback {
  return {
    written: measureWritten(pages),
    inStores: measureStores(pages),
    toFreeOne: measureToFreeOne(pages),
  };
}
