/**
 * Pages in the proportions of a sample, by their lengths alone, and what a pool
 * takes for them. The order in which they are written makes no difference: each
 * class fills one zspage after another.
 */
import type { Profile } from "../linux/profile.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import { filledDevice } from "./filled.ts";
import type { Measured } from "./measuring.ts";

/** Pages of one algorithm by what they become. */
export interface Mix {
  /** All pages. */
  readonly pages: number;
  /** Those that take no memory. */
  readonly same: number;
  /** How many of the others have each length; those stored whole have a page's. */
  readonly lengths: Float64Array;
}

/** What the `nth` algorithm makes of a sample. */
export function sampleOf(
  profile: Profile,
  { pages, same, lengths: all }: Measured,
  nth: number,
): Mix {
  const { pageSize, zram } = profile;
  const wholeFrom = zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize);
  const lengths = all[nth].slice(0, pageSize + 1);
  for (let length = wholeFrom; length < pageSize; length++) {
    lengths[pageSize] += lengths[length];
    lengths[length] = 0;
  }
  return { pages, same, lengths };
}

/**
 * As many `pages` in the proportions of `sample`, whole ones: of those up to
 * any length there are as many as there should be, rounded down.
 */
export function inProportion(sample: Mix, pages: number): Mix {
  const lengths = new Float64Array(sample.lengths.length);
  const upTo = (count: number) =>
    count === sample.pages ? pages : Math.floor(count * pages / sample.pages);
  const same = upTo(sample.same);
  let [sum, before] = [sample.same, same];
  for (let length = 1; length < lengths.length; length++) {
    sum += sample.lengths[length];
    const now = upTo(sum);
    lengths[length] = now - before;
    before = now;
  }
  return { pages, same, lengths };
}

/**
 * What is left of a mix in memory once `blocks` pages are written back: up to
 * 6.12 huge ones first and then by their numbers, so of each length alike; since
 * then always the largest.
 */
export function afterWriteback(
  { zram: { writebackOrder } }: Profile,
  mix: Mix,
  blocks: number,
): Mix {
  const lengths = mix.lengths.slice();
  const pageSize = lengths.length - 1;
  const least = writebackOrder === "by-index" ? pageSize : 1;
  let left = blocks;
  for (let length = pageSize; length >= least; length--) {
    const gone = Math.min(left, lengths[length]);
    lengths[length] -= gone;
    left -= gone;
  }
  const rest = { ...mix, pages: mix.pages - blocks + left, lengths };
  if (left === 0 || writebackOrder !== "by-index") return rest;
  const stored = { ...rest, same: 0, pages: rest.pages - mix.same };
  const kept = inProportion(stored, Math.max(0, stored.pages - left));
  return { ...kept, same: mix.same, pages: kept.pages + mix.same };
}

/** Bytes of a pool that has all pages of a mix, and nothing else ever. */
export function poolBytes(
  profile: Profile,
  { pages, same, lengths }: Mix,
): number {
  const measured = { pages, same, lengths: [lengths] };
  return filledDevice(profile, measured, 0).mmStat.mem_used_total;
}

/** Bytes of the objects of a mix. */
export function objectBytes({ lengths }: Mix): number {
  return lengths.reduce((sum, count, length) => sum + count * length, 0);
}

/** The largest whole number up to `most` that fits, where 0 does; by halving. */
export function largest(
  most: number,
  fits: (count: number) => boolean,
): number {
  let [low, high] = [0, most + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
