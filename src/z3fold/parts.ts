/** What the operations of a z3fold pool work on. */
import type { Z3foldRelease } from "../linux/buddy_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import type { Z3foldHandles } from "./handles.ts";
import type { Z3foldLocks } from "./locks.ts";
import type { Z3foldLists } from "./page_lists.ts";
import type { BuddySlots } from "./slots.ts";

/** What a pool has left to its workers. */
export class Z3foldWork {
  /** Pages whose compaction is queued on `compact_wq`, the first one first. */
  readonly compaction: Set<number> = new Set();
  /** The page that the worker of `compact_wq` has, or `NO_PAGE`. */
  compacting: number = NO_PAGE;
  /** `pool->stale`: pages about to be freed, the last one first. */
  readonly stale: number[] = [];

  /** What brings this back to what it is now. */
  remember(): () => void {
    const compaction = [...this.compaction];
    const stale = [...this.stale];
    const { compacting } = this;
    return () => {
      this.compaction.clear();
      for (const pfn of compaction) this.compaction.add(pfn);
      this.stale.splice(0, Infinity, ...stale);
      this.compacting = compacting;
    };
  }
}

/** A pool's parts. */
export interface Z3foldParts {
  /** Its pages, and the lists that they are on. */
  readonly lists: Z3foldLists;
  /** Its handles. */
  readonly handles: Z3foldHandles;
  /** The slots that handles name. */
  readonly slots: BuddySlots;
  /** Its locks. */
  readonly locks: Z3foldLocks;
  /** What is left to workers. */
  readonly work: Z3foldWork;
  /** What this kernel's z3fold does. */
  readonly release: Z3foldRelease;
}
