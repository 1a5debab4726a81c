/** Handles before there were cells: the handle is the location. */
import type { Handles } from "./obj.ts";
import { NO_CLASS, type ObjIndexing } from "./obj_index.ts";

/** What `alloc` answers: no memory is needed, so it cannot fail. */
const NO_CELL = -1;

/**
 * Handles that are encoded locations, `| PFN | object index + 1 |`: an object
 * cannot move, as its holder would not find it any more. Before the 1 was added
 * to it, the first object of frame 0 had handle 0. Specifies
 * `obj_location_to_handle` and `obj_handle_to_location`, `mm/zsmalloc.c`, 3.12
 * to 3.19.
 *
 * Linux keeps no list of them; this one is there to notice misuse.
 */
export class LocationHandles implements Handles {
  readonly #pfnUnit: number;
  readonly #indexing: ObjIndexing;
  readonly #firstIndex: number;
  readonly #live = new Set<number>();

  /**
   * The object index takes the lowest `objIndexBits` of a handle, and counts
   * from `firstIndex`.
   */
  constructor(objIndexBits: number, indexing: ObjIndexing, firstIndex: number) {
    this.#pfnUnit = 2 ** objIndexBits;
    this.#indexing = indexing;
    this.#firstIndex = firstIndex;
  }

  get allocated(): number {
    return this.#live.size;
  }

  alloc(): number {
    return NO_CELL;
  }

  recordObj(
    _cell: number,
    pfn: number,
    objIndex: number,
    size: number,
  ): number {
    const handle = this.nameOf(pfn, objIndex, size);
    this.#live.add(handle);
    return handle;
  }

  nameOf(pfn: number, objIndex: number, size: number): number {
    const index = this.#indexing.encode(pfn, objIndex, size) +
      this.#firstIndex;
    return pfn * this.#pfnUnit + index;
  }

  isAt(handle: number, pfn: number, objIndex: number, size: number): boolean {
    return handle === this.nameOf(pfn, objIndex, size);
  }

  free(handle: number): void {
    this.#live.delete(handle);
  }

  forget(handle: number): void {
    this.#live.delete(handle);
  }

  giveBack(): void {}

  classIndexOf(): number {
    return NO_CLASS;
  }

  isLive(handle: number): boolean {
    return this.#live.has(handle);
  }

  pfnOf(handle: number): number {
    return Math.floor(handle / this.#pfnUnit);
  }

  objIndexOf(handle: number, size: number): number {
    const index = handle % this.#pfnUnit - this.#firstIndex;
    return this.#indexing.decode(this.pfnOf(handle), index, size);
  }

  tagOf(): number {
    return 0;
  }

  live(): Iterable<number> {
    return this.#live;
  }

  cells(): Uint32Array {
    return Uint32Array.from(
      [...this.#live].sort((one, other) => one - other)
        .flatMap((handle) => [handle / 2 ** 32, handle % 2 ** 32]),
    );
  }

  remember(): () => void {
    const live = [...this.#live];
    return () => {
      this.#live.clear();
      live.forEach((handle) => this.#live.add(handle));
    };
  }
}
