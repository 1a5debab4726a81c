/**
 * Frames of a pool that somebody holds: locked ones, and those that are isolated
 * to be migrated. What is held is not freed, and its zspage may be off its list.
 */
import { NO_ZSPAGE } from "./zspage.ts";

/**
 * Why a zspage is on no list of its class: a frame of it is isolated, the
 * worker that frees empty zspages has taken it, its frames are being freed, or
 * it is written back.
 */
export type OffList =
  | "isolated"
  | "to-be-freed"
  | "being-freed"
  | "under-reclaim";

/** The frames of one pool that are held, and its zspages that are on no list. */
export class PageHolds {
  /** The zspages that are on no list, and why. */
  readonly offLists: Map<number, OffList> = new Map();
  /** Whether the worker that frees empty zspages is to run (`free_work`). */
  freeWork = false;

  readonly #locked = new Set<number>();
  /** The zspage of each frame that is isolated: none once that was freed. */
  readonly #isolated = new Map<number, number>();

  /** How many frames are held. */
  get count(): number {
    return this.#locked.size + this.#isolated.size;
  }

  /** How many frames are isolated. */
  get isolatedPages(): number {
    return this.#isolated.size;
  }

  /** Whether something is in the way of who frees or moves zspages. */
  get isAny(): boolean {
    return this.count > 0 || this.freeWork || this.offLists.size > 0;
  }

  /** Whether a frame is locked (PG_locked). */
  isLocked(pfn: number): boolean {
    return this.#locked.has(pfn);
  }

  /** Locks a frame that is not (`trylock_page`). */
  lock(pfn: number): boolean {
    if (this.#locked.has(pfn)) return false;
    this.#locked.add(pfn);
    return true;
  }

  /** Unlocks a frame. */
  unlock(pfn: number): void {
    if (!this.#locked.delete(pfn)) {
      throw new Error(`Cannot unlock page ${pfn}: it is not locked`);
    }
  }

  /** Whether a frame is isolated. */
  isIsolated(pfn: number): boolean {
    return this.#isolated.has(pfn);
  }

  /** A frame of a zspage is isolated. */
  isolate(pfn: number, zspage: number): void {
    this.#isolated.set(pfn, zspage);
  }

  /** The zspage of an isolated frame: `NO_ZSPAGE` once that was freed. */
  zspageOf(pfn: number): number {
    return this.#isolated.get(pfn) ?? NO_ZSPAGE;
  }

  /** Whether an isolated frame has lost its zspage, which was freed. */
  isGone(pfn: number): boolean {
    return this.#isolated.get(pfn) === NO_ZSPAGE;
  }

  /** The zspage of an isolated frame was freed: the frame stays its holder's. */
  lose(pfn: number): void {
    this.#isolated.set(pfn, NO_ZSPAGE);
  }

  /** A frame is isolated no more; its zspage, or `NO_ZSPAGE` once that is gone. */
  release(pfn: number): number {
    const zspage = this.#isolated.get(pfn);
    if (zspage === undefined) {
      throw new Error(`Cannot put back page ${pfn}: it is not isolated`);
    }
    this.#isolated.delete(pfn);
    return zspage;
  }

  /** What is held, as a text by which it can be compared. */
  text(): string {
    return JSON.stringify([
      [...this.offLists],
      [...this.#locked],
      [...this.#isolated],
      this.freeWork,
    ]);
  }

  /** What brings the holds back to what they are now. */
  remember(): () => void {
    const offLists = [...this.offLists];
    const locked = [...this.#locked];
    const isolated = [...this.#isolated];
    const { freeWork } = this;
    return () => {
      this.offLists.clear();
      for (const [zspage, why] of offLists) this.offLists.set(zspage, why);
      this.#locked.clear();
      for (const pfn of locked) this.#locked.add(pfn);
      this.#isolated.clear();
      for (const [pfn, zspage] of isolated) this.#isolated.set(pfn, zspage);
      this.freeWork = freeWork;
    };
  }

  /** Whether a frame of a zspage is isolated (`is_zspage_isolated`). */
  isZspageIsolated(zspage: number): boolean {
    if (this.#isolated.size === 0) return false;
    for (const one of this.#isolated.values()) {
      if (one === zspage) return true;
    }
    return false;
  }
}
