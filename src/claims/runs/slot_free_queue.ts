/**
 * zram as it was in August 2013: what the swap layer gives up is put in a queue,
 * and freed by the next read or write, or by a work item. 3.11 has none, nor
 * has the model; here it stands on the model's device. Specifies
 * `zram_slot_free_notify`, `handle_pending_slot_free` and `zram_slot_free`,
 * `drivers/staging/zram/zram_drv.c`, next-20130813.
 */
import type { Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { createLock, type Lock } from "../../rules/lock.ts";
import type { Rule } from "../../rules/rule.ts";
import {
  acquire,
  blocked,
  type LockMode,
  reads,
  release,
  type Stop,
} from "../../rules/stop.ts";
import { fillPage } from "../../search/races/rooms/zswap_slots.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { Zram } from "../../zram/device.ts";
import { checkZram } from "../../zram/invariants.ts";

/** A device, and what waits to be freed. */
export interface QueuedZram {
  /** The device, each of whose pages is stored. */
  readonly zram: Zram;
  /** Covers the queue. */
  readonly queueLock: Lock;
  /** The slots that wait. */
  readonly queue: number[];
  /** Whether the work item that frees them is to run. */
  isQueued: boolean;
}

type Operation = RaceOperation<QueuedZram>;

const OBJECT_ALIVE: Rule = {
  id: "zram/object-alive",
  sentence: "Who reads a slot reads no object that was freed.",
  source: "zram_decompress_page, zram_drv.c",
};

const TABLE_ALIVE: Rule = {
  id: "zram/table-alive",
  sentence: "Who frees a slot finds the table that it is in.",
  source: "zram_free_page, zram_drv.c",
};

const QUEUE = "handle_pending_slot_free, zram_drv.c";

/** Pages of the disk. */
const PAGES = 3;

const tableOf = (page: number) => `slot ${page} of the table`;

/** Frees what waits; zram->lock is held, alone or with others. */
function* handlePending(
  { zram, queue, queueLock }: QueuedZram,
): Generator<Stop, void> {
  yield acquire(queueLock, QUEUE);
  for (let page = queue.pop(); page !== undefined; page = queue.pop()) {
    if (zram.disksize === 0) {
      throw new InvariantError(TABLE_ALIVE, {
        where: `slot ${page}`,
        expected: "a table",
        found: "that it was freed",
      });
    }
    zram.lockdep.touch(tableOf(page), true);
    zram.slotFreeNotify(page);
  }
  yield release(queueLock, QUEUE);
}

/** Does something under zram->lock. */
function* underLock<Result>(
  { zram }: QueuedZram,
  mode: LockMode,
  where: string,
  steps: () => Generator<Stop, Result>,
): Generator<Stop, Result> {
  const lock = zram.locks.slot(0);
  yield acquire(lock, where, mode);
  const result = yield* steps();
  yield release(lock, where, mode);
  return result;
}

/** Reads a page under init_lock and zram->lock, both shared. */
export const read = (page: number): Operation => ({
  text: `read ${page}`,
  *begin(subject) {
    const where = "zram_bvec_rw, zram_drv.c";
    const { device } = subject.zram.locks;
    yield acquire(device, where, "shared");
    const answer = yield* underLock(subject, "shared", where, function* () {
      yield* handlePending(subject);
      return yield* readSlot(subject, page);
    });
    yield release(device, where, "shared");
    return answer;
  },
});

/** Looks at a slot, and then at its object. */
function* readSlot(
  { zram }: QueuedZram,
  page: number,
): Generator<Stop, string> {
  const where = "zram_decompress_page, zram_drv.c";
  yield reads(tableOf(page), where);
  if (zram.disksize === 0) return "EIO";
  const handle = zram.slots.handle(page);
  if (handle === 0) return "zeros";
  yield reads(tableOf(page), where);
  if (zram.slots.handle(page) === handle) return "a page";
  throw new InvariantError(OBJECT_ALIVE, {
    where: `slot ${page}`,
    expected: `the object of handle ${handle}`,
    found: "that it was freed",
  });
}

/** The swap layer gives a slot up, if the disk is there. */
export const notify = (page: number): Operation => ({
  text: `notify ${page}`,
  *begin(subject) {
    const { zram, queue, queueLock } = subject;
    const where = "zram_slot_free_notify, zram_drv.c";
    yield reads("the disk", where);
    if (zram.disksize === 0) return "no disk";
    yield acquire(queueLock, where);
    queue.push(page);
    subject.isQueued = true;
    zram.lockdep.touch("free_work", true);
    yield release(queueLock, where);
    return "done";
  },
});

/** The work item, where it was queued. */
export const WORK: Operation = {
  text: "free_work",
  *begin(subject) {
    yield reads("free_work", "process_one_work, kernel/workqueue.c");
    if (!subject.isQueued) return;
    yield* underLock(
      subject,
      "exclusive",
      "zram_slot_free, zram_drv.c",
      () => handlePending(subject),
    );
    subject.isQueued = false;
    subject.zram.lockdep.touch("free_work", true);
  },
};

/** Awaits the work item, then frees the table under init_lock. */
export const RESET: Operation = {
  text: "reset",
  *begin(subject) {
    const where = "zram_reset_device, zram_drv.c";
    const { zram } = subject;
    yield reads("free_work", where);
    while (subject.isQueued) yield blocked(`flush_work in ${where}`);
    yield acquire(zram.locks.device, where);
    zram.resetDevice();
    zram.lockdep.touch("the disk", true);
    for (let page = 0; page < PAGES; page++) {
      zram.lockdep.touch(tableOf(page), true);
    }
    yield release(zram.locks.device, where);
  },
};

/** Threads at a device of three pages, each of which is stored. */
export function queueTrial(
  profile: Profile,
  threads: readonly (readonly Operation[])[],
): RaceTrial<QueuedZram> {
  const { pageSize } = profile;
  const page = new Uint8Array(pageSize);
  fillPage(page, 1);
  return {
    threads,
    create() {
      const memory = new Memory({ pageSize, initialFrames: 8 });
      const zram = new Zram(profile, { memory });
      zram.setDisksize(PAGES * pageSize);
      for (let nth = 0; nth < PAGES; nth++) zram.write(nth, page);
      return {
        zram,
        queueLock: createLock("zram->slot_free_lock", "spinlock"),
        queue: [],
        isQueued: false,
      };
    },
    lockdepOf: ({ zram }) => zram.lockdep,
    atRest(subject) {
      const { zram, queue } = subject;
      checkZram(zram);
      const stored = Array.from(
        { length: zram.slots.length },
        (_, nth) => zram.slots.handle(nth) !== 0 && !queue.includes(nth),
      );
      return { disksize: zram.disksize, stored };
    },
  };
}
