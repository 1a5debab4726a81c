/** Sizes in bytes as texts name them, read a second time. */
import type { Profile } from "../../linux/profile.ts";
import { ledgerFacts } from "./kernel_facts.ts";

const SUFFIXES = "kmgtpe";

/**
 * The bytes that a text begins with, a number in C's notation and a suffix, as
 * `memparse` reads them (lib/cmdline.c, 6.1, 7.2.12); nothing where it has
 * neither.
 */
export function bytesNamed(
  text: string,
  profile: Profile,
): bigint | undefined {
  const form = /^(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))?([kmgtpe])?/i;
  const [whole, hex, octal, decimal, suffix] = form.exec(text) ?? [];
  const saturates = ledgerFacts(profile).sizesSaturate;
  if (!whole || saturates && whole === suffix) return undefined;
  const number = hex !== undefined
    ? BigInt(`0x${hex}`)
    : octal !== undefined
    ? BigInt(`0o${octal}`)
    : BigInt(decimal ?? 0);
  const power = suffix === undefined
    ? 0
    : SUFFIXES.indexOf(suffix.toLowerCase()) + 1;
  const bytes = number * 1024n ** BigInt(power);
  const kept = BigInt.asUintN(64, bytes);
  return saturates && kept !== bytes ? 2n ** 64n - 1n : kept;
}
