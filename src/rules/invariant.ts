/**
 * Invariants: the rules that must hold after every operation, as values. Tests,
 * fuzzers, the command and other implementations run the same list.
 */
import type { Reach } from "./reach.ts";
import type { Rule } from "./rule.ts";

export type { Rule };

/** How a rule is broken. */
export interface Violation {
  /** Which object, zspage, class or slot breaks it. */
  readonly where: string;
  /** What the rule calls for there. */
  readonly expected: string | number;
  /** What is there. */
  readonly found: string | number;
}

/** What a check answers of a subject that its rule says nothing about. */
export const SILENT: unique symbol = Symbol("silent");

/** What a check answers: how a rule is broken, nothing where it holds. */
export type Checked = Violation | typeof SILENT | undefined;

/** How a check says that its rule is broken, or `undefined`. */
export function violationOf(checked: Checked): Violation | undefined {
  return checked === SILENT ? undefined : checked;
}

/** What a check answers where nothing is broken: that its rule held, or was silent. */
export function heldIf(isExercised: boolean): typeof SILENT | undefined {
  return isExercised ? undefined : SILENT;
}

/** One rule about subjects of a kind. */
export interface Invariant<Context, Subject> extends Rule {
  /**
   * How `subject` breaks the rule; `undefined` where it holds;
   * {@linkcode SILENT} where the rule has nothing to say about it, and so is
   * not exercised.
   */
  check(context: Context, subject: Subject): Checked;
}

/** What a broken invariant throws. */
export class InvariantError extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "InvariantError";
  /** The broken invariant's name. */
  readonly id: string;
  /** The broken invariant. */
  readonly rule: Rule;
  /** How it is broken. */
  readonly violation: Violation;

  /** Says which rule is broken, where, what was expected and what was found. */
  constructor(rule: Rule, violation: Violation) {
    const { where, expected, found } = violation;
    super(
      `${rule.id} is broken at ${where}: expected ${expected}, found ${found}\n` +
        `  the rule: ${rule.sentence}\n` +
        `  its source: ${rule.source}`,
    );
    this.id = rule.id;
    this.rule = rule;
    this.violation = violation;
  }
}

/**
 * Throws an {@linkcode InvariantError} at the first rule that `subject` breaks.
 * `reach` counts the rules that had something to say.
 */
export function assertInvariants<Context, Subject>(
  invariants: readonly Invariant<Context, Subject>[],
  context: Context,
  subject: Subject,
  reach?: Reach,
): void {
  for (const invariant of invariants) {
    const checked = invariant.check(context, subject);
    if (checked === SILENT) continue;
    if (checked !== undefined) throw new InvariantError(invariant, checked);
    reach?.count(invariant);
  }
}

/**
 * A violation where the two differ, else `undefined`. On hot paths `where` is
 * a function, so that no text is made of what is right.
 */
export function expectEqual(
  where: string | (() => string),
  found: string | number,
  expected: string | number,
): Violation | undefined {
  if (found === expected) return undefined;
  return {
    where: typeof where === "string" ? where : where(),
    expected,
    found,
  };
}
