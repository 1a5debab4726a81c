/**
 * Arguments of public functions. What is no number of anything is a mistake in
 * the program that calls, not something a kernel is asked: it throws.
 */

/**
 * Throws a RangeError where `value` is no whole number from `least` to `most`.
 * `doing` and `name` say what for: "Cannot allocate: the 'size' is NaN, not a
 * whole number from 0 on".
 */
export function assertWhole(
  doing: string,
  name: string,
  value: number,
  least = 0,
  most = Infinity,
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Infinity
    ? `from ${least} on`
    : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot ${doing}: the '${name}' is ${value}, not a whole number ${range}`,
  );
}

/** Throws a RangeError where `data` is not of `length` bytes. */
export function assertLength(
  doing: string,
  data: Uint8Array,
  length: number,
): void {
  if (data.length === length) return;
  throw new RangeError(
    `Cannot ${doing}: the data has ${data.length} bytes, not ${length}`,
  );
}
