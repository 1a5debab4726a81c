/**
 * Pages that go to the backing device as they are stored, and come back so.
 * Specifies `compressed_writeback`, `drivers/block/zram/zram_drv.c`, since 7.0.
 */
import { CorruptDataError } from "../codec/codec.ts";
import type { Errno } from "../linux/errno.ts";
import type { Zram } from "./device.ts";
import { assertSlotHeld } from "./locks.ts";
import { readFromZspool } from "./read.ts";
import { ZRAM_HUGE, ZRAM_WB } from "./slots.ts";

/**
 * Fills `into` with what is written to the block of a slot: its page, or the
 * object that holds it (`read_from_zspool_raw`).
 */
export function readForBlock(
  zram: Zram,
  slot: number,
  into: Uint8Array,
): void {
  if (!zram.compressedWb) return readFromZspool(zram, slot, into);
  const size = zram.slots.size(slot);
  zram.initialisedPool.read(zram.slots.handle(slot), into.subarray(0, size));
  if (zram.profile.zram.blockTail === "zeros") into.fill(0, size);
}

const DECOMPRESS = "decompress_bdev_page, zram_drv.c";

/**
 * Makes the page of a slot, which is locked, of what was read from its block. EIO where the slot
 * is not on the backing device any more, the page being zeros then, and where
 * the block was another page's meanwhile. Specifies `decompress_bdev_page`.
 */
export function decompressBdevPage(
  zram: Zram,
  slot: number,
  page: Uint8Array,
): Errno | undefined {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, slot, DECOMPRESS);
  const { slots } = zram;
  if (!slots.has(slot, ZRAM_WB)) {
    page.fill(0);
    return "EIO";
  }
  if (slots.has(slot, ZRAM_HUGE)) return undefined;
  const compressed = page.slice(0, slots.size(slot));
  try {
    zram.codecAt(slots.priority(slot)).decompress(compressed, page);
  } catch (error) {
    if (error instanceof CorruptDataError) return "EIO";
    throw error;
  }
}
