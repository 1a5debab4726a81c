/** zram devices whose pages compress to lengths that are told. */
import type { Codec } from "../../codec/codec.ts";
import { codecsOf } from "../../codec/codecs.ts";
import { fillStated, statedCodecs } from "../../codec/stated.ts";
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import { expandContents } from "../../programs/contents.ts";
import { randomFrom } from "../../programs/random.ts";
import { SECTOR_SIZE } from "../../zram/bio_request.ts";
import { Zram } from "../../zram/device.ts";
import type { ZramOptions } from "../../zram/options.ts";

/** A device with a disk of so many pages, each of which states its length. */
export function statedZram(
  profile: Profile,
  pages: number,
  options: ZramOptions = {},
): Zram {
  const { defaultAlgorithm } = profile.zram;
  const codecs = statedCodecs([defaultAlgorithm]);
  const zram = new Zram(profile, { ...options, codecs });
  setDisksize(zram, pages);
  return zram;
}

/** Sets a device up with a disk of so many pages. */
export function setDisksize(zram: Zram, pages: number): void {
  const errno = zram.setDisksize(pages * zram.profile.pageSize);
  if (errno !== undefined) throw new Error(`no disk: ${errno}`);
}

/** Writes bytes from a byte of the disk on: the errno, if there is one. */
export function writeBytes(
  zram: Zram,
  start: number,
  data: Uint8Array,
): Errno | undefined {
  return zram.submitBio({ op: "write", sector: start / SECTOR_SIZE, data });
}

/** A page that compresses to `length` bytes; above a page it does not. */
export function pageOf(
  { pageSize }: Profile,
  length: number,
  seed = 1,
): Uint8Array {
  const page = new Uint8Array(pageSize);
  fillStated(page, [length], seed);
  return page;
}

/** A page of one byte over and over. */
export function filledPage({ pageSize }: Profile, byte: number): Uint8Array {
  return new Uint8Array(pageSize).fill(byte);
}

/** A device that compresses as its kernel does, and tells what it decompressed. */
export function countingZram(
  profile: Profile,
  pages: number,
): { readonly zram: Zram; decompressed(): number } {
  const { defaultAlgorithm } = profile.zram;
  const codec = codecsOf(profile.zram)
    .find(({ name }) => name === defaultAlgorithm);
  if (codec === undefined) throw new Error(`no ${defaultAlgorithm}`);
  let decompressions = 0;
  const counting: Codec = {
    name: codec.name,
    compress: (page, into) => codec.compress(page, into),
    decompress(compressed, page) {
      decompressions++;
      codec.decompress(compressed, page);
    },
  };
  const zram = new Zram(profile, { codecs: [counting] });
  setDisksize(zram, pages);
  return { zram, decompressed: () => decompressions };
}

/** A page of a few words and some noise, which compresses. */
export function mixedPage({ pageSize }: Profile, seed: number): Uint8Array {
  const random = randomFrom(seed);
  return expandContents(
    {
      kind: "mixed",
      period: 3 + random(40),
      random: random(600),
      noise: random(64),
      at: random(1000),
      seed: random(2 ** 32),
    },
    pageSize,
  );
}
