/**
 * Texts that are written to the kernel, read a second time: as patterns, not
 * letter by letter as `lib/kstrtox.c` and `lib/cmdline.c` do.
 */

/** How a whole number is read. */
export interface NumberForm {
  /** Bits that it must fit. Default: 64. */
  readonly bits?: number;
  /** Whether it may be negative: the first of its bits then says so. */
  readonly signed?: boolean;
  /** Whether it may be hexadecimal or octal, as C writes them. */
  readonly anyBase?: boolean;
}

const DECIMAL = /^[0-9]+/;
const ANY_BASE = /^(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)/i;

/**
 * The whole number that a text is, with a newline at most behind it: EINVAL
 * where it is none, ERANGE where it does not fit. Digits beyond 64 bits come
 * before what stands behind them.
 */
export function wholeNumber(
  text: string,
  { bits = 64, signed = false, anyBase = false }: NumberForm = {},
): bigint | "EINVAL" | "ERANGE" {
  const isNegative = signed && text[0] === "-";
  const rest = isNegative || text[0] === "+" ? text.slice(1) : text;
  const [digits] = (anyBase ? ANY_BASE : DECIMAL).exec(rest) ?? [];
  if (digits === undefined) return "EINVAL";
  const isOctal = anyBase && /^0[0-7]/.test(digits);
  const size = BigInt(isOctal ? `0o${digits}` : digits);
  if (size >= 1n << 64n) return "ERANGE";
  if (!["", "\n"].includes(rest.slice(digits.length))) return "EINVAL";
  const end = 1n << BigInt(signed ? bits - 1 : bits);
  const isWithin = isNegative ? size <= end : size < end;
  return isWithin ? isNegative ? -size : size : "ERANGE";
}

/** Whether a text begins with a letter that says yes, or one that says no. */
export function truthOf(
  text: string,
  [yes, no]: readonly [yes: string, no: string],
): boolean | undefined {
  if (new RegExp(`^(?:[${yes}]|on)`, "i").test(text)) return true;
  return new RegExp(`^(?:[${no}]|of)`, "i").test(text) ? false : undefined;
}

/** The text up to its first NUL. */
export function stringOf(text: string): string {
  return text.split("\0", 1)[0];
}

/** The text without one newline at its end. */
export function lineOf(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Words between white space; what stands in double quotes has none. */
const WORDS = /(?:"[^"]*(?:"|$)|[^\s"])+/g;

/**
 * The names and values of a text's arguments. A name is never empty: an equals
 * sign at its beginning is a part of it.
 */
export function argumentsOf(
  text: string,
): readonly (readonly [name: string, value: string | undefined])[] {
  return Array.from(stringOf(text).match(WORDS) ?? [], (word) => {
    const isQuoted = word[0] === '"';
    const body = isQuoted ? word.slice(1) : word;
    const [, name, value] = /^([^]+?)=([^]*)$/.exec(body) ?? [];
    if (value === undefined) {
      return [isQuoted ? withoutQuote(body) : body, undefined];
    }
    if (value[0] === '"') return [name, withoutQuote(value).slice(1)];
    return [name, isQuoted ? withoutQuote(value) : value];
  });
}

function withoutQuote(text: string): string {
  return text.endsWith('"') ? text.slice(0, -1) : text;
}
