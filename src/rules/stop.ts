/**
 * What the kernel does not do atomically is a generator here: it stops before
 * it takes a lock, where it waits, where it lets a lock go, and before it looks
 * at or changes what no lock covers. What is between two stops nobody else sees
 * half done. A sequential caller runs the operation to its end.
 */
import { type Lock, lockText } from "./lock.ts";

/**
 * A wait without a lock: the kernel's function, and what it does there. It may
 * sleep, and what comes after it may touch anything.
 */
export type Wait = string;

/** Alone, or with others that only look. */
export type LockMode = "exclusive" | "shared";

/** A lock is to be taken, tried or let go. */
export interface Locking {
  /** Which of these. */
  readonly does: "acquire" | "try" | "release";
  /** The lock. */
  readonly lock: Lock;
  /** Whether alone or with others. */
  readonly mode: LockMode;
  /** The kernel's function, and its file. */
  readonly where: string;
}

/** What no lock covers is to be looked at or changed. */
export interface Touching {
  /** Which of these. */
  readonly does: "read" | "write";
  /** What it is: `the handle's cell`. */
  readonly state: string;
  /** The kernel's function, and its file. */
  readonly where: string;
}

/** It may sleep, as whoever allocates does, and touches nothing that is shared. */
export interface Sleeping {
  /** That it may. */
  readonly does: "sleep";
  /** The kernel's function, and its file. */
  readonly where: string;
}

/** Where an operation stops, and what it does next. */
export type Stop = Wait | Locking | Touching | Sleeping;

const BLOCKED = "blocked: ";

/** A wait that only another's doing can end. */
export function blocked(why: string): Wait {
  return BLOCKED + why;
}

/** Whether only another's doing can end a wait. */
export function isBlocked(stop: Stop): stop is Wait {
  return typeof stop === "string" && stop.startsWith(BLOCKED);
}

/** A lock is to be taken, once it is free. */
export function acquire(
  lock: Lock,
  where: string,
  mode: LockMode = "exclusive",
): Locking {
  return { does: "acquire", lock, mode, where };
}

/** A lock is to be let go. */
export function release(
  lock: Lock,
  where: string,
  mode: LockMode = "exclusive",
): Locking {
  return { does: "release", lock, mode, where };
}

/**
 * A lock is to be taken if it is free: `yield` answers `false` where it was
 * not. Whoever is alone always has it.
 */
export function trylock(
  lock: Lock,
  where: string,
  mode: LockMode = "exclusive",
): Locking {
  return { does: "try", lock, mode, where };
}

/** What no lock covers is to be looked at. */
export function reads(state: string, where: string): Touching {
  return { does: "read", state, where };
}

/** What no lock covers is to be changed. */
export function writes(state: string, where: string): Touching {
  return { does: "write", state, where };
}

/** It may sleep here (`might_sleep`), with nothing shared to be touched next. */
export function sleeps(where: string): Sleeping {
  return { does: "sleep", where };
}

/** Whether an operation waits or may sleep where it stops. */
export function maySleep(stop: Stop): boolean {
  return typeof stop === "string" || stop.does === "sleep";
}

/** A stop in words: the kernel's function, and what comes next there. */
export function stopText(stop: Stop): string {
  if (typeof stop === "string") return stop;
  if (stop.does === "sleep") return `${stop.where}: may sleep`;
  const what = "lock" in stop ? lockText(stop.lock) : stop.state;
  return `${stop.where}: ${stop.does} ${what}`;
}

/** Does a section under a lock, stopping before it is taken and let go. */
export function* under<Result>(
  lock: Lock,
  where: string,
  section: () => Result,
  mode: LockMode = "exclusive",
): Generator<Stop, Result> {
  yield acquire(lock, where, mode);
  const result = section();
  yield release(lock, where, mode);
  return result;
}

/** Does under a lock what stops itself. */
export function* underSteps<Result>(
  lock: Lock,
  where: string,
  section: () => Generator<Stop, Result>,
): Generator<Stop, Result> {
  yield acquire(lock, where);
  const result = yield* section();
  yield release(lock, where);
  return result;
}

/** What is thrown where who is alone would wait for another's doing. */
export function cannotGoOnAlone(wait: Wait): Error {
  return new Error(`Cannot go on alone, ${wait}`);
}

/**
 * Runs an operation to its end, as a caller that is alone. Throws where it
 * would wait for another's doing; the operation has then put back what it held.
 */
export function runToEnd<Result>(operation: Generator<Stop, Result>): Result {
  let step = operation.next();
  while (!step.done) {
    step = isBlocked(step.value)
      ? operation.throw(cannotGoOnAlone(step.value))
      : operation.next();
  }
  return step.value;
}
