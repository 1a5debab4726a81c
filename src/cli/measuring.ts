/**
 * What pages become, counted by their lengths: all that a device's memory
 * depends on where nothing is freed, and no more of it however many they are.
 */
import { type Codec, codecWith } from "../codec/codec.ts";
import { codecsOf } from "../codec/codecs.ts";
import type { ZcompParams } from "../linux/zcomp_params.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import { takesNoMemory } from "../zram/write.ts";

/** An algorithm with what it is told. */
export interface Algorithm {
  /** Its name. */
  readonly name: string;
  /** Its parameters. */
  readonly params: ZcompParams;
  /** Where its dictionary was read, if it has one. */
  readonly dictPath?: string;
}

/** What decides what a page becomes: plain data, for other threads too. */
export interface Measuring {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Bits of a word. */
  readonly wordBits: number;
  /** What of a kernel's zram decides it. */
  readonly zram: Pick<ZramProfile, "sameFilled" | "zstd">;
  /** The algorithms, each of which compresses every page. */
  readonly algorithms: readonly Algorithm[];
}

/** Pages by what they become. */
export interface Measured {
  /** All pages. */
  pages: number;
  /** Those that take no memory. */
  same: number;
  /**
   * For each algorithm, how many of the others have each length; those that do
   * not become smaller have a page's, those that it fails on have 0.
   */
  readonly lengths: readonly Float64Array[];
}

/** Pages of one algorithm by what they become. */
export interface Mix {
  /** All pages. */
  readonly pages: number;
  /** Those that take no memory. */
  readonly same: number;
  /** How many of the others have each length; those stored whole have a page's. */
  readonly lengths: Float64Array;
}

/** What the `nth` algorithm made of pages. */
export function mixOf({ pages, same, lengths }: Measured, nth: number): Mix {
  return { pages, same, lengths: lengths[nth] };
}

/** No pages, measured by so many algorithms. */
export function nothingMeasured(
  { pageSize, algorithms }: Measuring,
): Measured {
  const lengths = algorithms.map(() => new Float64Array(pageSize + 1));
  return { pages: 0, same: 0, lengths };
}

/** Adds some pages to others. */
export function addMeasured(to: Measured, measured: Measured): void {
  to.pages += measured.pages;
  to.same += measured.same;
  to.lengths.forEach((counts, nth) => {
    const more = measured.lengths[nth];
    for (let length = 0; length < counts.length; length++) {
      counts[length] += more[length];
    }
  });
}

/** The codec of an algorithm that there is. */
export function codecFor(
  zram: Measuring["zram"],
  { name, params }: Algorithm,
): Codec {
  const codec = codecsOf(zram).find((one) => one.name === name);
  if (codec === undefined) {
    throw new Error(`Cannot measure pages: there is no codec for '${name}'`);
  }
  return codecWith(codec, params);
}

/** What counts pages, one after another, into `measured`. */
export function measurer(
  measuring: Measuring,
  measured: Measured,
): (page: Uint8Array) => void {
  const { pageSize, zram, algorithms } = measuring;
  const codecs = algorithms.map((one) => codecFor(zram, one));
  const into = new Uint8Array(2 * pageSize);
  return (page) => {
    measured.pages++;
    if (takesNoMemory(measuring, page)) {
      measured.same++;
      return;
    }
    codecs.forEach((codec, nth) => {
      const length = Math.min(codec.compress(page, into), pageSize);
      measured.lengths[nth][length]++;
    });
  };
}
