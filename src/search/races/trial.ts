/**
 * What is explored: threads of operations on something that they share, begun
 * anew for each schedule.
 */
import type { Lock } from "../../rules/lock.ts";
import type { Lockdep } from "../../rules/lockdep.ts";
import type { Stop } from "../../rules/stop.ts";

/** One operation of a thread. */
export interface RaceOperation<Subject> {
  /** What it is, as a person would write it: `write 0 A`. */
  readonly text: string;
  /**
   * Begins it. Before its first stop it may look at nothing that is shared; what
   * it returns is its answer, a JSON value.
   */
  begin(subject: Subject): Generator<Stop, unknown>;
}

/** Threads that share something. */
export interface RaceTrial<Subject> {
  /** The operations of each thread. */
  readonly threads: readonly (readonly RaceOperation<Subject>[])[];
  /** What they share, as it is before any begins. */
  create(): Subject;
  /** Who is told which thread runs; none where nothing asserts what it holds. */
  lockdepOf?(subject: Subject): Lockdep;
  /**
   * Throws where something that a lock covers is broken as the lock, which was
   * held alone, is let go.
   */
  consistent?(subject: Subject, lock: Lock): void;
  /**
   * Throws where something is broken now that nobody runs; answers what can be
   * seen of it, a JSON value, which some order of the operations must give.
   */
  atRest(subject: Subject): unknown;
}

/** The letters by which threads are called. */
export const THREAD_NAMES = "ABCDEFGH";

/** The most threads of a trial: sets of them are the bits of a number. */
export const MOST_THREADS: number = THREAD_NAMES.length;
