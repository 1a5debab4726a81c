/** How claims end, for tests that say how they must. */
import type { Verdict } from "../src/claims/claim.ts";

/** A verdict in words, without its numbers; `nothing` where nothing is said. */
export function rulingText(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "nothing";
  const { ruling, condition } = verdict;
  return condition === undefined ? ruling : `${ruling} ${condition}`;
}
