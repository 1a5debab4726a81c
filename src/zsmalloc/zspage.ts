/**
 * Zspages: chains of one or more page frames, cut into chunks of one size.
 * Chunks lie across the frames as if these were contiguous. An allocated
 * chunk's first word is its object's handle with a tag; a free chunk's first
 * word links to the next free chunk.
 */
import {
  type Memory,
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_PRIVATE,
} from "../memory/memory.ts";
import type { ClassGeometry } from "./geometry.ts";
import { OBJ_ALLOCATED_TAG } from "./obj.ts";

/** No zspage: the null pointer. */
export const NO_ZSPAGE = 0;

/**
 * Fields of `struct zspage` in {@linkcode Zspages.fields}, eight 32-bit words
 * a zspage, so that one zspage is half a cache line:
 *
 * ```text
 * word  0            1         2      3        4           5     6     7
 *       class index  fullness  inuse  freeobj  first page  next  prev  huge
 * ```
 *
 * `next` and `prev` link the zspages of one fullness list.
 */
export const ZSPAGE_STRIDE = 8;
/** `zspage->class`: index of its size class. */
export const ZSPAGE_CLASS = 0;
/** `zspage->fullness`: the group whose list it is in. */
export const ZSPAGE_FULLNESS = 1;
/** `zspage->inuse`: allocated chunks. */
export const ZSPAGE_INUSE = 2;
/** `zspage->freeobj`: index of the first free chunk. */
export const ZSPAGE_FREEOBJ = 3;
/** `zspage->first_page`: its first frame's number. */
export const ZSPAGE_FIRST_PAGE = 4;
/** `zspage->list.next`. */
export const ZSPAGE_NEXT = 5;
/** `zspage->list.prev`. */
export const ZSPAGE_PREV = 6;
/** `zspage->huge`: 1 where one chunk is the whole of its one frame. */
export const ZSPAGE_HUGE = 7;

const INITIAL_ZSPAGES = 32;

/**
 * All zspages of one pool and what is done inside a single one. Knows chunks
 * and frames; knows neither lists nor where handles' cells are.
 */
export class Zspages {
  /** The frames below. */
  readonly memory: Memory;
  /** `struct zspage` of every zspage: {@linkcode ZSPAGE_STRIDE} words each. */
  fields: Uint32Array<ArrayBuffer>;

  readonly #wordBytes: number;
  readonly #endPfn: number;
  readonly #freed: number[] = [];
  #nextZspage = NO_ZSPAGE + 1;

  /** `endPfn` is the first page frame number that a location cannot name. */
  constructor(memory: Memory, wordBits: number, endPfn: number) {
    this.memory = memory;
    this.#wordBytes = wordBits / 8;
    this.#endPfn = endPfn;
    this.fields = new Uint32Array(INITIAL_ZSPAGES * ZSPAGE_STRIDE);
  }

  /** One field of a zspage, by the offsets above. */
  get(zspage: number, field: number): number {
    return this.fields[zspage * ZSPAGE_STRIDE + field];
  }

  /** The frame after `pfn` in its chain, or `NO_PAGE` (`get_next_page`). */
  nextPage(pfn: number): number {
    const page = pfn * PAGE_STRIDE;
    const zspage = this.memory.page[page + PAGE_PRIVATE];
    if (this.get(zspage, ZSPAGE_HUGE) === 1) return NO_PAGE;
    const next = this.memory.page[page + PAGE_INDEX];
    return next === 0 ? NO_PAGE : next - 1;
  }

  /** The frames of a zspage in order. */
  pagesOf(zspage: number): number[] {
    const pages: number[] = [];
    let pfn = this.get(zspage, ZSPAGE_FIRST_PAGE);
    while (pfn !== NO_PAGE) {
      pages.push(pfn);
      pfn = this.nextPage(pfn);
    }
    return pages;
  }

  /** The frame that holds a zspage's byte `offset`. */
  pageAt(zspage: number, offset: number): number {
    let pfn = this.get(zspage, ZSPAGE_FIRST_PAGE);
    for (let nth = offset >>> this.memory.pageShift; nth > 0; nth--) {
      pfn = this.nextPage(pfn);
    }
    return pfn;
  }

