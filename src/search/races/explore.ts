/** Explores what threads can do to what they share. */
import { assertHas } from "../../rules/argument.ts";
import { randomFrom } from "../../programs/random.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { depthFirst } from "./depth_first.ts";
import type { Completed, Execution, Transition } from "./execution.ts";
import { Linearizable } from "./linearizable.ts";
import { LockOrder } from "./lock_order.ts";
import {
  byPriority,
  following,
  runSchedule,
  uniformly,
} from "./random_schedules.ts";
import type { Ran } from "./run_schedule.ts";
import { readSchedule, scheduleText } from "./schedule.ts";
import { MOST_THREADS, type RaceTrial } from "./trial.ts";

/** A schedule that breaks something. */
export interface RaceFinding {
  /** The schedule, to be run again: `A3 B2 A1`. */
  readonly schedule: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** What came of exploring. */
export interface Explored {
  /**
   * Schedules that differ, and were run to their end or to what they broke: of
   * a search those of the bound that has the most, as each has all those of the
   * bounds before it.
   */
  readonly schedules: number;
  /** Schedules that were run, those of every bound. */
  readonly runs: number;
  /** Stops in all of them. */
  readonly stops: number;
  /** Preemptions up to which every schedule was run; -1 where none. */
  readonly preemptions: number;
  /** Whether there are no schedules beyond those. */
  readonly isAll: boolean;
  /** The first that broke something. */
  readonly finding?: RaceFinding;
}

/** How to explore. */
export interface ExploreOptions {
  /** The most preemptions of a schedule; by default every schedule is run. */
  readonly preemptions?: number;
  /** The most schedules that are run. */
  readonly schedules?: number;
  /** Asked before each schedule: whether to go on. */
  goesOn?(): boolean;
  /** Told each number of preemptions up to which every schedule held. */
  onBound?(explored: Explored): void;
}

/** How to draw schedules. */
export interface SampleOptions {
  /** The seed of all draws. */
  readonly seed: number;
  /** How many schedules. */
  readonly schedules: number;
  /** The depth of PCT; by default schedules are drawn uniformly. */
  readonly depth?: number;
  /** Asked before each schedule: whether to go on. */
  goesOn?(): boolean;
}

/** Counts schedules, and judges each that came to its end. */
class Tally<Subject> {
  runs = 0;
  schedules = 0;
  stops = 0;
  finding: RaceFinding | undefined;
  readonly #linearizable: Linearizable<Subject>;

  constructor(trial: RaceTrial<Subject>) {
    this.#linearizable = new Linearizable(trial);
  }

  /** Takes a schedule; whether nothing is broken. */
  take({ execution, error }: Ran<Subject>): boolean {
    this.runs++;
    this.schedules++;
    this.stops += execution.trace.length;
    const thrown = error ?? this.#judge(execution);
    if (thrown === undefined) return true;
    const schedule = scheduleText(execution.trace);
    this.finding = { schedule, error: thrown.thrown };
    return false;
  }

  /** What came of all schedules so far. */
  figures(): Pick<Explored, "schedules" | "runs" | "stops" | "finding"> {
    const { schedules, runs, stops, finding } = this;
    return finding === undefined
      ? { schedules, runs, stops }
      : { schedules, runs, stops, finding };
  }

  #judge(execution: Execution<Subject>): { thrown: unknown } | undefined {
    try {
      this.#linearizable.assert(execution.completed, execution.atRest());
    } catch (thrown) {
      return { thrown };
    }
  }
}

/**
 * Runs every schedule of a trial that differs in what could be seen, those with
 * the fewest preemptions first, up to the first that breaks something.
 *
 * @example A counter that two threads raise, with a lock and without
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import {
 *   acquire,
 *   createLock,
 *   exploreRaces,
 *   type Lock,
 *   reads,
 *   release,
 *   writes,
 * } from "zspec";
 *
 * type Counter = { count: number; lock: Lock };
 * const locked = {
 *   text: "raise",
 *   *begin(counter: Counter) {
 *     yield acquire(counter.lock, "raise");
 *     counter.count++;
 *     yield release(counter.lock, "raise");
 *   },
 * };
 * const unlocked = {
 *   text: "raise",
 *   *begin(counter: Counter) {
 *     yield reads("count", "raise");
 *     const { count } = counter;
 *     yield writes("count", "raise");
 *     counter.count = count + 1;
 *   },
 * };
 * const create = (): Counter => ({
 *   count: 0,
 *   lock: createLock("counter->lock", "spinlock"),
 * });
 * const atRest = ({ count }: Counter) => count;
 * const safe = exploreRaces({ threads: [[locked], [locked]], create, atRest });
 * assertEquals([safe.finding, safe.isAll], [undefined, true]);
 * const racy = exploreRaces({ threads: [[unlocked], [unlocked]], create, atRest });
 * assertEquals([racy.preemptions, racy.finding?.schedule], [0, "A1 B2 A1"]);
 * assert(String(racy.finding?.error).includes("races/linearizable"));
 * ```
 */
