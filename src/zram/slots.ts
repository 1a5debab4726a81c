/**
 * Slots: what a device knows of each page of its disk. Specifies
 * `struct zram_table_entry`, `drivers/block/zram/zram_drv.h`.
 */

/** The page is one word repeated; the word stands in the slot. */
export const ZRAM_SAME = 1;
/** The page is stored whole. */
export const ZRAM_HUGE = 2;
/** The page was not touched since it was marked idle. */
export const ZRAM_IDLE = 4;

const FLAG_BITS = 3;

/**
 * A table of slots in two arrays, 12 bytes a slot:
 *
 * ```text
 * element: two 32-bit words; the repeated word (low half first), or in the
 *          first of them the handle, 0 where nothing is stored
 * state:   | size in bytes | flags |
 * ```
 */
export class Slots {
  /** Slots in the table. */
  readonly length: number;
  readonly #element: Uint32Array<ArrayBuffer>;
  readonly #state: Uint32Array<ArrayBuffer>;

  /** A table of `length` empty slots. */
  constructor(length: number) {
    this.length = length;
    this.#element = new Uint32Array(2 * length);
    this.#state = new Uint32Array(length);
  }

  /** The handle of the object that holds the page, or 0. */
  handle(slot: number): number {
    return this.has(slot, ZRAM_SAME) ? 0 : this.#element[2 * slot];
  }

  /** Low 32 bits of the word that a same-filled page repeats. */
  elementLow(slot: number): number {
    return this.#element[2 * slot];
  }

  /** High 32 bits of the word that a same-filled page repeats. */
  elementHigh(slot: number): number {
    return this.#element[2 * slot + 1];
  }

  /** Bytes of the object that holds the page (`zram_get_obj_size`). */
  size(slot: number): number {
    return this.#state[slot] >>> FLAG_BITS;
  }

  /** Whether a flag is set (`zram_test_flag`). */
  has(slot: number, flag: number): boolean {
    return (this.#state[slot] & flag) !== 0;
  }

  /** Whether the slot holds a page (`zram_allocated`). */
  isAllocated(slot: number): boolean {
    return this.size(slot) !== 0 || this.has(slot, ZRAM_SAME);
  }

  /** Makes the slot a same-filled page's. */
  setSame(slot: number, low: number, high: number): void {
    this.#element[2 * slot] = low;
    this.#element[2 * slot + 1] = high;
    this.#state[slot] = ZRAM_SAME;
  }

  /** Makes the slot that of a page held by an object of `size` bytes. */
  setObject(slot: number, handle: number, size: number, flags: number): void {
    this.#element[2 * slot] = handle;
    this.#element[2 * slot + 1] = 0;
    this.#state[slot] = (size << FLAG_BITS) | flags;
  }

  /** Sets a flag (`zram_set_flag`). */
  setFlag(slot: number, flag: number): void {
    this.#state[slot] |= flag;
  }

  /** Clears a flag (`zram_clear_flag`). */
  clearFlag(slot: number, flag: number): void {
    this.#state[slot] &= ~flag;
  }

  /** Empties the slot. */
  clear(slot: number): void {
    this.#element[2 * slot] = 0;
    this.#element[2 * slot + 1] = 0;
    this.#state[slot] = 0;
  }
}
