/** Pages as zram puts them into its pool. */
import { lzo } from "../codec/lzo.ts";
import type { Profile } from "../linux/profile.ts";
import { takesNoMemory } from "../zram/write.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";

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
