/**
 * Schedules drawn at random: uniformly, or by priorities that change a few
 * times (PCT: Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010), which
 * finds a bug of depth d among n threads and k stops with a chance of at least
 * 1 in n k^(d-1).
 */
import { type Random, shuffle } from "../../programs/random.ts";
import type { LockOrder } from "./lock_order.ts";
import { firstOf, type Ran, runBy } from "./run_schedule.ts";
import type { RaceTrial } from "./trial.ts";

/** Says which of the threads that can go on does. */
export type Choose = (enabled: number, stop: number) => number;

/** Any of the threads that can go on. */
export function uniformly(random: Random): Choose {
  return (enabled) => {
    const threads = threadsOf(enabled);
    return threads[random(threads.length)];
  };
}

/**
 * The thread of the highest priority; at `depth - 1` random ones of `stops` the
 * one that goes on gets the lowest so far.
 */
export function byPriority(
  random: Random,
  threads: number,
  depth: number,
  stops: number,
): Choose {
  const order = shuffle([...Array(threads).keys()], random);
  const priorities = order.map((one) => one + depth);
  const changes = Array.from(
    { length: depth - 1 },
    () => random(Math.max(1, stops)),
  );
  return (enabled, stop) => {
    const highest = () =>
      threadsOf(enabled).reduce((best, one) =>
        priorities[one] > priorities[best] ? one : best
      );
    const nth = changes.indexOf(stop);
    if (nth >= 0) priorities[highest()] = depth - 1 - nth;
    return highest();
  };
}

function threadsOf(enabled: number): number[] {
  const threads: number[] = [];
  for (let left = enabled; left !== 0; left &= left - 1) {
    threads.push(firstOf(left));
  }
  return threads;
}

/** Runs one schedule in which somebody chooses among those that can go on. */
export function runSchedule<Subject>(
  trial: RaceTrial<Subject>,
  order: LockOrder,
  choose: Choose,
): Ran<Subject> {
  return runBy(trial, order, (execution, stop) => {
    const { enabled } = execution;
    if (enabled === 0) execution.assertSomebody();
    return choose(enabled, stop);
  });
}

/**
 * The threads of a schedule one after another: one that cannot go on is passed
 * over, and when all have had their turn the first that can goes on.
 */
export function following(schedule: readonly number[]): Choose {
  let at = 0;
  return (enabled) => {
    while (at < schedule.length) {
      const thread = schedule[at++];
      if ((enabled & 1 << thread) !== 0) return thread;
    }
    return firstOf(enabled);
  };
}
