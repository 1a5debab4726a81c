/** Judges: what the answers of a target are held against. */
import { Buffer } from "node:buffer";
import type { ResultsOf, StepOf } from "../programs/program.ts";
import type { Rule } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { isRefusal, type Refusal } from "../targets/target.ts";

/**
 * What is asked of a target: what every implementation must keep, whatever its
 * policy; that it also makes Linux's own choices, so that every statistic is
 * the model's; or, of the model itself, every invariant, the second model's
 * answers, and the contract.
 */
export type Level = "contract" | "exact" | "model";

/** The levels that can be asked of an implementation. */
export const LEVELS: readonly Level[] = ["contract", "exact"];

/**
 * What judges the answers to the steps of one program, from its first `create`
 * on. It counts in the `Reach` that it is made with what it exercised.
 */
export interface Judge<Steps, Results extends ResultsOf<Steps>> {
  /** Told of a step before the target is asked. */
  before?(step: StepOf<Steps>): void;
  /**
   * Judges the answer to a step. Throws a {@linkcode Disagreement} or an
   * `InvariantError` where a rule is broken.
   */
  after(step: StepOf<Steps>, answer: Results[keyof Steps] | Refusal): void;
  /** Steps to be asked, and judged as any other, after a step of the program. */
  questions?(step: StepOf<Steps>): readonly StepOf<Steps>[];
  /** Steps that end a program: everything that should be there is read. */
  closing?(): readonly StepOf<Steps>[];
  /** Checks what takes long, once the closing steps are done. */
  end?(): void;
}

/** How a judge judges the answers to each operation; others it lets pass. */
export type JudgeTable<Steps, Results extends ResultsOf<Steps>> = {
  readonly [Op in keyof Steps]?: (
    step: { readonly op: Op } & Steps[Op],
    answer: Results[Op] | Refusal,
  ) => void;
};

/** The `after` of a judge that judges each operation by its entry of a table. */
export function judging<Steps, Results extends ResultsOf<Steps>>(
  table: JudgeTable<Steps, Results>,
): Judge<Steps, Results>["after"] {
  return (step, answer) => {
    // A target answers each operation with a result of that operation.
    table[step.op]?.(step as never, answer as never);
  };
}

/** How a target breaks a rule. */
export class Disagreement extends Error {
  /** The error's class. */
  override readonly name = "Disagreement";
  /** The rule. */
  readonly rule: Rule;
  /** What the rule calls for: a JSON value. */
  readonly expected: unknown;
  /** What came: a JSON value. */
  readonly found: unknown;

  /** Both values are shown as they are. */
  constructor(rule: Rule, expected: unknown, found: unknown) {
    super(
      `${rule.id}: expected ${JSON.stringify(expected)}, found ${
        JSON.stringify(found)
      }`,
    );
    this.rule = rule;
    this.expected = expected;
    this.found = found;
  }
}

/** What every answer is judged by. */
export const ANSWERS: Rule = {
  id: "protocol/answers",
  sentence:
    "Every request is answered in time, once, in its turn, with the fields that the protocol names; the implementation ends when its input ends.",
  source: "the oracle protocol, version 1",
};

/** What the level `exact` asks for above the contract. */
export const EXACT: Rule = {
  id: "exact/same-answer",
  sentence:
    "Every answer but a handle is the model's: the implementation makes Linux's own choices.",
  source: "the oracle protocol, version 1; the profile's kernel",
};

/** Throws a {@linkcode Disagreement} with a rule where the two differ. */
export function expectSame(
  rule: Rule,
  expected: unknown,
  found: unknown,
): void {
  // Texts of what is equal are not made: most of what is compared is a scalar.
  if (Object.is(expected, found)) return;
  if (JSON.stringify(expected) === JSON.stringify(found)) return;
  throw new Disagreement(rule, expected, found);
}

/** Throws where the fields that are expected are others; of no others it is asked. */
export function expectFields<Fields extends object>(
  rule: Rule,
  expected: Fields,
  found: Readonly<Record<keyof Fields, unknown>>,
): void {
  for (const name in expected) {
    if (Object.is(expected[name], found[name])) continue;
    const names = Object.keys(expected) as (keyof Fields)[];
    const shown = names.map((one) => [one, found[one]]);
    return expectSame(rule, expected, Object.fromEntries(shown));
  }
}

/** What holds values against rules, and counts in `reach` those that had to hold. */
export function expecting(
  reach: Reach,
): (
  rule: Rule,
  expected: unknown,
  found: unknown,
  isExercised?: boolean,
) => void {
  return (rule, expected, found, isExercised = true) => {
    expectSame(rule, expected, found);
    if (isExercised) reach.count(rule);
  };
}

/** The result of a request that the interface does not let fail. */
export function resultOf<Result>(
  rule: Rule,
  answer: Result | Refusal,
): Result {
  if (isRefusal(answer)) {
    throw new Disagreement(rule, "no error", { error: answer.error });
  }
  return answer;
}

/** The errno of a request that must be refused with one of `errnos`; of any, where none are given. */
export function expectRefusal(
  rule: Rule,
  answer: unknown,
  errnos: readonly string[] = [],
): void {
  const found = isRefusal(answer) ? answer.error : undefined;
  const isRight = found !== undefined &&
    (errnos.length === 0 || errnos.includes(found));
  if (isRight) return;
  throw new Disagreement(
    rule,
    { error: errnos.length === 0 ? "an errno" : errnos.join(" or ") },
    found === undefined ? "no error" : { error: found },
  );
}

/** Throws where bytes are not those expected, and says at which byte. */
export function expectBytes(
  rule: Rule,
  expected: Uint8Array,
  found: Uint8Array,
): void {
  if (expected.length !== found.length) {
    throw new Disagreement(
      rule,
      `${expected.length} bytes`,
      `${found.length} bytes`,
    );
  }
  // By memcmp: most of what is compared is equal.
  if (Buffer.compare(expected, found) === 0) return;
  const at = expected.findIndex((byte, nth) => byte !== found[nth]);
  const hex = (bytes: Uint8Array) => bytes.subarray(at, at + 16).toHex();
  throw new Disagreement(
    rule,
    { byte: at, hex: hex(expected) },
    { byte: at, hex: hex(found) },
  );
}
