/**
 * What the kernel does not do atomically is a generator here: each `yield`
 * names the lock that is dropped or the wait that is entered there, so that
 * others may run. A sequential caller runs the operation to its end.
 */

/** The kernel's function, and what it does there. */
export type Wait = string;

/** Runs an operation to its end, as a caller that is alone. */
export function runToEnd<Result>(operation: Generator<Wait, Result>): Result {
  let step = operation.next();
  while (!step.done) step = operation.next();
  return step.value;
}
