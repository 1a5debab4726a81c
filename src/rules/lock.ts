/** Locks as things with the kernel's names. */

/** How a lock is waited for, and by whom it can be held. */
export type LockKind =
  /** Whoever waits spins: a holder must not sleep. */
  | "spinlock"
  /** A bit of a word: likewise. */
  | "bit_spinlock"
  /** Likewise, for one writer or several readers. */
  | "rwlock"
  /** A count of readers: whoever waits spins, but they may sleep; writers only try. */
  | "reader_count"
  /** What belongs to a CPU: a holder is not moved to another, nor sleeps. */
  | "local_lock"
  /** Whoever waits sleeps, as a holder may. */
  | "mutex"
  /** Likewise, for one writer or several readers. */
  | "rw_semaphore"
  /** A bit of a page, a folio or a slot that is waited for asleep. */
  | "bit_wait";

/** Kinds whose holders must not sleep. */
const SPINNING: readonly LockKind[] = [
  "spinlock",
  "bit_spinlock",
  "rwlock",
  "local_lock",
];

/** Kinds that are waited for asleep. */
const SLEEPING: readonly LockKind[] = ["mutex", "rw_semaphore", "bit_wait"];

/** Nobody, in place of a thread's number. */
export const NOBODY: number = -1;

/** A lock, and who holds it: that is the explorer's to keep. */
export interface Lock {
  /** What lockdep calls its class: `class->lock`. */
  readonly name: string;
  /** Which of them it is, where there are several: `of 48 bytes`. */
  readonly which: string;
  /** How it is waited for. */
  readonly kind: LockKind;
  /** The thread that holds it alone. */
  holder: number;
  /** The threads that hold it with others. */
  readers: number[];
}

/** A lock that nobody holds. */
export function createLock(name: string, kind: LockKind, which = ""): Lock {
  return { name, which, kind, holder: NOBODY, readers: [] };
}

/** Whether a lock's holders must not sleep. */
export function isSpinning({ kind }: Lock): boolean {
  return SPINNING.includes(kind);
}

/** Whether whoever waits for a lock sleeps. */
export function isWaitedForAsleep({ kind }: Lock): boolean {
  return SLEEPING.includes(kind);
}

/** A lock's name and which it is. */
export function lockText({ name, which }: Lock): string {
  return which === "" ? name : `${name} ${which}`;
}

/**
 * The lock of a key, made when it is first asked for: of what there are many,
 * few are ever taken. Which it is, `of` and the key say: `of page 3`.
 */
export function lockOf<Key extends number | string>(
  locks: Map<Key, Lock>,
  key: Key,
  name: string,
  kind: LockKind,
  of: string,
): Lock {
  let lock = locks.get(key);
  if (lock === undefined) {
    lock = createLock(name, kind, `${of} ${key}`);
    locks.set(key, lock);
  }
  return lock;
}

/** Nobody holds a lock any more: those who did are gone. */
export function forgetHolders(lock: Lock): void {
  lock.holder = NOBODY;
  lock.readers.length = 0;
}
