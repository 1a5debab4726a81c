/** Kernels that nobody has built: what if a profile were another in some points? */
import { assertHas, assertText, named } from "../rules/argument.ts";
import { zsGeometry } from "./geometry.ts";
import { describedProfile, profileNamed } from "../linux/description.ts";
import type { Profile } from "../linux/profile.ts";
import { assertChanges } from "./profile_changes.ts";

/** The points in which a kernel is another than the one it is made from. */
export type ProfileChanges = Partial<Omit<Profile, "name">>;

/** Empty, part filled and full zspages: the fewest groups there can be. */
const LEAST_GROUPS = 3;
/** A group's number is a byte wherever zspages are many. */
const MOST_GROUPS = 256;

function refuse(profile: Pick<Profile, "name">, found: string): never {
  throw new RangeError(
    `Cannot define profile ${named(profile.name)}: ${found}`,
  );
}

/** The profiles in the source keep their names to themselves. */
function assertName(profile: Profile): void {
  if (profile.name === "") refuse(profile, "the 'name' is empty");
  if (/[,\r\n]/.test(profile.name)) {
    refuse(profile, "the 'name' is not one line without commas");
  }
  if (profileNamed(profile.name) !== undefined) {
    refuse(profile, "the 'name' is taken, by a kernel that there is");
  }
}

/** Objects that are named by where they lie stay there. */
function assertMoves(profile: Profile): void {
  const { objects, compaction, movable } = profile;
  if (objects.handle === "cell") return;
  if (compaction !== "none") {
    refuse(
      profile,
      `the 'compaction' is '${compaction}', not 'none', where a handle is a location`,
    );
  }
  if (movable) {
    refuse(
      profile,
      "'movable' is true, not false, where a handle is a location",
    );
  }
}

/** A whole number of what there are one or more of. */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Empty zspages are in the first group, full ones in the last, and the others
 * between the two, none below the group of one that is less used.
 */
function assertFullness(profile: Profile, objects: number): void {
  const { fullness } = profile;
  const full = fullness.groups.length - 1;
  let below = 0;
  for (let inuse = 0; inuse <= objects; inuse++) {
    const found = fullness.group(inuse, objects);
    const [least, most] = inuse === 0
      ? [0, 0]
      : inuse === objects
      ? [full, full]
      : [Math.max(1, below), full - 1];
    if (!Number.isInteger(found) || found < least || found > most) {
      refuse(
        profile,
        `the 'fullness' puts a zspage with ${inuse} of its ${
          count(objects, "object")
        } into group ${found}, not ${
          least === most ? least : `one from ${least} to ${most}`
        }`,
      );
    }
    below = found;
  }
}

/**
 * A kernel like `from` but for `changes`, called `name`: with a chain rule, a
 * class step, a fullness rule or a geometry of its own, it answers what a
 * proposed change would do.
 *
 * Throws a RangeError where Linux could not be built so: that of `zsGeometry`
 * for page size, words, chain size, class step and chain rule; else one that
 * says for which zspage the fullness rule answers a group that is out of range
 * or below that of a zspage less used, that objects cannot move where a handle
 * is a location, that the name is taken, or that there is no field or no choice
 * like one of the changes.
 *
 * @example What if the class step were twice as wide?
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineProfile, LINUX_6_18, ZsPool } from "zspec";
 *
 * const wide = defineProfile("wide-steps", LINUX_6_18, { classBits: 7 });
 * const pages = [LINUX_6_18, wide].map((profile) => {
 *   const pool = new ZsPool(profile);
 *   for (let nth = 0; nth < 3000; nth++) pool.malloc(1 + nth * 7 % 2000);
 *   return pool.pagesAllocated;
 * });
 * // So few objects fill no zspage of so many classes.
 * assertEquals(pages, [968, 843]);
 * ```
 *
 * @example What if 6.18 chained as 6.2 did?
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   defineProfile,
 *   highestUsedPercent,
 *   LINUX_6_18,
 *   zsGeometry,
 * } from "zspec";
 *
 * const asBefore = defineProfile("as-before", LINUX_6_18, {
 *   chainRule: highestUsedPercent,
 *   chainSize: 4,
 * });
 * assertEquals(zsGeometry(asBefore).hugeClassSize, 3257);
 * ```
 */
export function defineProfile(
  name: string,
  from: Profile,
  changes: ProfileChanges,
): Profile {
  assertText("define a profile", "name", name);
  assertHas("define a profile", "from", from, "release", "a Profile");
  assertChanges((found) => refuse({ name }, found), changes);
  const profile: Profile = { ...from, ...changes, name };
  assertName(profile);
  assertBuildable(profile);
  return profile;
}

/**
 * The kernel that a line such as `linux-6.18,chain-size=16` describes, as
 * {@linkcode describedProfile} reads it. Throws a RangeError also where Linux
 * could not be built so.
 */
export function buildableProfile(description: string): Profile {
  const profile = describedProfile(description);
  assertBuildable(profile);
  return profile;
}

/** Refuses a kernel that Linux could not be built as. */
export function assertBuildable(profile: Profile): void {
  const { classes } = zsGeometry(profile);
  assertMoves(profile);
  const groups = profile.fullness.groups.length;
  if (groups < LEAST_GROUPS || groups > MOST_GROUPS) {
    refuse(
      profile,
      `the 'fullness' has ${
        count(groups, "group")
      }, not ${LEAST_GROUPS} to ${MOST_GROUPS}`,
    );
  }
  new Set(classes.map(({ objectsPerZspage }) => objectsPerZspage))
    .forEach((objects) => assertFullness(profile, objects));
}
