/** What texts mean to zswap's module parameters, read a second time. */
import type { Profile } from "../../linux/profile.ts";
import { driverOf, type NaiveKernel, naiveKernel } from "./naive_kernels.ts";

/** What a parameter then shows, an errno, or nothing where that is not judged. */
export type Meaning =
  | { readonly shown: string }
  | { readonly errno: string }
  | undefined;

/** Truth values by what they begin with, in either case. */
function truth({ truths: [yes, no] }: NaiveKernel, text: string): Meaning {
  if (new RegExp(`^([${yes}]|on)`, "i").test(text)) return { shown: "Y" };
  return new RegExp(`^([${no}]|of)`, "i").test(text)
    ? { shown: "N" }
    : { errno: "EINVAL" };
}

/** Compressors by their own names, and by their drivers'. */
function compressorNames(
  kernel: NaiveKernel,
  { zswap }: Profile,
): readonly string[] {
  return zswap.compressors.flatMap((name) => [name, driverOf(kernel, name)]);
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
  const kernel = naiveKernel(profile);
  switch (attr) {
    case "compressor":
      return oneOf(compressorNames(kernel, profile), text);
    case "zpool":
      return oneOf(profile.zswap.zpools, text);
    case "max_pool_percent":
    case "accept_threshold_percent":
      return count(text);
    default:
      return truth(kernel, text);
  }
}
