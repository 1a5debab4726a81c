/**
 * Invariants: the rules that must hold after every operation, as values. Tests,
 * fuzzers, the command and other implementations run the same list.
 */

/** How a rule is broken. */
export interface Violation {
  /** Which object, zspage, class or slot breaks it. */
  readonly where: string;
  /** What the rule calls for there. */
  readonly expected: string | number;
  /** What is there. */
  readonly found: string | number;
}

/** What there is to read of a rule. */
export interface Rule {
  /** Its name, room first: `zsmalloc/free-list`. */
  readonly id: string;
  /** The rule in one sentence. */
  readonly sentence: string;
  /** The kernel's source that makes it hold: function, file, release. */
  readonly source: string;
}

/** One rule about subjects of a kind. */
export interface Invariant<Context, Subject> extends Rule {
  /** How `subject` breaks the rule, or `undefined` where it holds. */
  check(context: Context, subject: Subject): Violation | undefined;
}

/** What a broken invariant throws. */
export class InvariantError extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "InvariantError";
  /** The broken invariant's name. */
  readonly id: string;

  /** Says which rule is broken, where, what was expected and what was found. */
  constructor(
    rule: Rule,
    { where, expected, found }: Violation,
  ) {
    super(
      `${rule.id} is broken at ${where}: expected ${expected}, found ${found}\n` +
        `  the rule: ${rule.sentence}\n` +
        `  its source: ${rule.source}`,
    );
    this.id = rule.id;
  }
}

/** Throws an {@linkcode InvariantError} at the first rule that `subject` breaks. */
export function assertInvariants<Context, Subject>(
  invariants: readonly Invariant<Context, Subject>[],
  context: Context,
  subject: Subject,
): void {
  for (const invariant of invariants) {
    const violation = invariant.check(context, subject);
    if (violation !== undefined) throw new InvariantError(invariant, violation);
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
