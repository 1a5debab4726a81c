/** zram, and zswap over devices that take nothing or all: who holds which pages. */
import { crc32 } from "node:zlib";
import { lzo } from "../../codec/lzo.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import {
  blockSwapDevice,
  pseudoSwapDevice,
  type SwapDevice,
  zramSwapDevice,
} from "../../swap/device.ts";
import { Swap } from "../../swap/swap.ts";
import type { Zram } from "../../zram/device.ts";
import { countedCodec, CountedDisk } from "./counting.ts";
import { PROCESS, swapOutByAge } from "./swap_by_age.ts";
import { limitedZram, placeOf, zswapOver } from "./swap_machine.ts";

/** The kind of pages that all should be good for. */
export const COMPRESSIBLE = "compressible";

/** The same pages for all. */
export interface Program {
  readonly profile: Profile;
  readonly data: readonly Uint8Array[];
  readonly seed: number;
  /** Frames for compressed pages. */
  readonly room: number;
}

/** What one of them came to. */
export interface Held {
  readonly name: string;
  /** The pages that are compressed in memory, by number. */
  readonly pages: ReadonlySet<number>;
  /** Bytes of the frames that hold them. */
  readonly bytes: number;
  /** Pages that stay in memory as they are. */
  readonly inMemory: number;
  /** Pages that are not read back as they were. */
  readonly lost: number;
  /** Pages that zswap wrote back, and those that its device was sent in all. */
  readonly writtenBack: number;
  readonly sent: number;
  /** Pages that were decompressed before they were read back. */
  readonly decompressions: number;
}

/** Who holds pages. */
interface Holder {
  readonly name: string;
  readonly swap: Swap;
  readonly zram?: Zram;
  readonly codec: { readonly decompressions: number };
}

/** The allocator that is most like zram's. */
export const likestZpool = ({ zswap }: Profile): ZpoolType =>
  zswap.zpools.includes("zsmalloc") ? "zsmalloc" : zswap.defaultZpool;

/** zram as swap. */
export function heldByZram(program: Program): Held {
  const { profile, data, room } = program;
  const codec = countedCodec(lzo);
  const pages = data.length + 1;
  const zram = limitedZram(profile, codec, { pages, limitPages: room });
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  return hold({ name: "zram", swap, zram, codec }, program);
}

function heldByZswap(
  program: Program,
  name: string,
  device: SwapDevice,
  writeback: boolean,
): Held {
  const { profile, room } = program;
  const zpool = likestZpool(profile);
  const codec = countedCodec(lzo);
  const plan = { limitPages: room, zpool, writeback };
  const swap = zswapOver(device, profile, codec, plan);
  return hold({ name: `zswap on ${zpool}, ${name}`, swap, codec }, program);
}

/** zswap that writes nothing back, over a device that takes nothing. */
export const heldByPseudo = (program: Program): Held =>
  heldByZswap(
    program,
    "no writeback, pseudo device",
    pseudoSwapDevice(program.data.length + 1),
    false,
  );

/** zswap that tries to write back to a device that takes nothing. */
export const heldByFailing = (program: Program): Held =>
  heldByZswap(
    program,
    "failing device",
    pseudoSwapDevice(program.data.length + 1),
    true,
  );

/** zswap that writes nothing back, over a disk. */
export function heldWithoutEvict(program: Program): Held {
  const { data, profile: { pageSize } } = program;
  const disk = blockSwapDevice(new CountedDisk(data.length + 1, pageSize));
  return heldByZswap(program, "no writeback, disk", disk, false);
}

/** Runs the program, looks who has what, and reads all back. */
function hold(holder: Holder, { data, seed }: Program): Held {
  const { name, swap, zram, codec } = holder;
  swapOutByAge(swap, data, seed, (page) => swap.swapOut(PROCESS, page));
  const places = data.map((_, number) => {
    const page = swap.pageOf(PROCESS, number);
    return page && placeOf(swap, page, zram);
  });
  const count = (asked: string) =>
    places.filter((place) => place === asked).length;
  const frames = swap.zswap?.pools.totalPages ??
    zram?.initialisedPool.pagesAllocated ?? 0;
  const found = {
    name,
    pages: new Set(
      [...places.keys()].filter((number) => places[number] === "compressed"),
    ),
    bytes: frames * swap.profile.pageSize,
    inMemory: count("memory"),
    writtenBack: swap.zswap?.counters.written_back_pages ?? 0,
    sent: zram === undefined ? swap.stats.pswpout : 0,
    decompressions: codec.decompressions,
  };
  return { ...found, lost: countLost(swap, data) };
}

function countLost(swap: Swap, data: readonly Uint8Array[]): number {
  const into = new Uint8Array(swap.profile.pageSize);
  return data.filter((page, number) => {
    const errno = swap.read(PROCESS, number, into);
    return errno !== undefined || crc32(into) !== crc32(page);
  }).length;
}

/** How many of some blocks that a file system writes to a device it reads back. */
export function blocksKept(
  device: SwapDevice,
  data: readonly Uint8Array[],
): number {
  const into = new Uint8Array(data[0]?.length ?? 0);
  return data.filter((page, nth) =>
    device.writePage(nth, page) === undefined &&
    device.readPage(nth, into) === undefined && crc32(into) === crc32(page)
  ).length;
}
