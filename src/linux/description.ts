/**
 * Kernels described in a line: a release by its name, and what of its
 * configuration is another, as in `linux-7.3,chain-size=16,recompression=yes`.
 */
import {
  configurationFrom,
  parseKernelConfig,
  releaseOfConfig,
} from "./kernel_config.ts";
import { assertText } from "../rules/argument.ts";
import { FULL_CONFIGURATION } from "./configuration.ts";
import {
  configurationOf,
  configured,
  type Profile,
  PROFILES,
} from "./profile.ts";

/** A release by the two numbers of its name. */
const RELEASE_NAME = /^linux-([0-9]+)\.([0-9]+)$/;
/** The same as other tools write it: `6.12`, `Linux 6.12.118+deb13-amd64`. */
const LOOSE_NAME = /^(?:linux)?[- ]?v?([0-9]+\.[0-9]+)(?![0-9])/i;

/** One number that grows with the releases. */
function order(name: string): number | undefined {
  const [, major, minor] = RELEASE_NAME.exec(name) ?? [];
  return major === undefined ? undefined : Number(major) * 1000 + Number(minor);
}

/** The releases on both sides of one that is not there. */
function nearestNames(asked: number): string[] {
  const sorted = PROFILES
    .flatMap(({ name }) => {
      const at = order(name);
      return at === undefined ? [] : [{ name, at }];
    })
    .sort((one, other) => one.at - other.at);
  const before = sorted.findLast(({ at }) => at < asked);
  const after = sorted.find(({ at }) => at > asked);
  return [before, after].flatMap((one) => one === undefined ? [] : [one.name]);
}

/**
 * The profile called `name`.
 *
 * Throws a RangeError that names those there are and, for a release between
 * two, the nearest.
 */
export function profileOfName(name: string): Profile {
  const profile = PROFILES.find((one) => one.name === name);
  if (profile !== undefined) return profile;
  const [, version] = LOOSE_NAME.exec(name) ?? [];
  const meant = `linux-${version}`;
  const asked = order(meant);
  const nearest = asked === undefined
    ? ""
    : PROFILES.some((one) => one.name === meant)
    ? `; the one of ${version} is ${meant}`
    : `; the nearest to it: ${nearestNames(asked).join(" and ")}`;
  const names = PROFILES.map((one) => one.name).join(", ");
  throw new RangeError(
    `Unknown profile '${name}': the profiles are ${names}${nearest}`,
  );
}

/** What a description can change, in the form `NAME=VALUE`. */
export interface ConfigurationChange {
  /** What it is. */
  readonly help: string;
  /** Its values in words. */
  readonly values: string;
  /** Those that a profile lets it choose from, where these are few. */
  choices?(profile: Profile): readonly string[];
  /** Whether the profile's release can be built with it. Default: each can. */
  isThere?(profile: Profile): boolean;
  /** What it is of a profile. */
  value(profile: Profile): string;
  /** The profile with that changed; `undefined` where the text is no value. */
  apply(profile: Profile, text: string): Profile | undefined;
}

/** A change to one whole number of the geometry. */
function whole(
  field: "pageSize" | "physBits" | "chainSize" | "classBits",
  from: number,
  to: number,
  help: string,
): ConfigurationChange {
  return {
    help,
    values: `a whole number from ${from} to ${to}`,
    value: (profile) => String(profile[field]),
    apply(profile, text) {
      const number = /^[0-9]+$/.test(text) ? Number(text) : NaN;
      return number >= from && number <= to
        ? { ...profile, [field]: number }
        : undefined;
    },
  };
}

/** Bytes as they are, or in units of 1024: `16384`, `16K`. */
const wholeKilobytes = (text: string): string =>
  text.replace(/^([0-9]{1,2})K$/i, (_, number) => String(1024 * number));

const anyPageSize = whole("pageSize", 4096, 65536, "bytes per page");

/** The page size, which a machine fixes: 16K on some arm64, 64K there and on POWER. */
const pageSize: ConfigurationChange = {
  ...anyPageSize,
  values: "a power of two from 4096 to 65536, or as in 16K",
  apply(profile, text) {
    const bytes = wholeKilobytes(text);
    const isPower = Number.isInteger(Math.log2(Number(bytes)));
    return isPower ? anyPageSize.apply(profile, bytes) : undefined;
  },
};

