/** Findings: programs that a target does not survive. */
import { ANSWERS, Disagreement } from "../judges/judge.ts";
import type { Step } from "../programs/program.ts";
import { InvariantError, type Rule } from "../rules/invariant.ts";
import { TargetFault, TargetMissing } from "../targets/target.ts";

/** How a target fails, and the steps that lead there: a JSON value. */
export interface Finding<One extends Step = Step> {
  /** The steps that were run; the last is the one that fails. */
  readonly steps: readonly One[];
  /** The rule that is broken. */
  readonly rule: Rule;
  /** Where in the model it is broken, where that is known. */
  readonly where?: string;
  /** What the rule calls for: a JSON value. */
  readonly expected: unknown;
  /** What came: a JSON value. */
  readonly found: unknown;
  /**
   * What became of shrinking, where some of the steps may not be needed: `was
   * cut off …`. Absent where none can be left out, or none was to be.
   */
  readonly shrinking?: string;
}

/** What an error says that no judge threw: the rule that is broken, and how. */
export type Fault = Omit<Finding, "steps">;

/**
 * The finding that an error stands for, after `steps`; a missing target is
 * none. `faultOf` says what rule an error breaks that names none.
 */
export function findingOf<One extends Step>(
  error: unknown,
  steps: readonly One[],
  faultOf: (error: unknown) => Fault = targetFault,
): Finding<One> {
  if (error instanceof TargetMissing) throw error;
  if (error instanceof Disagreement) {
    const { rule, expected, found } = error;
    return { steps, rule: readRule(rule), expected, found };
  }
  if (error instanceof InvariantError) {
    const { rule, violation } = error;
    return { steps, rule: readRule(rule), ...violation };
  }
  return { steps, ...faultOf(error) };
}

/** What a target does wrong that fails to answer, and where it was to end. */
export function targetFault(error: unknown, expected = "an answer"): Fault {
  const kind = error instanceof TargetFault ? error.kind : "threw";
  return { rule: ANSWERS, expected, found: { [kind]: messageOf(error) } };
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What there is to read of a rule, without what checks it. */
export function readRule({ id, sentence, source }: Rule): Rule {
  return { id, sentence, source };
}

/** A finding in one line: the step, the rule, what was expected and found. */
export function describeFinding(finding: Finding): string {
  const { steps, rule, where, expected, found } = finding;
  const place = where === undefined ? "" : ` at ${where}`;
  return `Step ${steps.length} of ${steps.length}, ${
    steps.at(-1)?.op ?? "none"
  }: ${rule.id} is broken${place}: expected ${shown(expected)}, found ${
    shown(found)
  }`;
}

/** The same with the rule, its source and what became of shrinking, in further lines. */
export function explainFinding(finding: Finding): string {
  const { rule: { sentence, source }, shrinking } = finding;
  return [
    describeFinding(finding),
    `the rule: ${sentence}`,
    `its source: ${source}`,
    ...shrinking === undefined ? [] : [`shrinking ${shrinking}`],
  ].join("\n  ");
}

function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
