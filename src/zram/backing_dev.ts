/** Which backing device a device has: `backing_dev_store`, `reset_bdev`, zram_drv.c. */
import type { Errno } from "../linux/errno.ts";
import { assertText } from "../rules/argument.ts";
import { AttachedBacking } from "./backing.ts";
import type { Zram } from "./device.ts";
import { BACKING_DEV } from "./locks.ts";
import type { ZramOptions } from "./options.ts";

/** Specifies `backing_dev_store`; see `Zram.setBackingDev`. */
export function setBackingDev(
  zram: Zram,
  path: string,
  { backingDevices }: ZramOptions,
): Errno | undefined {
  assertText("set a backing device", "path", path);
  if (zram.disksize !== 0) return "EBUSY";
  const device = backingDevices?.get(path);
  if (device === undefined) return "ENOENT";
  if (typeof device === "string") return device;
  const reopened = device.holder === zram && zram.profile.zram.backingReopens;
  if (device.holder !== undefined && !reopened) return "EBUSY";
  if (device.pages === 0) return "EINVAL";
  resetBdev(zram);
  device.holder = zram;
  zram.lockdep.touch(BACKING_DEV, true);
  zram.backing = new AttachedBacking(path, device);
}

/** Lets the backing device go (`reset_bdev`). */
export function resetBdev(zram: Zram): void {
  if (zram.backing !== undefined) zram.backing.device.holder = undefined;
  zram.lockdep.touch(BACKING_DEV, true);
  zram.backing = undefined;
}
