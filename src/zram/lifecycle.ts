/**
 * How a device is opened and reset while others run. Specifies
 * `zram_open` and `reset_store`, `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  type Stop,
  writes,
} from "../rules/stop.ts";
import { REFERENCES } from "./bio.ts";
import type { Zram } from "./device.ts";

const BLKDEV_GET = "blkdev_get, block/bdev.c";
const RESET_STORE = "reset_store, zram_drv.c";
const RESET_DEVICE = "zram_reset_device, zram_drv.c";

/** Who has the disk open, as something that is looked at and changed. */
export const OPENERS = "disk_openers";

/** {@linkcode Zram.open}: EBUSY while a reset keeps others out. */
export function* openSteps(
  zram: Zram,
  exclusive: boolean,
): Generator<Stop, Errno | undefined> {
  yield acquire(zram.locks.open, BLKDEV_GET);
  const errno = zram.isClaimed ? "EBUSY" : undefined;
  if (errno === undefined) zram.open(exclusive);
  zram.lockdep.touch(OPENERS, true);
  yield release(zram.locks.open, BLKDEV_GET);
  return errno;
}

/** {@linkcode Zram.reset}, stopping wherever others may run. */
export function* resetSteps(
  zram: Zram,
): Generator<Stop, Errno | undefined> {
  return yield* RESETS[zram.profile.zram.resetExcludes](zram);
}

/** A reset, and how it keeps out whoever would open the disk. */
type Reset = (zram: Zram) => Generator<Stop, Errno | undefined>;

const RESETS: Readonly<Record<ZramProfile["resetExcludes"], Reset>> = {
  *nobody(zram) {
    yield reads(OPENERS, RESET_STORE);
    if (zram.isInUse) return "EBUSY";
    yield* resetDevice(zram);
  },
  *opening(zram) {
    yield acquire(zram.locks.open, RESET_STORE);
    const { isInUse } = zram;
    if (!isInUse) yield* resetDevice(zram);
    yield release(zram.locks.open, RESET_STORE);
    return isInUse ? "EBUSY" : undefined;
  },
  *"by-claim"(zram) {
    yield acquire(zram.locks.open, RESET_STORE);
    const isRefused = zram.isInUse || zram.isClaimed;
    if (!isRefused) zram.isClaimed = true;
    yield release(zram.locks.open, RESET_STORE);
    if (isRefused) return "EBUSY";
    yield* resetDevice(zram);
    yield acquire(zram.locks.open, RESET_STORE);
    zram.isClaimed = false;
    yield release(zram.locks.open, RESET_STORE);
  },
};

/** Specifies `zram_reset_device`: requests that it can meet are over first. */
function* resetDevice(zram: Zram): Generator<Stop, void> {
  yield acquire(zram.locks.device, RESET_DEVICE);
  if (zram.profile.zram.requestHolds === "reference") {
    yield writes(REFERENCES, RESET_DEVICE);
    while (zram.references > 0) {
      yield blocked("zram_reset_device: wait_event(io_done)");
    }
  }
  zram.resetDevice();
  yield release(zram.locks.device, RESET_DEVICE);
}
