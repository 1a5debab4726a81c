/**
 * What a pool may look like: for each class its objects, and between which
 * bounds the number of its zspages lies. Which zspage an object is put in is
 * the pool's policy, so one that is freed may free a zspage or not; how many
 * there are is told by `mem_used_total`, most of the time for each class alone.
 */
import type { ClassTable } from "./classes.ts";

/** A number that lies between two others, and is known where they are one. */
export interface Range {
  /** It is at least this. */
  readonly least: number;
  /** It is at most this. */
  readonly most: number;
}

/** A number that is known. */
export function exactly(number: number): Range {
  return { least: number, most: number };
}

/** Whether there is room for one more object. */
export type Room = "room" | "none" | "unknown";

/** Bounds of the zspages of each class, and of the pages of all. */
export class PoolBounds {
  readonly #table: ClassTable;
  /** Objects of each class, and the bounds of its zspages. */
  readonly #count: Int32Array;
  readonly #least: Int32Array;
  readonly #most: Int32Array;
  /** The classes whose bounds differ. */
  readonly #open: number[] = [];
  /** What the bounds of all classes come to, in pages. */
  #sumLeast = 0;
  #sumMost = 0;
  /** The pages that were observed, with what was done since. */
  #sinceLeast = 0;
  #sinceMost = 0;

  /** An empty pool. */
  constructor(table: ClassTable) {
    const classes = table.pages.length;
    this.#table = table;
    this.#count = new Int32Array(classes);
    this.#least = new Int32Array(classes);
    this.#most = new Int32Array(classes);
  }

  /** The pages that are used. */
  get used(): Range {
    return {
      least: Math.max(this.#sumLeast, this.#sinceLeast),
      most: Math.min(this.#sumMost, this.#sinceMost),
    };
  }

  /** Whether an object of a class finds room in a zspage that is there. */
  roomIn(nth: number): Room {
    const each = this.#table.objects[nth];
    const count = this.#count[nth];
    if (this.#least[nth] * each > count) return "room";
    return this.#most[nth] * each === count ? "none" : "unknown";
  }

  /** An object was put into a class. */
  add(nth: number): void {
    const room = this.roomIn(nth);
    const pages = this.#table.pages[nth];
    this.#count[nth]++;
    if (room === "room") return;
    this.#sinceMost += pages;
    if (room === "none") {
      this.#sinceLeast += pages;
      this.#bound(nth, this.#least[nth] + 1, this.#most[nth] + 1);
    } else {
      this.#bound(nth, this.#fewest(nth), this.#most[nth]);
    }
  }

  /** An object of a class was freed. */
  remove(nth: number): void {
    const count = --this.#count[nth];
    const pages = this.#table.pages[nth];
    const [least, most] = [this.#least[nth], this.#most[nth]];
    // A zspage has an object at least, so one of too many is freed.
    if (least > count) this.#sinceMost -= pages;
    const fewest = this.#fewest(nth);
    if (most > fewest) this.#sinceLeast -= pages;
    this.#bound(nth, Math.max(fewest, least - 1), Math.min(most, count));
  }

  /**
   * Every class was compacted as far as can be: no zspage is left that the
   * room in others would hold.
   */
  compacted(): void {
    for (let nth = 0; nth < this.#count.length; nth++) {
      const fewest = this.#fewest(nth);
      if (this.#most[nth] > fewest) this.#bound(nth, fewest, fewest);
    }
    this.#sinceLeast = this.#sumLeast;
    this.#sinceMost = this.#sumMost;
  }

  /** So many pages are used: what that says of each class. */
  observe(pages: number): void {
    this.#sinceLeast = pages;
    this.#sinceMost = pages;
    if (this.#open.length > 0) this.#narrow(pages);
  }

  #narrow(pages: number): void {
    const open = this.#open;
    const each = this.#table.pages;
    for (let isDone = false; !isDone;) {
      isDone = true;
      // From the last on: a class that is known leaves the list.
      for (let at = open.length - 1; at >= 0; at--) {
        const nth = open[at];
        const [least, most] = [this.#least[nth], this.#most[nth]];
        const others = this.#sumMost - most * each[nth];
        const rest = this.#sumLeast - least * each[nth];
        const fewest = Math.ceil((pages - others) / each[nth]);
        const highest = Math.floor((pages - rest) / each[nth]);
        if (fewest <= least && highest >= most) continue;
        // Another pool than Linux's: there is nothing to learn.
        if (fewest > most || highest < least) return;
        isDone = false;
        this.#bound(nth, Math.max(least, fewest), Math.min(most, highest));
      }
    }
  }

  /** The fewest zspages that hold the objects of a class. */
  #fewest(nth: number): number {
    return Math.ceil(this.#count[nth] / this.#table.objects[nth]);
  }

  /** Sets the bounds of a class. */
  #bound(nth: number, least: number, most: number): void {
    const pages = this.#table.pages[nth];
    this.#sumLeast += (least - this.#least[nth]) * pages;
    this.#sumMost += (most - this.#most[nth]) * pages;
    const wasOpen = this.#least[nth] !== this.#most[nth];
    this.#least[nth] = least;
    this.#most[nth] = most;
    if (wasOpen === (least !== most)) return;
    if (wasOpen) this.#open.splice(this.#open.indexOf(nth), 1);
    else this.#open.push(nth);
  }
}
