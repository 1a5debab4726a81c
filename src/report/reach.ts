/** What was reached: which rules were exercised, and which were not. */
import type { Rule } from "../rules/invariant.ts";
import type { ReachCounts } from "../rules/reach.ts";
import { wrap } from "./wrap.ts";

/** Columns of a line at most. */
const WIDTH = 80;

/** The rules that nothing exercised: of them nothing is known. */
export function unexercised(
  rules: readonly Pick<Rule, "id">[],
  reach: ReachCounts,
): readonly string[] {
  return rules.map(({ id }) => id).filter((id) => !(reach[id] > 0));
}

/** How many rules were exercised: `41 of 43`. */
export function exercisedOf(
  rules: readonly Pick<Rule, "id">[],
  reach: ReachCounts,
): string {
  const silent = unexercised(rules, reach).length;
  return `${rules.length - silent} of ${rules.length}`;
}

/** Names the rules that were not exercised, in lines; nothing where all were. */
export function unexercisedText(
  ids: readonly string[],
  width: number = WIDTH,
): string {
  if (ids.length === 0) return "";
  return wrap(
    `Not exercised, so not known to hold: ${ids.join(", ")}.`,
    Math.min(WIDTH, width),
  );
}
