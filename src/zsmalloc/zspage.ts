/**
 * Zspages: chains of one or more page frames, cut into chunks of one size.
 * Chunks lie across the frames as if these were contiguous. An allocated
 * chunk's first word is its object's handle with a tag; a free chunk's first
 * word links to the next free chunk.
 */
import { type Gfp, GFP_KERNEL } from "../linux/gfp.ts";
import {
  type Memory,
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
  PG_PRIVATE,
} from "../memory/memory.ts";
import type { Profile } from "../linux/profile.ts";
import { type FreeLinks, indexLinks, locationLinks } from "./free_link.ts";
import type { ClassGeometry, Geometry } from "./geometry.ts";
import { Locations } from "./location.ts";
import { OBJ_ALLOCATED_TAG } from "./obj.ts";
import {
  type FrameChains,
  type ObjIndexing,
  objIndexing,
} from "./obj_index.ts";

/** No zspage: the null pointer. */
export const NO_ZSPAGE = 0;

/** `first_page` of a `struct zspage` that is free. */
const FREE_ZSPAGE = 0xffffffff;

/** The byte that up to 3.19 fills an allocated chunk's link (POISON_INUSE). */
const POISON_INUSE = 0x5a;

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

/** CONFIG_ZSMALLOC_CHAIN_SIZE is at most this many pages. */
const MAX_CHAIN_SIZE = 16;

/**
 * All zspages of one pool and what is done inside a single one. Knows chunks
 * and frames; knows neither lists nor where handles' cells are.
 */
export class Zspages implements FrameChains {
  /** The frames below. */
  readonly memory: Memory;
  /** `struct zspage` of every zspage: {@linkcode ZSPAGE_STRIDE} words each. */
  fields: Uint32Array<ArrayBuffer>;

  /** What frames are asked for with. */
  readonly gfp: Gfp;
  /** Who moves the frames, as the memory knows it; 0 where nobody does. */
  owner = 0;
  /** How locations are encoded. */
  readonly locations: Locations;
  /** What the index in a location counts from. */
  readonly indexing: ObjIndexing;
  /** How free chunks are linked. */
  readonly links: FreeLinks;
  /** Bytes of the handle in front of an object; 0 up to 3.19. */
  readonly headerBytes: number;

  readonly #wordBytes: number;
  readonly #endPfn: number;
  readonly #freed: number[] = [];
  #nextZspage = NO_ZSPAGE + 1;

  /** No zspage yet, in the kernel of a profile and its geometry. */
  constructor(
    memory: Memory,
    { wordBits, objects }: Pick<Profile, "wordBits" | "objects">,
    { objIndexBits, objClassBits, handleSize }: Pick<
      Geometry,
      "objIndexBits" | "objClassBits" | "handleSize"
    >,
    gfp: Gfp = GFP_KERNEL,
  ) {
    this.gfp = gfp;
    const indexBits = objIndexBits + objClassBits;
    this.memory = memory;
    this.headerBytes = handleSize;
    this.#wordBytes = wordBits / 8;
    this.#endPfn = 2 ** (wordBits - indexBits - objects.tagBits);
    this.locations = new Locations(wordBits, indexBits, objects.tagBits);
    this.indexing = objIndexing(objects.index, this, {
      objClassBits,
      objIndexBits,
    });
    this.links = objects.link === "index"
      ? indexLinks(memory, wordBits)
      : locationLinks(
        this,
        this.locations,
        this.indexing,
        objects.firstIndex,
      );
    this.fields = new Uint32Array(INITIAL_ZSPAGES * ZSPAGE_STRIDE);
    this.fields.fill(FREE_ZSPAGE);
  }

  /** Zspages whose fields mean something, with the null pointer's. */
  get count(): number {
    return this.#nextZspage;
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
    this.collectPages(zspage, pages);
    return pages;
  }

  /**
   * Puts the frames of a zspage into `pages` in order, up to the longest chain
   * that there can be: a circle is none.
   */
  collectPages(zspage: number, pages: number[]): void {
    pages.length = 0;
    let pfn = this.get(zspage, ZSPAGE_FIRST_PAGE);
    while (pfn !== NO_PAGE && pages.length <= MAX_CHAIN_SIZE) {
      pages.push(pfn);
      pfn = this.nextPage(pfn);
    }
  }

