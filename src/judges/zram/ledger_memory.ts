/** The memory of a device as judges keep it: its pool, its limit, its frames. */
import type { ZramProfile } from "../../linux/zram_profile.ts";
import type { ClassTable } from "./classes.ts";
import { exactly, PoolBounds, type Range } from "./pool_bounds.ts";

/** Yes, no, or not known. */
export type Known = boolean | undefined;

/** What there is of memory. */
export interface Frames {
  /** How many frames there are. */
  readonly maxPages?: number;
  /** Of each so many allocations the last one fails. */
  readonly failEach?: number;
}

/** What should come of storing an object. */
export interface Attempt {
  /** Its class. */
  readonly nth: number;
  /** Whether it is stored. */
  readonly stored: Known;
  /** Whether it has memory, so that only the limit can refuse it. */
  readonly had: Known;
  /** Pages that it adds to the pool. */
  readonly added: Range;
  /** How many times an allocation waits. */
  readonly stalls: number | undefined;
  /** Allocations of frames so far, once it was tried. */
  readonly allocations: number | undefined;
}

/** Allocations of the pages of one zspage. */
interface Allocated {
  readonly had: Known;
  readonly stalls: number | undefined;
  readonly allocations: number | undefined;
}

/** The pool of a device, what bounds it, and what is counted of it. */
export class LedgerMemory {
  /** The pool; a device without a disk has an empty one. */
  bounds: PoolBounds;
  /** `mem_limit` in pages; 0 is none. */
  limit = 0;
  /** The most pages that were used. */
  max: Range = exactly(0);
  /** Pages that compaction freed. */
  compacted: Range = exactly(0);
  /** Times that an allocation waited, where that is known. */
  stalls: number | undefined = 0;

  readonly #table: ClassTable;
  readonly #zram: ZramProfile;
  readonly #frames: Frames;
  /** Allocations of frames so far, where that matters and is known. */
  #allocations: number | undefined = 0;
  /** Frames that are held for the while of an operation. */
  #held = 0;

  /** No memory is used. */
  constructor(table: ClassTable, zram: ZramProfile, frames: Frames) {
    this.#table = table;
    this.#zram = zram;
    this.#frames = frames;
    this.bounds = new PoolBounds(table);
  }

  /** Whether an allocation of frames can fail. */
  get isScarce(): boolean {
    const { maxPages, failEach } = this.#frames;
    return maxPages !== undefined || failEach !== undefined;
  }

  /** Whether it is known which allocation of frames fails next. */
  get isForeseen(): boolean {
    return !this.isScarce ||
      (this.#isRoomKnown && this.#allocations !== undefined);
  }

  /** Whether it is known how many frames are left, where they are limited. */
  get #isRoomKnown(): boolean {
    const { least, most } = this.bounds.used;
    return this.#frames.maxPages === undefined || least === most;
  }

  /** Everything is given back, and the limit is gone. */
  reset(): void {
    this.bounds = new PoolBounds(this.#table);
    this.limit = 0;
    this.max = this.compacted = exactly(0);
    this.stalls = 0;
  }

  /** What should come of storing an object of so many bytes. */
  attempt(bytes: number): Attempt {
    const nth = this.#table.classOf[bytes];
    const room = this.bounds.roomIn(nth);
    if (room === "room") {
      return {
        nth,
        stored: this.#isWithin(0),
        had: true,
        added: exactly(0),
        stalls: 0,
        allocations: this.#allocations,
      };
    }
    const pages = this.#table.pages[nth];
    const fresh = this.#allocate(pages);
    const stored = both(fresh.had, this.#isWithin(pages));
    if (room === "none") {
      return { nth, ...fresh, stored, added: exactly(pages) };
    }
    return {
      nth,
      stored: stored === this.#isWithin(0) ? stored : undefined,
      had: fresh.had === true ? true : undefined,
      added: { least: 0, most: pages },
      stalls: fresh.stalls === 0 ? 0 : undefined,
      allocations: undefined,
    };
  }

  /** What came of it. */
  tried(attempt: Attempt, isStored: boolean): void {
    const { had, added } = attempt;
    this.#allocations = attempt.allocations;
    this.stalls = plus(this.stalls, attempt.stalls);
    if (isStored) {
      this.bounds.add(attempt.nth);
      this.#raise(this.bounds.used);
    } else if (this.#zram.refusedRaisesMax && had !== false) {
      // What the limit undoes was there for a while.
      const { least, most } = this.bounds.used;
      this.#raise({
        least: had === true ? least + added.least : 0,
        most: most + added.most,
      });
    }
  }

