/**
 * Lists of pages that are linked through headers in the pages themselves, as
 * `include/linux/list.h` links them.
 */
import { type Memory, NO_PAGE } from "../memory/memory.ts";

/** `list_head.next`. */
const NEXT = 0;
/** `list_head.prev`. */
const PREV = 1;

/** LIST_POISON1 and LIST_POISON2: what `list_del` leaves in `next` and `prev`. */
const LIST_POISON = [0x100, 0x122];
/** The upper half of a poisoned link on 64-bit (POISON_POINTER_DELTA). */
const POISON_POINTER_DELTA_HIGH = 0xdead0000;

/** Where a link leads: to a page's header, or to the head of a list. */
export type LinkTarget = { readonly pfn: number } | { readonly list: number };

/**
 * What a header's `list_head` says of its page: linked into a list, on none
 * since INIT_LIST_HEAD or `list_del_init` (both links lead to itself), or on
 * none since `list_del` (both are poisoned).
 */
export type LinkState = "linked" | "empty" | "deleted";

/**
 * Circular lists of pages, each page's `struct list_head` at the same `offset`
 * of its frame: `next` and `prev`, one `unsigned long` each, little-endian.
 *
 * A link is the physical address of the `list_head` it leads to. The lists'
 * own heads are in the pool's structure and so in no frame: a link to the head
 * of list `n` is `2n + 1`, odd as no address of a `list_head` is.
 */
export class HeaderLists {
  readonly #memory: Memory;
  readonly #wordBytes: number;
  readonly #offset: number;
  /** `next` and `prev` of each list's head. */
  readonly #heads: Float64Array;

  /** `lists` empty lists. */
  constructor(
    memory: Memory,
    wordBytes: number,
    offset: number,
    lists: number,
  ) {
    this.#memory = memory;
    this.#wordBytes = wordBytes;
    this.#offset = offset;
    // A head that leads to itself both ways: an empty list.
    this.#heads = Float64Array.from(
      { length: 2 * lists },
      (_, at) => at | 1,
    );
  }

  /** Makes a new page's `list_head` one that is on no list (`INIT_LIST_HEAD`). */
  init(pfn: number): void {
    const own = this.#addressOf(pfn);
    this.#write(own, NEXT, own);
    this.#write(own, PREV, own);
  }

  /** Puts a page at a list's head (`list_add`). */
  add(pfn: number, list: number): void {
    const head = 2 * list + 1;
    const own = this.#addressOf(pfn);
    const next = this.#read(head, NEXT);
    this.#write(own, NEXT, next);
    this.#write(own, PREV, head);
    this.#write(next, PREV, own);
    this.#write(head, NEXT, own);
  }

  /** Takes a page off its list and poisons its links (`list_del`). */
  del(pfn: number): void {
    this.#unlink(pfn);
    this.#poison(pfn, NEXT);
    this.#poison(pfn, PREV);
  }

  /** Takes a page off its list, if it is on one (`list_del_init`). */
  delInit(pfn: number): void {
    this.#unlink(pfn);
    this.init(pfn);
  }

  /** What a page's `list_head` says: a page on no list is empty or deleted. */
  state(pfn: number): LinkState {
    if (this.#isPoisoned(pfn, NEXT) && this.#isPoisoned(pfn, PREV)) {
      return "deleted";
    }
    const own = this.#addressOf(pfn);
    return this.#read(own, NEXT) === own ? "empty" : "linked";
  }

  /** The page at a list's head, or `NO_PAGE`. */
  first(list: number): number {
    return this.#pageAt(this.#heads[2 * list + NEXT]);
  }

  /** The page at a list's tail, or `NO_PAGE`. */
  last(list: number): number {
    return this.#pageAt(this.#heads[2 * list + PREV]);
  }

  /** Where the `next` link of a page on a list leads. */
  next(pfn: number): LinkTarget {
    return this.#target(this.#read(this.#addressOf(pfn), NEXT));
  }

  /** Where the `prev` link of a page on a list leads. */
  prev(pfn: number): LinkTarget {
    return this.#target(this.#read(this.#addressOf(pfn), PREV));
  }

  /** The pages of a list from its head on. */
  *pagesIn(list: number): Generator<number> {
    let pfn = this.first(list);
    while (pfn !== NO_PAGE) {
      yield pfn;
      pfn = this.#pageAt(this.#read(this.#addressOf(pfn), NEXT));
    }
  }

  /** What brings the lists' heads back to what they are now. */
  remember(): () => void {
    const heads = this.#heads.slice();
    return () => this.#heads.set(heads);
  }

  #addressOf(pfn: number): number {
    return pfn * this.#memory.pageSize + this.#offset;
  }

  #target(link: number): LinkTarget {
    return link % 2 === 1
      ? { list: (link - 1) / 2 }
      : { pfn: Math.floor(link / this.#memory.pageSize) };
  }

  #pageAt(link: number): number {
    const isHead = link % 2 === 1;
    return isHead ? NO_PAGE : Math.floor(link / this.#memory.pageSize);
  }

  #unlink(pfn: number): void {
    if (this.state(pfn) === "deleted") {
      throw new Error(`Cannot unlink page ${pfn}: it is on no list`);
    }
    const own = this.#addressOf(pfn);
    const next = this.#read(own, NEXT);
    const prev = this.#read(own, PREV);
    this.#write(next, PREV, prev);
    this.#write(prev, NEXT, next);
  }

  /** Index in `memory.words` of a field of the `list_head` at `address`. */
  #wordAt(address: number, field: number): number {
    return (address + field * this.#wordBytes) / 4;
  }

  #read(link: number, field: number): number {
    if (link % 2 === 1) return this.#heads[link - 1 + field];
    const { words } = this.#memory;
    const word = this.#wordAt(link, field);
    if (this.#wordBytes === 4) return words[word];
    return words[word + 1] * 2 ** 32 + words[word];
  }

  #write(link: number, field: number, value: number): void {
    if (link % 2 === 1) {
      this.#heads[link - 1 + field] = value;
      return;
    }
    const high = Math.floor(value / 2 ** 32);
    this.#writeWords(this.#wordAt(link, field), value, high);
  }

  #writeWords(word: number, low: number, high: number): void {
    this.#memory.words[word] = low;
    if (this.#wordBytes === 8) this.#memory.words[word + 1] = high;
  }

  #poison(pfn: number, field: number): void {
    const word = this.#wordAt(this.#addressOf(pfn), field);
    this.#writeWords(word, LIST_POISON[field], POISON_POINTER_DELTA_HIGH);
  }

  #isPoisoned(pfn: number, field: number): boolean {
    const { words } = this.#memory;
    const word = this.#wordAt(this.#addressOf(pfn), field);
    return words[word] === LIST_POISON[field] &&
      (this.#wordBytes === 4 || words[word + 1] === POISON_POINTER_DELTA_HIGH);
  }
}
