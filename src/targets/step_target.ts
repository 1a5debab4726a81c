/** Targets as programs meet them: asked for one step after another. */
import type { ResultsOf, StepOf } from "../programs/program.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
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

/** What a step is answered at which the modelled kernel stops: no errno is called so. */
export const BUG = "BUG";

/** A target whose kernel may stop. */
export interface StoppingTarget<Steps, Results extends ResultsOf<Steps>>
  extends StepTarget<Steps, Results> {
  /** Whether the kernel stopped since the last `create`. */
  readonly isStopped: boolean;
}

/**
 * A target of a modelled kernel that may stop at a bug of its own: such a step
 * is refused with {@linkcode BUG}, and those after it are passed over until the
 * next `create`.
 */
export function stoppingTarget<Steps, Results extends ResultsOf<Steps>>(
  target: StepTarget<Steps, Results>,
): StoppingTarget<Steps, Results> {
  let isStopped = false;
  return {
    ...target,
    ask(step) {
      if (step.op === "create") isStopped = false;
      if (isStopped) return SKIPPED;
      try {
        return target.ask(step);
      } catch (error) {
        if (!(error instanceof KernelBug)) throw error;
        isStopped = true;
        return { error: BUG };
      }
    },
    get isStopped() {
      return isStopped;
    },
  };
}
