/** Swap devices: where pages go that nothing keeps in memory. */
import type { Errno } from "../linux/errno.ts";
import type { BackingDevice } from "../zram/backing.ts";
import type { Zram } from "../zram/device.ts";

/** A device as the swap path uses it: pages by their offset. */
export interface SwapDevice {
  /** Its size in pages. The first is the swap header's and holds no page. */
  readonly pages: number;
  /**
   * SWP_SYNCHRONOUS_IO: whether it is as fast as memory, so that a page is
   * read past the swap cache and its slot is free at once.
   */
  readonly synchronous: boolean;
  /** Fills `into` with the page at an offset, or answers the error. */
  readPage(offset: number, into: Uint8Array): Errno | undefined;
  /** Writes the page at an offset, or answers the error. */
  writePage(offset: number, data: Uint8Array): Errno | undefined;
  /** Learns that a slot is free (`swap_slot_free_notify`). */
  slotFreeNotify?(offset: number): void;
  /** Whether it takes memory for the page at an offset, where it can tell. */
  holds?(offset: number): boolean;
}

/** A block device to swap to; `synchronous` as a ram disk is. */
export function blockSwapDevice(
  device: BackingDevice,
  synchronous = false,
): SwapDevice {
  return {
    pages: device.pages,
    synchronous,
    readPage: (offset, into) => device.readPage(offset, into),
    writePage: (offset, data) => device.writePage(offset, data),
  };
}

/**
 * A zram device to swap to. What it has no memory for, it refuses with EIO.
 * A slot that is free is freed in it at once.
 */
export function zramSwapDevice(zram: Zram): SwapDevice {
  return {
    pages: zram.disksize / zram.profile.pageSize,
    synchronous: true,
    readPage: (offset, into) => zram.read(offset, into),
    writePage(offset, data) {
      const written = zram.write(offset, data);
      return typeof written === "string" ? written : undefined;
    },
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
    readPage: () => "EIO",
    writePage: () => "EIO",
  };
}
