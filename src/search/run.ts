/** Running the steps of one program in a trial. */
import type { Step } from "../programs/program.ts";
import { type Finding, findingOf, targetFault } from "./finding.ts";
import type { Awaiting, Trial } from "./trial.ts";

/**
 * Runs the steps of a program; answers how they fail, or `undefined`. Tells of
 * each step that there was nothing to do for.
 */
export function* runSteps<One extends Step>(
  trial: Trial<One>,
  steps: readonly One[],
  faultOf = targetFault,
  onPassed?: (step: One) => void,
): Awaiting<Finding<One> | undefined> {
  const run: One[] = [];
  let current: One | undefined;
  try {
    for (const step of steps) {
      current = step;
      if (yield* trial.step(step)) run.push(step);
      else onPassed?.(step);
    }
    current = undefined;
    // They may fail together: all of them belong to the finding.
    yield* trial.close((step) => run.push(step));
  } catch (error) {
    const { asked } = trial;
    const last = asked === run.at(-1) ? [] : lastSteps(current, asked);
    return findingOf(error, [...run, ...last], faultOf);
  }
}

/**
 * The last steps of a finding: the program's own, and the judge's question
 * after it. What the program asks is asked as the same object.
 */
function lastSteps<One extends Step>(
  step: One | undefined,
  asked: One | undefined,
): One[] {
  if (step === undefined) return asked === undefined ? [] : [asked];
  return asked === undefined || asked === step ? [step] : [step, asked];
}
