/**
 * Writeback in batches: many pages are on their way to the backing device at a
 * time. Specifies `writeback_store` and `zram_writeback_slots`,
 * `drivers/block/zram/zram_drv.c`, since 6.19.
 *
 * The devices of the model end a request at once, so that a batch is complete
 * when it is full. What is complete stands on a list with the last in front.
 */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import { acquire, release, sleeps, type Stop, writes } from "../rules/stop.ts";
import type { AttachedBacking } from "./backing.ts";
import { readForBlock } from "./compressed_writeback.ts";
import type { Zram } from "./device.ts";
import { assertSlotHeld, lockSlot, underSlot, unlockSlot } from "./locks.ts";
import {
  allocTemporaryPage,
  inPostProcessing,
  type PpCtl,
  releaseSelected,
  type TemporaryPage,
  unmark,
  withPpCtl,
} from "./post_processing.ts";
import { needsStream } from "./read.ts";
import { blockState } from "./read_steps.ts";
import { ZRAM_HUGE, ZRAM_IDLE, ZRAM_PP_SLOT } from "./slots.ts";
import { parseWriteback } from "./writeback_request.ts";
import {
  chargeLimit,
  isExhausted,
  limitUnits,
  placeSelected,
  underWriteback,
} from "./writeback.ts";
import { BITMAP, freePage } from "./write.ts";
import { PRIMARY_COMP } from "./zcomp.ts";

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

const WRITEBACK_STORE = "writeback_store, zram_drv.c";
const WRITEBACK_SLOTS = "zram_writeback_slots, zram_drv.c";
const COMPLETE = "zram_writeback_complete, zram_drv.c";
const RESERVE = "zram_reserve_bdev_block, zram_drv.c";
const RELEASE = "zram_release_bdev_block, zram_drv.c";
const STREAM_GET = "zcomp_stream_get, zcomp.c";
const STREAM_PUT = "zcomp_stream_put, zcomp.c";

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
  return yield* underWriteback(zram, function* (pages) {
    if (zram.pool === undefined) return "EINVAL";
    return yield* inPostProcessing(
      zram,
      WRITEBACK_STORE,
      () => writebackText(zram, pages, text),
    );
  });
}

