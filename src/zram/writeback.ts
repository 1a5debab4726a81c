/**
 * Writeback: pages leave memory for a backing device. Specifies
 * `writeback_store`, `drivers/block/zram/zram_drv.c`, as 6.1 has it and as
 * 6.18 has it.
 */
import type { Errno } from "../linux/errno.ts";
import { kstrtoll, sysfsStreq } from "../linux/kstrtox.ts";
import { reads, sleeps, type Stop, writes } from "../rules/stop.ts";
import { CAPACITY } from "./bio_request.ts";
import type { Zram } from "./device.ts";
import { lockSlot, underLimit, underSlot, unlockSlot } from "./locks.ts";
import {
  allocTemporaryPage,
  inPostProcessing,
  type PpCtl,
  releaseSelected,
  underPostProcessing,
  withPpCtl,
} from "./post_processing.ts";
import {
  blockState,
  readFromZspoolSteps,
  readPageSteps,
} from "./read_steps.ts";
import {
  ZRAM_IDLE,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
  ZRAM_WB,
} from "./slots.ts";
import {
  parseWriteback,
  type Selection,
  WRITEBACK_TYPES,
} from "./writeback_request.ts";
import { BITMAP, freePage } from "./write.ts";

/** Bytes of the unit in which the limit and `bd_stat` count. */
const LIMIT_UNIT = 4096;

/** Whether the limit lets no page through (`wb_limit_enable`, `bd_wb_limit`). */
export function isExhausted({ wbLimitEnable, wbLimit }: Zram): boolean {
  return wbLimitEnable && wbLimit === 0n;
}

/** By how much a page counts in the limit. */
export function limitUnits({ profile }: Zram): bigint {
  return BigInt(profile.pageSize / LIMIT_UNIT);
}

/** Takes a page off the limit; below zero it wraps, as the kernel's u64 does. */
export function chargeLimit(zram: Zram): void {
  if (!zram.wbLimitEnable || zram.wbLimit === 0n) return;
  zram.wbLimit = BigInt.asUintN(64, zram.wbLimit - limitUnits(zram));
}

/** The slot's page is on the backing device now; its memory is given back. */
function becomeWrittenBack(zram: Zram, page: number, block: number): void {
  freePage(zram, page);
  zram.slots.setBlock(page, block);
  zram.stats.pagesStored++;
}

const WRITEBACK_STORE = "writeback_store, zram_drv.c";
const WRITEBACK_SLOTS = "zram_writeback_slots, zram_drv.c";
const SCAN_SLOTS = "scan_slots_for_writeback, zram_drv.c";
const ALLOC_BLOCK = "alloc_block_bdev, zram_drv.c";
const FREE_BLOCK = "free_block_bdev, zram_drv.c";

/**
 * Runs a writeback under the device's lock with the pages that the disk has, or
 * up to 5.10 and from 6.16 to 7.1 had before that lock was taken.
 */
export function* underWriteback(
  zram: Zram,
  run: (pages: number) => Generator<Stop, Errno | undefined>,
): Generator<Stop, Errno | undefined> {
  let pages: number | undefined;
  if (zram.profile.zram.pagesCounted === "before-lock") {
    yield reads(CAPACITY, WRITEBACK_STORE);
    pages = zram.slots.length;
  }
  return yield* underPostProcessing(
    zram,
    WRITEBACK_STORE,
    () => run(pages ?? zram.slots.length),
  );
}

/** What is asked for up to 6.12, and what a page must be. */
interface IndexOrder {
  /** One page, or `undefined` for all. */
  readonly page: number | undefined;
  /** Flags that a page must have, all of them. */
  readonly flags: readonly number[];
}

/**
 * What the text asks up to 6.12 for: a type that this kernel has, or (since
 * 5.16) a page's number. EINVAL for anything else.
 */
function parseIndexOrder(
  { profile: { wordBits, zram } }: Zram,
  text: string,
): IndexOrder | Errno {
  const type = zram.writebackTypes.find((name) => sysfsStreq(text, name));
  if (type !== undefined) {
    return { page: undefined, flags: WRITEBACK_TYPES[type] };
  }
  const signature = "page_index=";
  if (zram.writebackPages === "none" || !text.startsWith(signature)) {
    return "EINVAL";
  }
  const index = kstrtoll(text.slice(signature.length), wordBits);
  if (typeof index === "string") return "EINVAL";
  return { page: Number(index), flags: [] };
}

/**
 * Up to 6.12: pages by number, one at a time, a block taken before each is
 * looked at. EIO where the limit is exhausted, ENOSPC where no block is free,
 * both even where no page was left to write; a page that cannot be written
 * stays, loses its mark, and its error is answered at the end.
 */
