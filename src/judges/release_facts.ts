/**
 * What second models know of each kernel: written down once more, from the
 * kernels' sources and not from the profiles, so that one may be held against
 * the other.
 */
import type { Profile } from "../linux/profile.ts";

const OLDEST = "linux-3.12";
/** The releases behind it, in their order. */
const LATER = [
  "linux-4.0",
  "linux-5.10",
  "linux-6.1",
  "linux-6.12",
  "linux-6.16",
  "linux-6.17",
  "linux-6.18",
  "linux-6.19",
  "linux-7.0",
  "linux-7.1",
  "linux-7.2",
  "linux-7.3",
] as const;

/** The facts of the oldest release, and those that later ones changed. */
export type FactsByRelease<Facts> =
  & { readonly [OLDEST]: Facts }
  & { readonly [Release in typeof LATER[number]]?: Partial<Facts> };

/**
 * Answers the facts of a profile's release: those of the one before, but for
 * what it changed. Throws where it is none of the known.
 */
export function factsByRelease<Facts>(
  changes: FactsByRelease<Facts>,
): (profile: Profile) => Facts {
  let facts = changes[OLDEST];
  const known = new Map<string, Facts>([[OLDEST, facts]]);
  for (const release of LATER) {
    facts = { ...facts, ...changes[release] };
    known.set(release, facts);
  }
  return ({ release: { name } }) => {
    const facts = known.get(name);
    if (facts !== undefined) return facts;
    throw new Error(`Cannot judge by a second model: it has no ${name}`);
  };
}
