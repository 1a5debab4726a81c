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
import type { Measured } from "./measuring.ts";

/** A device with every page. */
export interface Filled {
  /** Its `mm_stat`. */
  readonly mmStat: MmStat;
  /** The classes in use, those with the most pages first. */
  readonly classes: readonly ClassReport[];
}

/** Objects by their length: those that are stored whole have a page's. */
interface Objects {
  readonly lengths: Float64Array;
  readonly huge: number;
  readonly bytes: number;
}

/** A device to which pages were written that the `nth` algorithm measured. */
export function filledDevice(
  profile: Profile,
  { same, lengths: all }: Measured,
  nth: number,
): Filled {
  const { pageSize, zram } = profile;
  const objects = objectsOf(profile, all[nth]);
  const classes = classesOf(profile, objects);
  const used = classes.reduce((sum, { pages }) => sum + pages, 0) * pageSize;
  const stored = objects.lengths.reduce((sum, count) => sum + count, 0) +
    (zram.sameFilled === "word" ? same : 0);
  return {
    mmStat: {
      orig_data_size: stored * pageSize,
      compr_data_size: objects.bytes,
      mem_used_total: used,
      mem_limit: 0,
      mem_used_max: used,
      same_pages: same,
      pages_compacted: 0,
      huge_pages: objects.huge,
      huge_pages_since: objects.huge,
    },
    classes,
  };
}

function objectsOf(profile: Profile, measured: Float64Array): Objects {
  const { pageSize, zram } = profile;
  const wholeFrom = zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize);
  const lengths = new Float64Array(pageSize + 1);
  let [huge, bytes] = [0, 0];
  for (const [length, count] of measured.entries()) {
    const isHuge = length >= wholeFrom;
    const counted = isHuge ? pageSize : length;
    lengths[counted] += count;
    bytes += counted * count;
    if (isHuge) huge += count;
  }
  return { lengths, huge, bytes };
}

/** The classes that objects are in, each with as many zspages as it fills. */
function classesOf(profile: Profile, { lengths }: Objects): ClassReport[] {
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
