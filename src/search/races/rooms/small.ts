/** Kernels as they are explored: with as few size classes as say something. */
import type { Profile } from "../../../linux/profile.ts";

const SMALL = new WeakMap<Profile, Profile>();

/**
 * A kernel with classes of 32, 2080 and 4096 bytes, of which the second has
 * three objects in two frames; always the same one for the same kernel.
 */
export function smallOf(profile: Profile): Profile {
  return SMALL.getOrInsertComputed(
    profile,
    () => ({ ...profile, classBits: 1, chainSize: 2 }),
  );
}
