/**
 * The worker that frees empty zspages which could not be freed at once, as a
 * frame of theirs was locked or isolated.
 */
import { acquire, release, type Stop, writes } from "../rules/stop.ts";
import type { IsolationPool } from "./isolation.ts";
import { FREE_WORK } from "./locks.ts";
import { assertToBeFreed, giveBackPages, lockZspage } from "./page_locks.ts";
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
  /** Ends a zspage that is on no list and in no count. */
  endZspage(sizeClass: SizeClass, zspage: number): readonly number[];
  /** Takes an empty zspage off its list and out of its class's counts. */
  uncountZspage(sizeClass: SizeClass, zspage: number): void;
  /** The worker is to run (`kick_deferred_free`). */
  kickDeferredFree(): void;
}

const ASYNC_FREE = "async_free_zspage, mm/zsmalloc.c";

/**
 * Frees the empty zspages of every class, from the smallest, and returns how
 * many pages they had. All are taken off their lists first; then each waits
 * until none of its frames is locked. Specifies `async_free_zspage`,
 * `mm/zsmalloc.c`, since 4.8.
 */
export function* freeDeferred(
  pool: DeferredFreePool,
): Generator<Stop, number> {
  const taken: number[] = [];
  let pagesFreed = 0;
  try {
    yield* takeEveryEmpty(pool, taken);
    for (let next = taken.at(0); next !== undefined; next = taken.at(0)) {
      const locked = yield* lockZspage(pool, next, pool.profile.chainLocked);
      const sizeClass = pool.classOfZspage(next);
      const lock = pool.locks.ofClass(sizeClass);
      yield acquire(lock, ASYNC_FREE);
      taken.shift();
      const pages = endTaken(pool, next, locked);
      yield* giveBackPages(pool, pages, ASYNC_FREE);
      pagesFreed += pages.length;
      yield release(lock, ASYNC_FREE);
    }
  } finally {
    for (const zspage of taken) putBack(pool, zspage);
  }
  return pagesFreed;
}

/** Takes the empty zspages of every class. */
function* takeEveryEmpty(
  pool: DeferredFreePool,
  taken: number[],
): Generator<Stop, void> {
  yield writes(FREE_WORK, "process_one_work, kernel/workqueue.c");
  pool.holds.freeWork = false;
  for (const sizeClass of pool.classes) {
    const lock = pool.locks.ofClass(sizeClass);
    yield acquire(lock, ASYNC_FREE);
    taken.push(...takeEmpty(pool, sizeClass));
    yield release(lock, ASYNC_FREE);
  }
}

/** Takes a class's empty zspages off their list; they stay counted. */
function takeEmpty(pool: DeferredFreePool, sizeClass: SizeClass): number[] {
  const { holds, zspages, locks } = pool;
  locks.assertCovered(sizeClass, ASYNC_FREE);
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

/** Ends a zspage that was taken, and returns its frames. */
function endTaken(
  pool: DeferredFreePool,
  zspage: number,
  locked: readonly number[],
): readonly number[] {
  const sizeClass = pool.classOfZspage(zspage);
  pool.locks.assertCovered(sizeClass, ASYNC_FREE);
  assertToBeFreed(pool, zspage, locked);
  pool.holds.offLists.delete(zspage);
  if (pool.profile.deferredFree === "uncounted") {
    sizeClass.zspages[GROUP_EMPTY]--;
  }
  sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  return pool.endZspage(sizeClass, zspage);
}

/** A worker that cannot wait leaves what it took as it was. */
function putBack(pool: DeferredFreePool, zspage: number): void {
  const sizeClass = pool.classOfZspage(zspage);
  pool.holds.offLists.delete(zspage);
  sizeClass.zspages[GROUP_EMPTY]--;
  insertZspage(pool.zspages, sizeClass, zspage, GROUP_EMPTY);
  pool.kickDeferredFree();
}
