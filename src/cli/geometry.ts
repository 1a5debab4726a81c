/** Kernels with another geometry, as options give it. */
import { CONFIGURATION_CHANGES } from "../linux/description.ts";
import type { Profile } from "../linux/profile.ts";
import { assertBuildable } from "../zsmalloc/define_profile.ts";
import { optionHelp, type Options, refused, UsageError } from "./usage.ts";

/** The names of a geometry's parts. */
export const GEOMETRY_NAMES: readonly string[] = [
  "page-size",
  "word-bits",
  "phys-bits",
  "chain-size",
  "class-bits",
];

/** What each of them is, one a line, after `prefix` and its name. */
export function geometryHelp(prefix: string): string {
  return GEOMETRY_NAMES.map((name) => {
    const { help, values } = CONFIGURATION_CHANGES[name];
    return optionHelp(`${prefix}${name} N`, 18, `${help}: ${values}`);
  }).join("");
}

/** The help of `--page-size`, its words from a column on. */
export function pageSizeHelp(column: number): string {
  return optionHelp(
    "--page-size N",
    column,
    "the pages of another machine, such as 16K (Asahi) or 64K (POWER, some arm64); by default the profile's",
  );
}

/**
 * `profile` on another machine's pages, if `--page-size` says so; its name says
 * it too. Refused where Linux could not be built so.
 */
export function withPageSize(profile: Profile, options: Options): Profile {
  if (options.text("page-size") === undefined) return profile;
  if (profile.name.includes("page-size=")) {
    throw new UsageError(
      `The option '--page-size' is given twice: '${profile.name}' says it too`,
    );
  }
  const { pageSize } = withParts(profile, options, ["page-size"]);
  const name = `${profile.name},page-size=${pageSize}`;
  const changed = { ...profile, pageSize, name };
  refused(() => assertBuildable(changed));
  return changed;
}

/** `profile` with the parts of its geometry that options give. */
export function withGeometry(profile: Profile, options: Options): Profile {
  return withParts(profile, options, GEOMETRY_NAMES);
}

function withParts(
  profile: Profile,
  options: Options,
  names: readonly string[],
): Profile {
  return names.reduce((changed, name) => {
    const text = options.text(name);
    if (text === undefined) return changed;
    const { values, apply } = CONFIGURATION_CHANGES[name];
    const next = apply(changed, text);
    if (next !== undefined) return next;
    throw new UsageError(`The option '--${name}' is '${text}', not ${values}`);
  }, profile);
}
