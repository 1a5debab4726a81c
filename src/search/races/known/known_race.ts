/** Races that kernels had, as facts of their releases. */
import type { Profile } from "../../../linux/profile.ts";

/**
 * A race that a kernel had: a small program finds it in the kernel before the
 * mend, and, explored as far, not in the one after.
 */
export interface KnownRace {
  /** What it is called, in its room: `zsmalloc/pages-compacted`. */
  readonly id: string;
  /** One sentence: what two threads do to each other. */
  readonly sentence: string;
  /** The commit that mended it, 12 digits; empty where that is not known. */
  readonly commit: string;
  /** The release that has the mend: `5.19`. */
  readonly mended: string;
  /** The kernel's function, and its file. */
  readonly source: string;
  /** The kernel before the mend. */
  readonly before: Profile;
  /** The same kernel with it. */
  readonly after: Profile;
  /** What the threads do, as `readRaceProgram` reads it. */
  readonly program: string;
}

/** The name of the room that a race is explored in. */
export function roomOf({ id }: KnownRace): string {
  return id.split("/", 1)[0];
}

/** A kernel in which some facts of a part are others. */
export function withFacts<Part extends "swap" | "zram" | "zswap">(
  profile: Profile,
  part: Part,
  facts: Partial<Profile[Part]>,
  name: string = profile.name,
): Profile {
  return { ...profile, name, [part]: { ...profile[part], ...facts } };
}
