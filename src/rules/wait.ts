/**
 * What the kernel does not do atomically is a generator here: each `yield`
 * names the lock that is dropped or the wait that is entered there, so that
 * others may run. A sequential caller runs the operation to its end.
 */

/** The kernel's function, and what it does there. */
export type Wait = string;

const BLOCKED = "blocked: ";

/** A wait that only another's doing can end. */
export function blocked(why: string): Wait {
  return BLOCKED + why;
}

/** Whether only another's doing can end a wait. */
export function isBlocked(wait: Wait): boolean {
  return wait.startsWith(BLOCKED);
}

/**
 * Runs an operation to its end, as a caller that is alone. Throws where it
 * would wait for another's doing; the operation has then put back what it held.
 */
export function runToEnd<Result>(operation: Generator<Wait, Result>): Result {
  let step = operation.next();
  while (!step.done) {
    step = isBlocked(step.value)
      ? operation.throw(new Error(`Cannot go on alone, ${step.value}`))
      : operation.next();
  }
  return step.value;
}
