/** The locks of a pool, as its release has them. */
import type { Profile } from "../linux/profile.ts";
import {
  createLock,
  forgetHolders,
  type Lock,
  lockOf,
  NOBODY,
} from "../rules/lock.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import { acquire, type LockMode, release, type Stop } from "../rules/stop.ts";
import type { SizeClass } from "./size_class.ts";

/** A lock, and how it is held. */
export interface Hold {
  /** The lock. */
  readonly lock: Lock;
  /** Alone, or with others that only look. */
  readonly mode: LockMode;
}

/**
 * The locks of one pool, made when they are first asked for. Which there are is
 * a fact of the release: see `ZsmallocLocks`.
 */
export class PoolLocks {
  /** Who is told which thread runs. */
  readonly lockdep: Lockdep;
  /** The lock of the pool, if it has one. */
  readonly pool: Lock | undefined;

  readonly #profile: Profile;
  readonly #toFind: readonly Hold[];
  readonly #toMove = new Map<number, readonly Hold[]>();
  readonly #zspages = new Map<number, Lock>();
  readonly #pins = new Map<number, Lock>();
  readonly #pages = new Map<number, Lock>();
  readonly #areas = new Map<number, Lock>();

  /** Nobody holds any. */
  constructor(profile: Profile, lockdep: Lockdep) {
    const { pool, classes } = profile.locks;
    this.lockdep = lockdep;
    this.#profile = profile;
    this.pool = pool && createLock(pool.name, pool.kind);
    const mode = classes ? "shared" : "exclusive";
    this.#toFind = this.pool === undefined ? [] : [{ lock: this.pool, mode }];
  }

  /**
   * What is held while an object is looked up, so that it stays where it is: the
   * pool's lock, or its pin, or nothing where none moves.
   */
  toFind(handle: number): readonly Hold[] {
    const pin = this.pin(handle);
    return pin === undefined
      ? this.#toFind
      : [{ lock: pin, mode: "exclusive" }];
  }

  /** What is held while objects of a class move, from the widest lock on. */
  toMove(sizeClass: SizeClass): readonly Hold[] {
    let holds = this.#toMove.get(sizeClass.index);
    if (holds === undefined) {
      const { size } = sizeClass;
      const locks = this.pool === undefined ? [] : [this.pool];
      if (this.#profile.locks.classes) {
        locks.push(createLock("class->lock", "spinlock", `of ${size} bytes`));
      }
      holds = locks.map((lock) => ({ lock, mode: "exclusive" }));
      this.#toMove.set(sizeClass.index, holds);
    }
    return holds;
  }

  /**
   * What covers the lists, the counts and the chunks of a class: its lock, or in
   * its place the pool's.
   */
  ofClass(sizeClass: SizeClass): Lock {
    const narrowest = this.toMove(sizeClass).at(-1);
    if (narrowest !== undefined) return narrowest.lock;
    throw new Error(`${this.#profile.name} has no lock for its classes`);
  }

  /** What keeps the mapped objects of a zspage where they are. */
  ofZspage(zspage: number): Lock | undefined {
    const kind = this.#profile.locks.zspage;
    return kind === "none" ? undefined : lockOf(
      this.#zspages,
      zspage,
      "zspage->lock",
      kind,
      "of zspage",
    );
  }

  /** The bit that pins an object. */
  pin(handle: number): Lock | undefined {
    return this.#profile.locks.pins
      ? lockOf(
        this.#pins,
        handle,
        "HANDLE_PIN_BIT",
        "bit_spinlock",
        "of handle",
      )
      : undefined;
  }

  /** A pin that somebody who runs has, if there is one. */
  anyHeldPin(): Lock | undefined {
    for (const pin of this.#pins.values()) {
      if (pin.holder !== NOBODY) return pin;
    }
    return undefined;
  }

  /** The lock of a frame (PG_locked). */
  ofPage(pfn: number): Lock {
    return lockOf(this.#pages, pfn, "PG_locked", "bit_wait", "of page");
  }

  /** The buffer of the CPU that runs, which is its thread's number. */
  mapArea(): Lock | undefined {
    const name = this.#profile.locks.mapArea;
    if (name === undefined) return undefined;
    const cpu = Math.max(0, this.lockdep.current);
    return lockOf(
      this.#areas,
      cpu,
      name,
      "local_lock",
      "of CPU",
    );
  }

  /** Nobody holds any of the locks any more. */
  forgetHolders(): void {
    if (this.pool !== undefined) forgetHolders(this.pool);
    for (const holds of this.#toMove.values()) {
      for (const { lock } of holds) forgetHolders(lock);
    }
    for (const locks of [this.#zspages, this.#pins, this.#pages, this.#areas]) {
      for (const lock of locks.values()) forgetHolders(lock);
    }
  }

  /** Whether anybody interleaves operations. */
  get isWatched(): boolean {
    return this.lockdep.isWatched;
  }

  /** Throws where the thread that runs does not hold what covers a class. */
  assertCovered(sizeClass: SizeClass, where: string): void {
    if (!this.isWatched) return;
    this.lockdep.assertHeld(this.ofClass(sizeClass), where);
  }

  /**
   * An object moves, or its bytes change: others look at it without the lock
   * that covers this, by its cell or as they have it mapped.
   */
  touchObject(handle: number): void {
    if (!this.isWatched) return;
    this.lockdep.touch(objectState(handle), true);
  }

  /** The word of a zspage changes that has its fullness, and its isolated frames. */
  touchFullness(zspage: number): void {
    if (this.#profile.isolatedCounted === "under-list-lock") return;
    if (!this.isWatched) return;
    this.lockdep.touch(fullnessState(zspage), true);
  }

  /** What others look at without a lock changes. */
  touch(state: string): void {
    if (this.isWatched) this.lockdep.touch(state, true);
  }

  /** The worker that frees empty zspages is kicked. */
  touchWork(): void {
    if (this.isWatched) this.lockdep.touch(FREE_WORK, true);
  }
}

/** Whether the worker is to run. */
export const FREE_WORK = "pool->free_work";

/** Where an object lies, and its bytes. */
export const objectState = (handle: number): string => `object ${handle}`;

/** The word that has a zspage's fullness. */
export const fullnessState = (zspage: number): string =>
  `fullness and isolated of zspage ${zspage}`;

/** Takes locks in their order. */
export function* acquireAll(
  holds: readonly Hold[],
  where: string,
): Generator<Stop, void> {
  for (const { lock, mode } of holds) yield acquire(lock, where, mode);
}

/** Lets them go, the last one first. */
export function* releaseAll(
  holds: readonly Hold[],
  where: string,
): Generator<Stop, void> {
  for (let nth = holds.length - 1; nth >= 0; nth--) {
    yield release(holds[nth].lock, where, holds[nth].mode);
  }
}
