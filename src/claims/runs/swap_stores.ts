/** The ways of holding pages that `zspec swap` compares, and each as a machine. */
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import { blockSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { Swap } from "../../swap/swap.ts";
import type { Zram } from "../../zram/device.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { type CountedCodec, CountedDisk } from "./counting.ts";
import { limitedZram } from "./swap_machine.ts";

/** A way of holding pages: devices, and zswap above them or not. */
export interface SwapStore {
  /** What it is called. */
  readonly name: string;
  /** zswap's allocator, where there is zswap. */
  readonly zpool?: ZpoolType;
  /** The swap devices by priority. */
  readonly devices: readonly ("zram" | "disk")[];
  /** Whether zram has a backing device, and pages go there when it is full. */
  readonly isBacked?: boolean;
}

/** zram alone, which says how many slots it has where a disk is behind it. */
export const ZRAM_ALONE: SwapStore = { name: "zram", devices: ["zram"] };

const SWAP_STORES: readonly SwapStore[] = [
  ZRAM_ALONE,
  { name: "zram, then a disk", devices: ["zram", "disk"] },
  { name: "zram, written back", devices: ["zram"], isBacked: true },
  { name: "zswap on zbud", zpool: "zbud", devices: ["disk"] },
  { name: "zswap on z3fold", zpool: "z3fold", devices: ["disk"] },
  { name: "zswap on zsmalloc", zpool: "zsmalloc", devices: ["disk"] },
  { name: "zswap above zram", zpool: "zsmalloc", devices: ["zram"] },
];

/** The ways that a kernel has. */
export function storesOf({ zswap, zram }: Profile): SwapStore[] {
  return SWAP_STORES.filter(({ zpool, isBacked }) =>
    (zpool === undefined || zswap.zpools.includes(zpool)) &&
    (isBacked !== true || zram.writeback)
  );
}

/** What a run is done with. */
export interface Size {
  /** Pages of the process. */
  readonly pages: number;
  /** Bytes of memory that hold pages. */
  readonly memory: number;
  /** Which pages are touched. */
  readonly seed: number;
  /** Slots of zram where a disk is behind it. */
  readonly zramSlots: number;
}

/** A swap path, and who holds its pages. */
export interface Machine {
  /** The swap path. */
  readonly swap: Swap;
  /** zram, if it is one of the devices. */
  readonly zram: Zram | undefined;
  /** The disk, or what pages are written back to. */
  readonly disk: CountedDisk;
  /** What pages are compressed with. */
  readonly codec: CountedCodec;
}

/** A machine that holds pages so, within the memory that it may take. */
export function startMachine(
  store: SwapStore,
  profile: Profile,
  codec: CountedCodec,
  size: Size,
): Machine {
  const { pageSize } = profile;
  const { zpool, devices, isBacked } = store;
  // One slot more than there are pages, for the header or for block 0.
  const disk = new CountedDisk(size.pages + 1, pageSize);
  const hasZram = devices.includes("zram");
  // zswap and zram below it have a half each.
  const halves = hasZram && zpool !== undefined ? 2 : 1;
  const memoryPages = Math.floor(size.memory / halves / pageSize);
  const swap = new Swap(
    profile,
    zpool === undefined ? {} : {
      zswap: {
        totalRamPages: memoryPages,
        zpool,
        compressor: codec.name,
        codecs: [codec],
      },
    },
  );
  if (swap.zswap !== undefined) swap.zswap.parameters.maxPoolPercent = 100;
  const slots = devices.length > 1 ? size.zramSlots : size.pages;
  const zram = hasZram
    ? limitedZram(profile, codec, {
      pages: slots + 1,
      limitPages: memoryPages,
      backing: isBacked ? disk : undefined,
    })
    : undefined;
  if (zram !== undefined) swap.swapon(zramSwapDevice(zram));
  if (devices.includes("disk")) swap.swapon(blockSwapDevice(disk));
  return { swap, zram, disk, codec };
}

/** What part of the limit's pages is written back at a time. */
const AT_A_TIME = 1 / 16;

/**
 * What somebody does who watches zram: writes some pages back, up to 6.12 those
 * with the lowest numbers and since then the largest, and compacts the pool.
 * Answers whether any were written.
 */
export function writeSomeBack(zram: Zram): boolean {
  const before = zram.stats.bdWrites;
  const pages = Math.ceil(zram.limitPages * AT_A_TIME);
  const units = pages * zram.profile.pageSize / 4096;
  echo(zram, "idle", "all");
  echo(zram, "writeback_limit_enable", "1");
  echo(zram, "writeback_limit", `${units}`);
  // EIO says that the limit is reached.
  echo(zram, "writeback", "idle", "EIO");
  echo(zram, "compact", "1");
  return zram.stats.bdWrites > before;
}

function echo(zram: Zram, name: string, text: string, allowed?: Errno): void {
  const errno = writeAttribute(zram, name, text);
  if (errno === undefined || errno === allowed) return;
  throw new Error(`Cannot write '${text}' to '${name}': ${errno}`);
}
