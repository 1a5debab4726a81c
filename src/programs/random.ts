/** Randomness from a seed: every run can be repeated. */

import { refuseType } from "../rules/argument.ts";

/** Answers whole numbers below a bound. */
export type Random = (bound: number) => number;

/**
 * The xorshift32 generator: returns a function that answers whole numbers
 * below `bound`, from 1 to 2^32, the same ones for the same seed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { randomFrom } from "zspec";
 *
 * const [random, again] = [randomFrom(1), randomFrom(1)];
 * assertEquals(random(100), again(100));
 * ```
 */
export function randomFrom(seed: number): Random {
  const next = xorshift32(seed);
  // The high bits, by multiplication: the low ones are the weaker.
  return (bound) => Math.floor(next() / 2 ** 32 * bound);
}

/**
 * The states of xorshift32 from `seed` on, unsigned 32-bit numbers. A state of
 * 0 would stay 0 for ever, so a seed of 0 is taken for 2^32 - 1.
 */
export function xorshift32(seed: number): () => number {
  if (!Number.isInteger(seed)) {
    refuseType("draw at random", "seed", seed, "a whole number");
  }
  let state = seed >>> 0 || 0xffffffff;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

/** One of several. */
export function pick<One>(random: Random, ...from: readonly One[]): One {
  return from[random(from.length)];
}

/** What draws one of several, each as often as it weighs: by whole numbers. */
export function weighted<One>(
  among: readonly One[],
  weightOf: (one: One) => number,
): (random: Random) => One {
  const sums: number[] = [];
  let sum = 0;
  for (const one of among) sums.push(sum += weightOf(one));
  return (random) => {
    const drawn = random(sum);
    return among[sums.findIndex((upTo) => drawn < upTo)];
  };
}

/** Shuffles `items` in place (Fisher and Yates) and returns them. */
export function shuffle<Item>(
  items: Item[],
  random: Random,
): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random(last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}
