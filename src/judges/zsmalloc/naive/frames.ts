/** The second model of the memory: how many frames are had, and which fail. */

/** What allocations are of. */
export type Kind = "frame" | "cell";

/** The frames that a pool has of those that there are. */
export class NaiveFrames {
  /** Frames that the pool has. */
  used = 0;

  /** Frames that are nobody's but who isolated them. */
  #kept = 0;
  readonly #most: number;
  readonly #left = new Map<Kind, number>();

  /** There are at most so many frames. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Lets an allocation fail after so many others. */
  fail(what: Kind, after: number): void {
    this.#left.set(what, after);
  }

  /** Whether an allocation that is made now is the one to fail. */
  isStruck(what: Kind): boolean {
    const left = this.#left.get(what);
    if (left === undefined) return false;
    if (left > 0) this.#left.set(what, left - 1);
    else this.#left.delete(what);
    return left === 0;
  }

  /** Takes so many frames, one after another, or none where one is not had. */
  take(count: number): boolean {
    for (let taken = 0; taken < count; taken++) {
      if (
        this.isStruck("frame") || this.used + this.#kept + taken >= this.#most
      ) {
        return false;
      }
    }
    this.used += count;
    return true;
  }

  /** Gives so many frames back. */
  give(count: number): void {
    this.used -= count;
  }

  /** So many frames of those given back stay with who isolated them, or go too. */
  keep(count: number): void {
    this.#kept += count;
  }
}
