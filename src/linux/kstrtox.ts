/**
 * How the kernel reads numbers from text: `memparse` for sizes with a suffix,
 * `kstrtoull` and its like for plain numbers, `next_arg` for pairs of a name
 * and a value.
 */
import { assertText } from "../rules/argument.ts";
import type { Errno } from "./errno.ts";

const SUFFIXES = "KMGTPE";
const U64_MASK = (1n << 64n) - 1n;

/** Digits in `base` at the start of `text`, as a number, and how many there were. */
function parseDigits(
  text: string,
  base: number,
): { value: bigint; length: number } {
  let value = 0n;
  let length = 0;
  for (const character of text) {
    const digit = parseInt(character, 36);
    if (Number.isNaN(digit) || digit >= base) break;
    value = value * BigInt(base) + BigInt(digit);
    length++;
  }
  return { value, length };
}

/** Base 16 after `0x`, 8 after `0`, else 10; and how many characters said so. */
function guessBase(text: string): { base: number; skip: number } {
  if (/^0x[0-9a-f]/i.test(text)) return { base: 16, skip: 2 };
  return { base: text.startsWith("0") ? 8 : 10, skip: 0 };
}

/**
 * What `memparse`, `lib/cmdline.c`, makes of a size that 64 bits cannot hold:
 * its upper bits are lost, and a suffix without a number is zero (6.12.118); or
 * it is the largest there is, and a suffix needs a number (7.2.12; so does
 * `_parse_integer_limit`, `lib/kstrtox.c`, with the digits).
 */
export type MemparseOverflow = "wraps" | "saturates";

/**
 * Reads a size such as `512M` or `0x10000`: a number in base 8, 10 or 16, then
 * at most one of the suffixes K, M, G, T, P, E in either case. What follows is
 * ignored. Returns bytes, or `undefined` where there is no size: `many` is 0M
 * up to 7.1, and none since.
 *
 * Specifies `memparse`, `lib/cmdline.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, LINUX_7_3, memparse } from "zspec";
 *
 * assertEquals(memparse("196K"), 200704n);
 * const read = (text: string) =>
 *   [LINUX_6_18, LINUX_7_3].map(({ release }) => memparse(text, release.memparse));
 * assertEquals(read("16E"), [0n, 2n ** 64n - 1n]);
 * assertEquals(read("many"), [0n, undefined]);
 * ```
 */
export function memparse(
  text: string,
  overflow: MemparseOverflow = "wraps",
): bigint | undefined {
  assertText("read a number", "text", text);
  const { base, skip } = guessBase(text);
  const { value, length } = parseDigits(text.slice(skip), base);
  const suffix = (text[skip + length] ?? "").toUpperCase();
  const power = suffix === "" ? -1 : SUFFIXES.indexOf(suffix);
  if (length === 0 && (power < 0 || overflow === "saturates")) return undefined;
  const bytes = value << BigInt(10 * (power + 1));
  const isLost = bytes > U64_MASK && overflow === "saturates";
  return isLost ? U64_MASK : bytes & U64_MASK;
}

/** Digits and an optional newline, and nothing else (`_kstrtoull`). */
function parseWhole(text: string, asked: 0 | 10): bigint | Errno {
  const { base, skip } = asked === 0
    ? guessBase(text)
    : { base: asked, skip: 0 };
  const { value, length } = parseDigits(text.slice(skip), base);
  if (length === 0) return "EINVAL";
  if (value > U64_MASK) return "ERANGE";
  const rest = text.slice(skip + length);
  return rest === "" || rest === "\n" ? value : "EINVAL";
}

/**
 * Reads a whole unsigned number of at most `bits` bits: an optional plus sign,
 * digits, an optional newline at the end, and nothing else. In base 0 the
 * digits are hexadecimal after `0x`, octal after `0`.
 *
 * Specifies `kstrtoull`, `kstrtouint` and `kstrtou16`, `lib/kstrtox.c`: EINVAL
 * for anything that is not such a number, ERANGE for one that does not fit.
 */
export function kstrtoull(
  text: string,
  bits = 64,
  base: 0 | 10 = 10,
): bigint | Errno {
  assertText("read a number", "text", text);
  const value = parseWhole(text.replace(/^\+/, ""), base);
  if (typeof value === "string") return value;
  return value >> BigInt(bits) === 0n ? value : "ERANGE";
}

/**
 * Reads a whole number of at most `bits` bits, sign included, in base 10.
 *
 * Specifies `kstrtoll`, `kstrtol` and `kstrtoint`, `lib/kstrtox.c`: EINVAL and
 * ERANGE as {@linkcode kstrtoull}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kstrtoll } from "zspec";
 *
 * assertEquals(kstrtoll("-5\n", 32), -5n);
 * assertEquals(kstrtoll("2147483648", 32), "ERANGE");
 * ```
 */
export function kstrtoll(text: string, bits = 64): bigint | Errno {
  assertText("read a number", "text", text);
  const negative = text.startsWith("-");
  const value = negative
    ? parseWhole(text.slice(1), 10)
    : parseWhole(text.replace(/^\+/, ""), 10);
  if (typeof value === "string") return value;
  const signed = negative ? -value : value;
  return BigInt.asIntN(bits, signed) === signed ? signed : "ERANGE";
}

