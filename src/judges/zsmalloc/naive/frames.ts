/** The second model of the memory: how many frames are had, and which fail. */
import { Faults } from "../../../targets/faults.ts";

/** The frames that a pool has of those that there are. */
export class NaiveFrames {
  /** Which allocations fail. */
  readonly faults: Faults<"frame" | "cell"> = new Faults();
  /** Frames that the pool has. */
  used = 0;

  /** Frames that are nobody's but who isolated them. */
  #kept = 0;
  readonly #most: number;

  /** There are at most so many frames. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes so many frames, one after another, or none where one is not had. */
  take(count: number): boolean {
    const left = this.#most - this.used - this.#kept;
    for (let taken = 0; taken < count; taken++) {
      if (this.faults.strikes("frame") || taken >= left) return false;
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
