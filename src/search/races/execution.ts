/**
 * One schedule: threads that stop wherever others may run, of which one at a
 * time goes on. Memory is sequentially consistent: what one has done all others
 * see.
 */
import { InvariantError } from "../../rules/invariant.ts";
import {
  isSpinning,
  isWaitedForAsleep,
  type Lock,
  lockText,
  NOBODY,
} from "../../rules/lock.ts";
import { LOCK_RULES, Lockdep, type Touch } from "../../rules/lockdep.ts";
import {
  isBlocked,
  type Locking,
  maySleep,
  type Stop,
  stopText,
} from "../../rules/stop.ts";
import type { LockOrder } from "./lock_order.ts";
import { RACE_RULES } from "./rules.ts";
import { type RaceTrial, THREAD_NAMES } from "./trial.ts";

/** Where a thread is before its next operation. */
export const BEGIN = "begin";

/** A thread that has done everything. */
export const DONE = "done";

/** One thread, between two stops. */
interface Thread {
  /** Which operation it is at. */
  operation: number;
  /** That operation, once it has begun. */
  steps: Generator<Stop, unknown> | undefined;
  /** What it does next. */
  next: Stop | typeof BEGIN | typeof DONE;
  /** What others had done, in all, when it last found that it had to wait. */
  blockedAt: number;
  /** The locks that it holds. */
  readonly held: Lock[];
}

/** What an operation answered, and which had ended before it began. */
export interface Completed {
  /** Its thread. */
  readonly thread: number;
  /** Its number in the thread. */
  readonly operation: number;
  /** How many operations had ended when it began. */
  readonly began: number;
  /** How many had, it among them, when it ended. */
  ended: number;
  /** What it answered. */
  answer: unknown;
}

/** What a thread did between two stops. */
export interface Transition {
  /** The thread. */
  readonly thread: number;
  /** The operation's number in it. */
  readonly operation: number;
  /** Where it stood. */
  readonly stop: Stop | typeof BEGIN;
  /** Of a lock that was tried, whether it was free. */
  readonly isTaken: boolean;
  /** What it looked at or changed under locks that others look at without. */
  touched: readonly Touch[];
}

const NOTHING: readonly Touch[] = [];

/** More transitions than this are a livelock. */
const MOST_TRANSITIONS = 5000;

/** One schedule as far as it has come. */
export class Execution<Subject> {
  /** What the threads share. */
  readonly subject: Subject;
  /** What was done so far. */
  readonly trace: Transition[] = [];
  /** The operations that have begun, in that order. */
  readonly completed: Completed[] = [];

  readonly #trial: RaceTrial<Subject>;
  readonly #threads: Thread[];
  readonly #lockdep: Lockdep;
  readonly #order: LockOrder;
  #ended = 0;
  /** Transitions after which others may find what they waited for. */
  #progress = 0;