  /** The index of the class of the zspage that has frame `pfn`. */
  classIndexAt(pfn: number): number {
    const zspage = this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    return this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_CLASS];
  }

  /** How many frames of its chain lie before frame `pfn`. */
  nthPage(pfn: number): number {
    const zspage = this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
    let nth = 0;
    let page = this.get(zspage, ZSPAGE_FIRST_PAGE);
    while (page !== pfn) {
      if (page === NO_PAGE || nth > MAX_CHAIN_SIZE) {
        throw new Error(`Page ${pfn} is not in the chain of its zspage`);
      }
      page = this.nextPage(page);
      nth++;
    }
    return nth;
  }

  /** Whether a zspage is allocated. */
  isLive(zspage: number): boolean {
    return zspage > NO_ZSPAGE && zspage < this.#nextZspage &&
      this.get(zspage, ZSPAGE_FIRST_PAGE) !== FREE_ZSPAGE;
  }

  /** Every allocated zspage. */
  *live(): Generator<number> {
    for (let zspage = NO_ZSPAGE + 1; zspage < this.#nextZspage; zspage++) {
      if (this.isLive(zspage)) yield zspage;
    }
  }

  /** The frame that holds a zspage's byte `offset`. */
  pageAt(zspage: number, offset: number): number {
    let pfn = this.get(zspage, ZSPAGE_FIRST_PAGE);
    for (let nth = offset >>> this.memory.pageShift; nth > 0; nth--) {
      pfn = this.nextPage(pfn);
    }
    return pfn;
  }

  /** Allocates a frame that a location can name, or `NO_PAGE`. */
  allocPage(): number {
    const pfn = this.memory.allocPage(this.gfp);
    this.assertNameable(pfn);
    return pfn;
  }

  /** Throws a RangeError where no location can name a frame. */
  assertNameable(pfn: number): void {
    if (pfn >= this.#endPfn) {
      throw new RangeError(
        `Cannot have page ${pfn} in a zspage: it is not below ${this.#endPfn}, the first that a location cannot name`,
      );
    }
  }

  /**
   * Puts frame `to` into the chain in the place of `from`, with all that is in
   * it. Specifies `replace_sub_page` and the copy in `zs_page_migrate`.
   */
  replacePage(from: number, to: number): void {
    const { bytes, page, pageSize } = this.memory;
    const start = from * pageSize;
    bytes.copyWithin(to * pageSize, start, start + pageSize);
    const zspage = page[from * PAGE_STRIDE + PAGE_PRIVATE];
    const nth = this.nthPage(from);
    if (nth === 0) {
      this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FIRST_PAGE] = to;
    } else {
      const before = this.pageAt(zspage, (nth - 1) * pageSize);
      page[before * PAGE_STRIDE + PAGE_INDEX] = to + 1;
    }
    page.copyWithin(
      to * PAGE_STRIDE,
      from * PAGE_STRIDE,
      (from + 1) * PAGE_STRIDE,
    );
    if (this.owner !== 0) this.memory.setMovable(to, this.owner);
  }

  /**
   * Makes a zspage of newly allocated frames with all chunks free, or returns
   * {@linkcode NO_ZSPAGE} and has allocated nothing.
   * Specifies `alloc_zspage`.
   */
  alloc(sizeClass: ClassGeometry): number {
    const pages: number[] = [];
    while (pages.length < sizeClass.pagesPerZspage) {
      const pfn = this.allocPage();
      if (pfn === NO_PAGE) {
        while (pages.length > 0) this.memory.freePage(pages.pop() ?? NO_PAGE);
        return NO_ZSPAGE;
      }
      pages.push(pfn);
    }
    const zspage = this.#freed.pop() ?? this.#nextZspage++;
    if (zspage * ZSPAGE_STRIDE >= this.fields.length) this.#grow();
    const field = zspage * ZSPAGE_STRIDE;
    const huge = this.headerBytes > 0 && sizeClass.pagesPerZspage === 1 &&
      sizeClass.objectsPerZspage === 1;
    this.fields.fill(0, field, field + ZSPAGE_STRIDE);
    this.fields[field + ZSPAGE_CLASS] = sizeClass.index;
    this.fields[field + ZSPAGE_HUGE] = huge ? 1 : 0;
    this.#createPageChain(zspage, pages);
    if (this.owner !== 0) {
      for (const pfn of pages) this.memory.setMovable(pfn, this.owner);
    }
    this.#init(zspage, sizeClass);
    return zspage;
  }

  /**
   * Ends an empty zspage, and returns its frames, which are of no zspage now and
   * are to be given back. Specifies `__free_zspage` and `reset_page`.
   */
  free(zspage: number): readonly number[] {
    const { memory } = this;
    const pages = this.pagesOf(zspage);
    for (const pfn of pages) {
      const page = pfn * PAGE_STRIDE;
      memory.page.fill(0, page, page + PAGE_STRIDE);
      memory.page[page + PAGE_FLAGS] = PG_ALLOCATED;
      if (this.owner !== 0) memory.setMovable(pfn, 0);
    }
    this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FIRST_PAGE] = FREE_ZSPAGE;
    this.#freed.push(zspage);
    return pages;
  }

  /**
   * Takes the first free chunk of a zspage for `handle` and returns its index.
   * A huge object's handle goes into `page->index` (`page->private` up to
   * 4.7), any other into the chunk's first word, which up to 3.19 is poisoned
   * instead. Specifies `obj_malloc`.
   */
  objMalloc(zspage: number, size: number, handle: number): number {
    const { memory, fields } = this;
    const field = zspage * ZSPAGE_STRIDE;
    const objIndex = fields[field + ZSPAGE_FREEOBJ];
    const offset = objIndex * size;
    const pfn = this.pageAt(zspage, offset);
    const word = this.#wordAt(pfn, offset & (memory.pageSize - 1));
    fields[field + ZSPAGE_FREEOBJ] = this.links.read(word, size);
    const header = (handle | OBJ_ALLOCATED_TAG) >>> 0;
    if (this.headerBytes === 0) {
      const start = word * 4;
      memory.bytes.fill(POISON_INUSE, start, start + this.#wordBytes);
    } else if (fields[field + ZSPAGE_HUGE] === 1) {
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
    const zspage = memory.page[page + PAGE_PRIVATE];
    const field = zspage * ZSPAGE_STRIDE;
    if (fields[field + ZSPAGE_HUGE] === 1) {
      memory.page[page + PAGE_INDEX] = 0;
    } else {
      const word = this.#wordAt(
        pfn,
        (objIndex * size) & (memory.pageSize - 1),
      );
      this.links.write(word, zspage, fields[field + ZSPAGE_FREEOBJ], size);
    }
    fields[field + ZSPAGE_FREEOBJ] = objIndex;
    fields[field + ZSPAGE_INUSE]--;
  }

  /**
   * The handle of the object in the chunk that starts at `offset` of frame
   * `pfn`, or 0 where the chunk is free. Up to 3.19 a chunk does not tell.
   * Specifies `obj_allocated`, since 4.0.
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
    const { memory, links } = this;
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
        if (isLast) links.writeEnd(word);
        else links.write(word, zspage, freeobj++, size);
      }
      offset -= memory.pageSize;
      pfn = next;
    }
    this.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FREEOBJ] = 0;
  }

  /** What brings the zspages back to what they are now; frames are the memory's. */
  remember(): () => void {
    const fields = this.fields.slice();
    const freed = [...this.#freed];
    const nextZspage = this.#nextZspage;
    return () => {
      this.fields.fill(FREE_ZSPAGE, fields.length);
      this.fields.set(fields);
      this.#freed.length = 0;
      this.#freed.push(...freed);
      this.#nextZspage = nextZspage;
    };
  }

  #grow(): void {
    const fields = new Uint32Array(2 * this.fields.length);
    fields.fill(FREE_ZSPAGE, this.fields.length);
    fields.set(this.fields);
    this.fields = fields;
  }
}
