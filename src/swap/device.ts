/** Swap devices: where pages go that nothing keeps in memory. */
import { assertHas } from "../rules/argument.ts";
import type { Errno } from "../linux/errno.ts";
import type { BackingDevice } from "../zram/backing.ts";
import { markAccessed } from "../zram/idle.ts";
import { zramBlockDevice } from "../zram/block_device.ts";
import type { Zram } from "../zram/device.ts";
import { ZRAM_WB } from "../zram/slots.ts";

/** Reading and writing one page by its offset. */
export interface PageIo {
  /** Fills `into` with the page at an offset, or answers the error. */
  readPage(offset: number, into: Uint8Array): Errno | undefined;
  /** Writes the page at an offset, or answers the error. */
  writePage(offset: number, data: Uint8Array): Errno | undefined;
}

/** A device as the swap path uses it: pages by their offset, each in a bio. */
export interface SwapDevice extends PageIo {
  /** Its size in pages. The first is the swap header's and holds no page. */
  readonly pages: number;
  /**
   * SWP_SYNCHRONOUS_IO: whether it is as fast as memory, so that its pages may
   * be read otherwise than into the swap cache to stay there.
   */
  readonly synchronous: boolean;
  /**
   * SWP_STABLE_WRITES: whether a page must not change while it is written, as
   * one that is compressed or has a checksum.
   */
  readonly stableWrites: boolean;
  /** Its pages without a bio (`rw_page`), where it has that. */
  readonly rwPage?: PageIo;
  /** Learns that a slot is free (`swap_slot_free_notify`). */
  slotFreeNotify?(offset: number): void;
  /** Whether it takes memory for the page at an offset, where it can tell. */
  holds?(offset: number): boolean;
}

/** What is special about a block device: nothing is, where it is left out. */
export interface BlockSwapOptions {
  /** Whether it is as fast as memory, as a ram disk is. */
  readonly synchronous?: boolean;
  /** Whether a page must not change while it is written. */
  readonly stableWrites?: boolean;
}

/** A block device to swap to. It has no `rw_page`, as few but zram ever had. */
export function blockSwapDevice(
  device: BackingDevice,
  { synchronous = false, stableWrites = false }: BlockSwapOptions = {},
): SwapDevice {
  assertHas("use a disk", "device", device, "pages", "a BackingDevice");
  return {
    pages: device.pages,
    synchronous,
    stableWrites,
    readPage: (offset, into) => device.readPage(offset, into),
    writePage: (offset, data) => device.writePage(offset, data),
  };
}

/**
 * The pages of a zram device without a bio. A page on the backing device cannot be read so, there
 * being no bio to wait for: EOPNOTSUPP, counted as a read that failed. Specifies
 * `zram_rw_page`, 6.1.
 */
function zramRwPage(zram: Zram): PageIo {
  const { readPage, writePage } = zramBlockDevice(zram);
  return {
    readPage(offset, into) {
      if (!zram.slots.has(offset, ZRAM_WB)) return readPage(offset, into);
      zram.ioStat.numReads++;
      zram.ioStat.failedReads++;
      if (zram.profile.zram.failureIsAccess) markAccessed(zram, offset);
      return "EOPNOTSUPP";
    },
    writePage,
  };
}

/**
 * A zram device to swap to. What it has no memory for, it refuses with EIO.
 * A slot that is free is freed in it when it learns of that. Up to 5.15 one
 * with a backing device has no `rw_page`, by which swapon knows a device as
 * fast as memory (`zram_wb_devops`).
 */
export function zramSwapDevice(zram: Zram): SwapDevice {
  assertHas("use a disk", "zram", zram, "slots", "a Zram");
  const { rwPage } = zram.profile.swap;
  const isSlowed = rwPage === "without-backing-device" &&
    zram.backing !== undefined;
  const { pages, readPage, writePage } = zramBlockDevice(zram);
  return {
    pages,
    readPage,
    writePage,
    synchronous: !isSlowed,
    stableWrites: true,
    rwPage: rwPage === "never" || isSlowed ? undefined : zramRwPage(zram),
    slotFreeNotify: (offset) => zram.slotFreeNotify(offset),
    holds: (offset) => zram.slots.isAllocated(offset),
  };
}

/**
 * A device of a size and nothing else, under a zswap that writes nothing back:
 * it refuses every page that zswap does not take.
 */
export function pseudoSwapDevice(pages: number): SwapDevice {
  return {
    pages,
    synchronous: true,
    stableWrites: false,
    readPage: () => "EIO",
    writePage: () => "EIO",
  };
}