  /**
   * Makes a zspage of newly allocated frames with all chunks free, or returns
   * {@linkcode NO_ZSPAGE} and has allocated nothing.
   * Specifies `alloc_zspage`.
   */
  alloc(sizeClass: ClassGeometry): number {
    const pages: number[] = [];
    while (pages.length < sizeClass.pagesPerZspage) {
      const pfn = this.memory.allocPage();
      if (pfn === NO_PAGE) {
        while (pages.length > 0) this.memory.freePage(pages.pop() ?? NO_PAGE);
        return NO_ZSPAGE;
      }
      if (pfn >= this.#endPfn) {
        throw new RangeError(
          `Cannot allocate a zspage: page ${pfn} is not below ${this.#endPfn}, the first that a location cannot name`,
        );
      }
      pages.push(pfn);
    }
    const zspage = this.#freed.pop() ?? this.#nextZspage++;
    if (zspage * ZSPAGE_STRIDE >= this.fields.length) this.#grow();
    const field = zspage * ZSPAGE_STRIDE;
    const huge = sizeClass.pagesPerZspage === 1 &&
      sizeClass.objectsPerZspage === 1;
    this.fields.fill(0, field, field + ZSPAGE_STRIDE);
    this.fields[field + ZSPAGE_CLASS] = sizeClass.index;
    this.fields[field + ZSPAGE_HUGE] = huge ? 1 : 0;
    this.#createPageChain(zspage, pages);
    this.#init(zspage, sizeClass);
    return zspage;
  }

