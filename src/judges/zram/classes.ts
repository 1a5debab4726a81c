/**
 * The size classes of a kernel, counted out for judges: by trying, for every
 * size, every chain, and by looking upwards for what a class is merged with.
 * The model computes them from the top down (`zsGeometry`).
 */
import { leastWaste } from "../../linux/chain.ts";
import type { Profile } from "../../linux/profile.ts";

/** What objects of every length take. */
export interface ClassTable {
  /** For each length in bytes from 0 to a page, the number of its class. */
  readonly classOf: Uint16Array;
  /** For each class, pages of a zspage. */
  readonly pages: Uint8Array;
  /** For each class, objects of a zspage. */
  readonly objects: Uint16Array;
  /** Compressed bytes from which on a page is stored whole. */
  readonly wholeFrom: number;
  /** Bytes from which on an object has a page of its own. */
  readonly hugeFrom: number;
  /**
   * For each length, the class that recompression compares, which looks the
   * length up without the handle.
   */
  readonly comparedOf: Uint16Array;
}

/** A zspage of chunks of one size. */
interface Chunks {
  readonly size: number;
  readonly pages: number;
  readonly objects: number;
}

/** The classes of a profile. */
export function classTable(profile: Profile): ClassTable {
  const { pageSize, wordBits } = profile;
  const sizes = chunkSizes(profile);
  const chunks = sizes.map((size) => chunksOf(profile, size));
  const merged = mergedInto(chunks, profile.mergesClasses);
  const handle = profile.objects.handle === "cell" ? wordBits / 8 : 0;
  const hugeFrom = hugeFromOf(chunks, handle);
  return {
    classOf: classesOf(sizes, merged, pageSize, handle),
    comparedOf: classesOf(sizes, merged, pageSize, 0),
    pages: Uint8Array.from(chunks, ({ pages }) => pages),
    objects: Uint16Array.from(chunks, ({ objects }) => objects),
    hugeFrom,
    wholeFrom: profile.zram.sameFilled === "zeros"
      ? Math.floor(3 * pageSize / 4) + 1
      : hugeFrom,
  };
}

/** The sizes of chunks, from the smallest on, each a step above the last. */
function chunkSizes(profile: Profile): number[] {
  const { pageSize, wordBits, physBits, chainSize, objects } = profile;
  const step = pageSize / 2 ** profile.classBits;
  // A location has a page's number, an object's index, and tags.
  const indexBits = wordBits - objects.tagBits -
    (physBits - Math.log2(pageSize));
  const least = Math.max(32, Math.floor(chainSize * pageSize / 2 ** indexBits));
  const sizes: number[] = [];
  for (let size = least; size < pageSize; size += step) sizes.push(size);
  return [...sizes, pageSize];
}

/** The chain that the kernel takes for chunks of a size. */
function chunksOf(profile: Profile, size: number): Chunks {
  const { pageSize, chainSize, chainRule } = profile;
  const byWaste = chainRule === leastWaste;
  const isPower = (size & (size - 1)) === 0;
  const most = byWaste && isPower ? 1 : chainSize;
  let [chosen, least] = [1, Infinity];
  for (let pages = 1; pages <= most; pages++) {
    const bytes = pages * pageSize;
    const used = bytes - bytes % size;
    // Bytes that are left over, or whole per cent; of equal chains the shortest.
    const lost = byWaste ? bytes - used : 100 - Math.floor(100 * used / bytes);
    if (lost >= least) continue;
    least = lost;
    chosen = pages;
  }
  const objects = Math.floor(chosen * pageSize / size);
  return { size, pages: chosen, objects };
}

/** For each size the largest of those above that have the same zspages. */
function mergedInto(chunks: readonly Chunks[], merges: boolean): number[] {
  return chunks.map(({ pages, objects }, nth) => {
    let last = nth;
    while (
      merges && chunks[last + 1]?.pages === pages &&
      chunks[last + 1].objects === objects
    ) last++;
    return last;
  });
}

/** The class of each length, so many bytes more for a handle. */
function classesOf(
  sizes: readonly number[],
  merged: readonly number[],
  pageSize: number,
  handle: number,
): Uint16Array {
  const classes = new Uint16Array(pageSize + 1);
  let nth = 0;
  for (let length = 0; length <= pageSize; length++) {
    while (nth < sizes.length - 1 && sizes[nth] < length + handle) nth++;
    classes[length] = merged[nth];
  }
  return classes;
}

/** One byte more than the largest object that shares its zspage's pages. */
function hugeFromOf(chunks: readonly Chunks[], handle: number): number {
  const largest = chunks.findLast(({ pages, objects }) =>
    pages !== 1 && objects !== 1
  );
  return largest === undefined ? 0 : largest.size - handle + 1;
}
