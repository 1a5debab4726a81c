/**
 * Writeback: pages leave memory for a backing device. Specifies
 * `writeback_store`, `drivers/block/zram/zram_drv.c`, as 6.1 has it and as
 * 6.18 has it.
 */
import type { Errno } from "../linux/errno.ts";
import { kstrtoll, sysfsStreq } from "../linux/kstrtox.ts";
import type { Stop } from "../rules/stop.ts";
import type { AttachedBacking } from "./backing.ts";
import { slotLock } from "./bio.ts";
import type { Zram } from "./device.ts";
import { allocTemporaryPage, isTurnedAway, PpCtl } from "./post_processing.ts";
import { readFromZspool } from "./read.ts";
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
import { freePage } from "./write.ts";

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
  chargeLimit(zram);
}

/** A range of page numbers, `end` not included, and what a page must be. */
interface IndexOrder {
  start: number;
  end: number;
  /** Flags that a page must have, all of them. */
  flags: readonly number[];
}

/**
 * What the text asks up to 6.12 for: a type that this kernel has, or (since
 * 5.16) a page's number. EINVAL for anything else.
 */
function parseIndexOrder(zram: Zram, text: string): IndexOrder | Errno {
  const { slots, profile: { wordBits, zram: { writebackPages } } } = zram;
  const type = zram.profile.zram.writebackTypes
    .find((name) => sysfsStreq(text, name));
  if (type !== undefined) {
    return { start: 0, end: slots.length, flags: WRITEBACK_TYPES[type] };
  }
  const signature = "page_index=";
  if (writebackPages === "none" || !text.startsWith(signature)) return "EINVAL";
  const index = kstrtoll(text.slice(signature.length), wordBits);
  if (typeof index === "string" || zram.pool === undefined) return "EINVAL";
  const start = Number(index);
  return { start, end: start + 1, flags: [] };
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
  const request = parseIndexOrder(zram, text);
  if (typeof request === "string") return request;
  const { backing } = zram;
  if (zram.pool === undefined) return "EINVAL";
  const { pageIndexChecked } = zram.profile.zram;
  const isOutside = request.start < 0 || request.end > zram.slots.length;
  if (isOutside && pageIndexChecked === "without-backing") return "EINVAL";
  if (isTurnedAway(zram)) return "EAGAIN";
  if (backing === undefined) return "ENODEV";
  if (isOutside) return "EINVAL";
  const buffer = allocTemporaryPage(zram.memory);
  if (buffer === undefined) return "ENOMEM";
  let block = 0;
  let errno: Errno | undefined;
  zram.ppInProgress = true;
  zram.initLockReaders++;
  try {
    for (let page = request.start; page < request.end; page++) {
      if (isExhausted(zram)) return "EIO";
      block ||= zram.allocBlock();
      if (block === 0) return "ENOSPC";
      if (!canWriteBack(zram, page, request.flags)) continue;
      const outcome = yield* writeUnderMark(zram, page, block, buffer.bytes);
      if (outcome === "written-back") block = 0;
      else errno = outcome ?? errno;
    }
    return errno;
  } finally {
    if (block !== 0) zram.freeBlock(block);
    buffer.free();
    zram.ppInProgress = false;
    zram.initLockReaders--;
  }
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
 * Writes one page while its slot is unlocked but marked; since 6.8 it was read
 * before the slot was unlocked. Whether the page is
 * still the one that was read shows in its mark of idleness, which any access
 * clears and which `idle` does not set under the other mark.
 */
function* writeUnderMark(
  zram: Zram,
  page: number,
  block: number,
  buffer: Uint8Array,
): Generator<Stop, "written-back" | Errno | undefined> {
  const { slots, backing } = zram;
  slots.setFlag(page, ZRAM_UNDER_WB | ZRAM_IDLE);
  if (zram.profile.zram.writebackReads === "unlocked") {
    yield "writeback_store: slot unlocked before zram_bvec_read";
  }
  readFromZspool(zram, page, buffer);
  const errno = backing?.device.writePage(block, buffer);
  yield "writeback_store: submit_bio_wait";
  if (errno === undefined) zram.stats.bdWrites++;
  const touched = !slots.isAllocated(page) || !slots.has(page, ZRAM_IDLE);
  if (errno !== undefined || touched) {
    slots.clearFlag(page, ZRAM_UNDER_WB | ZRAM_IDLE);
    return errno;
  }
  becomeWrittenBack(zram, page, block);
  slots.clearFlag(page, ZRAM_UNDER_WB);
  return "written-back";
}

/** Marks the pages of a selection for post-processing (`scan_slots_for_writeback`). */
export function placeSelected(
  { slots }: Zram,
  { start, end, flags }: Selection,
  ctl: PpCtl,
): void {
  for (let page = start; page < end; page++) {
    if (
      slots.isAllocated(page) && !slots.has(page, ZRAM_WB | ZRAM_SAME) &&
      flags.every((flag) => slots.has(page, flag))
    ) ctl.place(page);
  }
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
  const { backing, slots } = zram;
  if (zram.pool === undefined) return "EINVAL";
  if (isTurnedAway(zram)) return "EAGAIN";
  if (backing === undefined) return "ENODEV";
  const ctl = new PpCtl(slots, zram.profile.pageSize);
  zram.ppInProgress = true;
  zram.initLockReaders++;
  try {
    const selections = parseWriteback(zram, text);
    if (typeof selections === "string") return selections;
    for (const selection of selections) placeSelected(zram, selection, ctl);
    return yield* writebackSlots(zram, ctl, backing);
  } finally {
    ctl.release();
    zram.ppInProgress = false;
    zram.initLockReaders--;
  }
}

/** Specifies `zram_writeback_slots`, 6.13 to 6.18. */
function* writebackSlots(
  zram: Zram,
  ctl: PpCtl,
  { device }: AttachedBacking,
): Generator<Stop, Errno | undefined> {
  const { slots, stats } = zram;
  const buffer = allocTemporaryPage(zram.memory);
  if (buffer === undefined) return "ENOMEM";
  let block = 0;
  let errno: Errno | undefined;
  try {
    for (;;) {
      const page = ctl.select();
      if (page === undefined) return errno;
      if (isExhausted(zram)) return "EIO";
      block ||= zram.allocBlock();
      if (block === 0) return "ENOSPC";
      yield* slotLock(zram, page);
      if (slots.has(page, ZRAM_PP_SLOT)) {
        readFromZspool(zram, page, buffer.bytes);
        const failure = device.writePage(block, buffer.bytes);
        yield "zram_writeback_slots: submit_bio_wait";
        errno = failure ?? errno;
        if (failure === undefined) stats.bdWrites++;
        if (failure === undefined && slots.has(page, ZRAM_PP_SLOT)) {
          becomeWrittenBack(zram, page, block);
          block = 0;
        }
      }
      ctl.releaseSelected();
      yield "zram_writeback_slots: cond_resched";
    }
  } finally {
    if (block !== 0) zram.freeBlock(block);
    buffer.free();
  }
}
