/** How claims end, for tests that say how they must. */
import { assertEquals } from "@std/assert";
import { expandContents, type Profile, randomFrom } from "../mod.ts";
import type { Verdict } from "../src/claims/claim.ts";
import {
  type Experiment,
  type Given,
  usualSizes,
} from "../src/claims/experiment.ts";

/** Pages that stand for real ones. */
export type RealPages = Given["realPages"];

/** A verdict in words, without its numbers; `nothing` where nothing is said. */
export function rulingText(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "nothing";
  const { ruling, condition } = verdict;
  return condition === undefined ? ruling : `${ruling} ${condition}`;
}

/** Random bytes up to `least` to `most` of each thousand, and one over and over. */
export function pagesOf(least: number, most: number): RealPages {
  return (count, pageSize) => {
    const random = randomFrom(1);
    return Array.from({ length: count }, () =>
      expandContents({
        kind: "mixed",
        period: 1,
        random: least + random(most - least),
        noise: 0,
        at: 0,
        seed: random(2 ** 32),
      }, pageSize));
  };
}

/** Pages that compress to a few bytes, to almost a page, and to all between. */
export const PAGES: RealPages = pagesOf(25, 720);

/** How an experiment's claims end with a kernel, by their names. */
export function rulings(
  experiment: Experiment,
  profile: Profile,
  sizes: Readonly<Record<string, number>> = {},
  realPages: RealPages = PAGES,
): Record<string, string> {
  const { verdicts } = experiment.run({
    profile,
    seed: 1,
    sizes: { ...usualSizes(experiment), ...sizes },
    realPages,
  });
  return Object.fromEntries(
    Object.entries(verdicts).map(([name, one]) => [name, rulingText(one)]),
  );
}

/** The same of every kernel that an experiment is for, in their order. */
export function rulingsOfAll(
  experiment: Experiment,
  sizes: Readonly<Record<string, number>> = {},
  realPages: RealPages = PAGES,
): Record<string, readonly string[]> {
  const found = experiment.kernels.map((one) =>
    rulings(experiment, one, sizes, realPages)
  );
  return Object.fromEntries(
    experiment.claims.map(({ name }) => [name, found.map((one) => one[name])]),
  );
}

/** Those claims that end otherwise than `expected` says, of those it names. */
export function assertRulings(
  found: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string>>,
): void {
  const named = Object.keys(expected).map((name) => [name, found[name]]);
  assertEquals(Object.fromEntries(named), expected);
}
