/** Swap paths to compare: zram, or zswap over a device, with so much memory. */
import type { Codec } from "../../codec/codec.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import { Memory } from "../../memory/memory.ts";
import type { SwapDevice } from "../../swap/device.ts";
import type { AnonPage } from "../../swap/anon_page.ts";
import { Swap } from "../../swap/swap.ts";
import type { BackingDevice } from "../../zram/backing.ts";
import { Zram } from "../../zram/device.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { placeOfPage } from "./swap_places.ts";

/** A zram device that is to be made. */
export interface ZramPlan {
  /** Pages of its disk, that of the swap header included. */
  readonly pages: number;
  /** Frames that its pool may have. */
  readonly limitPages: number;
  /** Where it writes pages back to. Default: nowhere. */
  readonly backing?: BackingDevice;
  /** Where its pool takes frames from. Default: a memory of its own. */
  readonly memory?: Memory;
  /** `compressed_writeback`, where the kernel has it. Default false. */
  readonly compressedWriteback?: boolean;
}

const BACKING_PATH = "/dev/sdb";

/**
 * A zram device with a disk. Its limit is `mem_limit`; a kernel that has none
 * (up to 3.17) has a memory of its own of that size.
 */
export function limitedZram(
  profile: Profile,
  codec: Codec,
  { pages, limitPages, backing, memory, compressedWriteback }: ZramPlan,
): Zram {
  const { pageSize, zram: { attributes } } = profile;
  const hasLimit = "mem_limit" in attributes;
  const maxPages = hasLimit ? Infinity : limitPages;
  const zram = new Zram(profile, {
    codecs: [codec],
    memory: memory ?? new Memory({ pageSize, maxPages }),
    backingDevices: new Map(backing && [[BACKING_PATH, backing]]),
  });
  zram.setAlgorithm(codec.name);
  if (backing !== undefined) zram.setBackingDev(BACKING_PATH);
  zram.compressedWb = compressedWriteback ?? false;
  const errno = zram.setDisksize(pages * pageSize);
  if (errno !== undefined) throw new Error(`Cannot set zram up: ${errno}`);
  if (hasLimit) zram.limitPages = limitPages;
  return zram;
}

/** A zswap that is to be made. */
export interface ZswapPlan {
  /** Frames that its pools may have. */
  readonly limitPages: number;
  /** Its allocator. Default: the kernel's. */
  readonly zpool?: ZpoolType;
  /** Whether pages may be written back. Default true. */
  readonly writeback?: boolean;
  /** The frames of the machine. Default: without limit. */
  readonly memory?: Memory;
}

/** A swap path with zswap over a device. */
export function zswapOver(
  device: SwapDevice,
  profile: Profile,
  codec: Codec,
  { limitPages, zpool, writeback, memory }: ZswapPlan,
): Swap {
  const swap = new Swap(profile, {
    memory,
    zswap: {
      totalRamPages: limitPages,
      zpool,
      writeback,
      compressor: codec.name,
      codecs: [codec],
    },
  });
  zswapOf(swap).parameters.maxPoolPercent = 100;
  swap.swapon(device);
  return swap;
}

/** The zswap of a swap path that has one. */
export function zswapOf({ zswap }: Swap): Zswap {
  if (zswap === undefined) throw new Error("The swap path has no zswap");
  return zswap;
}

/** Where a page is. */
export type Place = "memory" | "compressed" | "disk";

/** Where a page of a process is; one that is in memory as well is there. */
export function placeOf(
  swap: Swap,
  page: AnonPage,
  zram: Zram | undefined,
): Place {
  const place = placeOfPage(swap, page, zram);
  return place === "zswap" || place === "zram" ? "compressed" : place;
}

/** Pages that are in memory as they are, mapped or in the swap cache. */
export function countInMemory({ types, mapped }: Swap): number {
  const frames = new Set(mapped.keys());
  for (const { cache } of types.values()) {
    for (const { pfn } of cache.values()) frames.add(pfn);
  }
  return frames.size;
}
