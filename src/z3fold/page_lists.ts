/** The pages of a z3fold pool and the lists that they are on. */
import type { Z3foldRelease } from "../linux/buddy_profile.ts";
import { type Memory, NO_PAGE } from "../memory/memory.ts";
import { HeaderLists } from "../zbud/header_lists.ts";
import { type BuddySlots, NO_SLOTS } from "./slots.ts";
import {
  FIRST,
  MIDDLE,
  NEEDS_COMPACTING,
  Z3FOLD_BUDDIES,
  Z3foldPages,
} from "./z3fold_page.ts";

/** The one CPU there is. */
export const THIS_CPU = 0;

/**
 * The lists of a pool. Specifies `struct z3fold_pool`, `__z3fold_alloc` and
 * `add_to_unbuddied`, `mm/z3fold.c`, 5.10.262 and 6.1.192.
 */
export class Z3foldLists {
  /** The pages, each for itself. */
  readonly pages: Z3foldPages;
  /**
   * For each count of free chunks the list of pages that have as many. The
   * kernel has lists for counts below NCHUNKS; the one for NCHUNKS itself is
   * past the end of its array, and yet `z3fold_reclaim_page` puts a page there
   * that it has emptied while compaction of the page is queued.
   */
  readonly unbuddied: HeaderLists;
  /**
   * The LRU list, from the oldest page to the one last touched: in the kernel
   * linked through `page->lru`.
   */
  readonly lru: Set<number> = new Set();
  /** The frames that are the pool's. */
  readonly frames: Set<number> = new Set();
  /** Pages of the pool (`pages_nr`). */
  pagesNr = 0;

  readonly #slots: BuddySlots;
  readonly #release: Z3foldRelease;

  /** No pages yet; those to come have the handles of their objects in `slots`. */
  constructor(
    memory: Memory,
    wordBits: number,
    slots: BuddySlots,
    release: Z3foldRelease,
  ) {
    this.pages = new Z3foldPages(memory, wordBits);
    const { layout, nchunks } = this.pages;
    this.unbuddied = new HeaderLists(
      memory,
      wordBits / 8,
      layout.buddy,
      nchunks + 1,
    );
    this.#slots = slots;
    this.#release = release;
  }

  /** A page of the pool from now on. */
  addPage(pfn: number): void {
    this.frames.add(pfn);
    this.pagesNr++;
  }

  /** Frees a page that is on no unbuddied list (`__release_z3fold_page`). */
  releasePage(pfn: number): void {
    this.lru.delete(pfn);
    this.frames.delete(pfn);
    this.pages.memory.freePage(pfn);
    this.pagesNr--;
  }

  /**
   * Gives a new page a header and slots; where there are none it frees the
   * frame and answers false (`init_z3fold_page`).
   */
  initPage(pfn: number): boolean {
    const slots = this.#slots.alloc();
    if (slots === NO_SLOTS) {
      this.pages.memory.freePage(pfn);
      return false;
    }
    this.pages.init(pfn, slots);
    this.unbuddied.init(pfn);
    return true;
  }

  /**
   * Takes the page with the fewest free chunks that will do off its list, with
   * a reference and slots for one object more, without them where 5.10 can have
   * none; or `NO_PAGE`. Specifies `__z3fold_alloc`.
   */
  takeUnbuddied(chunks: number): number {
    for (let list = chunks; list < this.pages.nchunks; list++) {
      let pfn = this.unbuddied.first(list);
      while (pfn !== NO_PAGE) {
        this.unbuddied.delInit(pfn);
        this.pages.setCpu(pfn, -1);
        // A page to be compacted is left off: compaction puts it back.
        if (!this.pages.has(pfn, NEEDS_COMPACTING)) {
          return this.#getPageForObject(pfn);
        }
        pfn = this.unbuddied.first(list);
      }
    }
    return NO_PAGE;
  }

  /** Makes one of a page's objects of `chunks` and returns which. */
  occupy(pfn: number, chunks: number): number {
    const { pages } = this;
    const buddy = pages.freeBuddy(pfn, chunks);
    pages.setChunks(pfn, buddy, chunks);
    if (buddy === MIDDLE) {
      pages.setStartMiddle(pfn, pages.headerChunks + pages.chunks(pfn, FIRST));
    }
    return buddy;
  }

  /** Lists a page by its free chunks, unless it is full (`add_to_unbuddied`). */
  addToUnbuddied(pfn: number): void {
    if (this.pages.buddies(pfn).length === Z3FOLD_BUDDIES.length) return;
    this.unbuddied.add(pfn, this.pages.numFreeChunks(pfn));
    this.pages.setCpu(pfn, THIS_CPU);
  }

  /** Makes a page the newest of the LRU list. */
  touch(pfn: number): void {
    this.lru.delete(pfn);
    this.lru.add(pfn);
  }

  #getPageForObject(pfn: number): number {
    if (this.pages.slots(pfn) === NO_SLOTS) {
      const slots = this.#slots.alloc();
      if (slots === NO_SLOTS && this.#release.withoutSlots === "listed-again") {
        this.addToUnbuddied(pfn);
        return NO_PAGE;
      }
      this.pages.setSlots(pfn, slots);
    }
    this.pages.getPage(pfn);
    return pfn;
  }
}
