/** Findings: programs that an implementation does not survive. */
import type { Rule } from "../rules/invariant.ts";
import { ANSWERS, Disagreement, type Step } from "./judge.ts";
import { TargetFault, TargetMissing } from "../targets/target.ts";

/** How an implementation fails, and the steps that lead there: a JSON value. */
export interface Finding<One extends Step = Step> {
  /** The steps that were run; the last is the one that fails. */
  readonly steps: readonly One[];
  /** The rule that is broken. */
  readonly rule: Rule;
  /** What the rule calls for: a JSON value. */
  readonly expected: unknown;
  /** What came: a JSON value. */
  readonly found: unknown;
}

/**
 * The finding that an error stands for, after `steps`; a missing target is
 * none. `expected` is what should have come where the error does not say.
 */
export function findingOf<One extends Step>(
  error: unknown,
  steps: readonly One[],
  expected = "an answer",
): Finding<One> {
  if (error instanceof TargetMissing) throw error;
  if (error instanceof Disagreement) {
    const { rule, expected, found } = error;
    return { steps, rule, expected, found };
  }
  if (error instanceof TargetFault) {
    const { kind, message } = error;
    return { steps, rule: ANSWERS, expected, found: { [kind]: message } };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { steps, rule: ANSWERS, expected, found: { threw: message } };
}
