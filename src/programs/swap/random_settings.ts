/** Random settings of zswap's parameters. */
import type { Profile } from "../../linux/profile.ts";
import { pick, type Random } from "../random.ts";
import type { SwapSteps } from "./steps.ts";

/** What settings are drawn from. */
export interface SettingDraw {
  /** Randomness. */
  readonly random: Random;
  /** The kernel. */
  readonly profile: Profile;
  /** Compressors that can be chosen. */
  readonly compressors: readonly string[];
}

/** What each parameter is set to, by what a program chooses. */
const VALUES: Readonly<Record<string, (draw: SettingDraw) => string>> = {
  enabled: ({ random }) => pick(random, "0", "1", "on"),
  compressor: ({ random, compressors }) => pick(random, ...compressors),
  zpool: ({ random, profile }) => pick(random, ...profile.zswap.zpools),
  max_pool_percent: ({ random }) => pick(random, "0", "1", "1", "20", "60"),
  accept_threshold_percent: ({ random }) => pick(random, "0", "1", "50", "90"),
  same_filled_pages_enabled: ({ random }) => pick(random, "of", "Y"),
  non_same_filled_pages_enabled: ({ random }) => pick(random, "n", "1", "true"),
  shrinker_enabled: ({ random }) => pick(random, "off", "Y", "t"),
};

/** What cannot be set: no such name, no such choice, no number, no truth value. */
const REFUSED: readonly (readonly [attr: string, value: string])[] = [
  ["zpool", "nosuch"],
  ["compressor", "nosuch"],
  ["max_pool_percent", "many"],
  ["enabled", "maybe"],
  ["nosuch", "1"],
];

/** A parameter and what it is set to, sometimes what it cannot be. */
export function randomSetting(draw: SettingDraw): SwapSteps["set"] {
  const { random, profile } = draw;
  if (random(9) === 0) {
    const [attr, value] = pick(random, ...REFUSED);
    return { attr, value };
  }
  const attr = pick(random, ...Object.keys(profile.zswap.parameters));
  return { attr, value: VALUES[attr](draw) };
}
