/** Which blocks of the cache are in use. */

/** Bits of a word in which the kernel looks for a free block. */
const BITS_PER_LONG = 64;

/**
 * A bit for each block of the cache. A free one is looked for a word at a time,
 * from the word on in which the last was found. Specifies `allocation_bitset`
 * and `find_free_cblock`, `drivers/md/dm-cache-policy-mq.c`, 3.12.
 */
export class CblockBits {
  /** Blocks in use. */
  allocated = 0;
  readonly #bits: Uint8Array<ArrayBuffer>;
  /** Blocks in use, by word. */
  readonly #used: Uint8Array<ArrayBuffer>;
  #lastWord = 0;

  /** None of `blocks` is in use. */
  constructor(blocks: number) {
    this.#bits = new Uint8Array(blocks);
    this.#used = new Uint8Array(Math.ceil(blocks / BITS_PER_LONG));
  }

  /** Whether a block is free. */
  get anyFree(): boolean {
    return this.allocated < this.#bits.length;
  }

  /** Whether a block is in use. */
  isAllocated(cblock: number): boolean {
    return this.#bits[cblock] === 1;
  }

  /** A free block, which is not taken by that; `undefined` where none is. */
  findFree(): number | undefined {
    if (!this.anyFree) return undefined;
    const words = this.#used.length;
    for (let nth = 0; nth < words; nth++) {
      const word = (this.#lastWord + nth) % words;
      const first = word * BITS_PER_LONG;
      const end = Math.min(first + BITS_PER_LONG, this.#bits.length);
      if (this.#used[word] === end - first) continue;
      this.#lastWord = word;
      return this.#bits.indexOf(0, first);
    }
    throw new Error("Cannot find a free cache block: the counts are wrong");
  }

  /** Takes a free block (`alloc_cblock`). */
  take(cblock: number): void {
    if (this.#bits[cblock] !== 0) {
      throw new Error(`Cannot take cache block ${cblock}: it is not free`);
    }
    this.#bits[cblock] = 1;
    this.#used[Math.floor(cblock / BITS_PER_LONG)]++;
    this.allocated++;
  }

  /** Gives a block back (`free_cblock`). */
  give(cblock: number): void {
    if (this.#bits[cblock] !== 1) {
      throw new Error(`Cannot free cache block ${cblock}: it is not in use`);
    }
    this.#bits[cblock] = 0;
    this.#used[Math.floor(cblock / BITS_PER_LONG)]--;
    this.allocated--;
  }
}
