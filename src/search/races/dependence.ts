/**
 * Which transitions of a schedule depend on each other: those that touch the
 * same, at least one of them changing it. The order of others says nothing.
 */
import type { Lock } from "../../rules/lock.ts";
import { BEGIN, type Transition } from "./execution.ts";

/** When each thread was last heard of: how many transitions of it. */
type Clock = Int32Array;

/** What was done so far to one thing. */
interface Touched {
  /** The schedule in which it was touched last: what is said is of that. */
  schedule: number;
  /** The last transition that changed it; -1 where none did. */
  changed: number;
  /** The last that only looked, by thread; -1 likewise. */
  readonly looked: Int32Array;
  /** What those who change it know when they do. */
  readonly changes: Clock;
  /** Likewise of those who look. */
  readonly looks: Clock;
}

/** A lock is three things: who takes it, who tries it, who lets it go. */
interface TouchedLock {
  readonly taken: Touched;
  readonly tried: Touched;
  readonly freed: Touched;
}

const NONE = -1;

/** More things than this are forgotten, as nobody may touch them again. */
const MOST_THINGS = 500;

/**
 * What threads know of each other in one schedule, transition by transition.
 * Schedules touch the same things again, so that one object serves them all.
 */
export class Dependence {
  readonly #threads: number;
  readonly #clocks: Clock[];
  readonly #owner: number[] = [];
  readonly #local: number[] = [];
  readonly #counts: Int32Array;
  readonly #locks = new Map<Lock, TouchedLock>();
  readonly #states = new Map<string, Touched>();
  readonly #world: Touched;
  #schedule = 0;

  /** Of schedules of so many threads. */
  constructor(threads: number) {
    this.#threads = threads;
    this.#clocks = Array.from(
      { length: threads },
      () => new Int32Array(threads),
    );
    this.#counts = new Int32Array(threads);
    this.#world = untouched(threads);
  }

  /** Begins a schedule: nothing was done yet. */
  begin(): void {
    this.#schedule++;
    for (const clock of this.#clocks) clock.fill(0);
    this.#counts.fill(0);
    this.#owner.length = 0;
    this.#local.length = 0;
    if (this.#locks.size > MOST_THINGS) this.#locks.clear();
    if (this.#states.size > MOST_THINGS) this.#states.clear();
  }

  /**
   * Takes the next transition. `races` is told each earlier one that could have
   * come after it: they depend on each other, and nothing orders them.
   */
  add(transition: Transition, races: (earlier: number) => void): void {
    const { thread, stop } = transition;
    const nth = this.#owner.length;
    this.#owner.push(thread);
    this.#local.push(++this.#counts[thread]);
    const clock = this.#clocks[thread];
    clock[thread] = this.#counts[thread];
    const isAnything = typeof stop === "string" && stop !== BEGIN;
    this.#touch(this.#now(this.#world), nth, isAnything, races);
    if (typeof stop !== "string") {
      if ("lock" in stop) this.#touchLock(transition, nth, races);
      else if (stop.does !== "sleep") {
        const touched = this.#state(stop.state);
        this.#touch(touched, nth, stop.does === "write", races);
      }
    }
    for (const { state, isChange } of transition.touched) {
      this.#touch(this.#state(state), nth, isChange, races);
    }
  }

  #touchLock(
    { stop, isTaken }: Transition,
    nth: number,
    races: (earlier: number) => void,
  ): void {
    if (typeof stop === "string" || !("lock" in stop)) return;
    const lock = this.#lock(stop.lock);
    const taken = this.#now(lock.taken);
    const tried = this.#now(lock.tried);
    const freed = this.#now(lock.freed);
    const isAlone = stop.mode === "exclusive";
    // Each race is looked for before anything is learnt: what orders the two
    // now may not, were the earlier one later.
    switch (stop.does) {
      case "acquire":
        this.#meet(taken, nth, isAlone, races);
        this.#record(taken, nth, isAlone);
        return this.#learn(freed, nth, isAlone);
      case "try":
        this.#meet(taken, nth, isAlone, races);
        this.#meet(freed, nth, isAlone, races);
        if (!isTaken) {
          this.#record(tried, nth, false);
          return this.#learn(taken, nth, isAlone);
        }
        this.#record(taken, nth, isAlone);
        return this.#learn(freed, nth, isAlone);
      case "release":
        this.#meet(tried, nth, true, races);
        this.#record(freed, nth, isAlone);
        return this.#learn(tried, nth, true);
    }
  }

  /** A transition looks at something or changes it: both learn of each other. */
  #touch(
    touched: Touched,
    nth: number,
    changes: boolean,
    races: (earlier: number) => void,
  ): void {
    this.#meet(touched, nth, changes, races);
    this.#record(touched, nth, changes);
  }

  /** It meets what was done to a thing before. */
  #meet(
    touched: Touched,
    nth: number,
    changes: boolean,
    races: (earlier: number) => void,
  ): void {
    this.#race(touched.changed, nth, races);
    if (!changes) return;
    for (const looked of touched.looked) this.#race(looked, nth, races);
  }

  /** It is what was done to a thing last, and comes after what was before. */
  #record(touched: Touched, nth: number, changes: boolean): void {
    const thread = this.#owner[nth];
    const clock = this.#clocks[thread];
    join(clock, changes ? touched.looks : touched.changes);
    if (changes) {
      touched.changed = nth;
      touched.looked.fill(NONE);
      join(touched.changes, clock);
    } else touched.looked[thread] = nth;
    join(touched.looks, clock);
  }

  /**
   * It comes after what was done to a thing before: who shares a lock, after
   * those who had it alone, as those who share it as well do not keep him out.
   */
  #learn(touched: Touched, nth: number, isAlone: boolean): void {
    const { looks, changes } = touched;
    join(this.#clocks[this.#owner[nth]], isAlone ? looks : changes);
  }

  #race(
    earlier: number,
    nth: number,
    races: (earlier: number) => void,
  ): void {
    if (earlier === NONE) return;
    const thread = this.#owner[nth];
    const other = this.#owner[earlier];
    if (other === thread) return;
    const isKnown = this.#clocks[thread][other] >= this.#local[earlier];
    if (!isKnown) races(earlier);
  }

  #lock(lock: Lock): TouchedLock {
    let touched = this.#locks.get(lock);
    if (touched === undefined) {
      touched = {
        taken: untouched(this.#threads),
        tried: untouched(this.#threads),
        freed: untouched(this.#threads),
      };
      this.#locks.set(lock, touched);
    }
    return touched;
  }

  #state(state: string): Touched {
    let touched = this.#states.get(state);
    if (touched === undefined) {
      touched = untouched(this.#threads);
      this.#states.set(state, touched);
    }
    return this.#now(touched);
  }

  /** A thing as it was touched in this schedule. */
  #now(touched: Touched): Touched {
    if (touched.schedule === this.#schedule) return touched;
    touched.schedule = this.#schedule;
    touched.changed = NONE;
    for (let thread = 0; thread < this.#threads; thread++) {
      touched.looked[thread] = NONE;
      touched.changes[thread] = 0;
      touched.looks[thread] = 0;
    }
    return touched;
  }
}

function untouched(threads: number): Touched {
  return {
    schedule: NONE,
    changed: NONE,
    looked: new Int32Array(threads).fill(NONE),
    changes: new Int32Array(threads),
    looks: new Int32Array(threads),
  };
}

function join(clock: Clock, other: Clock): void {
  for (let nth = 0; nth < clock.length; nth++) {
    if (other[nth] > clock[nth]) clock[nth] = other[nth];
  }
}
