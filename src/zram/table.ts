/**
 * The table of slots: what it takes in the kernel, and whether there is memory
 * for it. Specifies `zram_meta_alloc`, `drivers/block/zram/zram_drv.c`.
 */
import type { Profile } from "../linux/profile.ts";
import { fitsVmalloc } from "../linux/vmalloc.ts";
import type { Zram } from "./device.ts";

/**
 * Bytes that a slot takes, `sizeof(struct zram_table_entry)`, on x86 and
 * without lock debugging. Source: `drivers/block/zram/zram_drv.h`.
 */
export function tableEntryBytes({ wordBits, zram }: Profile): number {
  const wordBytes = wordBits / 8;
  const { words, bytes, acTimeBytes } = zram.tableEntry;
  const acTime = zram.trackEntryActime ? acTimeBytes : 0;
  const members = words * wordBytes + bytes + acTime;
  return Math.ceil(members / wordBytes) * wordBytes;
}

/**
 * Bytes that a disk of `disksize` bytes takes beside its pool from the moment
 * that it is initialised: those of its table of slots, in whole pages. Source:
 * `zram_meta_alloc`, `drivers/block/zram/zram_drv.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describedProfile, zramTableBytes } from "zspec";
 *
 * // 16 bytes for each page of 8 GiB, and 8 more where access times are kept.
 * const bytes = ["linux-6.18,access-times=no", "linux-6.18"]
 *   .map((name) => zramTableBytes(describedProfile(name), 8 * 2 ** 30));
 * assertEquals(bytes, [32 * 2 ** 20, 48 * 2 ** 20]);
 * ```
 */
export function zramTableBytes(profile: Profile, disksize: number): number {
  const { pageSize } = profile;
  const bytes = Math.ceil(disksize / pageSize) * tableEntryBytes(profile);
  return Math.ceil(bytes / pageSize) * pageSize;
}

/**
 * Bytes that the kernel asks for, which counts in words: a number of pages that
 * does not fit one wraps, and so does their size up to 4.17.
 */
function requestedBytes(profile: Profile, pages: number): number {
  const words = 2 ** profile.wordBits;
  const bytes = pages % words * tableEntryBytes(profile);
  if (bytes < words) return bytes;
  return profile.zram.tableSize === "wraps" ? bytes % words : Infinity;
}

/**
 * Whether there is memory for the table of a disk of so many pages. Throws
 * where there is, but for a smaller one than the disk needs.
 */
function canAllocTable(
  profile: Profile,
  pages: number,
  totalRamPages: number,
): boolean {
  const requested = requestedBytes(profile, pages);
  if (!fitsVmalloc(profile, requested, totalRamPages)) return false;
  const needed = pages * tableEntryBytes(profile);
  if (requested === needed) return true;
  throw new Error(
    `Cannot initialise zram: for a table of ${needed} bytes the kernel would ask for ${requested}, and write beyond it`,
  );
}

/**
 * Why a device can have no table of so many pages now: EBUSY where it has one,
 * ENOMEM where there is no memory for it; which comes first differs. Specifies
 * that part of `disksize_store`.
 */
export function refuseTable(
  { profile, disksize }: Pick<Zram, "profile" | "disksize">,
  pages: number,
  totalRamPages: number,
): "EBUSY" | "ENOMEM" | undefined {
  const isBusy = disksize !== 0;
  const { disksizeLooksFirst } = profile.zram;
  if (isBusy && disksizeLooksFirst === "whether-initialised") return "EBUSY";
  if (!canAllocTable(profile, pages, totalRamPages)) return "ENOMEM";
  return isBusy ? "EBUSY" : undefined;
}