/** A writeback of what the text says, of so many pages. */
function* writebackText(
  zram: Zram,
  pages: number,
  text: string,
): Generator<Stop, Errno | undefined> {
  const { backing, profile: { wordBits } } = zram;
  if (backing === undefined) return "ENODEV";
  const idle = allocRequests(zram);
  if (idle.length === 0) return "ENOMEM";
  const requests = [...idle];
  try {
    return yield* withPpCtl(zram, function* (ctl) {
      const selections = parseWriteback({ wordBits, pages }, text);
      if (typeof selections === "string") return selections;
      for (const selection of selections) {
        yield* placeSelected(zram, selection, ctl);
      }
      return yield* writebackSlots({ zram, ctl, backing, idle, done: [] });
    });
  } finally {
    for (const page of requests) page.free();
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
  const reserved: Reserved = {};
  let isAborted = true;
  try {
    const sent = yield* sendPlaced(batch, reserved);
    yield* UNUSED_BLOCK[zram.profile.zram.unusedBlock](zram, reserved);
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

/** A block that was taken, until it is a page's. */
interface Reserved {
  block?: number;
}

/** Gives a block back that was taken and not used. */
function giveBack(zram: Zram, reserved: Reserved): void {
  if (reserved.block !== undefined) zram.freeBlock(reserved.block);
  reserved.block = undefined;
}

/** What becomes of such a block at the end. */
const UNUSED_BLOCK: Readonly<
  Record<
    ZramProfile["unusedBlock"],
    (zram: Zram, reserved: Reserved) => Generator<Stop, void>
  >
> = {
  *"given-back"(zram, reserved) {
    if (reserved.block === undefined) return;
    yield writes(BITMAP, RELEASE);
    giveBack(zram, reserved);
  },
  // deno-lint-ignore require-yield -- it is forgotten, and stays taken
  *"stays-taken"(zram, reserved) {
    if (reserved.block !== undefined) zram.lostBlocks++;
    reserved.block = undefined;
  },
};

/** The loop of `zram_writeback_slots`. */
function* sendPlaced(
  batch: Batch,
  reserved: Reserved,
): Generator<Stop, Errno | undefined> {
  const { zram, ctl, idle } = batch;
  let errno: Errno | undefined;
  for (;;) {
    const slot = ctl.select();
    if (slot === undefined) return errno;
    if (isExhausted(zram)) return "EIO";
    if (idle.length === 0) errno = (yield* completeDone(batch)) ?? errno;
    if (reserved.block === undefined) {
      // Nobody else takes one: what is found to be free stays so until it is.
      yield writes(BITMAP, RESERVE);
      reserved.block = zram.reserveBlock();
    }
    if (reserved.block === undefined) return "ENOSPC";
    const page = yield* readPlaced(batch, slot);
    if (page === undefined) {
      yield* releaseSelected(zram, ctl);
      continue;
    }
    ctl.takeSelected();
    yield* send(batch, slot, reserved.block, page);
    reserved.block = undefined;
    yield sleeps("zram_writeback_slots, zram_drv.c: cond_resched");
  }
}

/** What a slot holds, in the page of an idle request; nothing where it lost its mark. */
function* readPlaced(
  { zram, idle }: Batch,
  slot: number,
): Generator<Stop, TemporaryPage | undefined> {
  yield* lockSlot(zram, slot, WRITEBACK_SLOTS);
  const isMarked = zram.slots.has(slot, ZRAM_PP_SLOT);
  const page = isMarked ? idle.pop() : undefined;
  if (page !== undefined) {
    const { slots, compressedWb } = zram;
    const priority = compressedWb ? PRIMARY_COMP : slots.priority(slot);
    const { lock } = zram.locks.stream(priority);
    // An object that is written as it is needs the stream's buffer too.
    const isHeld = compressedWb || needsStream(zram, slot);
    if (isHeld) yield acquire(lock, STREAM_GET);
    readForBlock(zram, slot, page.bytes);
    if (isHeld) yield release(lock, STREAM_PUT);
  }
  yield unlockSlot(zram, slot, WRITEBACK_SLOTS);
  return page;
}

/** Specifies `zram_submit_wb_request`: the limit is charged beforehand. */
function* send(
  { zram, backing, done }: Batch,
  slot: number,
  block: number,
  page: TemporaryPage,
): Generator<Stop, void> {
  chargeLimit(zram);
  yield writes(blockState(block), "zram_submit_wb_request, zram_drv.c");
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
    yield sleeps("zram_complete_done_reqs, zram_drv.c: wait_event");
    yield* completeOne(zram, sent, () => done.pop());
    yield* unmark(zram, sent.slot);
    errno = sent.errno ?? errno;
    idle.push(sent.page);
  }
  return errno;
}

/** Completes one request: under its slot's lock, unless it failed. */
function* completeOne(
  zram: Zram,
  sent: Sent,
  take: () => void,
): Generator<Stop, void> {
  if (sent.errno === undefined) {
    return yield* underSlot(zram, sent.slot, COMPLETE, () => {
      take();
      complete(zram, sent);
    });
  }
  yield writes(BITMAP, RELEASE);
  take();
  complete(zram, sent);
}

/**
 * One request is complete. The limit is given back only where it failed, not
 * where the slot was accessed or freed meanwhile. Specifies
 * `zram_writeback_complete`.
 */
function complete(zram: Zram, { slot, block, errno }: Sent): void {
  const { profile, slots, lockdep } = zram;
  if (errno !== undefined) {
    if (zram.wbLimitEnable) {
      zram.wbLimit = BigInt.asUintN(64, zram.wbLimit + limitUnits(zram));
    }
    zram.freeBlock(block);
  } else if (!slots.has(slot, ZRAM_PP_SLOT)) {
    lockdep.touch(BITMAP, true);
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
  if (zram.lockdep.isWatched) assertSlotHeld(zram, slot, COMPLETE);
  const { slots, stats } = zram;
  slots.clearFlag(slot, ZRAM_IDLE);
  if (slots.has(slot, ZRAM_HUGE)) stats.hugePages--;
  stats.comprDataSize -= slots.size(slot);
  zram.initialisedPool.free(slots.handle(slot));
}
