/** What z3fold's handles lead to, and which of them are good. */
import { BUDDY_MASK, BUDDY_SHIFT, type BuddySlots, NO_SLOTS } from "./slots.ts";
import {
  HEADLESS,
  LAST,
  PAGE_HEADLESS,
  type Z3foldPages,
} from "./z3fold_page.ts";

/**
 * Pages below the direct map. A slot holds its page's virtual address, so that
 * of an object in frame 0 is no empty slot.
 */
const DIRECT_MAP_PAGES = 1;

/** Where the object of a handle is. */
export interface Z3foldObject {
  /** Its page. */
  readonly pfn: number;
  /** Which of the page's objects it is: a number of `enum buddy`. */
  readonly buddy: number;
  /** The physical address of its first byte. */
  readonly address: number;
  /** Bytes to the end of its last chunk. */
  readonly length: number;
}

/**
 * The handles of a pool. That of an object in a page with a header is the
 * address of its slot; that of a headless page is the page's address with
 * bit 0 set. Reclaim makes handles of its own, from slots on its stack.
 * Specifies `__encode_handle`, `handle_to_buddy` and `free_handle`,
 * `mm/z3fold.c`, 6.1.
 */
export class Z3foldHandles {
  /** The handles that `z3fold_alloc` gave and nobody freed. */
  readonly given: Set<number> = new Set();
  /** Reclaim's handles, and where their objects were when they were made. */
  readonly evicting: Map<number, Z3foldObject> = new Map();

  readonly #pages: Z3foldPages;
  readonly #slots: BuddySlots;

  /** No handles yet, of objects in `pages`, in `slots`. */
  constructor(pages: Z3foldPages, slots: BuddySlots) {
    this.#pages = pages;
    this.#slots = slots;
  }

  /** Makes the handle of a new object. */
  give(pfn: number, buddy: number): number {
    const slots = buddy === HEADLESS ? NO_SLOTS : this.#pages.slots(pfn);
    const handle = this.#encode(pfn, slots, buddy);
    this.given.add(handle);
    return handle;
  }

  /** Makes reclaim's handle of an object, with a slot of the structure `slots`. */
  giveToReclaim(pfn: number, slots: number, buddy: number): number {
    const handle = this.#encode(pfn, slots, buddy);
    this.evicting.set(handle, this.decode(handle));
    return handle;
  }

  /** Rewrites the slot of a page's own object, which is now in `target`. */
  move(pfn: number, buddy: number, target: number, targetBuddy: number): void {
    const slots = this.#pages.slots(pfn);
    const index = this.#pages.slotIndex(pfn, buddy);
    const handle = this.#slots.handleAt(slots, index);
    this.#slots.set(handle, this.#slotOf(target, targetBuddy));
  }

  /** The object that a handle leads to (`handle_to_buddy`, `z3fold_map`). */
  decode(handle: number): Z3foldObject {
    const { memory, chunkSize, totalChunks } = this.#pages;
    const { pageSize } = memory;
    if ((handle & PAGE_HEADLESS) !== 0) {
      const address = handle - PAGE_HEADLESS;
      const pfn = address / pageSize;
      return { pfn, buddy: HEADLESS, address, length: pageSize };
    }
    const slot = this.#slots.get(handle);
    const pfn = Math.floor(slot / pageSize) - DIRECT_MAP_PAGES;
    const buddy = (slot - this.#pages.firstNum(pfn)) & BUDDY_MASK;
    const isLast = buddy === LAST;
    const chunks = isLast
      ? (slot % pageSize) >> BUDDY_SHIFT
      : this.#pages.chunks(pfn, buddy);
    const start = isLast
      ? totalChunks - chunks
      : this.#pages.startOf(pfn, buddy);
    const address = pfn * pageSize + start * chunkSize;
    return { pfn, buddy, address, length: chunks * chunkSize };
  }

  /** The object of a handle; throws where nobody may have it any more. */
  locate(handle: number, verb: string): Z3foldObject {
    this.assertGiven(handle, verb);
    return this.decode(handle);
  }

  /** Throws where nobody may have the object of a handle any more. */
  assertGiven(handle: number, verb: string): void {
    if (this.given.has(this.#givenFor(handle))) return;
    throw new Error(
      `Cannot ${verb}: handle ${handle} names no object of this pool`,
    );
  }

  /** Throws where a handle names no object, nor is one of reclaim's. */
  assertNames(handle: number, verb: string): void {
    if (!this.evicting.has(handle)) this.assertGiven(handle, verb);
  }

  /** The object of a handle, or what reclaim's handle named. */
  locateToRead(handle: number, verb: string): Z3foldObject {
    return this.evicting.get(handle) ?? this.locate(handle, verb);
  }

  /** Ends the handle of an object, which may be named by reclaim's. */
  end(handle: number): void {
    this.given.delete(this.#givenFor(handle));
  }

  /** Ends the handle of a headless page. */
  endHeadless(pfn: number): void {
    this.given.delete(this.#encode(pfn, NO_SLOTS, HEADLESS));
  }

  /** The page to which a handle leads, a negative number where its slot is empty. */
  pageOf(handle: number): number {
    const { pageSize } = this.#pages.memory;
    if ((handle & PAGE_HEADLESS) !== 0) {
      return (handle - PAGE_HEADLESS) / pageSize;
    }
    return Math.floor(this.#slots.get(handle) / pageSize) - DIRECT_MAP_PAGES;
  }

  /**
   * Empties the slot of a handle whose object was in `pfn`; answers whether no
   * other of its structure holds anything (`free_handle`).
   */
  emptySlot(handle: number, pfn: number): boolean {
    const slots = this.#slots.slotsOf(handle);
    const isForeign = this.#pages.slots(pfn) !== slots;
    this.#slots.set(handle, 0);
    if (isForeign) this.#pages.addForeignHandles(pfn, -1);
    return this.#slots.isEmpty(slots);
  }

  /** What brings the handles back to what they are now. */
  remember(): () => void {
    const given = [...this.given];
    const evicting = [...this.evicting];
    return () => {
      this.given.clear();
      for (const handle of given) this.given.add(handle);
      this.evicting.clear();
      for (const [handle, object] of evicting) {
        this.evicting.set(handle, object);
      }
    };
  }

  /** The handle that was given for what a handle, reclaim's or not, names. */
  #givenFor(handle: number): number {
    const object = this.evicting.get(handle);
    if (object === undefined || object.buddy === HEADLESS) return handle;
    const index = this.#pages.slotIndex(object.pfn, object.buddy);
    return this.#slots.handleAt(this.#pages.slots(object.pfn), index);
  }

  #encode(pfn: number, slots: number, buddy: number): number {
    if (buddy === HEADLESS) {
      return pfn * this.#pages.memory.pageSize + PAGE_HEADLESS;
    }
    const index = this.#pages.slotIndex(pfn, buddy);
    const handle = this.#slots.handleAt(slots, index);
    this.#slots.set(handle, this.#slotOf(pfn, buddy));
    return handle;
  }

  /** What the slot of one of a page's objects holds. */
  #slotOf(pfn: number, buddy: number): number {
    const chunks = buddy === LAST ? this.#pages.chunks(pfn, LAST) : 0;
    const address = (pfn + DIRECT_MAP_PAGES) * this.#pages.memory.pageSize;
    return address + (chunks << BUDDY_SHIFT) +
      this.#pages.slotIndex(pfn, buddy);
  }
}
