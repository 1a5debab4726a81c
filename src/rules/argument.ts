/**
 * Arguments of public functions. What is no number of anything, no text and no
 * bytes is a mistake in the program that calls, not something a kernel is
 * asked: it throws.
 */

/** Characters of a text that an error names. */
const MOST_SHOWN = 40;

/** A value as an error names it, in its line. */
export function named(value: unknown): string {
  if (typeof value === "string") {
    const line = value.replace(/[\r\n]/g, " ");
    return line.length <= MOST_SHOWN
      ? `'${line}'`
      : `'${line.slice(0, MOST_SHOWN)}…'`;
  }
  if (typeof value === "bigint") return `${value}n`;
  if (Object(value) !== value) return String(value);
  const kind = Object(value).constructor?.name || "Object";
  return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
}

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
    `Cannot ${doing}: the '${name}' is ${
      named(value)
    }, not a whole number ${range}`,
  );
}

/** Throws a TypeError, as `value` is none of what `right` says. */
export function refuseType(
  doing: string,
  name: string,
  value: unknown,
  right: string,
): never {
  throw new TypeError(
    `Cannot ${doing}: the '${name}' is ${named(value)}, not ${right}`,
  );
}

/** Throws a TypeError where `value` is no text. */
export function assertText(doing: string, name: string, value: string): void {
  if (typeof value !== "string") refuseType(doing, name, value, "a text");
}

/** Throws a TypeError where `value` is no object with the field `field`. */
export function assertHas<Value>(
  doing: string,
  name: string,
  value: Value,
  field: keyof Value & string,
  right: string,
): void {
  const isThing = typeof value === "object" && value !== null;
  if (!isThing || value[field] === undefined) {
    refuseType(doing, name, value, right);
  }
}

/** Throws a TypeError where `data` is no bytes. */
export function assertBytes(
  doing: string,
  name: string,
  data: Uint8Array,
): void {
  if (!(data instanceof Uint8Array)) {
    refuseType(doing, name, data, "a Uint8Array");
  }
}

/** Throws where `data` is no bytes, and a RangeError where not `length` of them. */
export function assertLength(
  doing: string,
  data: Uint8Array,
  length: number,
): void {
  assertBytes(doing, "data", data);
  if (data.length === length) return;
  throw new RangeError(
    `Cannot ${doing}: the data has ${data.length} bytes, not ${length}`,
  );
}
