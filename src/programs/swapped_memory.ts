/** Anonymous memory, the pages of which are resident or in a zram-swap. */
import { lzo } from "../codec/lzo.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import type { Profile } from "../linux/profile.ts";
import { assertWhole } from "../rules/argument.ts";
import type { Random } from "./random.ts";

/** Different contents that a page can have, where nobody says which. */
const CONTENTS = 4096;
/** The most there can be: a page knows its own by 16 bits. */
const MOST_CONTENTS = 65536;

/**
 * Pages that compress very well, compressed by lzo: zeros but for one byte at
 * a random place, with chance 2 in 5 a second one, then a third, and so on.
 */
function sparsePages(pageSize: number, random: Random): Uint8Array[] {
  const into = new Uint8Array(2 * pageSize);
  return Array.from({ length: CONTENTS }, () => {
    const page = new Uint8Array(pageSize);
    do {
      page[random(pageSize)] = 1 + random(255);
    } while (random(5) < 2);
    return into.slice(0, lzo.compress(page, into));
  });
}

/**
 * The memory of processes. A page in swap is an object of a pool, as zram
 * stores it; once it is read back its object is freed, as the swap layer has
 * zram do (`swap_slot_free_notify`).
 */
export class SwappedMemory {
  /** The pool behind the swap. */
  readonly pool: ZsPool;
  /** Pages of all processes. */
  readonly pages: number;
  /** Pages in swap. */
  pagesInSwap = 0;
  /** Bytes of their objects. */
  bytesInSwap = 0;

  readonly #random: Random;
  readonly #contents: readonly Uint8Array[];
  /** By page: its object's handle, or 0 for a page that is resident. */
  readonly #handles: Float64Array;
  /** By page in swap: which of the contents it has. */
  readonly #contentOf: Uint16Array;

  /**
   * Memory of `pages` pages, all resident. What they hold is one of `contents`,
   * as it is stored: by default pages that compress very well.
   */
  constructor(
    profile: Profile,
    pages: number,
    random: Random,
    contents: readonly Uint8Array[] = sparsePages(profile.pageSize, random),
  ) {
    assertWhole("swap", "contents", contents.length, 1, MOST_CONTENTS);
    this.pool = new ZsPool(profile);
    this.pages = pages;
    this.#random = random;
    this.#contents = contents;
    this.#handles = new Float64Array(pages);
    this.#contentOf = new Uint16Array(pages);
  }

  /** Whether a page is in swap. */
  isInSwap(page: number): boolean {
    return this.#handles[page] !== 0;
  }

  /** A random page that is in swap, or one that is not. */
  anyPage(inSwap: boolean): number {
    for (;;) {
      const page = this.#random(this.pages);
      if (this.isInSwap(page) === inSwap) return page;
    }
  }

  /** Stores a resident page, which has compressed to `bytes` where one can. */
  swapOut(page: number, bytes?: number): void {
    const fitting = bytes === undefined
      ? -1
      : this.#contents.findIndex(({ length }) => length === bytes);
    const content = fitting < 0 ? this.#random(this.#contents.length) : fitting;
    const compressed = this.#contents[content];
    const handle = this.pool.malloc(compressed.length);
    if (typeof handle === "string") {
      throw new Error(`Cannot swap out page ${page}: ${handle}`);
    }
    this.pool.write(handle, compressed);
    this.#handles[page] = handle;
    this.#contentOf[page] = content;
    this.pagesInSwap++;
    this.bytesInSwap += compressed.length;
  }

  /** Reads a page back, or forgets it with its process: its object is freed. */
  swapIn(page: number): void {
    this.pool.free(this.#handles[page]);
    this.#handles[page] = 0;
    this.pagesInSwap--;
    this.bytesInSwap -= this.#contents[this.#contentOf[page]].length;
  }

  /** Throws at the first page in swap whose object is not what was stored. */
  assertIntact(): void {
    const buffer = new Uint8Array(2 * this.pool.geometry.pageSize);
    for (let page = 0; page < this.pages; page++) {
      if (!this.isInSwap(page)) continue;
      const stored = this.#contents[this.#contentOf[page]];
      const found = buffer.subarray(0, stored.length);
      this.pool.read(this.#handles[page], found);
      for (let at = 0; at < stored.length; at++) {
        if (found[at] === stored[at]) continue;
        throw new Error(
          `Page ${page} is not what was swapped out: byte ${at} is ${
            found[at]
          }, not ${stored[at]}`,
        );
      }
    }
  }
}
