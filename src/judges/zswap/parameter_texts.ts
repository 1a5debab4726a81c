/** What texts mean to zswap's module parameters, read a second time. */
import type { Profile } from "../../linux/profile.ts";

/** What a parameter then shows, an errno, or nothing where that is not judged. */
export type Meaning =
  | { readonly shown: string }
  | { readonly errno: string }
  | undefined;

/** Truth values by what they begin with, in either case. */
const TRUTHS: readonly (readonly [RegExp, string])[] = [
  [/^([yt1]|on)/i, "Y"],
  [/^([nf0]|of)/i, "N"],
];

function truth(text: string): Meaning {
  const found = TRUTHS.find(([pattern]) => pattern.test(text));
  return found === undefined ? { errno: "EINVAL" } : { shown: found[1] };
}

/** Decimal numbers of 32 bits; other forms of numbers are not judged. */
function count(text: string): Meaning {
  const decimal = /^(0|[1-9][0-9]*)\n?$/.exec(text)?.[1];
  if (decimal === undefined) {
    return /^[0-9+]/.test(text) ? undefined : { errno: "EINVAL" };
  }
  return Number(decimal) < 2 ** 32 ? { shown: decimal } : { errno: "ERANGE" };
}

function oneOf(names: readonly string[], text: string): Meaning {
  const name = text.trim();
  return names.includes(name) ? { shown: name } : { errno: "ENOENT" };
}

/** Whether a kernel has a parameter. */
export function hasParameter({ zswap }: Profile, attr: string): boolean {
  return Object.hasOwn(zswap.parameters, attr);
}

/** What a text means to a parameter. */
export function meaningOf(
  profile: Profile,
  attr: string,
  text: string,
): Meaning {
  if (!hasParameter(profile, attr)) return { errno: "ENOENT" };
  switch (attr) {
    case "compressor":
      return oneOf(profile.zswap.compressors, text);
    case "zpool":
      return oneOf(profile.zswap.zpools, text);
    case "max_pool_percent":
    case "accept_threshold_percent":
      return count(text);
    default:
      return truth(text);
  }
}