  /** Nobody has begun. `order` remembers in which order locks were taken. */
  constructor(trial: RaceTrial<Subject>, order: LockOrder) {
    this.#trial = trial;
    this.#order = order;
    this.subject = trial.create();
    this.#lockdep = trial.lockdepOf?.(this.subject) ?? new Lockdep();
    this.#threads = trial.threads.map((operations) => ({
      operation: 0,
      steps: undefined,
      next: operations.length === 0 ? DONE : BEGIN,
      blockedAt: NOBODY,
      held: [],
    }));
  }

  /** Whether every thread has done everything. */
  get isDone(): boolean {
    return this.#threads.every(({ next }) => next === DONE);
  }

  /** What a thread does next. */
  nextOf(thread: number): Stop | typeof BEGIN | typeof DONE {
    return this.#threads[thread].next;
  }

  /** The threads that can go on, as the bits of a number. */
  get enabled(): number {
    let mask = 0;
    for (let nth = 0; nth < this.#threads.length; nth++) {
      if (this.#canRun(nth)) mask |= 1 << nth;
    }
    return mask;
  }

  #canRun(thread: number): boolean {
    const { next, blockedAt } = this.#threads[thread];
    if (next === DONE) return false;
    if (typeof next === "string") {
      return !isBlocked(next) || blockedAt < this.#progress;
    }
    return next.does !== "acquire" || canTake(next, thread);
  }

  /**
   * Whether nobody counts it as a preemption where another goes on in place of
   * a thread: it is between two operations, waits, or may sleep.
   */
  isFree(thread: number): boolean {
    const { next } = this.#threads[thread];
    return maySleep(next) || !this.#canRun(thread);
  }

  /** Throws where nobody can go on though not everything is done. */
  assertSomebody(): void {
    const waiting = this.#threads.flatMap(({ next }, nth) =>
      next === DONE ? [] : [`CPU ${THREAD_NAMES[nth]} at ${textOf(next)}`]
    );
    throw new InvariantError(RACE_RULES.deadlock, {
      where: waiting.join("; "),
      expected: "somebody who can go on",
      found: "everybody waits",
    });
  }

  /**
   * Has a thread go on to its next stop; from between two operations, past the
   * first one of the next. Throws what it breaks.
   */
  step(thread: number): Transition {
    const one = this.#threads[thread];
    const { operation } = one;
    if (one.next === BEGIN) this.#begin(thread);
    const { next } = one;
    const isSame = one.operation === operation && this.#canRun(thread);
    if (next === DONE || next === BEGIN || !isSame) {
      return this.#record(thread, operation, BEGIN, true);
    }
    if (this.trace.length > MOST_TRANSITIONS) {
      throw new InvariantError(RACE_RULES.livelock, {
        where: textOf(next),
        expected: `at most ${MOST_TRANSITIONS} stops`,
        found: "no end",
      });
    }
    const isTaken = !doesTry(next) || canTake(next, thread);
    // Before anything is broken: the schedule must have the stop that breaks it.
    const transition = this.#record(thread, operation, next, isTaken);
    if (isTaken) this.#pass(thread, next);
    this.#goOn(thread, isTaken);
    transition.touched = this.#lockdep.takeTouched();
    return transition;
  }

  #record(
    thread: number,
    operation: number,
    stop: Transition["stop"],
    isTaken: boolean,
  ): Transition {
    const transition: Transition = {
      thread,
      operation,
      stop,
      isTaken,
      touched: NOTHING,
    };
    this.trace.push(transition);
    return transition;
  }

  /** Begins a thread's next operation: up to its first stop nothing is shared. */
  #begin(thread: number): void {
    const { operation } = this.#threads[thread];
    this.completed.push({
      thread,
      operation,
      began: this.#ended,
      ended: Infinity,
      answer: undefined,
    });
    try {
      this.#goOn(thread, true);
    } catch (error) {
      this.#record(thread, operation, BEGIN, true);
      throw error;
    }
  }

  /** Does what a stop says of locks. */
  #pass(thread: number, next: Stop): void {
    if (maySleep(next)) {
      if (!isBlocked(next)) this.#assertMaySleep(thread, next);
    } else if (typeof next !== "string" && "lock" in next) {
      if (next.does === "release") this.#release(thread, next);
      else this.#take(thread, next);
    }
  }

  #take(thread: number, locking: Locking): void {
    const { lock, mode, does } = locking;
    const { held } = this.#threads[thread];
    if (does === "acquire" && isWaitedForAsleep(lock)) {
      this.#assertMaySleep(thread, locking);
    }
    if (does === "acquire") this.#order.add(held, lock, stopText(locking));
    if (mode === "shared") lock.readers.push(thread);
    else lock.holder = thread;
    held.push(lock);
  }

  #release(thread: number, locking: Locking): void {
    const { lock, mode } = locking;
    const { held } = this.#threads[thread];
    const at = held.lastIndexOf(lock);
    const isHeld = at >= 0 &&
      (mode === "shared"
        ? lock.readers.includes(thread)
        : lock.holder === thread);
    if (!isHeld) {
      throw new InvariantError(LOCK_RULES.notHeld, {
        where: stopText(locking),
        expected: `${lockText(lock)} held`,
        found: "not held",
      });
    }
    if (mode === "exclusive") this.#trial.consistent?.(this.subject, lock);
    held.splice(at, 1);
    if (mode === "shared") {
      lock.readers.splice(lock.readers.indexOf(thread), 1);
    } else lock.holder = NOBODY;
  }

  #assertMaySleep(thread: number, stop: Stop): void {
    const spinning = this.#threads[thread].held.find(isSpinning);
    if (spinning === undefined) return;
    throw new InvariantError(LOCK_RULES.sleeps, {
      where: stopText(stop),
      expected: "no lock held that others spin for",
      found: `${lockText(spinning)} held`,
    });
  }

  /** Runs what is behind a stop. */
  #goOn(thread: number, isTaken: boolean): void {
    const one = this.#threads[thread];
    const { current } = this.#lockdep;
    this.#lockdep.current = thread;
    try {
      one.steps ??= this.#trial.threads[thread][one.operation]
        .begin(this.subject);
      const { done, value } = one.steps.next(isTaken);
      if (done) this.#end(thread, value);
      else this.#stopAt(thread, value, isTaken);
    } finally {
      this.#lockdep.current = current;
    }
  }

  #stopAt(thread: number, stop: Stop, isTaken: boolean): void {
    const one = this.#threads[thread];
    if (!isInVain(one.next, stop, isTaken)) this.#progress++;
    one.next = stop;
    one.blockedAt = this.#progress;
    if (typeof stop === "string" || !("lock" in stop)) return;
    const { lock, does, mode } = stop;
    if (does !== "acquire" || !one.held.includes(lock)) return;
    // Readers may come in twice, as long as no writer waits between.
    if (mode === "shared" && lock.holder !== thread) return;
    throw new InvariantError(LOCK_RULES.recursion, {
      where: stopText(stop),
      expected: `${lockText(lock)} not held`,
      found: "held by the same thread",
    });
  }

  #end(thread: number, answer: unknown): void {
    const one = this.#threads[thread];
    this.#progress++;
    const completed = this.completed.find((it) =>
      it.thread === thread && it.operation === one.operation
    );
    if (completed === undefined) throw new Error("an operation ended unbegun");
    completed.answer = answer;
    completed.ended = ++this.#ended;
    if (one.held.length > 0) {
      throw new InvariantError(LOCK_RULES.kept, {
        where: this.#trial.threads[thread][one.operation].text,
        expected: "no lock held at its end",
        found: one.held.map(lockText).join(", "),
      });
    }
    one.steps = undefined;
    one.operation++;
    const isLast = one.operation === this.#trial.threads[thread].length;
    one.next = isLast ? DONE : BEGIN;
  }

  /** Checks that nothing is broken where nobody runs; what can be seen then. */
  atRest(): unknown {
    return this.#trial.atRest(this.subject);
  }
}

/**
 * Whether a thread that came from one stop to another has changed nothing: it
 * finds that it has to wait still, or that a lock is not free.
 */
function isInVain(
  from: Stop | typeof BEGIN | typeof DONE,
  to: Stop,
  isTaken: boolean,
): boolean {
  if (from === BEGIN || from === DONE) return false;
  if (!isTaken) return true;
  return isBlocked(from) && (isBlocked(to) || doesTry(to));
}

function doesTry(stop: Stop): stop is Locking {
  return typeof stop !== "string" && stop.does === "try";
}

/** Whether a lock could be taken now. */
function canTake({ lock, mode }: Locking, thread: number): boolean {
  if (lock.holder !== NOBODY) return false;
  return mode === "shared" || lock.readers.every((one) => one === thread);
}

function textOf(next: Stop | typeof BEGIN): string {
  return next === BEGIN ? "its next operation" : stopText(next);
}
