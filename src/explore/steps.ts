/** Steps: what the programs of the machines consist of, and how they run. */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";

/**
 * A step of a machine whose operations have `Fields`: with the fields
 * `{ free: { nth: number } }` it is `{ op: "free"; nth: number }`.
 */
export type StepOf<Fields, Op extends keyof Fields = keyof Fields> = {
  readonly [One in Op]: { readonly op: One } & Fields[One];
}[Op];

/** What each operation does to a machine's state. */
export type StepTable<State, Fields> = {
  readonly [Op in keyof Fields]: (
    state: State,
    step: { readonly op: Op } & Fields[Op],
  ) => void;
};

/** A step whose operation failed, or after which a rule is broken. */
export class StepError extends Error {
  /** The error's class. */
  override readonly name = "StepError";
  /** The step's number, from 1. */
  readonly step: number;

  /** `cause` is what was thrown in or after step `step` of `steps`. */
  constructor(step: number, steps: number, op: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Step ${step} of ${steps}, ${op}: ${reason}`, { cause });
    this.step = step;
  }
}

/**
 * Runs `steps` one after another on `state`, each by the function that `table`
 * has for its operation, and `check` after each. Throws a
 * {@linkcode StepError} at the first where either throws.
 */
export function runSteps<State, Fields>(
  table: StepTable<State, Fields>,
  state: State,
  steps: readonly StepOf<Fields>[],
  check: (state: State) => void,
): void {
  const run = <Op extends keyof Fields>(step: StepOf<Fields, Op>) =>
    table[step.op](state, step);
  steps.forEach((step, nth) => {
    try {
      run(step);
      check(state);
    } catch (error) {
      throw new StepError(nth + 1, steps.length, String(step.op), error);
    }
  });
}

/** Random plain objects: such as JSON has, with a prototype. */
export function plain<Fields>(
  fc: FastCheck,
  fields: { readonly [Key in keyof Fields]: Arbitrary<Fields[Key]> },
): Arbitrary<Fields> {
  return fc.record<Fields>(fields, { noNullPrototype: true });
}

/** Random steps of one operation, from the values of its fields. */
export function step<const Op extends string, Fields>(
  fc: FastCheck,
  op: Op,
  fields: { readonly [Key in keyof Fields]: Arbitrary<Fields[Key]> },
): Arbitrary<{ op: Op } & Fields> {
  return plain(fc, fields).map((values) => ({ op, ...values }));
}
