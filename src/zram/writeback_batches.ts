/**
 * Writeback in batches: many pages are on their way to the backing device at a
 * time. Specifies `writeback_store` and `zram_writeback_slots`,
 * `drivers/block/zram/zram_drv.c`, since 6.19.
 *
 * The devices of the model end a request at once, so that a batch is complete
 * when it is full. What is complete stands on a list with the last in front.
 */
import type { Errno } from "../linux/errno.ts";
import type { Stop } from "../rules/stop.ts";
import type { AttachedBacking } from "./backing.ts";
import { slotLock } from "./bio.ts";
import { readForBlock } from "./compressed_writeback.ts";
import type { Zram } from "./device.ts";
import {
  allocTemporaryPage,
  holdPostProcessing,
  isTurnedAway,
  PpCtl,
  releasePostProcessing,
  type TemporaryPage,
  waitForPostProcessing,
} from "./post_processing.ts";
import { ZRAM_HUGE, ZRAM_IDLE, ZRAM_PP_SLOT } from "./slots.ts";
import { parseWriteback } from "./writeback_request.ts";
import {
  chargeLimit,
  isExhausted,
  limitUnits,
  placeSelected,
} from "./writeback.ts";
import { freePage } from "./write.ts";

/** `writeback_batch_size` of a fresh device. */
export const DEFAULT_BATCH_SIZE = 32;

/** A page that was sent to the backing device (`struct zram_wb_req`). */
interface Sent {
  readonly slot: number;
  readonly block: number;
  /** The page for the data. */
  readonly page: TemporaryPage;
  /** How its bio ended. */
  readonly errno: Errno | undefined;
}

/** A writeback under way (`struct zram_wb_ctl`). */
interface Batch {
  readonly zram: Zram;
  readonly ctl: PpCtl;
  readonly backing: AttachedBacking;
  /** Pages for data that are free. */
  readonly idle: TemporaryPage[];
  /** What was sent and not looked at since, the first to look at at the end. */
  readonly done: Sent[];
}

/**
 * Pages are marked first, then written, the largest objects first, as in 6.18;
 * but memory is given back only when a batch is full or all are written, then
 * from the last page to the first. ENOMEM where there is memory for no request
 * at all.
 */
export function* writebackInBatches(
  zram: Zram,
  text: string,
): Generator<Stop, Errno | undefined> {
  yield* waitForPostProcessing(zram);
  const { backing, slots } = zram;
  if (zram.pool === undefined) return "EINVAL";
  if (isTurnedAway(zram)) return "EAGAIN";
  if (backing === undefined) return "ENODEV";
  const idle = allocRequests(zram);
  if (idle.length === 0) return "ENOMEM";
  const ctl = new PpCtl(slots, zram.profile.pageSize);
  const pages = [...idle];
  holdPostProcessing(zram);
  try {
    const selections = parseWriteback(zram, text);
    if (typeof selections === "string") return selections;
    for (const selection of selections) placeSelected(zram, selection, ctl);
    return yield* writebackSlots({ zram, ctl, backing, idle, done: [] });
  } finally {
    ctl.release();
    for (const page of pages) page.free();
    releasePostProcessing(zram);
  }
}

/**
 * Pages for the requests of a batch, as many as there is memory for. No more
 * than the disk has pages are of use; of those the model does without.
 * Specifies `init_wb_ctl`.
 */
function allocRequests(
  { memory, slots, wbBatchSize }: Zram,
): TemporaryPage[] {
  const pages: TemporaryPage[] = [];
  while (pages.length < Math.min(wbBatchSize, slots.length)) {
    const page = allocTemporaryPage(memory);
    if (page === undefined) break;
    pages.push(page);
  }
  return pages;
}

/**
 * Specifies `zram_writeback_slots`. What was sent is complete at its end,
 * whatever ended it; the last error of a bio is answered before that.
 */
function* writebackSlots(batch: Batch): Generator<Stop, Errno | undefined> {
  const { zram, done } = batch;
  const reserved: { block?: number } = {};
  let isAborted = true;
  try {
    const sent = yield* sendPlaced(batch, reserved);
    const { unusedBlock } = zram.profile.zram;
    if (unusedBlock === "given-back") giveBack(zram, reserved);
    else lose(zram, reserved);
    const completed = yield* completeDone(batch);
    isAborted = false;
    return completed ?? sent;
  } finally {
    if (isAborted) {
      giveBack(zram, reserved);
      for (const { block, slot } of done) {
        zram.freeBlock(block);
        zram.slots.clearFlag(slot, ZRAM_PP_SLOT);
      }
    }
  }
}

