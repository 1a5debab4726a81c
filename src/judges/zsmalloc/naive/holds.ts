/** The second model of frames that are held: locked, isolated, replaced. */
import type { NaiveMapped } from "./mapped.ts";
import type { NaiveZspage } from "./placement.ts";
import type { NaivePool } from "./pool.ts";

/** A frame: its zspage, and its place there. */
interface NaivePage {
  readonly zspage: NaiveZspage;
  readonly nth: number;
}

/** What becomes of a frame that is to be replaced. */
export type Migrated =
  | "done"
  | "gone"
  | "locked"
  | "waits"
  | "EBUSY"
  | "ENOMEM"
  | "EAGAIN"
  | "EINVAL";

/** The frames of one pool that programs hold, by number. */
export class NaiveHolds {
  /** The frames that are locked, the oldest first. */
  readonly locked: Map<number, NaivePage> = new Map();
  /** The frames that are isolated. */
  readonly isolated: Map<number, NaivePage> = new Map();
  /** The object that is being freed, pinned. */
  pinned: number | undefined;

  readonly #pool: NaivePool;
  readonly #mapped: NaiveMapped;

  /** Nothing is held yet. */
  constructor(pool: NaivePool, mapped: NaiveMapped) {
    this.#pool = pool;
    this.#mapped = mapped;
  }

  /** Locks the frame in which an object starts: whether it was not. */
  lock(page: number, object: number): boolean {
    const found = this.#pageOf(object);
    if (found === undefined || isLocked(found)) return false;
    found.zspage.locked.add(found.nth);
    this.locked.set(page, found);
    return true;
  }

  /** Unlocks a frame. */
  unlock(page: number): void {
    const found = this.locked.get(page);
    found?.zspage.locked.delete(found.nth);
    this.locked.delete(page);
  }

  /** Isolates the frame in which an object starts: whether it could be. */
  isolate(page: number, object: number): boolean {
    const found = this.#pageOf(object);
    if (found === undefined || !this.#begin(found)) return false;
    this.isolated.set(page, found);
    return true;
  }

  /** Puts a frame back. */
  putback(page: number): void {
    const found = this.isolated.get(page);
    this.isolated.delete(page);
    if (found !== undefined) this.#end(found);
  }

  /** Replaces a frame that is isolated; it stays so where that fails. */
  migrateIsolated(page: number): Migrated {
    const found = this.isolated.get(page);
    if (found === undefined) return "EBUSY";
    const migrated = this.#migrate(found);
    if (migrated === "done" || migrated === "gone") this.putback(page);
    return migrated;
  }

  /** Replaces the frame in which an object starts. */
  migrate(object: number): Migrated {
    const found = this.#pageOf(object);
    if (found === undefined || !this.#begin(found)) return "EBUSY";
    const migrated = this.#migrate(found);
    this.#end(found);
    return migrated;
  }

  #pageOf(object: number): NaivePage | undefined {
    const { places, pageSize } = this.#pool;
    const place = places.get(object);
    if (place === undefined) return undefined;
    const { zspage, chunk } = place;
    const start = chunk * zspage.of.sizeClass.size;
    return { zspage, nth: (start - start % pageSize) / pageSize };
  }

  #begin(page: NaivePage): boolean {
    const { zspage, nth } = page;
    const { movesFrames, isolatesZspage } = this.#pool.facts;
    if (!movesFrames || isLocked(page) || zspage.isolated.has(nth)) {
      return false;
    }
    if (isolatesZspage && zspage.isolated.size === 0) zspage.of.takeOff(zspage);
    zspage.isolated.add(nth);
    return true;
  }

  #end({ zspage, nth }: NaivePage): void {
    const { frames, facts } = this.#pool;
    zspage.isolated.delete(nth);
    if (zspage.isGone) frames.keep(-1);
    else if (facts.isolatesZspage && zspage.isolated.size === 0) {
      zspage.of.putOn(zspage, true);
    }
  }

  #migrate(page: NaivePage): Migrated {
    const { zspage } = page;
    const { facts } = this.#pool;
    if (isLocked(page)) return "locked";
    if (zspage.isGone) return "gone";
    if (this.#mapped.hasReaders(zspage)) {
      return facts.mapped === "passed-over" ? facts.migrationRefused : "waits";
    }
    if (this.#holdsPinned(page)) return facts.migrationRefused;
    return this.#pool.replaceFrame() ? "done" : "ENOMEM";
  }

  #holdsPinned({ zspage, nth }: NaivePage): boolean {
    if (this.pinned === undefined) return false;
    const of = this.#pageOf(this.pinned);
    return of?.zspage === zspage && of.nth === nth;
  }
}

function isLocked({ zspage, nth }: NaivePage): boolean {
  return zspage.locked.has(nth);
}
