/** Pages that are made from random numbers, without fast-check. */
import { STATEMENT_BYTES } from "../codec/stated.ts";
import type { Contents } from "./contents.ts";
import { pick, type Random } from "./random.ts";
import type { Profile } from "../linux/profile.ts";

/**
 * One word over and over: of zeros, or of any bytes, which now and then are
 * zeros in one half of it.
 */
export function randomWord(
  random: Random,
  { wordBits }: Profile,
  isZero: boolean,
): { readonly word: string } {
  const word = new Uint8Array(wordBits / 8);
  if (isZero) return { word: word.toHex() };
  const half = word.length / 2;
  const filled = pick(
    random,
    word,
    word,
    word,
    word.subarray(half),
    word.subarray(0, half),
  );
  filled.forEach((_, nth) => filled[nth] = random(256));
  return { word: word.toHex() };
}

/** Few symbols, or a pattern with noise in it. */
export function randomContents(
  random: Random,
  seed: number,
  hasFewSymbols: boolean,
): Contents {
  if (hasFewSymbols) {
    return { kind: "symbols", symbols: pick(random, 4, 16, 180), seed };
  }
  return {
    kind: "mixed",
    period: 1 + random(48),
    random: random(1000),
    noise: random(64),
    at: random(1000),
    seed,
  };
}

/**
 * What states a length for each of `priorities`, up to `most` bytes or one
 * more: as often as not one of `edges`, or a byte beside it.
 */
export function randomStated(
  random: Random,
  edges: readonly number[],
  most: number,
  priorities: number,
): Contents {
  const length = () => {
    const wanted = random(2) === 0
      ? 1 + random(most + 1)
      : pick(random, ...edges) + random(3) - 1;
    return Math.min(Math.max(wanted, 1), most + 1);
  };
  const lengths = Array.from({ length: priorities }, length);
  // So short a form has no room for more than one length.
  const shortest = Math.min(...lengths);
  return {
    kind: "stated",
    lengths: shortest < STATEMENT_BYTES ? [shortest] : lengths,
    seed: random(256),
  };
}

/** Lengths of matches at which LZO's forms change. */
export const MATCH_LENGTHS: readonly number[] = [
  ...[3, 4, 8, 9, 33, 34, 260, 261, 262, 263, 264, 265],
];

/** How far back matches are where LZO's forms change. */
export const MATCH_DISTANCES: readonly number[] = [
  ...[0x7ff, 0x800, 0x801, 0x3fff, 0x4000, 0x4001],
  ...[0x803f, 0x807f, 0xa03f, 0xbffe, 0xbfff],
];