export function exploreRaces<Subject>(
  trial: RaceTrial<Subject>,
  options: ExploreOptions = {},
): Explored {
  assertTrial(trial);
  const { preemptions: last = Infinity, schedules = Infinity } = options;
  const order = new LockOrder();
  const tally = new Tally(trial);
  const goesOn = () => tally.runs < schedules && (options.goesOn?.() ?? true);
  let most = 0;
  for (let preemptions = 0;; preemptions++) {
    let isCut = false;
    tally.schedules = 0;
    const ran = (one: Ran<Subject>) => {
      if (!tally.take(one)) return false;
      isCut = !goesOn();
      return !isCut;
    };
    const isMore = depthFirst(trial, { preemptions, order, ran });
    most = Math.max(most, tally.schedules);
    const isBroken = tally.finding !== undefined;
    const isComplete = !isBroken && !isCut;
    const all = {
      ...tally.figures(),
      schedules: most,
      preemptions: isComplete ? preemptions : preemptions - 1,
      isAll: isComplete && !isMore,
    };
    if (isComplete) options.onBound?.(all);
    if (isBroken || isCut || !isMore || preemptions >= last) return all;
  }
}

/** Runs schedules drawn at random, up to the first that breaks something. */
export function sampleRaces<Subject>(
  trial: RaceTrial<Subject>,
  { seed, schedules, depth, goesOn }: SampleOptions,
): Explored {
  assertTrial(trial);
  const random = randomFrom(seed);
  const order = new LockOrder();
  const tally = new Tally(trial);
  let longest = 1;
  while (
    tally.finding === undefined && tally.schedules < schedules &&
    (goesOn?.() ?? true)
  ) {
    const choose = depth === undefined
      ? uniformly(random)
      : byPriority(random, trial.threads.length, depth, longest);
    const ran = runSchedule(trial, order, choose);
    longest = Math.max(longest, ran.execution.trace.length);
    tally.take(ran);
  }
  return { ...tally.figures(), preemptions: -1, isAll: false };
}

/** What a schedule came to that was run again. */
export interface Replayed {
  /** The whole schedule. */
  readonly schedule: string;
  /** What was done, stop by stop. */
  readonly trace: readonly Transition[];
  /** The operations that had begun, in that order, and what they answered. */
  readonly completed: readonly Completed[];
  /** What it broke, if anything. */
  readonly finding?: RaceFinding;
}

/** Runs one schedule again. */
export function replayRace<Subject>(
  trial: RaceTrial<Subject>,
  schedule: string,
): Replayed {
  assertTrial(trial);
  const threads = readSchedule(schedule, trial.threads.length);
  const tally = new Tally(trial);
  const ran = runSchedule(trial, new LockOrder(), following(threads));
  tally.take(ran);
  const { trace, completed } = ran.execution;
  const { finding } = tally;
  return {
    schedule: scheduleText(trace),
    trace,
    completed,
    ...finding === undefined ? {} : { finding },
  };
}

/** The broken rule's name; what else was thrown, by its first line. */
export function brokenBy({ error }: RaceFinding): string {
  if (error instanceof InvariantError) return error.id;
  return String(error).split("\n", 1)[0];
}

function assertTrial<Subject>(trial: RaceTrial<Subject>): void {
  assertHas("explore", "trial", trial, "threads", "a RaceTrial");
  const { threads } = trial;
  if (threads.length >= 1 && threads.length <= MOST_THREADS) return;
  throw new RangeError(
    `Cannot explore: the 'threads' are ${threads.length}, not 1 to ${MOST_THREADS}`,
  );
}