export function* writebackByIndex(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  const order = parseIndexOrder(zram, text);
  if (typeof order === "string") return order;
  return yield* underWriteback(zram, function* (pages) {
    if (zram.pool === undefined) return "EINVAL";
    const range = rangeOf(order, pages);
    const { pageIndexChecked } = zram.profile.zram;
    const isEarly = pageIndexChecked === "without-backing";
    if (range === undefined && isEarly) return "EINVAL";
    return yield* inPostProcessing(zram, WRITEBACK_STORE, function* () {
      const { backing } = zram;
      if (backing === undefined) return "ENODEV";
      if (range === undefined) return "EINVAL";
      return yield* writebackRange(zram, { ...range, flags: order.flags });
    });
  });
}

/** The pages that are asked for, of so many; nothing where it is none of them. */
function rangeOf(
  { page }: IndexOrder,
  pages: number,
): { readonly start: number; readonly end: number } | undefined {
  if (page === undefined) return { start: 0, end: pages };
  return page >= 0 && page < pages ? { start: page, end: page + 1 } : undefined;
}

/** The loop of `writeback_store` up to 6.12. */
function* writebackRange(
  zram: Zram,
  { start, end, flags }: Selection,
): Generator<Stop, Errno | undefined> {
  const buffer = allocTemporaryPage(zram.memory);
  if (buffer === undefined) return "ENOMEM";
  const reserved = { block: 0 };
  let errno: Errno | undefined;
  try {
    for (let page = start; page < end; page++) {
      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      yield* lockSlot(zram, page, WRITEBACK_STORE);
      if (!canWriteBack(zram, page, flags)) {
        yield unlockSlot(zram, page, WRITEBACK_STORE);
        continue;
      }
      const { block } = reserved;
      const outcome = yield* writeUnderMark(zram, page, block, buffer.bytes);
      if (outcome === "written-back") reserved.block = 0;
      else errno = outcome ?? errno;
    }
    yield* giveBack(zram, reserved);
    return errno;
  } finally {
    if (reserved.block !== 0) zram.freeBlock(reserved.block);
    buffer.free();
  }
}

/** Has a block in hand for the next page: EIO or ENOSPC where there is none. */
function* reserve(
  zram: Zram,
  reserved: { block: number },
): Generator<Stop, Errno | undefined> {
  const isOver = yield* underLimit(
    zram,
    WRITEBACK_SLOTS,
    () => isExhausted(zram),
  );
  if (isOver) return "EIO";
  if (reserved.block !== 0) return undefined;
  // find_next_zero_bit, and test_and_set_bit until one is had.
  yield writes(BITMAP, ALLOC_BLOCK);
  reserved.block = zram.allocBlock();
  return reserved.block === 0 ? "ENOSPC" : undefined;
}

/** Gives a block back that was taken for no page. */
function* giveBack(
  zram: Zram,
  reserved: { block: number },
): Generator<Stop, void> {
  if (reserved.block === 0) return;
  yield writes(BITMAP, FREE_BLOCK);
  zram.freeBlock(reserved.block);
  reserved.block = 0;
}

/** Whether a page is written back by its number: stored in the pool, and with all `flags`. */
function canWriteBack(
  { slots }: Zram,
  page: number,
  flags: readonly number[],
): boolean {
  return slots.isAllocated(page) &&
    !slots.has(page, ZRAM_WB | ZRAM_SAME | ZRAM_UNDER_WB) &&
    flags.every((flag) => slots.has(page, flag));
}

/**
 * Writes one page, whose slot is locked, while it is unlocked but marked; since
 * 6.8 it was read before the slot was unlocked. Whether the page is still the
 * one that was read shows in its mark of idleness, which any access clears and
 * which `idle` does not set under the other mark.
 */
function* writeUnderMark(
  zram: Zram,
  page: number,
  block: number,
  buffer: Uint8Array,
): Generator<Stop, "written-back" | Errno | undefined> {
  const { slots } = zram;
  slots.setFlag(page, ZRAM_UNDER_WB | ZRAM_IDLE);
  const readErrno = yield* readMarked(zram, page, buffer);
  const errno = readErrno ?? (yield* writeBlock(zram, block, buffer));
  if (readErrno === undefined) {
    yield sleeps("writeback_store, zram_drv.c: submit_bio_wait");
  }
  if (errno === undefined) zram.stats.bdWrites++;
  return yield* underSlotSteps(zram, page, function* () {
    const touched = !slots.isAllocated(page) || !slots.has(page, ZRAM_IDLE);
    if (errno !== undefined || touched) {
      slots.clearFlag(page, ZRAM_UNDER_WB | ZRAM_IDLE);
      return errno;
    }
    becomeWrittenBack(zram, page, block);
    slots.clearFlag(page, ZRAM_UNDER_WB);
    yield* underLimit(zram, WRITEBACK_STORE, () => chargeLimit(zram));
    return "written-back";
  });
}

