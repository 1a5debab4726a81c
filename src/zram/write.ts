/** How a page is written and freed. */
import type { Profile } from "../linux/profile.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Zram } from "./device.ts";
import { isSameFilled, readWord32 } from "./same_filled.ts";
import { ZRAM_HUGE, ZRAM_SAME, ZRAM_WB } from "./slots.ts";
import { PRIMARY_COMP } from "./zcomp.ts";

/**
 * Stores one page and returns the bytes by which it now counts in
 * `compr_data_size`; or ENOMEM, or EINVAL where the compressor fails, the page
 * written before being still there. Specifies `zram_write_page` (since 6.4; before, `__zram_bvec_write`).
 */
export function writePage(
  zram: Zram,
  page: number,
  data: Uint8Array,
): number | "ENOMEM" | "EINVAL" {
  if (takesNoMemory(zram.profile, data)) {
    writeSameFilledPage(zram, page, data);
    return 0;
  }
  const { slots, stats, buffer } = zram;
  const pool = zram.initialisedPool;
  let length = zram.codecAt(PRIMARY_COMP).compress(data, buffer);
  if (length === 0) return "EINVAL";
  const huge = length >= zram.wholeFrom;
  if (huge) length = data.length;

  const handle = mallocWithinLimit(zram, length);
  if (handle === "ENOMEM") return "ENOMEM";
  pool.write(handle, huge ? data : buffer.subarray(0, length));
  freePage(zram, page);
  slots.setObject(page, handle, length, huge ? ZRAM_HUGE : 0);
  stats.comprDataSize += length;
  stats.pagesStored++;
  if (huge) {
    stats.hugePages++;
    stats.hugePagesSince++;
  }
  return length;
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

/** Specifies `write_same_filled_page`, since 6.14. */
function writeSameFilledPage(
  zram: Zram,
  page: number,
  data: Uint8Array,
): void {
  const { slots, stats, profile } = zram;
  freePage(zram, page);
  const high = profile.wordBits === 64 ? readWord32(data, 4) : 0;
  slots.setSame(page, readWord32(data, 0), high);
  stats.samePages++;
  if (profile.zram.sameFilled === "word") stats.pagesStored++;
}

/**
 * An object for a page, or ENOMEM. What the pool grew to counts in
 * `mem_used_max` even where the limit then undoes it (not in 4.0). Specifies
 * `zram_can_store_page`, since 6.14.
 */
function mallocWithinLimit(zram: Zram, length: number): number | "ENOMEM" {
  const { stats, limitPages } = zram;
  const { refusedRaisesMax, mallocSlowPath } = zram.profile.zram;
  const pool = zram.initialisedPool;
  let handle = pool.malloc(length);
  if (typeof handle === "string" && mallocSlowPath) {
    zram.ioStat.writestall++;
    handle = pool.malloc(length);
  }
  if (typeof handle === "string") return "ENOMEM";
  const refused = limitPages !== 0 && pool.pagesAllocated > limitPages;
  if (!refused || refusedRaisesMax) {
    stats.maxUsedPages = Math.max(stats.maxUsedPages, pool.pagesAllocated);
  }
  if (!refused) return handle;
  pool.free(handle);
  return "ENOMEM";
}

/**
 * Empties a slot and gives back what it held: an object, or a block of the
 * backing device. Specifies `zram_free_page`.
 */
export function freePage(zram: Zram, page: number): void {
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
