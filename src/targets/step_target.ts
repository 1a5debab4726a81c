/** Targets as programs meet them: asked for one step after another. */
import type { ResultsOf, StepOf } from "../programs/program.ts";
import type { Refusal, Target } from "./target.ts";

/**
 * The answer to a step that there is nothing to do for: it names what is not
 * there, or the target cannot do such steps. It is not judged.
 */
export const SKIPPED: unique symbol = Symbol("skipped");

/** What came of a step: its result, an errno, or nothing at all. */
export type Outcome<Result> = Result | Refusal | typeof SKIPPED;

/** An outcome, now or later. */
export type Asked<Result> = Outcome<Result> | Promise<Outcome<Result>>;

/** What does the steps of a language's programs. */
export interface StepTarget<Steps, Results extends ResultsOf<Steps>>
  extends Target {
  /** Does a step. Throws a `TargetFault` where the target fails to answer. */
  ask(step: StepOf<Steps>): Asked<Results[keyof Steps]>;
}

/** What does each operation; those that a target cannot do are left out. */
export type TargetTable<Steps, Results extends ResultsOf<Steps>> = {
  readonly [Op in keyof Steps]?: (
    step: { readonly op: Op } & Steps[Op],
  ) => Asked<Results[Op]>;
};

/** A target that does each operation by its entry of a table. */
export function tableTarget<Steps, Results extends ResultsOf<Steps>>(
  table: TargetTable<Steps, Results>,
  life: Target = {},
): StepTarget<Steps, Results> {
  return {
    ask(step) {
      const does = table[step.op];
      // The entry of an operation takes the steps of that operation.
      return does === undefined ? SKIPPED : does(step as never);
    },
    restart: () => life.restart?.(),
    hurry: (isHurried) => life.hurry?.(isHurried),
    end: () => life.end?.(),
  };
}
