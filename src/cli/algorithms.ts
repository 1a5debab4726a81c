/** The algorithms that options name. */
import type { Codec } from "../codec/codec.ts";
import { ALL_CODECS, codecsOf } from "../codec/codecs.ts";
import { type Profile, PROFILES } from "../linux/profile.ts";
import type { ZcompParams } from "../linux/zcomp_params.ts";
import type { Algorithm } from "./measuring.ts";
import { namedOnes } from "./unknown.ts";
import { listOption, type Options } from "./usage.ts";
import { onPath, UsageError } from "./usage_error.ts";

/** Every algorithm's name, for helps and refusals. */
export const ALGORITHM_NAMES: string = ALL_CODECS
  .map(({ name }) => name).join(", ");

/** The algorithm that a device writes with where none is asked for. */
export const DEFAULT_ALGORITHM = "lz4";

/** The codec of an algorithm that an option names. */
export function algorithmNamed(name: string): Codec {
  return namedOnes("algorithm", [name], ALL_CODECS)[0];
}

/** The name in a text that says what the algorithm is told as well. */
export function namedIn(algorithm: string): string {
  return algorithm.split(":", 1)[0];
}

/** Whether a kernel has an algorithm, whatever it is told. */
export function hasAlgorithm({ zram }: Profile, algorithm: string): boolean {
  return zram.compAlgorithms.includes(namedIn(algorithm));
}

/** That a kernel has not got an algorithm, and which profiles have. */
export function absentText(kernel: Profile, algorithm: string): string {
  const name = namedIn(algorithm);
  const others = PROFILES.filter((one) => hasAlgorithm(one, name))
    .map((one) => one.name);
  return `${kernel.name} has no ${name}; ${
    others.length === 0
      ? "nor has any other profile"
      : `profiles that have it: ${others.join(", ")}`
  }.`;
}

/** An algorithm's name and what it is told, as options write them. */
export function algorithmText({ name, params }: Algorithm): string {
  const { level, winbits, dict } = params;
  return [
    name,
    ...level === undefined ? [] : [`level=${level}`],
    ...winbits === undefined ? [] : [`winbits=${winbits}`],
    ...dict === undefined ? [] : [`dict (${dict.length} bytes)`],
  ].join(":");
}

/**
 * What `algorithm_params` is told of an algorithm, whose dictionary is in the
 * file at `dictPath`; nothing where it is told nothing. Its priority is named by
 * the algorithm, which is set by then.
 */
export function paramsText(
  { name, params }: Algorithm,
  dictPath: string,
): string | undefined {
  const { level, winbits, dict } = params;
  const told = [
    ...level === undefined ? [] : [`level=${level}`],
    ...winbits === undefined ? [] : [`deflate.winbits=${winbits}`],
    ...dict === undefined ? [] : [`dict=${dictPath}`],
  ];
  return told.length === 0 ? undefined : `algo=${name} ${told.join(" ")}`;
}

/**
 * An algorithm as an option writes it: its name, and behind colons what a
 * kernel is to tell it. Refused where this kernel would not take that.
 */
export function toldAlgorithm(text: string, profile: Profile): Algorithm {
  const [name, ...told] = text.split(":");
  return tellAlgorithm(name, told, profile);
}

/** The algorithms that are asked for, or else those that the kernel has. */
export function algorithmsOption(
  options: Options,
  profile: Profile,
): readonly Algorithm[] {
  const known = codecsOf(profile.zram).map(({ name }) => name);
  const texts = listOption(options, "algorithm") ??
    profile.zram.compAlgorithms.filter((name) => known.includes(name));
  return texts.map((text) => toldAlgorithm(text, profile));
}

/** The same where its name and what it is told are apart. */
export function tellAlgorithm(
  name: string,
  told: readonly string[],
  profile: Profile,
): Algorithm {
  const text = [name, ...told].join(":");
  algorithmNamed(name);
  const refused = (why: string) =>
    new UsageError(`Cannot use '${text}': ${why}`);
  const params = told.reduce<ZcompParams>(
    (before, one) => ({ ...before, ...paramOf(one, refused) }),
    {},
  );
  const { name: kernel, zram } = profile;
  if (told.length > 0 && !("algorithm_params" in zram.attributes)) {
    throw refused(`${kernel} has no algorithm_params, which came with 6.12`);
  }
  const { winbits } = params;
  if (
    winbits !== undefined && !zram.numberParams.includes("deflate.winbits")
  ) {
    throw refused(`${kernel} has no deflate.winbits, which came with 6.16`);
  }
  const errno = zram.refuseParams(name, params);
  if (errno === "stops") {
    throw refused(
      `${kernel} would stop at it (BUG_ON): deflate's winbits are 9 to 15, or -9 to -15`,
    );
  }
  if (errno !== undefined) throw refused(`${kernel} refuses it with ${errno}`);
  const dict = told.findLast((one) => one.startsWith("dict="));
  return dict === undefined
    ? { name, params }
    : { name, params, dictPath: Deno.realPathSync(dict.slice(5)) };
}

/** One thing that an algorithm is told. */
function paramOf(
  told: string,
  refused: (why: string) => UsageError,
): ZcompParams {
  const [param, ...rest] = told.split("=");
  const value = rest.join("=");
  if (param === "dict") return { dict: dictOf(value) };
  if (param !== "level" && param !== "winbits") {
    throw refused(`'${told}' is not level=N, dict=FILE or winbits=N`);
  }
  const isWhole = /^-?\d+$/.test(value) && Math.abs(Number(value)) < 2 ** 31;
  if (isWhole) return { [param]: Number(value) };
  throw refused(
    `the '${param}' is '${value}', not a whole number of 32 bits`,
  );
}

/** The bytes of a dictionary. */
function dictOf(path: string): Uint8Array {
  const dict = onPath(path, () => Deno.readFileSync(path));
  if (dict.length > 0) return dict;
  throw new UsageError(`Cannot use '${path}' as a dictionary: it is empty`);
}
