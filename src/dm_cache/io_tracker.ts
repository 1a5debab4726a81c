/** Whether requests go along a device one after another. */

/** How requests come: one behind another, or anywhere. */
export type IoPattern = "sequential" | "random";

/** RANDOM_THRESHOLD_DEFAULT: so many elsewhere, and they are random. */
export const RANDOM_THRESHOLD_DEFAULT = 4;
/** SEQUENTIAL_THRESHOLD_DEFAULT: so many in a row, and they are sequential. */
export const SEQUENTIAL_THRESHOLD_DEFAULT = 512;

/**
 * Spots runs of requests each of which starts where the last one ended. It is
 * shown every request as often as the policy is asked about it: one that is
 * asked about twice does not follow itself, and so ends a run. Specifies
 * `struct io_tracker`, `drivers/md/dm-cache-policy-mq.c`, 3.12.
 */
export class IoTracker {
  /** How requests come now. */
  pattern: IoPattern = "random";
  #sequential = 0;
  #random = 0;
  #lastEnd = 0;
  readonly #sequentialThreshold: number;
  readonly #randomThreshold: number;

  /** Sees random requests at first. */
  constructor(sequentialThreshold: number, randomThreshold: number) {
    this.#sequentialThreshold = sequentialThreshold;
    this.#randomThreshold = randomThreshold;
  }

  /** Looks at a request of `sectors` from `sector` on (`iot_examine_bio`). */
  examine(sector: number, sectors: number): void {
    this.#count(sector === this.#lastEnd + 1);
    this.#lastEnd = sector + sectors - 1;
    const isOver = this.pattern === "sequential"
      ? this.#random >= this.#randomThreshold
      : this.#sequential >= this.#sequentialThreshold;
    if (!isOver) return;
    this.pattern = this.pattern === "sequential" ? "random" : "sequential";
    this.#sequential = 0;
    this.#random = 0;
  }

  #count(follows: boolean): void {
    if (follows) {
      this.#sequential++;
      return;
    }
    // A single request elsewhere ends a run.
    if (this.#sequential > 0) {
      this.#sequential = 0;
      this.#random = 0;
    }
    this.#random++;
  }
}
