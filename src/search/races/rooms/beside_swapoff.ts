/** Programs in which a swap type is turned off. */
import { pick, type Random } from "../../../programs/random.ts";

/** The operation, in words. */
export const SWAPOFF = "swapoff";

/**
 * Threads of random operations. Where one of them does swapoff it does that
 * alone, and each other its first operation: swapoff is at no one moment, but
 * refuses new slots first and takes those that there are later, so that of two
 * operations of a thread the first may find it done and the second not.
 */
export function besideSwapoff(
  random: Random,
  draws: readonly (() => string)[],
  threads: number,
  operations: number,
): readonly (readonly string[])[] {
  const drawn = Array.from(
    { length: threads },
    () => Array.from({ length: operations }, () => pick(random, ...draws)()),
  );
  const nth = drawn.findIndex((one) => one.includes(SWAPOFF));
  if (nth < 0) return drawn;
  return drawn.map((one, thread) => {
    if (thread === nth) return [SWAPOFF];
    return [one.find((text) => text !== SWAPOFF) ?? SWAPOFF];
  });
}
