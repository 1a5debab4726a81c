/** A zram device as a block device for others: a file system, a swap, a cache. */
import { assertHas } from "../rules/argument.ts";
import type { Errno } from "../linux/errno.ts";
import type { BackingDevice } from "./backing.ts";
import type { Zram } from "./device.ts";

/** A block device that can be told what is of no use any more. */
export interface DiscardingDevice extends BackingDevice {
  /**
   * Discards `pages` pages from `page` on: EOPNOTSUPP where the device has no
   * discard, EIO beyond the end.
   */
  discard(page: number, pages: number): Errno | undefined;
}

/**
 * The disk of an initialised zram device, page by page. What zram has no memory
 * for, it refuses with EIO, and the page is what it was. It takes discards
 * since 3.15; before, the block layer answers EOPNOTSUPP.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, Memory, Zram, zramBlockDevice } from "zspec";
 *
 * const zram = new Zram(LINUX_6_18, { memory: new Memory({ maxPages: 0 }) });
 * zram.setDisksize(1 << 20);
 * const disk = zramBlockDevice(zram);
 * const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
 * assertEquals([disk.pages, disk.writePage(0, page)], [256, "EIO"]);
 * ```
 */
export function zramBlockDevice(zram: Zram): DiscardingDevice {
  assertHas("use a disk", "zram", zram, "slots", "a Zram");
  return {
    pages: zram.disksize / zram.profile.pageSize,
    holder: undefined,
    readPage: (page, into) => zram.read(page, into),
    writePage(page, data) {
      const written = zram.write(page, data);
      return typeof written === "string" ? written : undefined;
    },
    discard: (page, pages) =>
      zram.profile.zram.discard ? zram.discard(page, pages) : "EOPNOTSUPP",
  };
}
