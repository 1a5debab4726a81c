/**
 * Pages in the proportions of a sample, by their lengths alone, and what a pool
 * takes for them. The order in which they are written makes no difference: each
 * class fills one zspage after another.
 */
import type { Profile } from "../linux/profile.ts";
import { filledDevice, storedLengths } from "./filled.ts";
import { type Measured, type Mix, mixOf } from "./measuring.ts";

/** What the `nth` algorithm makes of a sample. */
export function sampleOf(
  profile: Profile,
  measured: Measured,
  nth: number,
): Mix {
  const mix = mixOf(measured, nth);
  return { ...mix, lengths: storedLengths(profile, mix.lengths) };
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
export function poolBytes(profile: Profile, mix: Mix): number {
  return filledDevice(profile, mix).mmStat.mem_used_total;
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