/** Gives a block back that was taken and not used. */
function giveBack(zram: Zram, reserved: { block?: number }): void {
  if (reserved.block !== undefined) zram.freeBlock(reserved.block);
  reserved.block = undefined;
}

/** Forgets such a block, which stays taken. */
function lose(zram: Zram, reserved: { block?: number }): void {
  if (reserved.block !== undefined) zram.lostBlocks++;
  reserved.block = undefined;
}

/** The loop of `zram_writeback_slots`. */
function* sendPlaced(
  batch: Batch,
  reserved: { block?: number },
): Generator<Stop, Errno | undefined> {
  const { zram, ctl, idle } = batch;
  let errno: Errno | undefined;
  for (;;) {
    const slot = ctl.select();
    if (slot === undefined) return errno;
    if (isExhausted(zram)) return "EIO";
    if (idle.length === 0) errno = (yield* completeDone(batch)) ?? errno;
    reserved.block ??= zram.reserveBlock();
    if (reserved.block === undefined) return "ENOSPC";
    yield* slotLock(zram, slot);
    if (!zram.slots.has(slot, ZRAM_PP_SLOT)) {
      ctl.releaseSelected();
      continue;
    }
    ctl.takeSelected();
    send(batch, slot, reserved.block);
    reserved.block = undefined;
    yield "zram_writeback_slots: cond_resched";
  }
}

/** Specifies `zram_submit_wb_request`: the limit is charged beforehand. */
function send(
  { zram, backing, idle, done }: Batch,
  slot: number,
  block: number,
): void {
  const page = idle.pop();
  if (page === undefined) {
    throw new Error(`Cannot write page ${slot} back: no request is idle`);
  }
  readForBlock(zram, slot, page.bytes);
  chargeLimit(zram);
  const errno = backing.device.writePage(block, page.bytes);
  done.push({ slot, block, page, errno });
}

/**
 * Completes what was sent, the last first; answers the last error met.
 * Specifies `zram_complete_done_reqs`.
 */
function* completeDone(
  { zram, idle, done }: Batch,
): Generator<Stop, Errno | undefined> {
  let errno: Errno | undefined;
  for (let sent = done.at(-1); sent !== undefined; sent = done.at(-1)) {
    if (sent.errno === undefined) zram.stats.bdWrites++;
    yield "zram_complete_done_reqs: slot_lock may sleep";
    yield* slotLock(zram, sent.slot);
    done.pop();
    complete(zram, sent);
    zram.slots.clearFlag(sent.slot, ZRAM_PP_SLOT);
    errno = sent.errno ?? errno;
    idle.push(sent.page);
  }
  return errno;
}

/**
 * One request is complete. The limit is given back only where it failed, not
 * where the slot was accessed or freed meanwhile. Specifies
 * `zram_writeback_complete`.
 */
function complete(zram: Zram, { slot, block, errno }: Sent): void {
  const { profile, slots } = zram;
  if (errno !== undefined) {
    if (zram.wbLimitEnable) {
      zram.wbLimit = BigInt.asUintN(64, zram.wbLimit + limitUnits(zram));
    }
    zram.freeBlock(block);
  } else if (!slots.has(slot, ZRAM_PP_SLOT)) {
    zram.freeBlock(block);
  } else if (profile.zram.writtenBackKeeps === "nothing") {
    freePage(zram, slot);
    slots.setBlock(slot, block);
    zram.stats.pagesStored++;
  } else {
    freeObject(zram, slot);
    slots.setBlock(slot, block);
  }
}

/** Frees the object of a slot alone, which keeps what it says of it. */
function freeObject(zram: Zram, slot: number): void {
  const { slots, stats } = zram;
  slots.clearFlag(slot, ZRAM_IDLE);
  if (slots.has(slot, ZRAM_HUGE)) stats.hugePages--;
  stats.comprDataSize -= slots.size(slot);
  zram.initialisedPool.free(slots.handle(slot));
}
