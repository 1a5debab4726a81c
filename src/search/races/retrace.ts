/** A schedule run once more, with all that there is to tell of each stop. */
import { NOBODY } from "../../rules/lock.ts";
import type { Touch } from "../../rules/lockdep.ts";
import type { Stop } from "../../rules/stop.ts";
import { BEGIN, type Completed, DONE, Execution } from "./execution.ts";
import { LockOrder } from "./lock_order.ts";
import { following } from "./random_schedules.ts";
import { readSchedule } from "./schedule.ts";
import type { RaceTrial } from "./trial.ts";

/** A stop at which a thread has to wait, and for whom. */
export interface Waiting {
  /** The thread. */
  readonly thread: number;
  /** What it would do next. */
  readonly stop: Stop;
  /** The threads that hold the lock that it waits for. */
  readonly holders: readonly number[];
}

/** What a thread did from one stop to the next. */
export interface RetracedStop {
  /** The thread. */
  readonly thread: number;
  /** The operation that began here. */
  readonly begins?: string;
  /** What it did; nothing where it began, and had to wait at once. */
  readonly stop?: Stop;
  /** Of a lock that was tried, whether it was free. */
  readonly isTaken: boolean;
  /** Who holds a lock that was tried and not free. */
  readonly holders: readonly number[];
  /** What it looked at and changed then that others look at without its locks. */
  readonly touched: readonly Touch[];
  /** Whether the one before could have gone on instead. */
  readonly isPreemption: boolean;
  /** What the operation answered, if it ended here. */
  readonly ends?: { readonly answer: unknown };
  /** What it has to wait for now. */
  readonly waits?: Waiting;
  /** What was thrown here. */
  readonly error?: { readonly thrown: unknown };
}

/** A schedule, stop by stop. */
export interface Retraced {
  /** Its stops. */
  readonly stops: readonly RetracedStop[];
  /** How often a thread went on though the one before could have. */
  readonly preemptions: number;
  /** The operations that had begun. */
  readonly completed: readonly Completed[];
  /** Whether every operation ended. */
  readonly isDone: boolean;
  /** Who waits at its end, and for whom. */
  readonly waiting: readonly Waiting[];
  /** What is left where everything was done and nothing is broken. */
  readonly left?: unknown;
}

/** Runs a schedule again, up to what it breaks. */
export function retrace<Subject>(
  trial: RaceTrial<Subject>,
  schedule: string,
): Retraced {
  const execution = new Execution(trial, new LockOrder());
  const choose = following(readSchedule(schedule, trial.threads.length));
  const stops: RetracedStop[] = [];
  let last = NOBODY;
  while (!execution.isDone && stops.at(-1)?.error === undefined) {
    const { enabled } = execution;
    if (enabled === 0) break;
    const thread = choose(enabled, stops.length);
    const isPreemption = last !== NOBODY && last !== thread &&
      (enabled & 1 << last) !== 0 && !execution.isFree(last);
    stops.push({ ...stepOf(trial, execution, thread), isPreemption });
    last = thread;
  }
  const { completed, isDone } = execution;
  return {
    stops,
    preemptions: stops.filter((one) => one.isPreemption).length,
    completed,
    isDone,
    waiting: isDone ? [] : trial.threads.flatMap((_, thread) => {
      const waits = waitingOf(execution, thread);
      return waits === undefined ? [] : [waits];
    }),
    ...leftOf(execution),
  };
}

function leftOf<Subject>(
  execution: Execution<Subject>,
): { readonly left?: unknown } {
  if (!execution.isDone) return {};
  try {
    return { left: execution.atRest() };
  } catch {
    // That is what the schedule breaks.
    return {};
  }
}

/** Has a thread go on, and tells what it did. */
function stepOf<Subject>(
  trial: RaceTrial<Subject>,
  execution: Execution<Subject>,
  thread: number,
): Omit<RetracedStop, "isPreemption"> {
  const begun = execution.completed.length;
  let error: RetracedStop["error"];
  try {
    execution.step(thread);
  } catch (thrown) {
    error = { thrown };
  }
  const { operation, stop, isTaken, touched } =
    execution.trace[execution.trace.length - 1];
  const isBegun = execution.completed.length > begun;
  const completed = execution.completed.find((one) =>
    one.thread === thread && one.operation === operation
  );
  const waits = error === undefined ? waitingOf(execution, thread) : undefined;
  return {
    thread,
    isTaken,
    touched,
    // Whoever tries in vain leaves a lock to those who have it.
    holders: !isTaken && stop !== BEGIN ? holdersOf(stop) : [],
    ...isBegun ? { begins: trial.threads[thread][operation].text } : {},
    ...stop === BEGIN ? {} : { stop },
    ...completed?.ended !== undefined && Number.isFinite(completed.ended)
      ? { ends: { answer: completed.answer } }
      : {},
    ...waits === undefined ? {} : { waits },
    ...error === undefined ? {} : { error },
  };
}

/** What a thread has to wait for, if it has begun something and has to. */
function waitingOf<Subject>(
  execution: Execution<Subject>,
  thread: number,
): Waiting | undefined {
  const stop = execution.nextOf(thread);
  if (stop === BEGIN || stop === DONE) return undefined;
  if ((execution.enabled & 1 << thread) !== 0) return undefined;
  return { thread, stop, holders: holdersOf(stop) };
}

function holdersOf(stop: Stop): readonly number[] {
  if (typeof stop === "string" || !("lock" in stop)) return [];
  const { holder, readers } = stop.lock;
  return holder === NOBODY ? readers.slice() : [holder];
}
