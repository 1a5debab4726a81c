/**
 * The worker that frees empty zspages which could not be freed at once, as a
 * frame of theirs was locked or isolated.
 */
import { blocked, type Stop } from "../rules/stop.ts";
import type { IsolationPool } from "./isolation.ts";
import {
  GROUP_EMPTY,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE } from "./zspage.ts";

/** What the worker works on. */
export interface DeferredFreePool extends IsolationPool {
  /** The size classes that exist. */
  readonly classes: readonly SizeClass[];
  /** Frees the frames of a zspage that is on no list and in no count. */
  releaseZspage(sizeClass: SizeClass, zspage: number): void;
}

/**
 * Frees the empty zspages of every class, from the smallest, and returns how
 * many pages they had. All are taken off their lists first; then each waits
 * until none of its frames is locked. Specifies `async_free_zspage`,
 * `mm/zsmalloc.c`, since 4.8.
 */
export function* freeDeferred(
  pool: DeferredFreePool,
): Generator<Stop, number> {
  const { holds, zspages } = pool;
  holds.freeWork = false;
  const taken = pool.classes.flatMap((one) => takeEmpty(pool, one));
  let pagesFreed = 0;
  try {
    for (let next = taken.at(0); next !== undefined; next = taken.at(0)) {
      const pages = zspages.pagesOf(next);
      while (pages.some((pfn) => holds.isLocked(pfn))) {
        yield blocked("async_free_zspage: lock_zspage waits for a locked page");
        zspages.collectPages(next, pages);
      }
      taken.shift();
      pagesFreed += freeTaken(pool, next);
    }
  } finally {
    for (const zspage of taken) putBack(pool, zspage);
  }
  return pagesFreed;
}

/** Takes a class's empty zspages off their list; they stay counted. */
function takeEmpty(pool: DeferredFreePool, sizeClass: SizeClass): number[] {
  const { holds, zspages } = pool;
  const taken: number[] = [];
  for (;;) {
    const zspage = sizeClass.heads[GROUP_EMPTY];
    if (zspage === NO_ZSPAGE) return taken;
    removeZspage(zspages, sizeClass, zspage);
    sizeClass.zspages[GROUP_EMPTY]++;
    holds.offLists.set(zspage, "to-be-freed");
    taken.push(zspage);
  }
}

/** Frees a zspage that was taken. */
function freeTaken(pool: DeferredFreePool, zspage: number): number {
  const sizeClass = pool.classOfZspage(zspage);
  pool.holds.offLists.delete(zspage);
  if (pool.profile.deferredFree === "uncounted") {
    sizeClass.zspages[GROUP_EMPTY]--;
  }
  sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  pool.releaseZspage(sizeClass, zspage);
  return sizeClass.pagesPerZspage;
}

/** A worker that cannot wait leaves what it took as it was. */
function putBack(pool: DeferredFreePool, zspage: number): void {
  const sizeClass = pool.classOfZspage(zspage);
  pool.holds.offLists.delete(zspage);
  sizeClass.zspages[GROUP_EMPTY]--;
  insertZspage(pool.zspages, sizeClass, zspage, GROUP_EMPTY);
  pool.holds.freeWork = true;
}
