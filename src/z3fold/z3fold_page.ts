/**
 * Z3fold pages: a header in the first chunks and room for three objects, the
 * first behind the header, the last at the page's end, the middle one between
 * them. An object that leaves no chunk beside the header has a page without a
 * header, a headless one.
 *
 * ```text
 * chunk  0        header's end          start_middle                      64
 *       | header | first object … |    | middle object … |    | last object |
 * ```
 */
import { type Memory, PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { NCHUNKS_ORDER } from "../zbud/driver.ts";
import { BUDDY_MASK } from "./slots.ts";

/** `enum buddy`: the whole page, or one of its objects. */
export const HEADLESS = 0;
/** The object behind the header. */
export const FIRST = 1;
/** The object between the others. */
export const MIDDLE = 2;
/** The object at the page's end. */
export const LAST = 3;

/** The names of `enum buddy` by its numbers. */
export const Z3FOLD_BUDDY_NAMES: readonly string[] = [
  "HEADLESS",
  "FIRST",
  "MIDDLE",
  "LAST",
];

/** The objects of a page with a header, in the order of their addresses. */
export const Z3FOLD_BUDDIES: readonly number[] = [FIRST, MIDDLE, LAST];

/** `page->private`, bit PAGE_HEADLESS: the page is one object. */
export const PAGE_HEADLESS = 1 << 0;
/** Bit MIDDLE_CHUNK_MAPPED: the middle object must not move. */
export const MIDDLE_CHUNK_MAPPED = 1 << 1;
/** Bit NEEDS_COMPACTING: compaction is queued. */
export const NEEDS_COMPACTING = 1 << 2;
/** Bit PAGE_STALE: the page is about to be freed. */
export const PAGE_STALE = 1 << 3;
/** Bit PAGE_CLAIMED: reclaim or a free has the page. */
export const PAGE_CLAIMED = 1 << 4;

/**
 * Where `struct z3fold_header` has its fields, in bytes from the frame's start,
 * in a kernel whose spinlocks are 32 bits (no CONFIG_DEBUG_SPINLOCK, no
 * PREEMPT_RT). Counts and `cpu` are 16-bit, `refcount` 32-bit. The last two
 * bytes are first_num in bits 0–1, mapped_count in 2–3, foreign_handles in 4–5.
 *
 * ```text
 * 64-bit  0      16         20        24    56     64    72   74     82    (88)
 * 32-bit  0      8          12        16    32     36    40   42     50    (52)
 *         buddy  page_lock  refcount  work  slots  pool  cpu  chunks bits
 * ```
 *
 * `chunks`: first_chunks, middle_chunks, last_chunks, start_middle. The lock,
 * the work and the pointer to the pool are not written.
 */
export interface Z3foldHeaderLayout {
  /** `buddy`: links the page into an unbuddied list. */
  readonly buddy: number;
  /** `refcount`: one for each object, one for each of reclaim and compaction. */
  readonly refcount: number;
  /** `slots`: the structure of the handles that were made for the page. */
  readonly slots: number;
  /** `cpu`: whose unbuddied lists the page is on, -1 for none's. */
  readonly cpu: number;
  /** `first_chunks`, before `middle_chunks` and `last_chunks`. */
  readonly chunks: number;
  /** `start_middle`: the chunk where the middle object starts. */
  readonly startMiddle: number;
  /** The bit fields. */
  readonly bits: number;
  /** Bytes of the header. */
  readonly size: number;
}

/** The header of a kernel with `unsigned long`s of `wordBits`: 32 or 64. */
export function z3foldHeaderLayout(wordBits: number): Z3foldHeaderLayout {
  const word = wordBits / 8;
  const refcount = 2 * word + 4;
  // struct work_struct: data, a list_head, func.
  const slots = refcount + 4 + 4 * word;
  const cpu = slots + 2 * word;
  const bits = cpu + 10;
  return {
    buddy: 0,
    refcount,
    slots,
    cpu,
    chunks: cpu + 2,
    startMiddle: cpu + 8,
    bits,
    size: Math.ceil((bits + 2) / word) * word,
  };
}

/** Where the bit fields start; each is two bits wide. */
const FIRST_NUM = 0;
const MAPPED_COUNT = 2;
const FOREIGN_HANDLES = 4;

/**
 * What is done inside a single z3fold page. Knows headers, chunks and flags;
 * knows neither lists nor handles. Specifies the helpers of `mm/z3fold.c`, 6.1.
 */
export class Z3foldPages {
  /** The frames below. */
  readonly memory: Memory;
  /** Bits per `unsigned long`: 32 or 64. */
  readonly wordBits: number;
  /** Where headers have their fields. */
  readonly layout: Z3foldHeaderLayout;
  /** CHUNK_SIZE: bytes of a chunk. */
  readonly chunkSize: number;
  /**
   * ZHDR_CHUNKS: chunks that the header takes: two of 64 bytes on 64-bit with
   * pages of 4 KiB, else one.
   */
  readonly headerChunks: number;
  /** TOTAL_CHUNKS: chunks of a page. */
  readonly totalChunks: number = 1 << NCHUNKS_ORDER;
  /** NCHUNKS: chunks for objects in a page with a header. */
  readonly nchunks: number;
  /** Bytes of the largest object that has a page with a header. */
  readonly maxBuddySize: number;

  /** `wordBits` are those of the kernel's `unsigned long`. */
  constructor(memory: Memory, wordBits: number) {
    this.memory = memory;
    this.wordBits = wordBits;
    this.layout = z3foldHeaderLayout(wordBits);
    this.chunkSize = memory.pageSize >> NCHUNKS_ORDER;
    this.headerChunks = Math.ceil(this.layout.size / this.chunkSize);
    this.nchunks = this.totalChunks - this.headerChunks;
    this.maxBuddySize = (this.nchunks - 1) * this.chunkSize;
  }

  /** Whether an object of `size` bytes leaves no chunk beside the header. */
  isHeadless(size: number): boolean {
    return size > this.maxBuddySize;
  }

  /** Chunks that `size` bytes take (`size_to_chunks`). */
  sizeToChunks(size: number): number {
    return Math.ceil(size / this.chunkSize);
  }

  /** Whether a page has all of `flags` set in `page->private`. */
  has(pfn: number, flags: number): boolean {
    const at = pfn * PAGE_STRIDE + PAGE_PRIVATE;
    return (this.memory.page[at] & flags) === flags;
  }

  /** Sets `flags` and answers whether they were set before (`test_and_set_bit`). */
  testAndSet(pfn: number, flags: number): boolean {
    const was = this.has(pfn, flags);
    this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE] |= flags;
    return was;
  }

  /** Clears `flags` (`clear_bit`). */
  clear(pfn: number, flags: number): void {
    this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE] &= ~flags;
  }

  /** Clears all flags of a new page. */
  forgetFlags(pfn: number): void {
    this.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE] = 0;
  }

  /**
   * Clears a new page's header: one reference, no object (`init_z3fold_page`,
   * lists aside).
   */
  init(pfn: number, slots: number): void {
    const start = pfn * this.memory.pageSize;
    this.memory.bytes.fill(0, start, start + this.layout.size);
    this.setRefcount(pfn, 1);
    this.setCpu(pfn, -1);
    this.setSlots(pfn, slots);
  }

  /** Chunks of one of a page's objects, 0 where there is none. */
  chunks(pfn: number, buddy: number): number {
    return this.#read16(pfn, this.layout.chunks + 2 * (buddy - FIRST));
  }

  /** Writes the count of chunks of one of a page's objects. */
  setChunks(pfn: number, buddy: number, chunks: number): void {
    this.#write16(pfn, this.layout.chunks + 2 * (buddy - FIRST), chunks);
  }

  /** The chunk where a page's middle object starts. */
  startMiddle(pfn: number): number {
    return this.#read16(pfn, this.layout.startMiddle);
  }

  /** Writes the chunk where a page's middle object starts. */
  setStartMiddle(pfn: number, chunk: number): void {
    this.#write16(pfn, this.layout.startMiddle, chunk);
  }

  /** The references to a page. */
  refcount(pfn: number): number {
    return this.memory.words[this.#wordAt(pfn, this.layout.refcount)];
  }

  /** Writes the references to a page. */
  setRefcount(pfn: number, references: number): void {
    this.memory.words[this.#wordAt(pfn, this.layout.refcount)] = references;
  }

  /** The structure of the handles made for a page, or `NO_SLOTS`. */
  slots(pfn: number): number {
    return this.memory.words[this.#wordAt(pfn, this.layout.slots)];
  }

  /** Writes the structure of the handles made for a page. */
  setSlots(pfn: number, slots: number): void {
    this.memory.words[this.#wordAt(pfn, this.layout.slots)] = slots;
  }

  /** The CPU on whose unbuddied lists a page is, or -1. */
  cpu(pfn: number): number {
    return (this.#read16(pfn, this.layout.cpu) << 16) >> 16;
  }

  /** Writes the CPU on whose unbuddied lists a page is. */
  setCpu(pfn: number, cpu: number): void {
    this.#write16(pfn, this.layout.cpu, cpu);
  }

  /** What is added to a buddy's number to give its slot's index. */
  firstNum(pfn: number): number {
    return this.#bits(pfn, FIRST_NUM);
  }

  /** Counts one up, in two bits: the middle object has become the first. */
  addFirstNum(pfn: number): void {
    this.#addBits(pfn, FIRST_NUM, 1);
  }

  /** How many of a page's objects are mapped. */
  mappedCount(pfn: number): number {
    return this.#bits(pfn, MAPPED_COUNT);
  }

  /** Counts `change` more mapped objects. */
  addMappedCount(pfn: number, change: number): void {
    this.#addBits(pfn, MAPPED_COUNT, change);
  }

  /** How many of a page's objects came from other pages, slots and all. */
  foreignHandles(pfn: number): number {
    return this.#bits(pfn, FOREIGN_HANDLES);
  }

  /** Counts `change` more objects from other pages. */
  addForeignHandles(pfn: number, change: number): void {
    this.#addBits(pfn, FOREIGN_HANDLES, change);
  }

  /** The index of a buddy's slot (`__idx`). */
  slotIndex(pfn: number, buddy: number): number {
    return (buddy + this.firstNum(pfn)) & BUDDY_MASK;
  }

  /** The chunk where one of a page's objects starts. */
  startOf(pfn: number, buddy: number): number {
    if (buddy === FIRST) return this.headerChunks;
    if (buddy === MIDDLE) return this.startMiddle(pfn);
    return this.totalChunks - this.chunks(pfn, LAST);
  }

  /** The physical address where one of a page's objects starts. */
  addressOf(pfn: number, buddy: number): number {
    return pfn * this.memory.pageSize +
      this.startOf(pfn, buddy) * this.chunkSize;
  }

  /**
   * Chunks that an allocation can have: with a middle object the larger room
   * before or behind it, else what first and last leave (`num_free_chunks`).
   */
  numFreeChunks(pfn: number): number {
    const middle = this.chunks(pfn, MIDDLE);
    const first = this.chunks(pfn, FIRST);
    const last = this.chunks(pfn, LAST);
    if (middle === 0) return this.nchunks - first - last;
    const start = this.startMiddle(pfn);
    const before = first === 0 ? start - this.headerChunks : 0;
    const after = last === 0 ? this.totalChunks - (start + middle) : 0;
    return Math.max(before, after);
  }

  /**
   * Which of its objects a page with room for `chunks` makes of the next one,
   * or HEADLESS where it has three (`get_free_buddy`).
   */
  freeBuddy(pfn: number, chunks: number): number {
    const first = this.chunks(pfn, FIRST);
    const last = this.chunks(pfn, LAST);
    if (this.chunks(pfn, MIDDLE) === 0) {
      if (first === 0) return FIRST;
      return last === 0 ? LAST : MIDDLE;
    }
    const room = this.startMiddle(pfn) - this.headerChunks;
    if (first === 0 && chunks <= room) return FIRST;
    return last === 0 ? LAST : HEADLESS;
  }

  /** The objects that a page with a header has, in the order of addresses. */
  buddies(pfn: number): number[] {
    return Z3FOLD_BUDDIES.filter((buddy) => this.chunks(pfn, buddy) > 0);
  }

  /** How many objects a page with a header has. */
  countBuddies(pfn: number): number {
    let count = 0;
    for (const buddy of Z3FOLD_BUDDIES) {
      if (this.chunks(pfn, buddy) > 0) count++;
    }
    return count;
  }

  /** Takes a reference to a page (`kref_get`). */
  getPage(pfn: number): void {
    this.setRefcount(pfn, this.refcount(pfn) + 1);
  }

  /** Drops a reference and answers whether it was the last (`kref_put`). */
  putPage(pfn: number): boolean {
    this.setRefcount(pfn, this.refcount(pfn) - 1);
    return this.refcount(pfn) === 0;
  }

  #wordAt(pfn: number, offset: number): number {
    return (pfn * this.memory.pageSize + offset) / 4;
  }

  #read16(pfn: number, offset: number): number {
    const at = pfn * this.memory.pageSize + offset;
    return this.memory.bytes[at] | (this.memory.bytes[at + 1] << 8);
  }

  #write16(pfn: number, offset: number, value: number): void {
    const at = pfn * this.memory.pageSize + offset;
    this.memory.bytes[at] = value;
    this.memory.bytes[at + 1] = value >> 8;
  }

  #bits(pfn: number, shift: number): number {
    return (this.#read16(pfn, this.layout.bits) >> shift) & 3;
  }

  #addBits(pfn: number, shift: number, change: number): void {
    const rest = this.#read16(pfn, this.layout.bits) & ~(3 << shift);
    const value = (this.#bits(pfn, shift) + change) & 3;
    this.#write16(pfn, this.layout.bits, rest | (value << shift));
  }
}
