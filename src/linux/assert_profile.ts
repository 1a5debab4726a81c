/** Kernels that are asked for by hand. */
import { assertHas } from "../rules/argument.ts";
import type { Profile } from "./profile.ts";

/** Throws a TypeError where `profile` is none, but its name, say. */
export function assertProfile(
  doing: string,
  profile: Pick<Profile, "release">,
): void {
  const right = "a Profile such as LINUX_6_18";
  assertHas(doing, "profile", profile, "release", right);
}
