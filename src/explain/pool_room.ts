/** What a pool's memory is more than what it holds, and what may be given back. */
import type { MmStat } from "../zram/stat.ts";

/** The word in front of an object that says where its handle is. */
const HANDLE_BYTES = 8;

/** What is known of a device, sizes in bytes. */
export interface Stored {
  /** Its `mm_stat`, as far as it is known. */
  readonly stat: Partial<MmStat>;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Bytes on the backing device. */
  readonly onDevice: number;
}

/** Pages by where they are. */
export interface PageCounts {
  /** All that are stored. */
  readonly stored: number;
  /** Of one word repeated: they take no memory. */
  readonly same: number;
  /** On the backing device. */
  readonly onDevice: number;
  /** Whole in memory. */
  readonly huge: number;
  /** Compressed in memory. */
  readonly compressed: number;
}

/** How many pages are where. */
export function pageCounts({ stat, pageSize, onDevice }: Stored): PageCounts {
  const stored = (stat.orig_data_size ?? 0) / pageSize;
  const away = Math.min(stored, onDevice / pageSize);
  const huge = stat.huge_pages ?? 0;
  const same = Math.min(stored, stat.same_pages ?? 0);
  const compressed = Math.max(0, stored - same - away - huge);
  return { stored, same, onDevice: away, huge, compressed };
}

/**
 * The least memory that holds what is stored: a page for each huge one, and
 * the others' bytes and handles without a gap, in whole pages.
 */
export function leastMemory(of: Stored): number {
  const { stat, pageSize } = of;
  const { huge, compressed } = pageCounts(of);
  const bytes = Math.max(0, (stat.compr_data_size ?? 0) - huge * pageSize);
  const packed = bytes === 0 ? 0 : bytes + compressed * HANDLE_BYTES;
  return (Math.ceil(packed / pageSize) + huge) * pageSize;
}

/**
 * The most that compaction can give back: nobody can pack closer than that, and
 * each class that has objects keeps a zspage. As each zspage has an object, and
 * the longest of those kept is no shorter than they are on average, what is kept
 * is at least the memory by the number of objects.
 */
export function mostGivenBack(of: Stored): number {
  const { stat, pageSize } = of;
  const { huge, compressed } = pageCounts(of);
  const memory = Math.max(0, (stat.mem_used_total ?? 0) - huge * pageSize);
  const objects = mostCompressed(of, compressed);
  const kept = objects < 1 ? 0 : Math.ceil(memory / pageSize / objects);
  const least = Math.max(leastMemory(of), (huge + kept) * pageSize);
  return Math.max(0, (stat.mem_used_total ?? 0) - least);
}

/**
 * The most objects that there may be beside those of huge pages. Where these
 * are not counted, up to 4.17, pages of one word may not be in what is stored.
 */
function mostCompressed(of: Stored, compressed: number): number {
  if (of.stat.huge_pages !== undefined) return compressed;
  const { stored, onDevice } = pageCounts(of);
  return stored - onDevice;
}
