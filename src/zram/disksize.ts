/** How a device gets its disk, and loses it: `disksize_store`, `zram_reset_device`. */
import type { Errno } from "../linux/errno.ts";
import { assertWhole } from "../rules/argument.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { resetBdev } from "./backing_dev.ts";
import { CAPACITY } from "./bio_request.ts";
import type { Zram } from "./device.ts";
import { TABLE } from "./locks.ts";
import type { ZramOptions } from "./options.ts";
import { Slots } from "./slots.ts";
import { zeroIoStat, zeroStats } from "./stat.ts";
import { refuseTable } from "./table.ts";
import { freeSlot } from "./write.ts";

/** Specifies `disksize_store`; see `Zram.setDisksize`. */
export function setDisksize(
  device: Zram,
  bytes: number,
  { totalRamPages = Infinity, failPool }: ZramOptions,
): Errno | undefined {
  assertWhole("initialise zram", "disksize", bytes);
  if (bytes === 0) return "EINVAL";
  const { profile, memory } = device;
  const { pageSize, zram } = profile;
  const pages = Math.ceil(bytes / pageSize);
  const errno = refuseTable(device, pages, totalRamPages) ??
    device.comps.create();
  if (errno !== undefined) return errno;
  device.lockdep.touch(TABLE, true);
  device.lockdep.touch(CAPACITY, true);
  if (failPool?.() === true) {
    device.hasStaleTable = zram.failedTable === "kept";
    return "ENOMEM";
  }
  device.hasStaleTable = false;
  device.slots = new Slots(pages, zram.trackEntryActime);
  device.pool = new ZsPool(profile, { memory });
  device.wholeFrom = zram.wholeFrom(pageSize, device.pool.hugeClassSize);
  device.disksize = pages * pageSize;
}

/** Specifies `zram_reset_device`; see `Zram.resetDevice`. */
export function resetDevice(device: Zram): void {
  device.limitPages = 0;
  const { resetWithoutDisk } = device.profile.zram;
  if (device.disksize === 0 && resetWithoutDisk === "limit") return;
  if (device.hasStaleTable) {
    throw new KernelBug(
      "zram_meta_free",
      "free the table of slots a second time",
    );
  }
  device.lockdep.touch(TABLE, true);
  device.lockdep.touch(CAPACITY, true);
  for (let page = 0; page < device.slots.length; page++) freeSlot(device, page);
  device.slots = new Slots(0);
  device.pool?.destroy();
  device.pool = undefined;
  device.comps.destroy();
  device.disksize = 0;
  device.maxCompStreams = 1;
  device.stats = zeroStats();
  device.ioStat = zeroIoStat();
  device.lostBlocks = 0;
  resetBdev(device);
}
