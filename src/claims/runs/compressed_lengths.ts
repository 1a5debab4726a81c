/** Lengths of real pages, as the kernel that is asked for compresses them. */
import { codecsOf } from "../../codec/codecs.ts";
import type { Given } from "../experiment.ts";

/**
 * Bytes that zsmalloc is asked for, page by page: what zram's algorithm of that
 * kernel makes of each, or a page where it would be stored whole.
 */
export function compressedLengths(
  { profile, sizes, realPages }: Given<"pages">,
  wholeFrom: number,
): number[] {
  const { pageSize, zram } = profile;
  const codec = codecsOf(zram)
    .find(({ name }) => name === zram.defaultAlgorithm);
  if (codec === undefined) throw new Error(`no ${zram.defaultAlgorithm}`);
  const into = new Uint8Array(2 * pageSize);
  return realPages(sizes.pages, pageSize).map((page) => {
    const length = codec.compress(page, into);
    return length >= wholeFrom ? pageSize : length;
  });
}
