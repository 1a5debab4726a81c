/**
 * Slots: what a device knows of each page of its disk. Specifies
 * `struct zram_table_entry`, `drivers/block/zram/zram_drv.h`.
 */

/** The page is one word repeated; the word stands in the slot. */
export const ZRAM_SAME = 1 << 0;
/** The page is stored whole. */
export const ZRAM_HUGE = 1 << 1;
/** The page was not touched since it was marked idle. */
export const ZRAM_IDLE = 1 << 2;
/** The page is on the backing device; its block's number stands in the slot. */
export const ZRAM_WB = 1 << 3;
/** The page is being written to the backing device (up to 6.12). */
export const ZRAM_UNDER_WB = 1 << 4;
/** No algorithm makes the page's object smaller (since 6.2). */
export const ZRAM_INCOMPRESSIBLE = 1 << 5;
/** The slot waits for post-processing (since 6.13). */
export const ZRAM_PP_SLOT = 1 << 6;
/** The slot is locked. */
export const ZRAM_LOCK = 1 << 7;

/** Flags that outlive the page in the slot (`zram_free_page`). */
const KEPT_FLAGS = ZRAM_UNDER_WB | ZRAM_LOCK;

/** ZRAM_COMP_PRIORITY_BIT1: which of four algorithms compressed the page. */
const PRIORITY_SHIFT = 8;
const PRIORITY_MASK = 3;
const FLAG_BITS = 10;

/** What the high half of an element counts. */
const WORD = 2 ** 32;

/**
 * A table of slots, 12 bytes a slot, 20 where access times are kept:
 *
 * ```text
 * element: two 32-bit words, low half first: the repeated word, the handle or
 *          the block; 0 where nothing is stored
 * state:   | size in bytes: 22 bits | priority: 2 | flags: 8 |
 * acTime:  seconds since boot, 0 where the page was not accessed since
 * ```
 *
 * With the cell of its handle (8 bytes) and its share of a zspage (at most 32)
 * a slot takes less than 64 bytes beyond the frames, not counting what arrays
 * have in reserve.
 */
export class Slots {
  /** Slots in the table. */
  readonly length: number;
  /** Whether access times are kept (CONFIG_ZRAM_TRACK_ENTRY_ACTIME). */
  readonly tracksAcTime: boolean;
  readonly #element: Uint32Array<ArrayBuffer>;
  readonly #state: Uint32Array<ArrayBuffer>;
  readonly #acTime: Float64Array<ArrayBuffer>;

  /** A table of `length` empty slots. */
  constructor(length: number, tracksAcTime = false) {
    this.length = length;
    this.tracksAcTime = tracksAcTime;
    this.#element = new Uint32Array(2 * length);
    this.#state = new Uint32Array(length);
    this.#acTime = new Float64Array(tracksAcTime ? length : 0);
  }

  /** Bytes that the table takes. */
  get byteLength(): number {
    return this.#element.byteLength + this.#state.byteLength +
      this.#acTime.byteLength;
  }

  /** The handle of the object that holds the page, or 0. */
  handle(slot: number): number {
    if (this.has(slot, ZRAM_SAME | ZRAM_WB)) return 0;
    return this.elementHigh(slot) * WORD + this.elementLow(slot);
  }

  /** The block of the backing device that holds the page; 0 for one elsewhere. */
  block(slot: number): number {
    return this.has(slot, ZRAM_WB) ? this.#element[2 * slot] : 0;
  }

  /** Low 32 bits of the word that a same-filled page repeats. */
  elementLow(slot: number): number {
    return this.#element[2 * slot];
  }

  /** High 32 bits of the word that a same-filled page repeats. */
  elementHigh(slot: number): number {
    return this.#element[2 * slot + 1];
  }

  /**
   * Bytes of the object that holds the page, since 7.0 also of one that held it
   * until it was written back (`zram_get_obj_size`).
   */
  size(slot: number): number {
    return this.#state[slot] >>> FLAG_BITS;
  }

  /** The priority of the page's algorithm, 0 to 3 (`zram_get_priority`). */
  priority(slot: number): number {
    return (this.#state[slot] >>> PRIORITY_SHIFT) & PRIORITY_MASK;
  }

  /** When the page was last accessed, in seconds since boot, or 0. */
  acTime(slot: number): number {
    return this.tracksAcTime ? this.#acTime[slot] : 0;
  }

  /** Whether any of the flags is set (`zram_test_flag`). */
  has(slot: number, flags: number): boolean {
    return (this.#state[slot] & flags) !== 0;
  }

  /** Whether the slot holds a page (`zram_allocated`). */
  isAllocated(slot: number): boolean {
    return this.size(slot) !== 0 || this.has(slot, ZRAM_SAME | ZRAM_WB);
  }

  /** Makes an empty slot a same-filled page's. */
  setSame(slot: number, low: number, high: number): void {
    this.#element[2 * slot] = low;
    this.#element[2 * slot + 1] = high;
    this.#state[slot] |= ZRAM_SAME;
  }

  /** Makes an empty slot that of a page held by an object of `size` bytes. */
  setObject(slot: number, handle: number, size: number, flags: number): void {
    this.#element[2 * slot] = handle;
    this.#element[2 * slot + 1] = handle / WORD;
    this.#state[slot] |= (size << FLAG_BITS) | flags;
  }

  /**
   * Makes a slot that of a page on the backing device: an empty one, or since
   * 7.0 one whose object is gone and whose flags stay.
   */
  setBlock(slot: number, block: number): void {
    this.#element[2 * slot] = block;
    this.#element[2 * slot + 1] = 0;
    this.#state[slot] |= ZRAM_WB;
  }

  /** Sets the priority of an empty slot's algorithm (`zram_set_priority`). */
  setPriority(slot: number, priority: number): void {
    this.#state[slot] |= priority << PRIORITY_SHIFT;
  }

  /** Sets when the page was accessed; ignored where times are not kept. */
  setAcTime(slot: number, seconds: number): void {
    if (this.tracksAcTime) this.#acTime[slot] = seconds;
  }

  /** Sets flags (`zram_set_flag`). */
  setFlag(slot: number, flags: number): void {
    this.#state[slot] |= flags;
  }

  /** Clears flags (`zram_clear_flag`). */
  clearFlag(slot: number, flags: number): void {
    this.#state[slot] &= ~flags;
  }

  /** What brings the table back to what it is now. */
  remember(): () => void {
    const element = this.#element.slice();
    const state = this.#state.slice();
    const acTime = this.#acTime.slice();
    return () => {
      this.#element.set(element);
      this.#state.set(state);
      this.#acTime.set(acTime);
    };
  }

  /** Empties the slot: all but its lock and the mark of a writeback under way. */
  clear(slot: number): void {
    this.#element[2 * slot] = 0;
    this.#element[2 * slot + 1] = 0;
    this.#state[slot] &= KEPT_FLAGS;
    if (this.tracksAcTime) this.#acTime[slot] = 0;
  }
}
