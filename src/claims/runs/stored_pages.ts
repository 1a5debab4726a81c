/** Pages as zram puts them into its pool. */
import { lzo } from "../../codec/lzo.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Random } from "../../programs/random.ts";
import { takesNoMemory } from "../../zram/write.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";

/**
 * What is in the pool of each of `pages`, compressed by lzo, as zram did by
 * default at the time: a page that compresses badly is stored whole, one of a
 * repeated word not at all.
 */
export function storedPages(
  profile: Profile,
  pages: readonly Uint8Array[],
): Uint8Array[] {
  const { pageSize, zram } = profile;
  const { hugeClassSize } = zsGeometry(profile);
  const wholeFrom = zram.wholeFrom(pageSize, hugeClassSize);
  const into = new Uint8Array(2 * pageSize);
  return pages
    .filter((page) => !takesNoMemory(profile, page))
    .map((page) => {
      const length = lzo.compress(page, into);
      return length < wholeFrom ? into.slice(0, length) : page;
    });
}

/** So many of some lengths, drawn at random. */
export function drawnLengths(
  lengths: readonly number[],
  count: number,
  random: Random,
): number[] {
  return Array.from({ length: count }, () => lengths[random(lengths.length)]);
}

/** Allocates an object: its handle. Throws where there is no memory for it. */
export function mallocIn(pool: ZsPool, length: number): number {
  const handle = pool.malloc(length);
  if (typeof handle === "number") return handle;
  throw new Error(`Cannot allocate an object of ${length} bytes: ${handle}`);
}

/** Whether the chunk of an object lies in two frames. */
export function isCrossing(pool: ZsPool, handle: number): boolean {
  const { offset, size } = pool.chunkOf(handle, "find");
  return offset + size > pool.geometry.pageSize;
}
