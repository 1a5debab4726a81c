/**
 * The compressors against the kernels' own: what a guest's zram made of the
 * pages of `codec_pages.ts`, with every algorithm and parameters, and what it
 * refused. `record_lengths.ts` recorded it.
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Codec,
  codecsOf,
  type Profile,
  profileOfName,
  Zram,
  zsGeometry,
} from "../mod.ts";
import type { ZcompParams } from "../src/linux/zcomp_params.ts";
import { KernelBug } from "../src/rules/kernel_bug.ts";
import { writeAttribute } from "../src/zram/sysfs.ts";
import {
  CODEC_DICTIONARIES,
  CODEC_PAGES,
  codecPagesDigest,
} from "./codec_pages.ts";
import {
  type Outcome,
  readRecording,
  type RecordedEntry,
  recordedKernels,
  type Setting,
} from "./codec_lengths/recording.ts";
import { attributesOf, DICTIONARY_FILES } from "./codec_lengths/setup.ts";

/**
 * What part of the lengths is equal, of those with the parameters with which a
 * codec says that its own are only near.
 */
const NEAR: Readonly<Record<string, number>> = {
  // With a dictionary.
  "linux-6.12 zstd": 0.80,
  "linux-6.18 zstd": 0.72,
  "linux-7.2 zstd": 0.72,
  "linux-7.3 zstd": 0.72,
};

const RECORDINGS = recordedKernels().map(readRecording);

/** Lengths by setting, of each codec: kernels share most codecs. */
const measured = new WeakMap<Codec, Map<string, readonly number[]>>();

/** What a kernel looks at of a setting: not at a window up to 6.15. */
function lookedAt(setting: Setting, { zram }: Profile): Setting {
  if (zram.numberParams.includes("deflate.winbits")) return setting;
  const { winbits: _, ...others } = setting;
  return others;
}

/** A codec as it is with a setting. */
function codecWith(base: Codec, { dict, ...numbers }: Setting): Codec {
  const params: ZcompParams = dict === undefined
    ? numbers
    : { ...numbers, dict: CODEC_DICTIONARIES[dict] };
  return base.withParams?.(params) ?? base;
}

/** The length of every page. */
function compressedLengths(codec: Codec): number[] {
  const into = new Uint8Array(2 * 4096);
  return CODEC_PAGES.map(({ bytes }) => codec.compress(bytes, into));
}

/** Likewise, of a codec that `base` is with a setting. */
function lengthsOnce(base: Codec, codec: Codec, setting: Setting) {
  const lengths = measured.get(base) ?? new Map<string, readonly number[]>();
  measured.set(base, lengths);
  const key = JSON.stringify(setting);
  const found = lengths.get(key) ?? compressedLengths(codec);
  lengths.set(key, found);
  return found;
}

/** What zram counts for each length, which is of the page where it is huge. */
function counted(lengths: readonly number[], profile: Profile): number[] {
  const { pageSize, zram } = profile;
  const whole = zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize);
  return lengths.map((length) => length >= whole ? pageSize : length);
}

/** The kernel with an algorithm, which one's own zram may have had. */
function withAlgorithm(profile: Profile, algorithm: string): Profile {
  const { zram } = profile;
  const compAlgorithms = new Set([...zram.compAlgorithms, algorithm]);
  return { ...profile, zram: { ...zram, compAlgorithms: [...compAlgorithms] } };
}

/** What a device of the model comes to before it takes a page. */
function setUp(
  profile: Profile,
  { algorithm, setting }: RecordedEntry,
): Outcome {
  const zram = new Zram(withAlgorithm(profile, algorithm), {
    files: DICTIONARY_FILES,
  });
  for (const [attr, value] of attributesOf(algorithm, setting)) {
    try {
      const errno = writeAttribute(zram, attr, value);
      if (errno !== undefined) return { refused: [attr, errno] };
    } catch (error) {
      if (!(error instanceof KernelBug)) throw error;
      return { stopped: attr };
    }
  }
  return {};
}

/** What a kernel came to before it took a page. */
function recordedSetUp({ refused, stopped }: Outcome): Outcome {
  if (stopped !== undefined) return { stopped };
  return refused === undefined || refused[0] === "write" ? {} : { refused };
}

/** The entries of a kernel in which its compressor got to see the pages. */
function compressing(entries: readonly RecordedEntry[]) {
  return entries.filter(({ lengths, refused }) =>
    lengths !== undefined || refused?.[0] === "write"
  );
}

/** Compares what a codec gives: exactly, or counts where it is only near. */
function compare(
  profile: Profile,
  base: Codec,
  entries: readonly RecordedEntry[],
) {
  const near = { lengths: 0, equal: 0 };
  for (const { setting, lengths = CODEC_PAGES.map(() => 0) } of entries) {
    const known = lookedAt(setting, profile);
    const codec = codecWith(base, known);
    const ours = counted(lengthsOnce(base, codec, known), profile);
    if (codec.near === undefined) {
      assertEquals(ours, lengths, JSON.stringify(setting));
      continue;
    }
    near.lengths += lengths.length;
    near.equal += lengths.filter((length, page) =>
      length === ours[page]
    ).length;
  }
  return near;
}

Deno.test("the lengths were recorded of the pages as they are", async () => {
  const digest = await codecPagesDigest();
  for (const { kernel, pages } of RECORDINGS) {
    assertEquals(pages, digest, kernel);
  }
});

for (const { kernel, entries } of RECORDINGS) {
  const profile = profileOfName(kernel);
  const algorithms = new Set(entries.map(({ algorithm }) => algorithm));
  for (const algorithm of algorithms) {
    const own = entries.filter((entry) => entry.algorithm === algorithm);

    Deno.test(`${algorithm} gives the lengths of ${kernel}`, () => {
      const codec = codecsOf(profile.zram)
        .find(({ name }) => name === algorithm);
      assert(codec !== undefined, "there is no such codec");
      const near = compare(profile, codec, compressing(own));
      const part = NEAR[`${kernel} ${algorithm}`];
      // Neither is a codec near of which nothing is said here, nor once it is not.
      assertEquals(near.lengths > 0, part !== undefined);
      if (part !== undefined) assert(near.equal / near.lengths >= part);
    });

    Deno.test(`${algorithm} is set up as in ${kernel}, or refused`, () => {
      for (const entry of own) {
        assertEquals(
          setUp(profile, entry),
          recordedSetUp(entry),
          JSON.stringify(entry.setting),
        );
      }
    });
  }
}
