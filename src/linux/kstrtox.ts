/**
 * How the kernel reads numbers from text: `memparse` for sizes with a suffix,
 * `kstrtoull` and its like for plain numbers, `next_arg` for pairs of a name
 * and a value.
 */
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
 * Reads a size such as `512M` or `0x10000`: a number in base 8, 10 or 16, then
 * at most one of the suffixes K, M, G, T, P, E in either case. What follows is
 * ignored, and a suffix without a number is zero: `many` is 0M. Returns bytes,
 * or `undefined` where there is neither.
 *
 * Specifies `memparse`, `lib/cmdline.c`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memparse } from "zspec";
 *
 * assertEquals(memparse("196K"), 200704n);
 * ```
 */
export function memparse(text: string): bigint | undefined {
  const { base, skip } = guessBase(text);
  const { value, length } = parseDigits(text.slice(skip), base);
  const suffix = (text[skip + length] ?? "").toUpperCase();
  const power = suffix === "" ? -1 : SUFFIXES.indexOf(suffix);
  if (length === 0 && power < 0) return undefined;
  return (value << BigInt(10 * (power + 1))) & U64_MASK;
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
  return a.replace(/\n$/, "") === b.replace(/\n$/, "");
}

/** One argument; without an equals sign it has no value. */
export interface Argument {
  /** What stands before the first equals sign. */
  readonly param: string;
  /** What stands after it. */
  readonly value: string | undefined;
}

/** The argument at the start of `text`, and how many characters it takes. */
function nextArg(text: string): { argument: Argument; length: number } {
  const quoted = text.startsWith('"');
  const body = quoted ? text.slice(1) : text;
  let inQuote = quoted;
  let length = 0;
  for (; length < body.length; length++) {
    if (!inQuote && /\s/.test(body[length])) break;
    if (body[length] === '"') inQuote = !inQuote;
  }
  let word = body.slice(0, length);
  const equals = word.indexOf("=");
  // A quote that opens a value, or all, takes the one at the end with it.
  const valueQuoted = equals > 0 && word[equals + 1] === '"';
  const closing = valueQuoted ? equals + 2 : quoted ? 0 : word.length;
  if (closing < word.length) word = word.replace(/"$/, "");
  const argument = equals > 0
    ? {
      param: word.slice(0, equals),
      value: word.slice(equals + (valueQuoted ? 2 : 1)),
    }
    : { param: word, value: undefined };
  return { argument, length: length + (quoted ? 1 : 0) };
}

/**
 * Splits text such as `type=idle algo="lz4"` at its spaces into arguments;
 * double quotes keep spaces together.
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
  let rest = text.trimStart();
  while (rest !== "") {
    const { argument, length } = nextArg(rest);
    args.push(argument);
    rest = rest.slice(length).trimStart();
  }
  return args;
}