  /** Frees an empty zspage's frames. Specifies `__free_zspage`. */
  free(zspage: number): void {
    for (const pfn of this.pagesOf(zspage)) this.memory.freePage(pfn);
    this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FIRST_PAGE] = 0;
    this.#freed.push(zspage);
  }

  /**
   * Takes the first free chunk of a zspage for `handle` and returns its index.
   * A huge object's handle goes into `page->index`, any other into the chunk's
   * first word. Specifies `obj_malloc`.
   */
  objMalloc(zspage: number, size: number, handle: number): number {
    const { memory, fields } = this;
    const field = zspage * ZSPAGE_STRIDE;
    const objIndex = fields[field + ZSPAGE_FREEOBJ];
    const offset = objIndex * size;
    const pfn = this.pageAt(zspage, offset);
    const word = this.#wordAt(pfn, offset & (memory.pageSize - 1));
    fields[field + ZSPAGE_FREEOBJ] = this.#link(word);
    const header = (handle | OBJ_ALLOCATED_TAG) >>> 0;
    if (fields[field + ZSPAGE_HUGE] === 1) {
      memory.page[pfn * PAGE_STRIDE + PAGE_INDEX] = header;
    } else {
      memory.words[word] = header;
      if (this.#wordBytes === 8) memory.words[word + 1] = 0;
    }
    fields[field + ZSPAGE_INUSE]++;
    return objIndex;
  }

  /**
   * Gives the chunk at `objIndex`, which starts in frame `pfn`, back to its
   * zspage as the first free one. Specifies `obj_free`.
   */
  objFree(pfn: number, objIndex: number, size: number): void {
    const { memory, fields } = this;
    const page = pfn * PAGE_STRIDE;
    const field = memory.page[page + PAGE_PRIVATE] * ZSPAGE_STRIDE;
    if (fields[field + ZSPAGE_HUGE] === 1) {
      memory.page[page + PAGE_INDEX] = 0;
    } else {
      const word = this.#wordAt(
        pfn,
        (objIndex * size) & (memory.pageSize - 1),
      );
      memory.words[word] = fields[field + ZSPAGE_FREEOBJ] << 1;
      if (this.#wordBytes === 8) memory.words[word + 1] = 0;
    }
    fields[field + ZSPAGE_FREEOBJ] = objIndex;
    fields[field + ZSPAGE_INUSE]--;
  }

  /**
   * The handle of the object in the chunk that starts at `offset` of frame
   * `pfn`, or 0 where the chunk is free. Specifies `obj_allocated`.
   */
  objAllocated(pfn: number, offset: number): number {
    const page = pfn * PAGE_STRIDE;
    const zspage = this.memory.page[page + PAGE_PRIVATE];
    const header = this.get(zspage, ZSPAGE_HUGE) === 1
      ? this.memory.page[page + PAGE_INDEX]
      : this.memory.words[this.#wordAt(pfn, offset)];
    if ((header & OBJ_ALLOCATED_TAG) === 0) return 0;
    return (header & ~OBJ_ALLOCATED_TAG) >>> 0;
  }

  /** The index of the free chunk after the free chunk at `objIndex`. */
  nextFree(zspage: number, objIndex: number, size: number): number {
    const offset = objIndex * size;
    const pfn = this.pageAt(zspage, offset);
    return this.#link(this.#wordAt(pfn, offset & (this.memory.pageSize - 1)));
  }

  /**
   * Copies a whole chunk, the handle's word included, from frame `from` to
   * frame `to`, each from the offset given and on into the frames after.
   * Specifies `zs_object_copy`.
   */
  objectCopy(
    from: number,
    fromOffset: number,
    to: number,
    toOffset: number,
    size: number,
  ): void {
    const { bytes, pageSize } = this.memory;
    for (let left = size; left > 0;) {
      const length = Math.min(
        left,
        pageSize - fromOffset,
        pageSize - toOffset,
      );
      const start = from * pageSize + fromOffset;
      bytes.copyWithin(to * pageSize + toOffset, start, start + length);
      left -= length;
      fromOffset += length;
      toOffset += length;
      if (left > 0 && fromOffset === pageSize) {
        from = this.nextPage(from);
        fromOffset = 0;
      }
      if (left > 0 && toOffset === pageSize) {
        to = this.nextPage(to);
        toOffset = 0;
      }
    }
  }

  /** Copies `data` to `offset` of frame `pfn` and on into the frame after. */
  writeBytes(pfn: number, offset: number, data: Uint8Array): void {
    const { bytes, pageSize } = this.memory;
    const first = Math.min(data.length, pageSize - offset);
    if (first === data.length) {
      bytes.set(data, pfn * pageSize + offset);
      return;
    }
    bytes.set(data.subarray(0, first), pfn * pageSize + offset);
    bytes.set(data.subarray(first), this.nextPage(pfn) * pageSize);
  }

  /** Copies bytes from `offset` of frame `pfn` and the frame after to `into`. */
  readBytes(pfn: number, offset: number, into: Uint8Array): void {
    const { bytes, pageSize } = this.memory;
    const start = pfn * pageSize + offset;
    const first = Math.min(into.length, pageSize - offset);
    into.set(bytes.subarray(start, start + first));
    if (first === into.length) return;
    const next = this.nextPage(pfn) * pageSize;
    into.set(bytes.subarray(next, next + into.length - first), first);
  }

  /** Index in `memory.words` of the word at `offset` of frame `pfn`. */
  #wordAt(pfn: number, offset: number): number {
    return pfn * (this.memory.pageSize >>> 2) + (offset >>> 2);
  }

  /** A free chunk's link, shifted past the tag and cut to an unsigned int. */
  #link(word: number): number {
    const low = this.memory.words[word] >>> 1;
    if (this.#wordBytes === 4) return low;
    return (low | (this.memory.words[word + 1] << 31)) >>> 0;
  }

  /** Links frames to their zspage and to each other (`create_page_chain`). */
  #createPageChain(zspage: number, pages: readonly number[]): void {
    const { page } = this.memory;
    this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FIRST_PAGE] = pages[0];
    page[pages[0] * PAGE_STRIDE + PAGE_FLAGS] |= PG_PRIVATE;
    pages.forEach((pfn, nth) => {
      page[pfn * PAGE_STRIDE + PAGE_PRIVATE] = zspage;
      // A pointer to the next `struct page`: null is 0, page 0 is not.
      page[pfn * PAGE_STRIDE + PAGE_INDEX] = nth + 1 < pages.length
        ? pages[nth + 1] + 1
        : 0;
    });
  }

  /** Links all chunks of a new zspage in index order (`init_zspage`). */
  #init(zspage: number, sizeClass: ClassGeometry): void {
    const { memory } = this;
    const { size } = sizeClass;
    let freeobj = 1;
    let offset = 0;
    let pfn = this.get(zspage, ZSPAGE_FIRST_PAGE);
    while (pfn !== NO_PAGE) {
      memory.page[pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET] = offset;
      const next = this.nextPage(pfn);
      for (; offset < memory.pageSize; offset += size) {
        const isLast = next === NO_PAGE && offset + size >= memory.pageSize;
        const word = this.#wordAt(pfn, offset);
        memory.words[word] = isLast ? 0xfffffffe : freeobj++ << 1;
        if (this.#wordBytes === 8) {
          memory.words[word + 1] = isLast ? 0xffffffff : 0;
        }
      }
      offset -= memory.pageSize;
      pfn = next;
    }
    this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FREEOBJ] = 0;
  }

  #grow(): void {
    const fields = new Uint32Array(2 * this.fields.length);
    fields.set(this.fields);
    this.fields = fields;
  }
}
