/** Which blocks of the cache differ from the origin's. */

/** A bit for each block of the cache. Specifies `dirty_bitset` and `nr_dirty`. */
export class DirtyBits {
  /** Bits that are set (`nr_dirty`). */
  count = 0;
  readonly #bits: Uint8Array<ArrayBuffer>;

  /** None of `blocks` is dirty. */
  constructor(blocks: number) {
    this.#bits = new Uint8Array(blocks);
  }

  /** Whether a block is dirty. */
  has(cblock: number): boolean {
    return this.#bits[cblock] === 1;
  }

  /** A block is dirty (`set_dirty`). */
  set(cblock: number): void {
    if (this.has(cblock)) return;
    this.#bits[cblock] = 1;
    this.count++;
  }

  /** A block is clean (`clear_dirty`). */
  clear(cblock: number): void {
    if (!this.has(cblock)) return;
    this.#bits[cblock] = 0;
    this.count--;
  }
}
