/** How a page is written and freed. */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Zram } from "./device.ts";
import { assertSlotHeld } from "./locks.ts";
import { isSameFilled, readWord32 } from "./same_filled.ts";
import { ZRAM_HUGE, ZRAM_SAME, ZRAM_WB } from "./slots.ts";
import { PRIMARY_COMP } from "./zcomp.ts";

/**
 * Stores one page and returns the bytes by which it now counts in
 * `compr_data_size`; or ENOMEM, or EINVAL where the compressor fails, the page
 * written before being still there. Specifies `zram_write_page` (since 6.4;
 * before, `__zram_bvec_write`). {@linkcode writePageSteps} is made of the same
 * sections.
 */
export function writePage(
  zram: Zram,
  page: number,
  data: Uint8Array,
): number | "ENOMEM" | "EINVAL" {
  if (freesFirst(zram)) freePage(zram, page);
  if (takesNoMemory(zram.profile, data)) {
    storeSameFilled(zram, page, data);
    countSameFilled(zram);
    return 0;
  }
  const { buffer } = zram;
  const length = compressPage(zram, data, buffer);
  if (length === 0) return "EINVAL";
  const handle = mallocWithinLimit(zram, length);
  if (handle === "ENOMEM") return "ENOMEM";
  writeObject(zram, handle, length, data, buffer);
  storeObject(zram, page, handle, length);
  countObject(zram, length);
  return length;
}

/** Whether what is in a slot goes before its new page is compressed. */
export function freesFirst({ profile }: Zram): boolean {
  return profile.zram.slotFreed === "before-compression";
}

/** The bytes of a page's object, or 0; they are in `buffer` unless it is a page. */
export function compressPage(
  zram: Zram,
  data: Uint8Array,
  buffer: Uint8Array<ArrayBuffer>,
): number {
  const length = zram.codecAt(PRIMARY_COMP).compress(data, buffer);
  const huge = length >= zram.wholeFrom;
  return huge ? data.length : length;
}

/** Puts a page, or what it compressed to, into its object. */
export function writeObject(
  zram: Zram,
  handle: number,
  length: number,
  data: Uint8Array,
  buffer: Uint8Array<ArrayBuffer>,
): void {
  const bytes = length === data.length ? data : buffer.subarray(0, length);
  zram.initialisedPool.write(handle, bytes);
}

/** Says that a slot is changed, which up to 6.18 others look at without its lock. */
function noteChange({ profile, lockdep, slots }: Zram, page: number): void {
  if (profile.zram.blockRead === "unlocked") {
    lockdep.touch(handleState(page), true);
  }
  if (slots.has(page, ZRAM_WB)) lockdep.touch(BITMAP, true);
}

/** Empties a slot for a new page, unless that was done before. */
function makeRoom(zram: Zram, page: number): void {
  if (freesFirst(zram)) zram.slots.clear(page);
  else freePage(zram, page);
}

/** A slot has another object from now on; its lock is held. */
export function storeObject(
  zram: Zram,
  page: number,
  handle: number,
  length: number,
): void {
  makeRoom(zram, page);
  const huge = length === zram.profile.pageSize;
  zram.slots.setObject(page, handle, length, huge ? ZRAM_HUGE : 0);
}

/** Counts an object that was stored. */
export function countObject({ stats, profile }: Zram, length: number): void {
  stats.comprDataSize += length;
  stats.pagesStored++;
  if (length !== profile.pageSize) return;
  stats.hugePages++;
  stats.hugePagesSince++;
}

/** Whether a page is one word repeated, or of zeros where only those count. */
export function takesNoMemory(
  profile: Pick<Profile, "wordBits"> & {
    readonly zram: Pick<ZramProfile, "sameFilled">;
  },
  data: Uint8Array,
): boolean {
  if (!isSameFilled(data, profile.wordBits / 8)) return false;
  return profile.zram.sameFilled === "word" ||
    (readWord32(data, 0) === 0 && readWord32(data, 4) === 0);
}

/**
 * A slot has a page of one word from now on; its lock is held. Specifies
 * `write_same_filled_page`, since 6.14.
 */
export function storeSameFilled(
  zram: Zram,
  page: number,
  data: Uint8Array,
): void {
  makeRoom(zram, page);
  const high = zram.profile.wordBits === 64 ? readWord32(data, 4) : 0;
  zram.slots.setSame(page, readWord32(data, 0), high);
}

/** Counts such a page. */
export function countSameFilled({ stats, profile }: Zram): void {
  stats.samePages++;
  if (profile.zram.sameFilled === "word") stats.pagesStored++;
}

/** An object for a page within the limit, or ENOMEM. */
function mallocWithinLimit(zram: Zram, length: number): number | "ENOMEM" {
  let handle = zram.initialisedPool.malloc(length);
  if (typeof handle === "string" && zram.profile.zram.mallocSlowPath) {
    handle = mallocSlowly(zram, length);
  }
  if (typeof handle === "string") return "ENOMEM";
  return keepWithinLimit(zram, handle);
}

/** An allocation that failed once more, which waits now. */
export function mallocSlowly(zram: Zram, length: number): number | Errno {
  zram.ioStat.writestall++;
  return zram.initialisedPool.malloc(length);
}

/**
 * A new object, or ENOMEM where the pool is beyond the limit with it: it is
 * freed then. What the pool grew to counts in `mem_used_max` even so (not in
 * 4.0). Specifies `zram_can_store_page`, since 6.14.
 */
export function keepWithinLimit(
  zram: Zram,
  handle: number,
): number | "ENOMEM" {
  const { stats, limitPages } = zram;
  const { refusedRaisesMax } = zram.profile.zram;
  const pool = zram.initialisedPool;
  const refused = limitPages !== 0 && pool.pagesAllocated > limitPages;
  if (!refused || refusedRaisesMax) {
    stats.maxUsedPages = Math.max(stats.maxUsedPages, pool.pagesAllocated);
  }
  if (!refused) return handle;
  pool.free(handle);
  return "ENOMEM";
}

/**
 * Empties a slot, whose lock is held, and gives back what it held: an object,
 * or a block of the backing device. Specifies `slot_free` (`zram_free_page` up
 * to 6.19).
 */
export function freePage(zram: Zram, page: number): void {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, page, SLOT_FREE);
  freeSlot(zram, page);
}

/** The bits of the blocks in use, as something that is looked at and changed. */
export const BITMAP = "zram->bitmap";

/** What stands in a slot, likewise. */
export const handleState = (page: number): string => `table[${page}].handle`;

const SLOT_FREE = "slot_free, zram_drv.c";

/** The same where the device's lock keeps everybody out. */
export function freeSlot(zram: Zram, page: number): void {
  if (zram.lockdep.isWatched) noteChange(zram, page);
  const { slots, stats } = zram;
  if (!slots.isAllocated(page)) {
    slots.clear(page);
    return;
  }
  const same = slots.has(page, ZRAM_SAME);
  const isBack = slots.has(page, ZRAM_WB);
  // Since 7.0 a page that is written back keeps the mark, and counts no more.
  if (slots.has(page, ZRAM_HUGE) && !isBack) stats.hugePages--;
  if (isBack) {
    zram.freeBlock(slots.block(page));
  } else if (same) {
    stats.samePages--;
  } else {
    zram.initialisedPool.free(slots.handle(page));
    stats.comprDataSize -= slots.size(page);
  }
  if (!same || zram.profile.zram.sameFilled === "word") stats.pagesStored--;
  slots.clear(page);
}