/** The kernel's release built with another configuration. */
function rebuilt(
  profile: Profile,
  changes: {
    readonly zram?: Partial<Profile["zram"]>;
    readonly zswap?: Partial<Profile["zswap"]>;
  },
): Profile {
  const { zram, zswap, ...machine } = configurationOf(profile);
  const built = configured(profile.name, profile.release, {
    ...machine,
    zram: { ...zram, ...changes.zram },
    zswap: { ...zswap, ...changes.zswap },
  });
  return { ...profile, zram: built.zram, zswap: built.zswap };
}

/**
 * A change to what is built into zram or not; a release has it which has that
 * attribute.
 */
function built(
  field: "writeback" | "multiComp" | "trackEntryActime" | "memoryTracking",
  attribute: string,
  help: string,
): ConfigurationChange {
  return {
    help,
    values: "yes or no",
    isThere: ({ release }) =>
      release.zram.attributes.some(([name]) => name === attribute),
    value: ({ zram }) => zram[field] ? "yes" : "no",
    apply: (profile, text) =>
      text === "yes" || text === "no"
        ? rebuilt(profile, { zram: { [field]: text === "yes" } })
        : undefined,
  };
}

/** Every compressor that zram or zswap can be built with. */
const COMPRESSORS = FULL_CONFIGURATION.zswap.compressors;

/** Compressors with colons between them, each once. */
function compressorsOf(text: string): string[] | undefined {
  const names = text.split(":");
  return names.every((name, nth) =>
      COMPRESSORS.includes(name) && names.indexOf(name) === nth
    )
    ? names
    : undefined;
}

/** Names, the one that is chosen first. */
const defaultFirst = (names: readonly string[], chosen: string): string =>
  [chosen, ...names.filter((name) => name !== chosen)].join(":");

/** Everything that a description can change, by name. */
export const CONFIGURATION_CHANGES: Readonly<
  Record<string, ConfigurationChange>
> = {
  "page-size": pageSize,
  "word-bits": {
    help: "bits per unsigned long",
    values: "32 or 64",
    value: ({ wordBits }) => String(wordBits),
    apply(profile, text) {
      if (text !== "32" && text !== "64") return undefined;
      const wordBits = Number(text);
      return wordBits === profile.wordBits
        ? profile
        : { ...profile, wordBits, physBits: wordBits };
    },
  },
  "phys-bits": whole(
    "physBits",
    32,
    64,
    "bits of a physical address; a word's where words change",
  ),
  "chain-size": whole(
    "chainSize",
    1,
    16,
    "the most pages of a zspage",
  ),
  "class-bits": whole(
    "classBits",
    0,
    13,
    "the class step is the page size shifted right by it",
  ),
  "writeback": built("writeback", "backing_dev", "CONFIG_ZRAM_WRITEBACK"),
  "recompression": built("multiComp", "recompress", "CONFIG_ZRAM_MULTI_COMP"),
  "access-times": built(
    "trackEntryActime",
    "idle",
    "CONFIG_ZRAM_TRACK_ENTRY_ACTIME",
  ),
  "tracking": built("memoryTracking", "idle", "CONFIG_ZRAM_MEMORY_TRACKING"),
  "algorithms": {
    help: "zram's algorithms in their order, the first its default",
    values: `of ${COMPRESSORS.join(", ")}, each once, such as lzo-rle:lz4`,
    value: ({ zram }) => zram.compAlgorithms.join(":"),
    apply(profile, text) {
      const compAlgorithms = compressorsOf(text);
      return compAlgorithms &&
        rebuilt(profile, {
          zram: { compAlgorithms, defaultAlgorithm: compAlgorithms[0] },
        });
    },
  },
  "algorithm": {
    help: "the algorithm of a fresh zram, CONFIG_ZRAM_DEF_COMP",
    values: "one of its algorithms",
    choices: ({ zram }) => zram.compAlgorithms,
    value: ({ zram }) => zram.defaultAlgorithm,
    apply: (profile, text) =>
      profile.zram.compAlgorithms.includes(text)
        ? rebuilt(profile, { zram: { defaultAlgorithm: text } })
        : undefined,
  },
  "compressors": {
    help: "zswap's compressors, the first its default",
    values: `of ${COMPRESSORS.join(", ")}, each once, such as lzo:zstd`,
    // In one order, since theirs is nothing that can be configured.
    value: ({ zswap }) =>
      defaultFirst(
        COMPRESSORS.filter((name) => zswap.compressors.includes(name)),
        zswap.defaultCompressor,
      ),
    apply(profile, text) {
      const compressors = compressorsOf(text);
      return compressors &&
        rebuilt(profile, {
          zswap: { compressors, defaultCompressor: compressors[0] },
        });
    },
  },
  "zpools": {
    help: "zswap's allocators, the first its default",
    values: "names that the release has",
    choices: ({ zswap }) => zswap.zpools,
    value: ({ zswap }) => defaultFirst(zswap.zpools, zswap.defaultZpool),
    apply(profile, text) {
      const there = profile.zswap.zpools;
      const names = text.split(":");
      const zpools = there.filter((name) => names.includes(name));
      const defaultZpool = there.find((name) => names[0] === name);
      return names.length === zpools.length && defaultZpool !== undefined
        ? rebuilt(profile, { zswap: { zpools, defaultZpool } })
        : undefined;
    },
  },
};

