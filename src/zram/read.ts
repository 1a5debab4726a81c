/** How a page is read, from the pool or from the backing device. */
import type { Errno } from "../linux/errno.ts";
import type { AttachedBacking } from "./backing.ts";
import { decompressBdevPage } from "./compressed_writeback.ts";
import type { Zram } from "./device.ts";
import { assertSlotHeld } from "./locks.ts";
import { fillPage } from "./same_filled.ts";
import { ZRAM_HUGE, ZRAM_WB } from "./slots.ts";

/**
 * Fills `into` with the page of a slot, which is locked, and whose page is not
 * written back: zeros where nothing is stored. Specifies `zram_read_from_zspool` (since 6.6; before, in
 * `__zram_bvec_read`).
 */
export function readFromZspool(
  zram: Zram,
  page: number,
  into: Uint8Array,
): void {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, page, READ_ZSPOOL);
  const { slots, pool } = zram;
  const handle = slots.handle(page);
  if (handle === 0 || pool === undefined) {
    fillPage(
      into,
      slots.elementLow(page),
      slots.elementHigh(page),
      zram.profile.wordBits / 8,
    );
  } else if (slots.has(page, ZRAM_HUGE)) {
    pool.read(handle, into);
  } else {
    const compressed = zram.buffer.subarray(0, slots.size(page));
    pool.read(handle, compressed);
    zram.codecAt(slots.priority(page)).decompress(compressed, into);
  }
}

const READ_ZSPOOL = "read_from_zspool, zram_drv.c";

/** Whether a slot's page has to be decompressed, and with which priority. */
export function needsStream({ slots }: Zram, page: number): boolean {
  return slots.handle(page) !== 0 && !slots.has(page, ZRAM_HUGE);
}

/** How a page was read. */
export interface Read {
  /** The backing device's error. */
  readonly errno: Errno | undefined;
  /** Whether what was read still is to be decompressed (since 7.0). */
  readonly isDeferred: boolean;
}

/**
 * Fills `into` with what there is of a page: the page, or what its block on the
 * backing device holds. Specifies `zram_read_page` (since 6.4).
 */
export function beginReadPage(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Read {
  const { slots, backing } = zram;
  if (!slots.has(page, ZRAM_WB) || backing === undefined) {
    readFromZspool(zram, page, into);
    return { errno: undefined, isDeferred: false };
  }
  return readFromBdev(zram, backing, slots.block(page), into);
}

/** Reads a block of the backing device (`read_from_bdev`). */
export function readFromBdev(
  zram: Zram,
  { device }: AttachedBacking,
  block: number,
  into: Uint8Array,
): Read {
  zram.stats.bdReads++;
  const errno = device.readPage(block, into);
  return { errno, isDeferred: errno === undefined && zram.compressedWb };
}

/**
 * Fills `into` with a page wherever it is; the error, where that is the backing
 * device and it fails (`read_from_bdev_sync`).
 */
export function readPage(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Errno | undefined {
  const { errno, isDeferred } = beginReadPage(zram, page, into);
  return isDeferred ? decompressBdevPage(zram, page, into) : errno;
}