  /**
   * An object comes that no limit refuses, and no maximum sees: whether there
   * is memory for it, which `isRefused` tells where it is not known.
   */
  add(bytes: number, isRefused: boolean): boolean {
    const nth = this.#table.classOf[bytes];
    const room = this.bounds.roomIn(nth);
    if (room !== "room" && this.isScarce) {
      const fresh = this.#allocateOnce(this.#table.pages[nth]);
      const isKnown = room === "none";
      this.#allocations = isKnown ? fresh.allocations : undefined;
      const had = isKnown || fresh.had === true ? fresh.had : undefined;
      if (!(had ?? !isRefused)) return false;
    }
    this.bounds.add(nth);
    return true;
  }

  /** An object is freed. */
  remove(bytes: number): void {
    this.bounds.remove(this.#table.classOf[bytes]);
  }

  /** Whether a page for the while of an operation can be had. */
  get canHold(): Known {
    return this.#allocateOnce(1).had;
  }

  /** Such a page is taken, if it can be had, which `isRefused` tells where it is not known. */
  hold(isRefused = false): boolean {
    const { had, allocations } = this.#allocateOnce(1);
    this.#allocations = allocations;
    const isHad = had ?? !isRefused;
    if (isHad) this.#held++;
    return isHad;
  }

  /** That page is given back. */
  release(): void {
    this.#held--;
  }

  /** The pool is compacted. */
  compact(): void {
    const before = this.bounds.used;
    this.bounds.compacted();
    const after = this.bounds.used;
    this.compacted = {
      least: this.compacted.least + before.least - after.most,
      most: this.compacted.most + before.most - after.least,
    };
  }

  /** Whether an object fits under the limit with so many pages more. */
  #isWithin(pages: number): Known {
    return this.limit === 0 || isAtMost(this.bounds.used, this.limit - pages);
  }

  /** Allocates a zspage's pages, and once more where this kernel waits. */
  #allocate(pages: number): Allocated {
    const first = this.#allocateOnce(pages);
    if (!this.#zram.mallocSlowPath || first.had === true) {
      return { ...first, stalls: 0 };
    }
    if (first.had === undefined) {
      return { had: undefined, stalls: undefined, allocations: undefined };
    }
    return { ...this.#allocateOnce(pages, first.allocations), stalls: 1 };
  }

  #allocateOnce(pages: number, before = this.#allocations) {
    const { maxPages = Infinity, failEach } = this.#frames;
    const { used } = this.bounds;
    const most = maxPages - this.#held;
    if (failEach === undefined) {
      return { had: isAtMost(used, most - pages), allocations: before };
    }
    if (before === undefined || !this.#isRoomKnown) {
      return { had: undefined, allocations: undefined };
    }
    for (let nth = 0; nth < pages; nth++) {
      const fails = (before + nth) % failEach === failEach - 1 ||
        used.most + nth >= most;
      if (fails) return { had: false, allocations: before + nth + 1 };
    }
    return { had: true, allocations: before + pages };
  }

  #raise({ least, most }: Range): void {
    this.max = {
      least: Math.max(this.max.least, least),
      most: Math.max(this.max.most, most),
    };
  }
}

function isAtMost({ least, most }: Range, limit: number): Known {
  if (most <= limit) return true;
  return least > limit ? false : undefined;
}

function both(one: Known, other: Known): Known {
  if (one === false || other === false) return false;
  return one === true && other === true ? true : undefined;
}

function plus(
  one: number | undefined,
  other: number | undefined,
): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}
