/**
 * What a device shows once pages were written to it, by their lengths alone.
 * Where nothing is freed, each class fills one zspage after another, so that
 * how many objects it has says how many frames.
 */
import type { Profile } from "../linux/profile.ts";
import type { ClassReport } from "../report/pool.ts";
import {
  type ClassGeometry,
  sizeClassIndex,
  zsGeometry,
} from "../zsmalloc/geometry.ts";
import type { MmStat } from "../zram/stat.ts";
import type { Mix } from "./measuring.ts";

/** A device with every page. */
export interface Filled {
  /** Its `mm_stat`. */
  readonly mmStat: MmStat;
  /** The classes in use, those with the most pages first. */
  readonly classes: readonly ClassReport[];
}

/** A device to which the pages of a mix were written. */
export function filledDevice(profile: Profile, mix: Mix): Filled {
  const { pageSize, zram } = profile;
  const lengths = storedLengths(profile, mix.lengths);
  const classes = classesOf(profile, lengths);
  const used = classes.reduce((sum, { pages }) => sum + pages, 0) * pageSize;
  const stored = lengths.reduce((sum, count) => sum + count, 0) +
    (zram.sameFilled === "word" ? mix.same : 0);
  return {
    mmStat: {
      orig_data_size: stored * pageSize,
      compr_data_size: objectBytes({ lengths }),
      mem_used_total: used,
      mem_limit: 0,
      mem_used_max: used,
      same_pages: mix.same,
      pages_compacted: 0,
      huge_pages: lengths[pageSize],
      huge_pages_since: lengths[pageSize],
    },
    classes,
  };
}

/** The length from which on a kernel stores a page whole. */
export function wholeFrom(profile: Profile): number {
  const { pageSize, zram } = profile;
  return zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize);
}

/** Lengths as a kernel stores them: those that are stored whole have a page's. */
export function storedLengths(
  profile: Profile,
  measured: Float64Array,
): Float64Array {
  const { pageSize } = profile;
  const lengths = measured.slice(0, pageSize + 1);
  for (let length = wholeFrom(profile); length < pageSize; length++) {
    lengths[pageSize] += lengths[length];
    lengths[length] = 0;
  }
  return lengths;
}

/** Bytes of the objects of a mix. */
export function objectBytes({ lengths }: Pick<Mix, "lengths">): number {
  return lengths.reduce((sum, count, length) => sum + count * length, 0);
}

/** The classes that objects are in, each with as many zspages as it fills. */
function classesOf(profile: Profile, lengths: Float64Array): ClassReport[] {
  const geometry = zsGeometry(profile);
  const used = new Map<ClassGeometry, number>();
  for (const [length, count] of lengths.entries()) {
    if (count === 0) continue;
    const index = sizeClassIndex(geometry, length + geometry.handleSize);
    const one = geometry.classOf[index];
    used.set(one, (used.get(one) ?? 0) + count);
  }
  return [...used].map(([one, objectsUsed]) => {
    const { size, pagesPerZspage, objectsPerZspage } = one;
    const zspages = Math.ceil(objectsUsed / objectsPerZspage);
    return {
      size,
      pagesPerZspage,
      objectsUsed,
      objectsAllocated: zspages * objectsPerZspage,
      pages: zspages * pagesPerZspage,
    };
  }).sort((a, b) => b.pages - a.pages || b.size - a.size);
}