/** The letters, small ones, with which a text says yes or no by itself. */
export interface TruthLetters {
  /** Those that say yes. */
  readonly yes: string;
  /** Those that say no. */
  readonly no: string;
}

/** `kstrtobool`, `lib/kstrtox.c`, 5.10.262. */
export const TRUTHS_5_10: TruthLetters = { yes: "y1", no: "n0" };
/** `kstrtobool`, `lib/kstrtox.c`, 6.12.118: true and false as well. */
export const TRUTHS_6_1: TruthLetters = { yes: "yt1", no: "nf0" };
/** `kstrtobool`, `lib/kstrtox.c`, 6.17: enabled and disabled as well. */
export const TRUTHS_6_17: TruthLetters = { yes: "eyt1", no: "dnf0" };

/**
 * Reads a truth value from the start of a text: a release's letters, or `on`
 * and `of`, in either case; what follows is ignored. EINVAL for anything else.
 * Specifies `kstrtobool`, `lib/kstrtox.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kstrtobool, LINUX_6_1, LINUX_6_18 } from "zspec";
 *
 * const read = (text: string) =>
 *   [LINUX_6_1, LINUX_6_18].map(({ release }) => kstrtobool(text, release.truths));
 * assertEquals(["Y\n", "off", "2"].map(read), [
 *   [true, true],
 *   [false, false],
 *   ["EINVAL", "EINVAL"],
 * ]);
 * assertEquals(read("enabled"), ["EINVAL", true]);
 * ```
 */
export function kstrtobool(
  text: string,
  { yes, no }: TruthLetters,
): boolean | Errno {
  assertText("read a truth value", "text", text);
  const start = text.slice(0, 2).toLowerCase();
  const [first = ""] = start;
  if (first === "") return "EINVAL";
  if (yes.includes(first) || start === "on") return true;
  return no.includes(first) || start === "of" ? false : "EINVAL";
}

/**
 * Whether two sysfs texts are equal, a newline at either's end aside.
 *
 * Specifies `sysfs_streq`, `lib/string_helpers.c`.
 */
export function sysfsStreq(a: string, b: string): boolean {
  return withoutNewline(a) === withoutNewline(b);
}

/** A path or a name as `echo` writes it, without the newline at its end. */
export function withoutNewline(text: string): string {
  return text.replace(/\n$/, "");
}

/**
 * What the kernel reads of a text that is written to a file of sysfs: it takes
 * it for a string, which ends at the first NUL.
 */
export function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** One argument; without an equals sign it has no value. */
export interface Argument {
  /** What stands before the first equals sign that is not its first character. */
  readonly param: string;
  /** What stands after it. */
  readonly value: string | undefined;
}

/** The bytes that the kernel takes for white space (`isspace`, `lib/ctype.c`). */
const SPACE = /[\t-\r \xa0]/;

/** A text as the kernel sees it: a character for each byte of its UTF-8. */
function toBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function fromBytes(bytes: string): string {
  const codes = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  return new TextDecoder().decode(codes);
}

function skipSpaces(text: string): string {
  let start = 0;
  while (start < text.length && SPACE.test(text[start])) start++;
  return text.slice(start);
}

/** The argument at the start of `text`, and how many characters it takes. */
function nextArg(text: string): { argument: Argument; length: number } {
  const quoted = text.startsWith('"');
  const body = quoted ? text.slice(1) : text;
  let inQuote = quoted;
  let length = 0;
  for (; length < body.length; length++) {
    if (!inQuote && SPACE.test(body[length])) break;
    if (body[length] === '"') inQuote = !inQuote;
  }
  let word = body.slice(0, length);
  // Place 0 stands for none: an equals sign there is a part of the name.
  const equals = word.indexOf("=", 1);
  const hasValue = equals >= 0;
  // A quote that opens a value, or all, takes the one at the end with it.
  const valueQuoted = hasValue && word[equals + 1] === '"';
  const closing = valueQuoted ? equals + 2 : quoted ? 0 : word.length;
  if (closing < word.length) word = word.replace(/"$/, "");
  const argument = hasValue
    ? {
      param: fromBytes(word.slice(0, equals)),
      value: fromBytes(word.slice(equals + (valueQuoted ? 2 : 1))),
    }
    : { param: fromBytes(word), value: undefined };
  return { argument, length: length + (quoted ? 1 : 0) };
}

/**
 * Splits text such as `type=idle algo="lz4"` at its spaces into arguments;
 * double quotes keep spaces together. The byte 0xa0 is a space as well, so that
 * `dict=/à` is cut within its last letter.
 *
 * Specifies `skip_spaces` and `next_arg`, `lib/cmdline.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nextArgs } from "zspec";
 *
 * assertEquals(nextArgs("page_index=7 idle\n"), [
 *   { param: "page_index", value: "7" },
 *   { param: "idle", value: undefined },
 * ]);
 * ```
 */
export function nextArgs(text: string): Argument[] {
  const args: Argument[] = [];
  let rest = skipSpaces(toBytes(text));
  while (rest !== "") {
    const { argument, length } = nextArg(rest);
    args.push(argument);
    rest = skipSpaces(rest.slice(length));
  }
  return args;
}
