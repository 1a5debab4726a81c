/** Kernels with another geometry, as options give it. */
import { CONFIGURATION_CHANGES } from "../linux/description.ts";
import type { Profile } from "../linux/profile.ts";
import { optionHelp, type Options, UsageError } from "./usage.ts";

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

/** `profile` with the parts of its geometry that options give. */
export function withGeometry(profile: Profile, options: Options): Profile {
  return GEOMETRY_NAMES.reduce((changed, name) => {
    const text = options.text(name);
    if (text === undefined) return changed;
    const { values, apply } = CONFIGURATION_CHANGES[name];
    const next = apply(changed, text);
    if (next !== undefined) return next;
    throw new UsageError(`The option '--${name}' is '${text}', not ${values}`);
  }, profile);
}
