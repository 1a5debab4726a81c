/** Programs in which a swap type is turned off. */

/** The operation, in words. */
export const SWAPOFF = "swapoff";

/**
 * Threads that meet swapoff, if any does it: one does that alone, and each other
 * its first operation. It is at no one moment: it refuses new slots first and
 * takes those that there are later, so that of two operations of a thread the
 * first may find it done and the second not.
 */
export function besideSwapoff(
  threads: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const nth = threads.findIndex((one) => one.includes(SWAPOFF));
  if (nth < 0) return threads;
  return threads.map((one, thread) => {
    if (thread === nth) return [SWAPOFF];
    return [one.find((text) => text !== SWAPOFF) ?? SWAPOFF];
  });
}