/** The profile that a line describes; `undefined` where it describes none. */
export function profileNamed(description: string): Profile | undefined {
  try {
    return describedProfile(description);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The kernel that a line describes: a profile by its name, and after commas
 * what of its configuration is another. The line is its name.
 *
 * Throws a RangeError where there is no such profile, no such change, or where
 * a value is none of its change's. That Linux can be built so is not looked at.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describedProfile } from "zspec";
 *
 * const { zram } = describedProfile(
 *   "linux-7.3,recompression=yes,algorithms=lzo-rle:lz4:zstd",
 * );
 * assertEquals(zram.compAlgorithms, ["lzo-rle", "lz4", "zstd"]);
 * assertEquals("recompress" in zram.attributes, true);
 * ```
 */
export function describedProfile(description: string): Profile {
  assertText("describe a kernel", "description", description);
  const [name, ...changes] = description.split(",");
  let profile = profileOfName(name);
  const texts = new Map<string, string>();
  for (const change of changes) {
    const [part, text] = changeOf(change, name);
    if (texts.has(part)) {
      throw new RangeError(
        `Cannot build ${name}: '${description}' has '${part}' twice`,
      );
    }
    texts.set(part, text);
  }
  // In their own order: the default algorithm is one of the algorithms.
  for (
    const [part, change] of Object.entries(CONFIGURATION_CHANGES)
  ) {
    const text = texts.get(part);
    if (text === undefined) continue;
    if (change.isThere?.(profile) === false) {
      throw new RangeError(`Cannot build ${name}: it has no ${part}`);
    }
    const changed = change.apply(profile, text);
    if (changed === undefined) {
      const choices = change.choices?.(profile);
      throw new RangeError(
        `Cannot build ${name}: the ${part} of '${description}' is '${text}', not ${change.values}${
          choices === undefined ? "" : `: ${choices.join(", ")}`
        }`,
      );
    }
    profile = changed;
  }
  return { ...profile, name: description };
}

/** A change and its value, as a description has them. */
function changeOf(change: string, name: string): readonly [string, string] {
  const [part, text, ...more] = change.split("=");
  if (
    Object.hasOwn(CONFIGURATION_CHANGES, part) && text !== undefined &&
    more.length === 0
  ) return [part, text];
  throw new RangeError(
    `Unknown change '${change}' of ${name}: the changes are ${
      Object.keys(CONFIGURATION_CHANGES).map((one) => `${one}=…`).join(", ")
    }`,
  );
}

/**
 * The line that describes a profile: the name of its release, and what of its
 * configuration is another than that name stands for.
 */
export function descriptionOf(profile: Profile): string {
  let described = profileOfName(profile.release.name);
  const parts = [described.name];
  // One change can bring another: the first algorithm is the default's too.
  for (
    const [name, { value, apply }] of Object.entries(CONFIGURATION_CHANGES)
  ) {
    if (value(profile) === value(described)) continue;
    described = apply(described, value(profile)) ?? described;
    parts.push(`${name}=${value(profile)}`);
  }
  return parts.join(",");
}

/**
 * The kernel that was built with a `.config`: of the release of `profile`, or
 * else of the one that the text's first comment says. Its name describes it.
 *
 * Throws a RangeError where the text is no `.config`, where that release is not
 * modelled, or where zram is not built.
 */
export function profileOfConfig(text: string, profile?: Profile): Profile {
  const options = parseKernelConfig(text);
  const standing = profile ?? profileOfName(releaseIn(text));
  const built = configured(
    standing.name,
    standing.release,
    configurationFrom(options, configurationOf(standing)),
  );
  return { ...built, name: descriptionOf(built) };
}

/** The name of the release that a `.config` is of. */
function releaseIn(text: string): string {
  const version = /^[0-9]+\.[0-9]+/.exec(releaseOfConfig(text) ?? "");
  if (version !== null) return `linux-${version[0]}`;
  throw new RangeError(
    "Cannot tell the configuration's release: its first comment is not '# Linux/ARCH RELEASE Kernel Configuration'; name it by a profile",
  );
}
