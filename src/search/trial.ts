/**
 * Trials: one run of one program on one target under some judges. Whether the
 * target answers at once or by promises, a trial is written once: it stops at
 * each promise, and whoever drives it waits.
 */
import type { Judge } from "../judges/judge.ts";
import type { ResultsOf, Step, StepOf } from "../programs/program.ts";
import { SKIPPED, type StepTarget } from "../targets/step_target.ts";

/** What is written once and driven by those who wait and those who do not. */
export type Awaiting<Result> = Generator<Promise<unknown>, Result, unknown>;

/** One run of one program, before its first step. */
export interface Trial<One extends Step = Step> {
  /** What is being asked, or was last: the program's step, or a judge's question. */
  readonly asked: One | undefined;
  /**
   * Does a step of the program and has every answer judged; returns whether
   * there was anything to do. Throws what a judge or the target throws.
   */
  step(step: One): Awaiting<boolean>;
  /**
   * Does the steps that end a program, and what judges check at its end. Tells
   * of each step that there was anything to do for.
   */
  close(onStep?: (step: One) => void): Awaiting<void>;
}

/** A trial of a target under judges, each of which sees every answer. */
export function trialOf<Steps, Results extends ResultsOf<Steps>>(
  target: StepTarget<Steps, Results>,
  judges: readonly Judge<Steps, Results>[],
): Trial<StepOf<Steps> & Step> {
  type Outcome = Exclude<
    ReturnType<StepTarget<Steps, Results>["ask"]>,
    Promise<unknown>
  >;
  let asked: (StepOf<Steps> & Step) | undefined;

  function* ask(step: StepOf<Steps>): Awaiting<boolean> {
    asked = step as StepOf<Steps> & Step;
    for (const judge of judges) judge.before?.(step);
    const answer = target.ask(step);
    // What a promise of an outcome gives is an outcome.
    const outcome = answer instanceof Promise
      ? (yield answer) as Outcome
      : answer;
    if (outcome === SKIPPED) return false;
    for (const judge of judges) judge.after(step, outcome);
    return true;
  }

  return {
    get asked() {
      return asked;
    },
    *step(step) {
      if (!(yield* ask(step))) return false;
      for (const judge of judges) {
        for (const question of judge.questions?.(step) ?? []) {
          yield* ask(question);
        }
      }
      return true;
    },
    *close(onStep) {
      for (const judge of judges) {
        for (const question of judge.closing?.() ?? []) {
          if (yield* ask(question)) onStep?.(question as StepOf<Steps> & Step);
        }
      }
      for (const judge of judges) judge.end?.();
    },
  };
}

/** Drives to the end what waits for nothing; throws where it would wait. */
export function runNow<Result>(awaiting: Awaiting<Result>): Result {
  const { done, value } = awaiting.next();
  if (done) return value;
  throw new Error(
    "Cannot go on: the target answers by a promise, and nobody waits for it",
  );
}

/** Drives to the end what may wait, waiting for each promise. */
export async function runWaiting<Result>(
  awaiting: Awaiting<Result>,
): Promise<Result> {
  let next = awaiting.next();
  while (!next.done) {
    let given: unknown;
    try {
      given = await next.value;
    } catch (error) {
      next = awaiting.throw(error);
      continue;
    }
    next = awaiting.next(given);
  }
  return next.value;
}
