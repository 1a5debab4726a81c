/** What LZ4's encoders are held against: kernels' lengths, and pages larger than those. */
import { type Codec, describedProfile, zsGeometry } from "../mod.ts";
import { readRecording, type Setting } from "./codec_lengths/recording.ts";
import { CODEC_PAGES } from "./codec_pages.ts";

/** Kernels with `algorithm_params` whose lengths are recorded. */
export const TOLD_KERNELS = ["linux-6.12", "linux-6.18", "linux-7.3"];

/** The length of a page; its compressed form comes back as the page. */
export function lengthOf(codec: Codec, page: Uint8Array): number {
  const block = compressed(codec, page);
  const back = new Uint8Array(page.length);
  if (block.length > 0) codec.decompress(block, back);
  const isSame = block.length === 0 ||
    page.every((byte, at) => byte === back[at]);
  return isSame ? block.length : NaN;
}

/** A page's compressed form. */
export function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length);
  return into.slice(0, codec.compress(page, into));
}

/** What each page counts in a kernel's `compr_data_size`. */
export function countedLengths(kernel: string, codec: Codec): number[] {
  const { hugeClassSize } = zsGeometry(describedProfile(kernel));
  return CODEC_PAGES.map(({ bytes }) => lengthOf(codec, bytes))
    .map((length) => length >= hugeClassSize ? 4096 : length);
}

/** What a kernel did with an algorithm, setting by setting. */
export function recordedOf(kernel: string, algorithm: string): {
  readonly setting: Setting;
  readonly lengths?: readonly number[];
  readonly refused?: readonly string[];
}[] {
  return readRecording(kernel).entries
    .filter((entry) => entry.algorithm === algorithm);
}

/** Six pages of `size` bytes, each of the pages of 4 KiB in an order of its own. */
export function largePages(size: number): Uint8Array[] {
  return Array.from({ length: 6 }, (_, nth) => {
    const page = new Uint8Array(size);
    for (let part = 0; part < size / 4096; part++) {
      const { bytes } = CODEC_PAGES[(17 * nth + 5 * part) % CODEC_PAGES.length];
      page.set(bytes, 4096 * part);
    }
    return page;
  });
}
