/** Notices that a swap slot is free: how they reach zram, or do not. */
import type { Profile } from "../../linux/profile.ts";
import { LINUX_3_12 } from "../../linux/profile.ts";
import type { Lock } from "../../rules/lock.ts";
import type { Stop } from "../../rules/stop.ts";
import type { Zram } from "../../zram/device.ts";

/**
 * zram as it was posted in August 2013: a notice is queued, for which memory is
 * allocated that nobody waits for, and who writes looks first whether there is
 * an older page. Source: `zram_slot_free_notify` and `zram_bvec_write`,
 * `drivers/block/zram/zram_drv.c`, thread 002, lines 888-894 and 1214-1230.
 */
export const POSTED_2013: Profile = {
  ...LINUX_3_12,
  name: "posted-2013",
  zram: { ...LINUX_3_12.zram, slotFreed: "before-compression" },
};

/** Kernels that queue notices, by name. */
const QUEUING = [POSTED_2013.name];

/** What stands in the way of a notice. */
export type Obstacle = "no memory" | "a held slot";

/** What stands in the way of notices of a kernel's, if anything does. */
export function obstacleOf({ name }: Profile): Obstacle {
  return QUEUING.includes(name) ? "no memory" : "a held slot";
}

/** Who tells a device that slots are free. */
export interface Notices {
  /** Tells it of one, with what stands in its way, or without. */
  notify(page: number, isHindered: boolean): void;
  /** What was put off is done (`zram_slot_free`). */
  flush(): void;
}

/** The way in which notices reach a device of its kernel. */
export function noticesTo(zram: Zram): Notices {
  return obstacleOf(zram.profile) === "no memory"
    ? queueTo(zram)
    : directlyTo(zram);
}

/** Notices in a queue, whose worker frees slots: the last first. */
function queueTo(zram: Zram): Notices {
  const queue: number[] = [];
  return {
    notify(page, hasNoMemory) {
      if (!hasNoMemory) queue.push(page);
    },
    flush() {
      for (let page = queue.pop(); page !== undefined; page = queue.pop()) {
        zram.slotFreeNotify(page);
      }
    },
  };
}

/** Notices that take the slot themselves, which a reader may hold meanwhile. */
function directlyTo(zram: Zram): Notices {
  return {
    notify(page, isHeld) {
      if (isHeld) notifyWhileRead(zram, page);
      else zram.slotFreeNotify(page);
    },
    flush() {},
  };
}

/** Locks that an operation holds which stopped somewhere. */
class Held {
  readonly locks: Set<Lock> = new Set();

  /** What the operation does at a stop, which it is let do. */
  pass(stop: Stop): void {
    if (typeof stop === "string" || !("lock" in stop)) return;
    if (stop.does === "release") this.locks.delete(stop.lock);
    else this.locks.add(stop.lock);
  }
}

/**
 * A read stops while it holds what covers the slot; the notice tries to take
 * that, or waits until the read is over.
 */
function notifyWhileRead(zram: Zram, page: number): void {
  const slot = zram.locks.slot(page);
  const held = new Held();
  const into = new Uint8Array(zram.profile.pageSize);
  const read = zram.readSteps(page, into);
  let stop = read.next();
  while (!stop.done && !held.locks.has(slot)) {
    held.pass(stop.value);
    stop = read.next();
  }
  const finish = () => {
    while (!stop.done) {
      held.pass(stop.value);
      stop = read.next();
    }
  };
  const notice: Generator<Stop, void, unknown> = zram.slotFreeNotifySteps(page);
  let at = notice.next();
  while (!at.done) {
    const { value } = at;
    const isTaken = typeof value !== "string" && "lock" in value &&
      value.does !== "release" && held.locks.has(value.lock);
    const isTry = isTaken && value.does === "try";
    if (isTaken && !isTry) finish();
    at = notice.next(!isTry);
  }
  finish();
}
