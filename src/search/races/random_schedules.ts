/**
 * Schedules drawn at random: uniformly, or by priorities that change a few
 * times (PCT: Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010), which
 * finds a bug of depth d among n threads and k stops with a chance of at least
 * 1 in n k^(d-1).
 */
import type { Random } from "../../programs/random.ts";
import { Execution } from "./execution.ts";
import type { LockOrder } from "./lock_order.ts";
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
  const priorities = shuffled(random, threads).map((one) => one + depth);
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
    threads.push(31 - Math.clz32(left & -left));
  }
  return threads;
}

function shuffled(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, nth) => nth);
  for (let at = count - 1; at > 0; at--) {
    const other = random(at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/** What came of a schedule: how far it got, and what it broke. */
export interface Ran<Subject> {
  readonly execution: Execution<Subject>;
  readonly error?: { readonly thrown: unknown };
}

/** Runs one schedule to its end, or to what it breaks. */
export function runSchedule<Subject>(
  trial: RaceTrial<Subject>,
  order: LockOrder,
  choose: Choose,
): Ran<Subject> {
  const execution = new Execution(trial, order);
  try {
    for (let stop = 0; !execution.isDone; stop++) {
      const { enabled } = execution;
      if (enabled === 0) execution.assertSomebody();
      execution.step(choose(enabled, stop));
    }
    return { execution };
  } catch (thrown) {
    return { execution, error: { thrown } };
  }
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
    return threadsOf(enabled)[0];
  };
}
