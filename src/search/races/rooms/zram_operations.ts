/** What threads do with a zram device, and how it answers. */
import type { Errno } from "../../../linux/errno.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  type Stop,
  writes,
} from "../../../rules/stop.ts";
import { blockStateSteps } from "../../../zram/debugfs.ts";
import type { Zram } from "../../../zram/device.ts";
import { OPENERS } from "../../../zram/lifecycle.ts";
import {
  readAttributeSteps,
  writeAttributeSteps,
} from "../../../zram/sysfs.ts";
import { ANYTHING } from "../linearizable.ts";
import { CONTENTS, letterOf, PAGE_SIZE } from "./zram_letters.ts";
import { Blocks, type ZramSubject } from "./zram_subject.ts";

/** Something that a thread does with a device. */
export type ZramOperation = (subject: ZramSubject) => Generator<Stop, unknown>;

/** A request of somebody who has the disk open, and keeps it so: else EBADF. */
function* ifOpen<Result>(
  subject: ZramSubject,
  request: Generator<Stop, Result>,
): Generator<Stop, Result | "EBADF"> {
  yield reads(OPENERS, "blkdev_read_iter, block/fops.c");
  if (subject.zram.openers === 0) return "EBADF";
  subject.requests++;
  const result = yield* request;
  subject.requests--;
  return result;
}

export const write =
  (page: number, letter: string): ZramOperation => (subject) => {
    const contents = CONTENTS.get(letter);
    if (contents === undefined) throw new Error(`no page is called ${letter}`);
    return ifOpen(subject, subject.zram.writeSteps(page, contents));
  };

/**
 * Reads a page. Where it is overwritten meanwhile, the block of a written-back
 * page may be another's by the time that it is read, or what was read is not
 * what is to be decompressed; unless it is asked `strictly`, that is let pass.
 */
export const read = (page: number, isStrict: boolean): ZramOperation =>
  function* (subject) {
    const into = new Uint8Array(PAGE_SIZE);
    const reading = ifOpen(subject, subject.zram.readSteps(page, into));
    const { errno, isReused } = yield* watchBlock(subject, page, reading);
    const { zram, notified } = subject;
    const isLost = isReused || (zram.compressedWb && errno === "EIO");
    const isAnybodys = notified.has(page) || (isLost && !isStrict);
    if (isAnybodys) return ANYTHING;
    return errno ?? letterOf(into);
  };

/**
 * Runs a read of a page, and tells whether the block that it read was another's:
 * it was written once the read knew which, or, where what was read is
 * decompressed later, the page is in another one, or there anew, by then.
 */
function* watchBlock(
  { zram }: ZramSubject,
  page: number,
  reading: Generator<Stop, Errno | "EBADF" | undefined>,
): Generator<
  Stop,
  { errno: Errno | "EBADF" | undefined; isReused: boolean }
> {
  const device = zram.backing?.device;
  const blocks = device instanceof Blocks ? device : undefined;
  let isReused = false;
  let read = { block: -1, writes: 0 };
  let step = reading.next();
  while (!step.done) {
    const block = blockReadAt(step.value);
    const before = blocks?.writes[block];
    const sent: unknown = yield step.value;
    if (blocks?.writes[block] !== before) isReused = true;
    if (before !== undefined) read = { block, writes: before };
    step = reading.next(sent);
  }
  const isLater = read.block >= 0 && zram.compressedWb;
  const isAnew = isLater && (zram.slots.block(page) !== read.block ||
    blocks?.writes[read.block] !== read.writes);
  return { errno: step.value, isReused: isReused || isAnew };
}

/** The block that is read next, or -1. */
function blockReadAt(stop: Stop): number {
  if (typeof stop === "string" || stop.does !== "read") return -1;
  const [, block = "-1"] = /^block (\d+)$/.exec(stop.state) ?? [];
  return Number(block);
}

export const discard =
  (page: number, pages: number): ZramOperation => (subject) =>
    ifOpen(subject, subject.zram.discardSteps(page, pages));

export const notify = (page: number): ZramOperation =>
  function* (subject) {
    const { zram, notified } = subject;
    return yield* ifOpen(
      subject,
      (function* () {
        notified.add(page);
        yield* zram.slotFreeNotifySteps(page);
      })(),
    );
  };

/** Answers that come of others who are at it just now. */
const CONTENTION: readonly unknown[] = ["EAGAIN", "ENOSPC", "EIO"];

