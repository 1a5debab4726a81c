/** Kernels that have what options need of them. */
import { LINUX_6_18, LINUX_6_18_FULL, type Profile } from "../linux/profile.ts";
import {
  bytesOption,
  type Options,
  profileOption,
  UsageError,
} from "./usage.ts";

/** What a kernel can be configured with, since when, and what needs it. */
const FEATURES = {
  writeback: { option: "backing", name: "writeback", since: "4.14" },
  multiComp: { option: "recompress", name: "recompression", since: "6.2" },
};

/** The features, of which an option that was given needs some. */
const NAMES = ["writeback", "multiComp"] as const;

/**
 * The profile that options describe, by default 6.18 with what they need;
 * refused where it has not got that.
 */
export function featuredProfile(options: Options): Profile {
  const needed = NAMES.filter((feature) =>
    options.text(FEATURES[feature].option) !== undefined
  );
  const profile = profileOption(
    options,
    needed.length > 0 ? LINUX_6_18_FULL : LINUX_6_18,
  );
  for (const feature of needed) {
    if (profile.zram[feature]) continue;
    const { option, name, since } = FEATURES[feature];
    throw new UsageError(
      `Cannot use '--${option}': ${profile.name} ${
        canBuild(profile, feature)
          ? `is built without ${name}; '${name}=yes' behind a comma builds it in`
          : `has no ${name}, which came with ${since}`
      }`,
    );
  }
  return profile;
}

/** Bytes of a backing device: its block 0 is never used. */
export function backingOption(
  options: Options,
  { pageSize }: Profile,
): number | undefined {
  const bytes = bytesOption(options, "backing");
  if (bytes === undefined || bytes >= 2 * pageSize) return bytes;
  throw new UsageError(
    `The option '--backing' is ${bytes} bytes, a page and block 0 need ${
      2 * pageSize
    }`,
  );
}

/** Whether a profile's release can be built with a feature. */
function canBuild(
  { release }: Profile,
  feature: (typeof NAMES)[number],
): boolean {
  return release.zram.attributes.some(([, , needs]) => needs === feature);
}
