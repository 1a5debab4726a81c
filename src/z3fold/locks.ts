/** The locks of a z3fold pool, and what is looked at without them. */
import { createLock, forgetHolders, type Lock, lockOf } from "../rules/lock.ts";
import { Lockdep } from "../rules/lockdep.ts";

/** The unbuddied lists, which `__z3fold_alloc` first looks at without a lock. */
export const UNBUDDIED = "the unbuddied lists";

/** The pages whose compaction is queued, and which one the worker has. */
export const COMPACT_WQ = "the work of compact_wq";

/**
 * `page->private` and whether the page is the pool's: bits of it are set and
 * cleared without a lock.
 */
export function flagsState(pfn: number): string {
  return `page ${pfn}`;
}

/** What is in the objects of a page: whoever has mapped one holds no lock. */
export function objectsState(pfn: number): string {
  return `the objects of page ${pfn}`;
}

/**
 * The locks of a pool, of its pages and of slots. Pages are locked in the order
 * page, pool; whoever holds another lock only tries a page's. Specifies
 * `struct z3fold_pool`, `z3fold_header` and `z3fold_buddy_slots`.
 */
export class Z3foldLocks {
  /** Who runs; shared with whoever uses the pool. */
  readonly lockdep: Lockdep;
  /** `pool->lock`: the unbuddied and LRU lists. */
  readonly pool: Lock = createLock("pool->lock", "spinlock", "of z3fold");
  /** `pool->stale_lock`: the list of pages about to be freed. */
  readonly stale: Lock = createLock("pool->stale_lock", "spinlock");
  /** That there is one worker of `compact_wq`. */
  readonly compactWorker: Lock = createLock("compact_wq", "mutex");
  /** That there is one worker of `release_wq`. */
  readonly releaseWorker: Lock = createLock("release_wq", "mutex");

  readonly #pages = new Map<number, Lock>();
  readonly #slots = new Map<number, Lock>();

  /** Nobody holds any. */
  constructor(lockdep: Lockdep = new Lockdep()) {
    this.lockdep = lockdep;
  }

  /** `zhdr->page_lock` of a page with a header. */
  page(pfn: number): Lock {
    return lockOf(this.#pages, pfn, "zhdr->page_lock", "spinlock", "of page");
  }

  /** `slots->lock` of a structure of slots. */
  ofSlots(slots: number): Lock {
    return lockOf(this.#slots, slots, "slots->lock", "rwlock", "of slots");
  }

  /** Says that what others look at without a lock is touched. */
  touch(state: (of: number) => string, of: number, isChange: boolean): void {
    const { lockdep } = this;
    if (lockdep.isWatched) lockdep.touch(state(of), isChange);
  }

  /** Nobody holds any lock: those who did are gone. */
  forget(): void {
    const own = [this.pool, this.stale, this.compactWorker, this.releaseWorker];
    own.forEach(forgetHolders);
    for (const lock of this.#pages.values()) forgetHolders(lock);
    for (const lock of this.#slots.values()) forgetHolders(lock);
  }
}
