/**
 * Which locks an operation must hold where it is, as `lockdep_assert_held` asks:
 * who interleaves operations says who runs, and nobody else is asked.
 */
import { type Lock, lockText, NOBODY } from "./lock.ts";
import type { Rule } from "./rule.ts";
import { InvariantError } from "./invariant.ts";

/** What must hold of locks, whatever they are of. */
export const LOCK_RULES = {
  held: {
    id: "locks/held",
    sentence:
      "What a lock covers is looked at and changed by whoever holds that lock.",
    source: "lockdep_assert_held, include/linux/lockdep.h; KCSAN",
  },
  recursion: {
    id: "locks/recursion",
    sentence: "Nobody takes a lock that he holds.",
    source: "check_deadlock, kernel/locking/lockdep.c",
  },
  notHeld: {
    id: "locks/not-held",
    sentence: "Nobody lets go of a lock that he does not hold.",
    source: "print_unlock_imbalance_bug, kernel/locking/lockdep.c",
  },
  order: {
    id: "locks/order",
    sentence: "Two locks are always taken in the same order.",
    source: "check_noncircular, kernel/locking/lockdep.c",
  },
  sleeps: {
    id: "locks/sleeps",
    sentence: "Nobody sleeps who holds a lock that others spin for.",
    source: "__might_sleep, kernel/sched/core.c",
  },
  kept: {
    id: "locks/kept",
    sentence: "An operation that ends holds no lock.",
    source: "lockdep_sys_exit, kernel/locking/lockdep.c",
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Something that is looked at or changed. */
export interface Touch {
  /** What it is: `the handle's cell`. */
  readonly state: string;
  /** Whether it is changed. */
  readonly isChange: boolean;
}

const NOTHING: readonly Touch[] = [];

/** Who runs, as far as anybody interleaves operations, and what he touches. */
export class Lockdep {
  /** The thread that runs; nobody where operations are not interleaved. */
  current: number = NOBODY;
  #touched: Touch[] = [];

  /** Whether anybody interleaves operations. */
  get isWatched(): boolean {
    return this.current !== NOBODY;
  }

  /**
   * Says that what others look at or change without a lock is touched here,
   * whether under a lock or not.
   */
  touch(state: string, isChange: boolean): void {
    if (this.current !== NOBODY) this.#touched.push({ state, isChange });
  }

  /** What was touched since it was last asked. */
  takeTouched(): readonly Touch[] {
    const touched = this.#touched;
    if (touched.length === 0) return NOTHING;
    this.#touched = [];
    return touched;
  }

  /** Throws where the thread that runs does not hold a lock that it must hold. */
  assertHeld(lock: Lock, where: string): void {
    const { current } = this;
    if (current === NOBODY) return;
    if (lock.holder === current || lock.readers.includes(current)) return;
    throw new InvariantError(LOCK_RULES.held, {
      where,
      expected: `${lockText(lock)} held`,
      found: "that lock not held",
    });
  }
}
