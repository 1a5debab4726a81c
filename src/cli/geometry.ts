/** Kernels with another geometry, as options and profile names give it. */
import { defineProfile } from "../zsmalloc/define_profile.ts";
import type { Profile } from "../linux/profile.ts";
import { findProfile, parseWhole, UsageError } from "./usage.ts";

/** What a kernel's configuration can change of its size classes. */
interface GeometryOption {
  readonly field:
    | "pageSize"
    | "wordBits"
    | "physBits"
    | "chainSize"
    | "classBits";
  /** The least and the greatest value that can be right in some geometry. */
  readonly range: readonly [number, number];
  readonly help: string;
}

const GEOMETRY: Readonly<Record<string, GeometryOption>> = {
  "page-size": {
    field: "pageSize",
    range: [4096, 65536],
    help: "bytes per page: a power of two from 4096 to 65536",
  },
  "word-bits": {
    field: "wordBits",
    range: [32, 64],
    help: "bits per unsigned long: 32 or 64",
  },
  "phys-bits": {
    field: "physBits",
    range: [13, 64],
    help: "bits of a physical address; a word's where words change",
  },
  "chain-size": {
    field: "chainSize",
    range: [1, 16],
    help: "the most pages of a zspage: 1 to 16",
  },
  "class-bits": {
    field: "classBits",
    range: [0, 13],
    help: "the class step is the page size shifted right by it",
  },
};

/** The names of a geometry's parts. */
export const GEOMETRY_NAMES: readonly string[] = Object.keys(GEOMETRY);

/** What each of them is, one a line, after `prefix` and its name. */
export function geometryHelp(prefix: string): string {
  return Object.entries(GEOMETRY).map(([name, { help }]) =>
    `  ${`${prefix}${name} N`.padEnd(14)}  ${help}\n`
  ).join("");
}

/**
 * `profile` with the parts of its geometry that `textOf` has a number for;
 * `subjectOf` says what that is called.
 */
export function withGeometry(
  profile: Profile,
  textOf: (name: string) => string | undefined,
  subjectOf: (name: string) => string,
): Profile {
  const changes: { -readonly [Field in GeometryOption["field"]]?: number } = {};
  for (const [name, { field, range: [from, to] }] of Object.entries(GEOMETRY)) {
    const text = textOf(name);
    if (text === undefined) continue;
    changes[field] = parseWhole(text, subjectOf(name), from, to);
  }
  if (changes.wordBits !== undefined && changes.wordBits !== profile.wordBits) {
    changes.physBits ??= changes.wordBits;
  }
  return { ...profile, ...changes };
}

/**
 * The kernel that a name like `linux-6.18,chain-size=16,page-size=16384`
 * describes: a profile's, and what of its geometry is another.
 */
export function describedProfile(description: string): Profile {
  const [name, ...changes] = description.split(",");
  const profile = findProfile(name);
  if (changes.length === 0) return profile;
  const texts = new Map<string, string>();
  for (const change of changes) {
    const [part, text, ...more] = change.split("=");
    if (!GEOMETRY_NAMES.includes(part) || text === undefined || more.length) {
      throw new UsageError(
        `Unknown change '${change}' of ${name}: the changes are ${
          GEOMETRY_NAMES.map((one) => `${one}=N`).join(", ")
        }`,
      );
    }
    texts.set(part, text);
  }
  const changed = withGeometry(
    profile,
    (part) => texts.get(part),
    (part) => `The ${part} of '${description}'`,
  );
  return refused(() => defineProfile(description, profile, changed));
}

/** A geometry that Linux cannot be built with is the caller's mistake. */
export function refused<Result>(build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
