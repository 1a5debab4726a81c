/**
 * Handles. Since 4.0 a handle is the address of a cell that holds the object's
 * location: whoever holds a handle asks the cell where the object is now, so
 * compaction moves an object by rewriting one cell.
 *
 * ```text
 * handle ──► cell: | PFN | object index | tag | ──► frame and chunk
 *                                                   chunk: | handle + 1 | bytes … |
 * ```
 *
 * Since 7.3 the class's index stands between PFN and object index, where there
 * are bits enough.
 */
import type { Locations } from "./location.ts";
import type { ObjIndexing } from "./obj_index.ts";

/** OBJ_ALLOCATED_TAG: set in the first word of a chunk that holds an object. */
export const OBJ_ALLOCATED_TAG = 1;

/** What a cell holds that no object uses: no location looks like it. */
const FREE_CELL = 0xffffffff;

const INITIAL_CELLS = 64;

/** The first handle's cell: address 0 is never a handle. */
const FIRST_CELL = 1;

/** Options of {@linkcode Handles}. */
export interface HandleOptions {
  /**
   * Fault injection: called with 0, 1, 2, … before each allocation of a
   * handle's cell; where it answers true, that allocation fails. Linux:
   * `failslab`. Handles that are locations have no cell.
   */
  failslab?: (allocation: number) => boolean;
}

/** The names of a pool's objects. */
export interface Handles {
  /** Handles of objects that are allocated now. */
  readonly allocated: number;
  /** Memory for a new handle, or 0 where there is none. */
  alloc(): number;
  /**
   * Says where the object lies whose handle or new cell is given, and returns
   * its handle.
   */
  recordObj(cell: number, pfn: number, objIndex: number, size: number): number;
  /** Frees a handle, or the memory for a new one. */
  free(handle: number): void;
  /** A handle names no object any more; its memory is not given back yet. */
  forget(handle: number): void;
  /** Gives the memory of a handle back that names no object. */
  giveBack(handle: number): void;
  /** Whether `handle` is one whose object has a location. */
  isLive(handle: number): boolean;
  /** The frame where the object of `handle` starts. */
  pfnOf(handle: number): number;
  /** The index of the class that the location of `handle` names, if it does. */
  classIndexOf(handle: number): number;
  /** The index in its zspage of the object of `handle`, of `size` bytes. */
  objIndexOf(handle: number, size: number): number;
  /** Whether the location of `handle` is this frame and object. */
  isAt(handle: number, pfn: number, objIndex: number, size: number): boolean;
  /**
   * The handle that a location is, where handles are locations; else 0, as
   * nothing but a chunk's first word tells.
   */
  nameOf(pfn: number, objIndex: number, size: number): number;
  /** The bits below the object index in the location of `handle`. */
  tagOf(handle: number): number;
  /** Every live handle. */
  live(): Iterable<number>;
  /** What brings the handles back to what they are now. */
  remember(): () => void;
  /** The words that say where the objects lie. */
  cells(): Uint32Array;
}

/**
 * The cells of indirection. Specifies the slab cache `zs_handle` with
 * `cache_alloc_handle`, `record_obj` and `handle_to_obj`, `mm/zsmalloc.c`,
 * since 4.0.
 *
 * Cells are {@linkcode Locations} in one array. The handle of cell `n` is its
 * address, `n` times the word size in bytes.
 */
export class HandleCache implements Handles {
  allocated = 0;

  readonly #wordBytes: number;
  readonly #locations: Locations;
  readonly #indexing: ObjIndexing;
  readonly #failslab: ((allocation: number) => boolean) | undefined;
  readonly #freed: number[] = [];
  #cells: Uint32Array<ArrayBuffer>;
  #nextCell = FIRST_CELL;
  #allocations = 0;

  /** No handle yet; cells will hold `locations`. */
  constructor(
    locations: Locations,
    indexing: ObjIndexing,
    options: HandleOptions = {},
  ) {
    this.#wordBytes = 4 * locations.words;
    this.#locations = locations;
    this.#indexing = indexing;
    this.#failslab = options.failslab;
    this.#cells = new Uint32Array(INITIAL_CELLS * locations.words);
    this.#cells.fill(FREE_CELL);
  }

  alloc(): number {
    if (this.#failslab?.(this.#allocations++)) return 0;
    const cell = this.#freed.pop() ?? this.#nextCell++;
    const handle = cell * this.#wordBytes;
    if (handle / 4 >= this.#cells.length) this.#grow();
    this.allocated++;
    return handle;
  }

  recordObj(
    handle: number,
    pfn: number,
    objIndex: number,
    size: number,
  ): number {
    const index = this.#indexing.encode(pfn, objIndex, size);
    this.#locations.write(this.#cells, handle >>> 2, pfn, index);
    return handle;
  }

  free(handle: number): void {
    this.forget(handle);
    this.giveBack(handle);
  }

  forget(handle: number): void {
    const word = handle >>> 2;
    this.#cells[word] = FREE_CELL;
    if (this.#wordBytes === 8) this.#cells[word + 1] = FREE_CELL;
    this.allocated--;
  }

  giveBack(handle: number): void {
    this.#freed.push(handle / this.#wordBytes);
  }

  isLive(handle: number): boolean {
    const word = handle >>> 2;
    if (handle <= 0 || word >= this.#cells.length) return false;
    const rest = handle & (this.#wordBytes - 1);
    if (rest !== 0 || handle !== handle >>> 0) return false;
    return this.#cells[word] !== FREE_CELL ||
      (this.#wordBytes === 8 && this.#cells[word + 1] !== FREE_CELL);
  }

  pfnOf(handle: number): number {
    return this.#locations.pfn(this.#cells, handle >>> 2);
  }

  classIndexOf(handle: number): number {
    const index = this.#locations.index(this.#cells, handle >>> 2);
    return this.#indexing.classIndex(index);
  }

  objIndexOf(handle: number, size: number): number {
    const word = handle >>> 2;
    const index = this.#locations.index(this.#cells, word);
    return this.#indexing.decode(
      this.#locations.pfn(this.#cells, word),
      index,
      size,
    );
  }

  isAt(handle: number, pfn: number, objIndex: number, size: number): boolean {
    const index = this.#indexing.encode(pfn, objIndex, size);
    return this.#locations.isAt(this.#cells, handle >>> 2, pfn, index);
  }

  nameOf(): number {
    return 0;
  }

  tagOf(handle: number): number {
    return this.#locations.tag(this.#cells, handle >>> 2);
  }

  /** Every live handle, in the order of their cells. */
  *live(): Generator<number> {
    for (let cell = FIRST_CELL; cell < this.#nextCell; cell++) {
      const handle = cell * this.#wordBytes;
      if (this.isLive(handle)) yield handle;
    }
  }

  cells(): Uint32Array {
    const end = this.#nextCell * this.#locations.words;
    return this.#cells.subarray(0, end);
  }

  remember(): () => void {
    const cells = this.#cells.slice();
    const freed = [...this.#freed];
    const { allocated } = this;
    const [nextCell, allocations] = [this.#nextCell, this.#allocations];
    return () => {
      this.#cells.fill(FREE_CELL, cells.length);
      this.#cells.set(cells);
      this.#freed.length = 0;
      this.#freed.push(...freed);
      this.allocated = allocated;
      this.#nextCell = nextCell;
      this.#allocations = allocations;
    };
  }

  #grow(): void {
    const cells = new Uint32Array(2 * this.#cells.length);
    cells.set(this.#cells);
    cells.fill(FREE_CELL, this.#cells.length);
    this.#cells = cells;
  }
}
