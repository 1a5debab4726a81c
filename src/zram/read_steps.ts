/**
 * How a page is read while others run: the sections of `beginReadPage`, with a
 * stop at each lock and at the backing device. Specifies `zram_read_page` and
 * what it calls, `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import { decompressBdevPage } from "./compressed_writeback.ts";
import type { Zram } from "./device.ts";
import { lockSlot, unlockSlot } from "./locks.ts";
import {
  needsStream,
  type Read,
  readFromBdev,
  readFromZspool,
} from "./read.ts";
import { ZRAM_HUGE, ZRAM_WB } from "./slots.ts";
import { handleState } from "./write.ts";

const READ_PAGE = "zram_read_page, zram_drv.c";
const READ_BDEV = "read_from_bdev, zram_drv.c";
const DECOMPRESS = "decompress_bdev_page, zram_drv.c";
const STREAM_GET = "zcomp_stream_get, zcomp.c";
const STREAM_PUT = "zcomp_stream_put, zcomp.c";

/** A block of the backing device, as something that is looked at and changed. */
export const blockState = (block: number): string => `block ${block}`;

/** `beginReadPage`, stopping wherever others may run. */
export function* beginReadPageSteps(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Generator<Stop, Read> {
  yield* lockSlot(zram, page, READ_PAGE);
  const { slots, backing } = zram;
  if (!slots.has(page, ZRAM_WB) || backing === undefined) {
    yield* readFromZspoolSteps(zram, page, into);
    yield unlockSlot(zram, page, READ_PAGE);
    return { errno: undefined, isDeferred: false };
  }
  const found = slots.block(page);
  yield unlockSlot(zram, page, READ_PAGE);
  const block = yield* blockOf(zram, page, found);
  yield reads(blockState(block), READ_BDEV);
  return readFromBdev(zram, backing, block, into);
}

/** The block that is read: up to 6.18 what stands in the slot, now unlocked. */
function* blockOf(
  zram: Zram,
  page: number,
  found: number,
): Generator<Stop, number> {
  if (zram.profile.zram.blockRead === "locked") return found;
  yield reads(handleState(page), READ_PAGE);
  return zram.slots.elementLow(page);
}

/** {@linkcode readFromZspool} of a locked slot, holding the stream to decompress. */
export function* readFromZspoolSteps(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Generator<Stop, void> {
  const { readers } = zram.profile.zram.locking.stream;
  if (!readers || !needsStream(zram, page)) {
    return readFromZspool(zram, page, into);
  }
  const { lock } = zram.locks.stream(zram.slots.priority(page));
  yield acquire(lock, STREAM_GET);
  readFromZspool(zram, page, into);
  yield release(lock, STREAM_PUT);
}

/**
 * {@linkcode decompressBdevPage}, holding the slot's lock and the stream to
 * decompress.
 */
export function* decompressBdevPageSteps(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  yield* lockSlot(zram, page, DECOMPRESS);
  const { slots } = zram;
  const { lock } = zram.locks.stream(slots.priority(page));
  const decompresses = slots.has(page, ZRAM_WB) && !slots.has(page, ZRAM_HUGE);
  if (decompresses) yield acquire(lock, STREAM_GET);
  const errno = decompressBdevPage(zram, page, into);
  if (decompresses) yield release(lock, STREAM_PUT);
  yield unlockSlot(zram, page, DECOMPRESS);
  return errno;
}

/** Reads a page wherever it is, waiting for the backing device. */
export function* readPageSteps(
  zram: Zram,
  page: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { errno, isDeferred } = yield* beginReadPageSteps(zram, page, into);
  return isDeferred ? yield* decompressBdevPageSteps(zram, page, into) : errno;
}