export const store = (name: string, text: string): ZramOperation =>
  function* ({ zram }) {
    const errno = yield* writeAttributeSteps(zram, name, text);
    return CONTENTION.includes(errno) ? ANYTHING : errno;
  };

/** Attributes whose numbers others change as they are shown. */
const STATISTICS = ["mm_stat", "io_stat", "bd_stat", "debug_stat"];

export const show = (name: string): ZramOperation =>
  function* ({ zram }) {
    if (name === "block_state") {
      const shown = yield* blockStateSteps(zram);
      return "errno" in shown ? shown.errno : ANYTHING;
    }
    const shown = yield* readAttributeSteps(zram, name);
    const isMoving = STATISTICS.includes(name) || /_total$|^num_/.test(name);
    return isMoving ? ANYTHING : shown;
  };

/** Waits until no reset keeps the disk. */
function* untilUnclaimed(zram: Zram): Generator<Stop, void> {
  while (zram.isClaimed) yield blocked("a reset keeps the disk");
}

/** Opens the disk, again where a reset keeps it just now. */
export const open = (isExclusive: boolean): ZramOperation =>
  function* ({ zram }) {
    while ((yield* zram.openSteps(isExclusive)) === "EBUSY") {
      yield* untilUnclaimed(zram);
    }
  };

/** Closes the disk, once nobody's request keeps the file; EBADF where it is not open. */
export const close = (isExclusive: boolean): ZramOperation =>
  function* (subject) {
    const { zram } = subject;
    for (;;) {
      yield acquire(zram.locks.open, BLKDEV_PUT);
      const wasOpen = (isExclusive ? zram.holders : zram.openers) > 0;
      const isKept = subject.requests > 0;
      if (wasOpen && !isKept) zram.close(isExclusive);
      zram.lockdep.touch(OPENERS, true);
      yield release(zram.locks.open, BLKDEV_PUT);
      if (!isKept) return wasOpen ? undefined : "EBADF";
      while (subject.requests > 0) yield blocked("a request keeps the file");
    }
  };

const BLKDEV_PUT = "blkdev_put, block/bdev.c";

/** Resets the device, again where another's reset keeps it just now. */
export function* reset({ zram }: ZramSubject): Generator<Stop, unknown> {
  for (;;) {
    const reset = writeAttributeSteps(zram, "reset", "1");
    let isKept = false;
    let step = reset.next();
    while (!step.done) {
      // Whether it is refused shows first where it lets the disk's lock go.
      const stop: Stop = step.value;
      const isRefusal = typeof stop !== "string" && stop.does === "release" &&
        stop.lock === zram.locks.open;
      if (isRefusal) isKept = zram.openers === 0;
      step = reset.next(yield stop);
    }
    if (step.value !== "EBUSY" || !isKept) return step.value;
    yield* untilUnclaimed(zram);
  }
}

/**
 * One of two threads of an address space swaps a page in, past the swap cache:
 * whoever maps it frees the slot, or up to 5.17 whoever has read it. Answers
 * what is mapped then. Specifies `do_swap_page`, mm/memory.c, and
 * `end_swap_bio_read`, mm/page_io.c.
 */
export const fault = (page: number): ZramOperation =>
  function* (subject) {
    const { zram, mapped, ptl, notified } = subject;
    const pte = `pte ${page}`;
    yield reads(pte, "do_swap_page, mm/memory.c");
    const before = mapped.get(page);
    if (before !== undefined) return before;
    const into = new Uint8Array(PAGE_SIZE);
    const errno = yield* ifOpen(subject, zram.readSteps(page, into));
    if (errno !== undefined) return errno;
    const atOnce = zram.profile.zram.swapReadEnds === "frees-slot";
    if (atOnce) yield* zram.slotFreeNotifySteps(page);
    yield acquire(ptl, "do_swap_page, mm/memory.c");
    const isFirst = !mapped.has(page);
    if (isFirst) mapped.set(page, letterOf(into));
    notified.add(page);
    zram.lockdep.touch(pte, isFirst);
    if (isFirst && !atOnce) yield* zram.slotFreeNotifySteps(page);
    yield release(ptl, "do_swap_page, mm/memory.c");
    return mapped.get(page);
  };

/** From now on there is no memory for a pool. */
export function* failslab({ failslab }: ZramSubject): Generator<Stop, void> {
  yield writes("failslab", "should_failslab, mm/failslab.c");
  failslab.isSet = true;
}
