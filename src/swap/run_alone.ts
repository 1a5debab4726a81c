/** Running an operation of the swap path to its end, as a caller that is alone. */
import type { Wait } from "../rules/wait.ts";

/**
 * Runs an operation to its end. Throws where it waits for another one, which
 * was stopped midway and does not run.
 */
export function runAlone<Result>(operation: Generator<Wait, Result>): Result {
  let step = operation.next();
  while (!step.done) {
    if (step.value.includes(": waits for ")) {
      throw new Error(
        `Cannot go on: ${step.value}, and its holder does not run`,
      );
    }
    step = operation.next();
  }
  return step.value;
}
