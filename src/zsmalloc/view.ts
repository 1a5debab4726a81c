/**
 * A zspage as its bytes show it: every chunk looked at once, the free list
 * followed to its end. The rules about zspages are about this.
 */
import { PAGE_INDEX, PAGE_STRIDE } from "../memory/memory.ts";
import { OBJ_ALLOCATED_TAG } from "./obj.ts";
import type { ZsPool } from "./pool.ts";
import type { SizeClass } from "./size_class.ts";
import { ZSPAGE_FREEOBJ, ZSPAGE_HUGE } from "./zspage.ts";

/** No chunk of a zspage. */
export const NO_CHUNK: number = -1;

/**
 * What one look at a zspage finds. Filled by {@linkcode ZspageView.lookAt},
 * again and again, so that looking allocates nothing.
 */
export class ZspageView {
  /** Which zspage. */
  zspage = 0;
  /** The class that its `struct zspage` names. */
  sizeClass: SizeClass;
  /** Its frames, in the order of their chain. */
  readonly pages: number[] = [];
  /** Each chunk's first word, its low 32 bits: the tagged handle, or a link. */
  headers: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  /** Whether each chunk is on the free list. */
  onFreeList: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Chunks on the free list, until it ended or came back to one of them. */
  freeLength = 0;
  /** The link with which the free list ended. */
  freeEnd = 0;
  /**
   * Chunks that hold an object: the tagged ones or, up to 3.19, those that are
   * not on the free list.
   */
  allocated = 0;
  /** The first chunk on the free list that is tagged, or `NO_CHUNK`. */
  freeTagged: number = NO_CHUNK;
  /** The first chunk on no free list that is not tagged, or `NO_CHUNK`. */
  untagged: number = NO_CHUNK;
  /** The first object whose handle is not live, or `NO_CHUNK`. */
  withoutHandle: number = NO_CHUNK;
  /** The first object whose handle's location is another, or `NO_CHUNK`. */
  misplaced: number = NO_CHUNK;
  /** The first object whose location has a tag, or `NO_CHUNK`. */
  locationTagged: number = NO_CHUNK;

  readonly #pool: ZsPool;

  /** A view of no zspage yet. */
  constructor(pool: ZsPool) {
    this.#pool = pool;
    this.sizeClass = pool.classes[0];
  }

  /** Looks at the frames of a zspage of the pool. */
  lookAt(zspage: number): this {
    const { zspages } = this.#pool;
    this.zspage = zspage;
    this.sizeClass = this.#pool.classOfZspage(zspage);
    const { objectsPerZspage } = this.sizeClass;
    if (this.headers.length < objectsPerZspage) {
      this.headers = new Uint32Array(objectsPerZspage);
      this.onFreeList = new Uint8Array(objectsPerZspage);
    }
    zspages.collectPages(zspage, this.pages);
    return this;
  }

  /** Looks at the chunks in those frames, which must be in order. */
  lookInside(): this {
    this.#followFreeList();
    this.#readChunks();
    return this;
  }

  /** The frame in which a chunk starts. */
  pfnOf(objIndex: number): number {
    const { memory } = this.#pool;
    return this.pages[objIndex * this.sizeClass.size >>> memory.pageShift];
  }

  /** Where a chunk starts in its frame. */
  offsetOf(objIndex: number): number {
    return (objIndex * this.sizeClass.size) & (this.#pool.memory.pageSize - 1);
  }

  /** Whether a chunk holds an object. */
  isAllocated(objIndex: number): boolean {
    return this.#pool.zspages.headerBytes === 0
      ? this.onFreeList[objIndex] === 0
      : (this.headers[objIndex] & OBJ_ALLOCATED_TAG) === 1;
  }

  /** The handle that an allocated chunk names. */
  handleIn(objIndex: number): number {
    const { handles, zspages } = this.#pool;
    return zspages.headerBytes === 0
      ? handles.nameOf(this.pfnOf(objIndex), objIndex, this.sizeClass.size)
      : (this.headers[objIndex] & ~OBJ_ALLOCATED_TAG) >>> 0;
  }

  #followFreeList(): void {
    const { zspages } = this.#pool;
    const { size, objectsPerZspage } = this.sizeClass;
    this.onFreeList.fill(0, 0, objectsPerZspage);
    this.freeLength = 0;
    let objIndex = zspages.get(this.zspage, ZSPAGE_FREEOBJ);
    while (objIndex < objectsPerZspage && this.onFreeList[objIndex] === 0) {
      this.onFreeList[objIndex] = 1;
      this.freeLength++;
      objIndex = zspages.links.read(this.#wordOf(objIndex), size);
    }
    this.freeEnd = objIndex;
  }

  /** One loop for what six rules are about: it is most of a check's time. */
  #readChunks(): void {
    const { memory, headerBytes } = this.#pool.zspages;
    const { size, objectsPerZspage } = this.sizeClass;
    const { pages, headers, onFreeList } = this;
    const isHuge = this.#pool.zspages.get(this.zspage, ZSPAGE_HUGE) === 1;
    const hasTags = headerBytes > 0;
    this.freeTagged = this.untagged = NO_CHUNK;
    this.withoutHandle = this.misplaced = this.locationTagged = NO_CHUNK;
    let allocated = 0;
    let offset = (objectsPerZspage - 1) * size;
    for (let nth = objectsPerZspage - 1; nth >= 0; nth--, offset -= size) {
      const pfn = pages[offset >>> memory.pageShift];
      const header = isHuge
        ? memory.page[pfn * PAGE_STRIDE + PAGE_INDEX]
        : memory.words[
          (pfn * memory.pageSize + (offset & (memory.pageSize - 1))) >>> 2
        ];
      headers[nth] = header;
      const isFree = onFreeList[nth] === 1;
      const isAllocated = hasTags
        ? (header & OBJ_ALLOCATED_TAG) === 1
        : !isFree;
      if (isFree === isAllocated) {
        if (isFree) this.freeTagged = nth;
        else this.untagged = nth;
      }
      if (isAllocated) {
        allocated++;
        this.#followHandle(nth, pfn);
      }
    }
    this.allocated = allocated;
  }

  /** Looks up where the handle in a chunk says that its object is. */
  #followHandle(nth: number, pfn: number): void {
    const { handles } = this.#pool;
    const handle = this.handleIn(nth);
    if (!handles.isLive(handle)) {
      this.withoutHandle = nth;
      return;
    }
    if (!handles.isAt(handle, pfn, nth, this.sizeClass.size)) {
      this.misplaced = nth;
    }
    if (handles.tagOf(handle) !== 0) this.locationTagged = nth;
  }

  /** Index in `memory.words` of a chunk's first word. */
  #wordOf(objIndex: number): number {
    const { memory } = this.#pool;
    const offset = objIndex * this.sizeClass.size;
    const pfn = this.pages[offset >>> memory.pageShift];
    return (pfn * memory.pageSize + (offset & (memory.pageSize - 1))) >>> 2;
  }
}
