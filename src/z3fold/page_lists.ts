/** The pages of a z3fold pool and the lists that they are on. */
import { type Memory, NO_PAGE } from "../memory/memory.ts";
import { InvariantError } from "../rules/invariant.ts";
import { HeaderLists } from "../zbud/header_lists.ts";
import { flagsState, UNBUDDIED, type Z3foldLocks } from "./locks.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import { type BuddySlots, NO_SLOTS } from "./slots.ts";
import { FIRST, MIDDLE, Z3FOLD_BUDDIES, Z3foldPages } from "./z3fold_page.ts";

/** What {@linkcode Z3foldLists.listWithRoom} returns where no page has room. */
export const NO_LIST: number = -1;

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
  readonly #locks: Z3foldLocks;

  /** No pages yet; those to come have the handles of their objects in `slots`. */
  constructor(
    memory: Memory,
    wordBits: number,
    slots: BuddySlots,
    locks: Z3foldLocks,
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
    this.#locks = locks;
  }

  /** A page of the pool from now on. */
  addPage(pfn: number): void {
    this.#locks.touch(flagsState, pfn, true);
    this.frames.add(pfn);
    this.pagesNr++;
  }

  /** A page is no longer the pool's. Throws where it was not. */
  removePage(pfn: number): void {
    this.#locks.touch(flagsState, pfn, true);
    if (!this.frames.delete(pfn)) {
      throw new InvariantError(Z3FOLD_RACE_RULES.freedOnce, {
        where: `page ${pfn}`,
        expected: "a page of the pool",
        found: "one that was freed",
      });
    }
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
   * The list of the pages with the fewest free chunks that will do, looked for
   * without a lock, or `NO_LIST` (`__z3fold_alloc`).
   */
  listWithRoom(chunks: number): number {
    for (let list = chunks; list < this.pages.nchunks; list++) {
      if (this.unbuddied.first(list) !== NO_PAGE) return list;
    }
    return NO_LIST;
  }

  /** Takes a page off its unbuddied list, if it is on one. */
  unlist(pfn: number, where: string): void {
    this.#assertHeld(where);
    this.unbuddied.delInit(pfn);
  }

  /** Takes a page off its unbuddied list: it is on no CPU's. */
  takeOff(pfn: number, where: string): void {
    this.unlist(pfn, where);
    this.pages.setCpu(pfn, -1);
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

  /** Whether a page has room for one object more. */
  hasRoom(pfn: number): boolean {
    return this.pages.countBuddies(pfn) < Z3FOLD_BUDDIES.length;
  }

  /** Lists a page by its free chunks (`add_to_unbuddied`). */
  list(pfn: number): void {
    this.#assertHeld("add_to_unbuddied, mm/z3fold.c");
    this.unbuddied.add(pfn, this.pages.numFreeChunks(pfn));
  }

  /** Notes that a page is on a list of this CPU's. */
  setOnThisCpu(pfn: number): void {
    this.pages.setCpu(pfn, THIS_CPU);
  }

  /** Makes a page the newest of the LRU list. */
  touch(pfn: number): void {
    this.lru.delete(pfn);
    this.lru.add(pfn);
  }

  /** What brings the lists back to what they are now. */
  remember(): () => void {
    const restoreUnbuddied = this.unbuddied.remember();
    const lru = [...this.lru];
    const frames = [...this.frames];
    const { pagesNr } = this;
    return () => {
      restoreUnbuddied();
      this.lru.clear();
      for (const pfn of lru) this.lru.add(pfn);
      this.frames.clear();
      for (const pfn of frames) this.frames.add(pfn);
      this.pagesNr = pagesNr;
    };
  }

  #assertHeld(where: string): void {
    const { lockdep, pool } = this.#locks;
    lockdep.assertHeld(pool, where);
    lockdep.touch(UNBUDDIED, true);
  }
}
