/** Faults of a model's memory, as `fail` steps ask for them. */

/**
 * Which allocation from now on fails: one of each kind at most, of frames or of
 * an allocator's own structures.
 */
export class Faults<Kind extends string> {
  readonly #left = new Map<Kind, number>();

  /** Lets an allocation fail after so many others. */
  fail(what: Kind, after: number): void {
    this.#left.set(what, after);
  }

  /** Counts an allocation, and whether it is the one to fail. */
  strikes(what: Kind): boolean {
    const left = this.#left.get(what);
    if (left === undefined) return false;
    if (left === 0) this.#left.delete(what);
    else this.#left.set(what, left - 1);
    return left === 0;
  }
}