/** Reads a marked page of a locked slot, and unlocks that: before, up to 6.7. */
function* readMarked(
  zram: Zram,
  page: number,
  buffer: Uint8Array,
): Generator<Stop, Errno | undefined> {
  if (zram.profile.zram.writebackReads === "locked") {
    yield* readFromZspoolSteps(zram, page, buffer);
    yield unlockSlot(zram, page, WRITEBACK_STORE);
    return undefined;
  }
  yield unlockSlot(zram, page, WRITEBACK_STORE);
  yield sleeps("writeback_store, zram_drv.c: zram_bvec_read");
  return yield* readPageSteps(zram, page, buffer);
}

/** Writes a block of the backing device. */
function* writeBlock(
  zram: Zram,
  block: number,
  bytes: Uint8Array,
): Generator<Stop, Errno | undefined> {
  yield writes(blockState(block), WRITEBACK_SLOTS);
  return zram.backing?.device.writePage(block, bytes);
}

/** Does what stops itself under a slot's lock. */
function* underSlotSteps<Result>(
  zram: Zram,
  page: number,
  run: () => Generator<Stop, Result>,
): Generator<Stop, Result> {
  yield* lockSlot(zram, page, WRITEBACK_SLOTS);
  const result = yield* run();
  yield unlockSlot(zram, page, WRITEBACK_SLOTS);
  return result;
}

/** Marks the pages of a selection for post-processing (`scan_slots_for_writeback`). */
export function* placeSelected(
  zram: Zram,
  { start, end, flags }: Selection,
  ctl: PpCtl,
): Generator<Stop, void> {
  const { lockdep } = zram;
  for (let page = start; page < end; page++) {
    const place = () => placeIfSelected(zram, page, flags, ctl);
    if (lockdep.isWatched) yield* underSlot(zram, page, SCAN_SLOTS, place);
    else place();
  }
}

/** Marks a page, whose slot is locked, if it is one of those. */
function placeIfSelected(
  { slots }: Zram,
  page: number,
  flags: readonly number[],
  ctl: PpCtl,
): void {
  if (
    slots.isAllocated(page) && !slots.has(page, ZRAM_WB | ZRAM_SAME) &&
    flags.every((flag) => slots.has(page, flag))
  ) ctl.place(page);
}

/**
 * 6.18: pages are marked first, then written, the largest objects first; one
 * that was accessed meanwhile lost its mark and is passed over. EAGAIN while
 * another post-processing runs; the rest as in 6.1, but a limit or a full
 * device shows only where a page is left to write.
 */
export function* writebackBySize(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  return yield* underWriteback(zram, function* (pages) {
    if (zram.pool === undefined) return "EINVAL";
    return yield* inPostProcessing(zram, WRITEBACK_STORE, function* () {
      if (zram.backing === undefined) return "ENODEV";
      return yield* withPpCtl(zram, function* (ctl) {
        const { wordBits } = zram.profile;
        const selections = parseWriteback({ wordBits, pages }, text);
        if (typeof selections === "string") return selections;
        for (const selection of selections) {
          yield* placeSelected(zram, selection, ctl);
        }
        return yield* writebackSlots(zram, ctl);
      });
    });
  });
}

/** Specifies `zram_writeback_slots`, 6.13 to 6.18. */
function* writebackSlots(
  zram: Zram,
  ctl: PpCtl,
): Generator<Stop, Errno | undefined> {
  const buffer = allocTemporaryPage(zram.memory);
  if (buffer === undefined) return "ENOMEM";
  const reserved = { block: 0 };
  let errno: Errno | undefined;
  try {
    for (;;) {
      const page = ctl.select();
      if (page === undefined) break;
      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      errno = (yield* writeMarked(zram, page, reserved, buffer.bytes)) ?? errno;
      yield* releaseSelected(zram, ctl);
      yield sleeps("zram_writeback_slots, zram_drv.c: cond_resched");
    }
    yield* giveBack(zram, reserved);
    return errno;
  } finally {
    if (reserved.block !== 0) zram.freeBlock(reserved.block);
    buffer.free();
  }
}

/**
 * Writes one page, if it has its mark still; it is written back where it has it
 * afterwards too, and the block is its own then.
 */
function* writeMarked(
  zram: Zram,
  page: number,
  reserved: { block: number },
  buffer: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { slots } = zram;
  const { block } = reserved;
  yield* lockSlot(zram, page, WRITEBACK_SLOTS);
  const isMarked = slots.has(page, ZRAM_PP_SLOT);
  if (isMarked) yield* readFromZspoolSteps(zram, page, buffer);
  yield unlockSlot(zram, page, WRITEBACK_SLOTS);
  if (!isMarked) return undefined;
  const errno = yield* writeBlock(zram, block, buffer);
  yield sleeps("zram_writeback_slots, zram_drv.c: submit_bio_wait");
  if (errno !== undefined) return errno;
  zram.stats.bdWrites++;
  yield* underSlotSteps(zram, page, function* () {
    if (!slots.has(page, ZRAM_PP_SLOT)) return;
    becomeWrittenBack(zram, page, block);
    reserved.block = 0;
    yield* underLimit(zram, WRITEBACK_SLOTS, () => chargeLimit(zram));
  });
}
