/**
 * Locations and handles. An object's location, its frame's number and its
 * index in the zspage, is encoded in one `unsigned long`. A handle is the
 * address of a cell that holds that word: whoever holds a handle asks the cell
 * where the object is now, so compaction moves an object by rewriting one cell.
 *
 * ```text
 * handle ──► cell: | PFN | object index | tag | ──► frame and chunk
 *                                                   chunk: | handle + 1 | bytes … |
 * ```
 */

/** OBJ_ALLOCATED_TAG: set in the first word of a chunk that holds an object. */
export const OBJ_ALLOCATED_TAG = 1;

/** What a cell holds that no object uses: no location looks like it. */
const FREE_CELL = 0xffffffff;

const INITIAL_CELLS = 64;

/** The first handle's cell: address 0 is never a handle. */
const FIRST_CELL = 1;

/** Options of a {@linkcode HandleCache}. */
export interface HandleCacheOptions {
  /**
   * Fault injection: called with 0, 1, 2, … before each allocation of a
   * handle; where it answers true, that allocation fails. Linux: `failslab`.
   */
  failslab?: (allocation: number) => boolean;
}

/**
 * The cells of indirection. Specifies the slab cache `zs_handle` with
 * `cache_alloc_handle`, `record_obj`, `handle_to_obj`, `location_to_obj` and
 * `obj_to_location`, `mm/zsmalloc.c`, since 4.0.
 *
 * Cells are `unsigned long`s in one array of 32-bit words, little-endian: two
 * words a cell on 64-bit, one on 32-bit. The handle of cell `n` is its address,
 * `n` times the word size in bytes.
 */
export class HandleCache {
  /** Handles allocated now. */
  allocated = 0;

  readonly #wordBytes: number;
  readonly #indexShift: number;
  readonly #pfnShift: number;
  readonly #failslab: ((allocation: number) => boolean) | undefined;
  readonly #freed: number[] = [];
  #cells: Uint32Array<ArrayBuffer>;
  #nextCell = FIRST_CELL;
  #allocations = 0;

  /**
   * `objIndexBits` and `objTagBits` place the object index in the encoded
   * location, the page frame number above both.
   */
  constructor(
    wordBits: number,
    objIndexBits: number,
    objTagBits: number,
    options: HandleCacheOptions = {},
  ) {
    this.#wordBytes = wordBits / 8;
    this.#indexShift = objTagBits;
    this.#pfnShift = objIndexBits + objTagBits;
    this.#failslab = options.failslab;
    this.#cells = new Uint32Array(INITIAL_CELLS * this.#wordBytes / 4);
    this.#cells.fill(FREE_CELL);
  }

  /** A new handle, or 0 where there is no memory for its cell. */
  alloc(): number {
    if (this.#failslab?.(this.#allocations++)) return 0;
    const cell = this.#freed.pop() ?? this.#nextCell++;
    const handle = cell * this.#wordBytes;
    if (handle / 4 >= this.#cells.length) this.#grow();
    this.allocated++;
    return handle;
  }

  /** Frees a handle's cell. */
  free(handle: number): void {
    const word = handle >>> 2;
    this.#cells[word] = FREE_CELL;
    if (this.#wordBytes === 8) this.#cells[word + 1] = FREE_CELL;
    this.#freed.push(handle / this.#wordBytes);
    this.allocated--;
  }

  /** Whether `handle` is one whose object has a location. */
  isLive(handle: number): boolean {
    if (handle <= 0 || handle % this.#wordBytes !== 0) return false;
    const word = handle >>> 2;
    if (word >= this.#cells.length) return false;
    return this.#cells[word] !== FREE_CELL ||
      (this.#wordBytes === 8 && this.#cells[word + 1] !== FREE_CELL);
  }

  /** Writes an object's location into its handle's cell (`record_obj`). */
  recordObj(handle: number, pfn: number, objIndex: number): void {
    const word = handle >>> 2;
    const shift = this.#pfnShift;
    const index = objIndex << this.#indexShift;
    if (this.#wordBytes === 4) {
      this.#cells[word] = (pfn << shift) | index;
    } else if (shift >= 32) {
      this.#cells[word] = index;
      this.#cells[word + 1] = pfn << (shift - 32);
    } else {
      this.#cells[word] = (pfn << shift) | index;
      this.#cells[word + 1] = pfn >>> (32 - shift);
    }
  }

  /** The frame where the object of `handle` starts. */
  pfnOf(handle: number): number {
    const word = handle >>> 2;
    const shift = this.#pfnShift;
    if (this.#wordBytes === 4) return this.#cells[word] >>> shift;
    const high = this.#cells[word + 1];
    if (shift >= 32) return high >>> (shift - 32);
    return ((high << (32 - shift)) | (this.#cells[word] >>> shift)) >>> 0;
  }

  /** The index of the object of `handle` in its zspage. */
  objIndexOf(handle: number): number {
    const low = this.#cells[handle >>> 2];
    const index = this.#pfnShift >= 32
      ? low
      : low & ((1 << this.#pfnShift) - 1);
    return index >>> this.#indexShift;
  }

  /** Every live handle, in the order of their cells. */
  *live(): Generator<number> {
    for (let cell = FIRST_CELL; cell < this.#nextCell; cell++) {
      const handle = cell * this.#wordBytes;
      if (this.isLive(handle)) yield handle;
    }
  }

  #grow(): void {
    const cells = new Uint32Array(2 * this.#cells.length);
    cells.set(this.#cells);
    cells.fill(FREE_CELL, this.#cells.length);
    this.#cells = cells;
  }
}
