/** Numbers of runs, summed up and in words. */

/** What a list of numbers is like. */
export interface Distribution {
  /** How many they are. */
  readonly count: number;
  /** The least of them; 0 where there are none. */
  readonly least: number;
  /** The one in the middle, the lower of two. */
  readonly median: number;
  /** Their mean. */
  readonly mean: number;
  /** The most. */
  readonly most: number;
}

/** Sums up a list of numbers. */
export function distribution(numbers: readonly number[]): Distribution {
  const count = numbers.length;
  if (count === 0) return { count, least: 0, median: 0, mean: 0, most: 0 };
  const sorted = numbers.toSorted((a, b) => a - b);
  return {
    count,
    least: sorted[0],
    median: sorted[(count - 1) >> 1],
    mean: numbers.reduce((sum, one) => sum + one, 0) / count,
    most: sorted[count - 1],
  };
}
