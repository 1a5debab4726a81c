/**
 * What a device would show of pages that are only measured: each is compressed
 * once with each algorithm, and the lengths go through as many devices as there
 * are chain sizes to compare.
 */
import type { Codec } from "../codec/codec.ts";
import { KERNEL_CODECS } from "../codec/codecs.ts";
import type { Profile } from "../linux/profile.ts";
import { type ClassReport, classReport } from "../report/pool.ts";
import { Zram } from "../zram/device.ts";
import type { MmStat } from "../zram/stat.ts";
import { takesNoMemory } from "../zram/write.ts";
import { type Input, readPages } from "./pages.ts";
import { progress } from "./progress.ts";

/** What a device with one algorithm and one chain size would show. */
export interface Prediction {
  readonly algorithm: string;
  /** Whether the algorithm's lengths are the kernel's own. */
  readonly kernelLengths: boolean;
  /** The most pages of a zspage. */
  readonly chainSize: number;
  readonly mmStat: MmStat;
  /** The classes in use, those with the most pages first. */
  readonly classes: readonly ClassReport[];
}

/** Predicts for each algorithm and, within it, each chain size, in order. */
export function predict(
  profile: Profile,
  input: Input,
  codecs: readonly Codec[],
  chainSizes: readonly number[],
): Prediction[] {
  const lengths = measureLengths(profile, input, codecs);
  return codecs.flatMap((codec, nth) =>
    chainSizes.map((chainSize) => {
      const zram = storeLengths(
        { ...profile, chainSize },
        codec.name,
        lengths[nth],
      );
      return {
        algorithm: codec.name,
        kernelLengths: KERNEL_CODECS.includes(codec),
        chainSize,
        mmStat: zram.mmStat(),
        classes: classReport(zram.initialisedPool),
      };
    })
  );
}

/** In place of a length: the page takes no memory. */
const NO_MEMORY = 0;

/** The length to which each codec compresses each page of the files. */
export function measureLengths(
  profile: Profile,
  { files, pages }: Input,
  codecs: readonly Codec[],
): Uint32Array[] {
  const lengths = codecs.map(() => new Uint32Array(pages));
  const into = new Uint8Array(2 * profile.pageSize);
  const shown = progress("measuring", pages);
  let page = 0;
  for (const data of readPages(files, profile.pageSize)) {
    const none = takesNoMemory(profile, data);
    codecs.forEach((codec, nth) => {
      lengths[nth][page] = none ? NO_MEMORY : codec.compress(data, into);
    });
    shown.step(++page);
  }
  shown.end();
  return lengths;
}

/** A device to which pages of these lengths were written, one after another. */
export function storeLengths(
  profile: Profile,
  algorithm: string,
  lengths: Uint32Array,
): Zram {
  let page = 0;
  const measured: Codec = {
    name: algorithm,
    compress: () => lengths[page],
    decompress() {
      throw new Error(`Cannot read page ${page}: its length is all there is`);
    },
  };
  const zram = new Zram(profile, { codecs: [measured] });
  zram.setAlgorithm(algorithm);
  zram.setDisksize(lengths.length * profile.pageSize);
  const zeros = new Uint8Array(profile.pageSize);
  const others = Uint8Array.from(zeros, (_, at) => at % 251);
  for (; page < lengths.length; page++) {
    const stored = zram.write(
      page,
      lengths[page] === NO_MEMORY ? zeros : others,
    );
    if (typeof stored === "string") {
      throw new Error(`Cannot write page ${page}: ${stored}`);
    }
  }
  return zram;
}
