/** Sizes in bytes as texts name them, read a second time. */

const SUFFIXES = "kmgtpe";

/**
 * The bytes that a text begins with, a number in C's notation and a suffix, as
 * `memparse` reads them (lib/cmdline.c, 6.1); nothing where it has neither.
 */
export function bytesNamed(text: string): bigint | undefined {
  const form = /^(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))?([kmgtpe])?/i;
  const [whole, hex, octal, decimal, suffix] = form.exec(text) ?? [];
  if (!whole) return undefined;
  const number = hex !== undefined
    ? BigInt(`0x${hex}`)
    : octal !== undefined
    ? BigInt(`0o${octal}`)
    : BigInt(decimal ?? 0);
  const power = suffix === undefined
    ? 0
    : SUFFIXES.indexOf(suffix.toLowerCase()) + 1;
  return BigInt.asUintN(64, number << BigInt(10 * power));
}
