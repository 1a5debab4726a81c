/** One schedule, run to its end or to what it breaks. */
import { Execution, type Transition } from "./execution.ts";
import type { LockOrder } from "./lock_order.ts";
import type { RaceTrial } from "./trial.ts";

/** What came of a schedule: how far it got, and what it broke. */
export interface Ran<Subject> {
  readonly execution: Execution<Subject>;
  readonly error?: { readonly thrown: unknown };
}

/** Runs a schedule: `next` says who goes on, and `took` is told what he did. */
export function runBy<Subject>(
  trial: RaceTrial<Subject>,
  order: LockOrder,
  next: (execution: Execution<Subject>, stop: number) => number,
  took: (transition: Transition, stop: number) => void = () => {},
): Ran<Subject> {
  const execution = new Execution(trial, order);
  try {
    for (let stop = 0; !execution.isDone; stop++) {
      took(execution.step(next(execution, stop)), stop);
    }
    return { execution };
  } catch (thrown) {
    return { execution, error: { thrown } };
  }
}

/** The first of some threads, which are the bits of a number. */
export function firstOf(threads: number): number {
  return 31 - Math.clz32(threads & -threads);
}
