/** Pages that are made from random numbers, without fast-check. */
import type { Contents } from "./contents.ts";
import { pick, type Random } from "./random.ts";
import type { Profile } from "../linux/profile.ts";

/** One word over and over: of zeros, or of any bytes. */
export function randomWord(
  random: Random,
  { wordBits }: Profile,
  isZero: boolean,
): { readonly word: string } {
  const byte = () => random(isZero ? 1 : 256);
  return { word: Uint8Array.from({ length: wordBits / 8 }, byte).toHex() };
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
