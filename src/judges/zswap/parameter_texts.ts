/** What texts mean to zswap's module parameters, read a second time. */
import type { Profile } from "../../linux/profile.ts";
import { stringOf, truthOf, wholeNumber } from "../texts.ts";
import { driverOf, type NaiveKernel, naiveKernel } from "./naive_kernels.ts";

/** What a parameter then shows, or an errno. */
export type Meaning =
  | { readonly shown: string }
  | { readonly errno: string };

function truth({ truths }: NaiveKernel, text: string): Meaning {
  const value = truthOf(text, truths);
  if (value === undefined) return { errno: "EINVAL" };
  return { shown: value ? "Y" : "N" };
}

/** Compressors by their own names, and by their drivers'. */
function compressorNames(
  kernel: NaiveKernel,
  { zswap }: Profile,
): readonly string[] {
  return zswap.compressors.flatMap((name) => [name, driverOf(kernel, name)]);
}

function count(text: string): Meaning {
  const number = wholeNumber(text, { bits: 32, anyBase: true });
  return typeof number === "string"
    ? { errno: number }
    : { shown: String(number) };
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
  given: string,
): Meaning {
  if (!hasParameter(profile, attr)) return { errno: "ENOENT" };
  const text = stringOf(given);
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
