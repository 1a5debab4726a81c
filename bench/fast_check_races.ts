/**
 * fast-check's scheduler on threads that share something, held against the same
 * rules as the explorer's own schedules: what it lacks is to know which stops
 * depend on each other.
 */
import fc from "fast-check";
import type { RaceTrial } from "../mod.ts";
import { Execution } from "../src/search/races/execution.ts";
import { Linearizable } from "../src/search/races/linearizable.ts";
import { LockOrder } from "../src/search/races/lock_order.ts";

/** One thread as a promise: it goes on to its next stop when it is scheduled. */
async function runThread<Subject>(
  execution: Execution<Subject>,
  thread: number,
  scheduler: fc.Scheduler,
): Promise<void> {
  while (execution.nextOf(thread) !== "done") {
    await scheduler.schedule(Promise.resolve());
    const { enabled } = execution;
    if (enabled === 0) execution.assertSomebody();
    if ((enabled & 1 << thread) !== 0) execution.step(thread);
  }
}

/**
 * Runs up to so many schedules of fast-check's; how many there were when the
 * first broke something, or `undefined`.
 */
export async function schedulesByFastCheck<Subject>(
  trial: RaceTrial<Subject>,
  seed: number,
  most: number,
): Promise<number | undefined> {
  const order = new LockOrder();
  const linearizable = new Linearizable(trial);
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const execution = new Execution(trial, order);
    const threads = trial.threads.map((_, thread) =>
      runThread(execution, thread, scheduler)
    );
    await scheduler.waitFor(Promise.all(threads));
    linearizable.assert(execution.completed, execution.atRest());
  });
  const { failed, numRuns } = await fc.check(property, {
    seed,
    numRuns: most,
    endOnFailure: true,
  });
  return failed ? numRuns : undefined;
}
