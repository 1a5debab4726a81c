/** Which blocks of a backing device have a page. */

/** The blocks of a backing device: the lowest that is free is the next. */
export class LedgerBlocks {
  /** A byte for each block: 1 where it is in use. */
  readonly #used: Uint8Array;
  readonly #first: number;
  /** No block below this is free. */
  #lowestFree: number;

  /** So many blocks, of which those from `first` on take pages. */
  constructor(blocks: number, first: number) {
    this.#used = new Uint8Array(blocks);
    this.#first = first;
    this.#lowestFree = first;
  }

  /** The first free block, if there is one. */
  take(): number | undefined {
    const used = this.#used;
    while (this.#lowestFree < used.length && used[this.#lowestFree] === 1) {
      this.#lowestFree++;
    }
    if (this.#lowestFree >= used.length) return undefined;
    used[this.#lowestFree] = 1;
    return this.#lowestFree;
  }

  /** A block is free again. */
  give(block: number): void {
    this.#used[block] = 0;
    this.#lowestFree = Math.min(this.#lowestFree, block);
  }

  /** All are free. */
  reset(): void {
    this.#used.fill(0);
    this.#lowestFree = this.#first;
  }
}
