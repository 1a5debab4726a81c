/**
 * How the kernel reads numbers from text: `memparse` for sizes with a suffix,
 * `kstrtoull` and its like for plain numbers.
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
 * ignored. Returns bytes, or `undefined` where there is no digit at the start.
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
  if (length === 0) return undefined;
  const suffix = (text[skip + length] ?? "").toUpperCase();
  const power = suffix === "" ? -1 : SUFFIXES.indexOf(suffix);
  return (value << BigInt(10 * (power + 1))) & U64_MASK;
}

/**
 * Reads a whole unsigned number of at most `bits` bits in base 10: an optional
 * plus sign, digits, an optional newline at the end, and nothing else.
 *
 * Specifies `kstrtoull` and `kstrtou16`, `lib/kstrtox.c`: EINVAL for anything
 * that is not such a number, ERANGE for one that does not fit.
 */
export function kstrtoull(text: string, bits = 64): bigint | Errno {
  const match = /^\+?([0-9]+)\n?$/.exec(text);
  if (match === null) return "EINVAL";
  const value = BigInt(match[1]);
  return value >> BigInt(bits) === 0n ? value : "ERANGE";
}

/**
 * Whether two sysfs texts are equal, a newline at either's end aside.
 *
 * Specifies `sysfs_streq`, `lib/string_helpers.c`.
 */
export function sysfsStreq(a: string, b: string): boolean {
  return a.replace(/\n$/, "") === b.replace(/\n$/, "");
}
