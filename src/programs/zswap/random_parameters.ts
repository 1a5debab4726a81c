/** Random writes to zswap's module parameters. */
import { codecsOf } from "../../codec/codecs.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZswapParameter } from "../../linux/zswap_profile.ts";
import { oddNumber, oddTruth, oddWord } from "../odd_texts.ts";
import { pick, type Random } from "../random.ts";
import type { ZswapSteps } from "./steps.ts";

/** Truths in every form, each beside what is none. */
const TRUTHS = [
  ...["Y", "yes", "1", "t", "on", "ON\n"],
  ...["N", "no", "0", "f", "of", "Off\n"],
  ...["enable", "Disabled", "maybe", "o", "2"],
];
/** Truths for what stores few pages where it is off. */
const MOSTLY_ON = ["Y", "1", "on", "true", "E", "N", "off"];
const PERCENTS = ["0", "1", "10", "20", "33", "50", "90", "99", "100", "-1"];

/** Texts for each parameter that has the same in every kernel. */
const TEXTS: Readonly<Partial<Record<ZswapParameter, readonly string[]>>> = {
  enabled: MOSTLY_ON,
  zpool: ["zbud", "z3fold", "zsmalloc", "slub"],
  max_pool_percent: [...PERCENTS, "4294967296"],
  accept_threshold_percent: PERCENTS,
  same_filled_pages_enabled: TRUTHS,
  non_same_filled_pages_enabled: ["Y", "N", "N", "on"],
  shrinker_enabled: TRUTHS,
};

/** Compressors of a kernel for which there is a codec, and one that it has not. */
function compressors({ zswap }: Profile, isStated: boolean): readonly string[] {
  const known = codecsOf(zswap).map(({ name }) => name);
  const there = zswap.compressors
    .filter((name) => isStated || known.includes(name));
  const drivers = there.map((name) => zswap.drivers[name]);
  // Those that say why they refuse a page, more often than all others.
  const telling = there.filter((name) => name === "deflate" || name === "842");
  const often = there.flatMap(() => [...telling, ...telling]);
  return [...there, ...often, ...drivers, "lzrw", "lz4-scomp", "lzo-generic"];
}

/** A name that may be a compressor's, or its driver's. */
export function randomCompressor(
  random: Random,
  profile: Profile,
  isStated: boolean,
): string {
  return pick(random, ...compressors(profile, isStated));
}

/** A text that is nearly one for a parameter. */
function oddValue(
  random: Random,
  profile: Profile,
  isStated: boolean,
  attr: string,
): string {
  if (attr === "compressor") {
    return oddWord(random, compressors(profile, isStated));
  }
  if (attr === "zpool") return oddWord(random, profile.zswap.zpools);
  return attr.endsWith("_percent") ? oddNumber(random) : oddTruth(random);
}

/** A parameter that a kernel has, or one that it has not, and a text for it. */
export function randomParameter(
  random: Random,
  profile: Profile,
  isStated: boolean,
  oddTexts: boolean,
): ZswapSteps["set"] {
  const attr = random(20) === 0
    ? "zpools"
    : pick(random, ...Object.keys(profile.zswap.parameters));
  if (oddTexts && random(6) === 0) {
    return { attr, value: oddValue(random, profile, isStated, attr) };
  }
  const texts = attr === "compressor"
    ? compressors(profile, isStated)
    : Object.entries(TEXTS).find(([name]) => name === attr)?.[1] ?? ["1"];
  return { attr, value: pick(random, ...texts) };
}
