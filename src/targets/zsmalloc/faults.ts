/** Faults of the model's memory, as `fail` steps ask for them. */

/** What allocations are of: a frame, or a handle's cell. */
export type FaultKind = "frame" | "cell";

/** Which allocation from now on fails: one of each kind at most. */
export class Faults {
  readonly #left: Record<FaultKind, number | undefined> = {
    frame: undefined,
    cell: undefined,
  };

  /** Lets an allocation fail after so many others. */
  fail(what: FaultKind, after: number): void {
    this.#left[what] = after;
  }

  /** Counts an allocation, and whether it is the one to fail. */
  strikes(what: FaultKind): boolean {
    const left = this.#left[what];
    if (left === undefined) return false;
    this.#left[what] = left === 0 ? undefined : left - 1;
    return left === 0;
  }
}
