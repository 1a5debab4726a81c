/**
 * Freeing an object, stopping where others may run: what is held while the
 * object is found, and when its zspage's frames are given back.
 */
import type { Profile } from "../linux/profile.ts";
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { InvariantError, type Rule } from "../rules/invariant.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import type { DeferredFreePool } from "./deferred_free.ts";
import type { Geometry } from "./geometry.ts";
import type { Mappings } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import { removeZspage } from "./size_class.ts";
import { NO_ZSPAGE } from "./zspage.ts";

/** What freeing works on. */
export interface FreePool extends DeferredFreePool {
  readonly geometry: Geometry;
  readonly handles: Handles;
  readonly mappings: Mappings;
  /** Frees an object, and its zspage where that was its last. */
  free(handle: number): void;
  /** Takes an object out of its zspage: that one where it is to be freed now. */
  takeObject(handle: number): number;
}

/** The rule that {@linkcode freeSteps} keeps. */
export const HANDLE_CLASS_INVARIANT: Rule = {
  id: "zsmalloc/handle-class",
  sentence:
    "An object stays in its class wherever it moves, so that its handle's cell tells the lock to take (since 7.3).",
  source: "obj_class_get_and_lock, mm/zsmalloc.c, 7.3.4",
};

/** A way of freeing an object. */
type FreeSteps = (pool: FreePool, handle: number) => Generator<Stop, void>;

/** A way that waits for one lock, and frees all under it. */
const under = (lock: string): FreeSteps =>
  function* (pool, handle) {
    yield `zs_free: ${lock} next`;
    pool.free(handle);
  };

/**
 * The handle is pinned before the class is locked: compaction passes the object
 * over, and migration gives up. Specifies `zs_free`, 4.0 to 5.18.
 */
function* pinned(pool: FreePool, handle: number): Generator<Stop, void> {
  const { mappings } = pool;
  while (mappings.isPinned(handle)) {
    yield blocked("zs_free: pin_tag waits for a mapped object");
  }
  mappings.pin(handle);
  try {
    yield "zs_free: pin_tag held, class->lock next";
  } finally {
    mappings.unpin(handle);
  }
  pool.free(handle);
}

/**
 * The handle's cell names the class, whose lock alone is taken; the cell is read
 * again then, as the object may have moved. A zspage that is left empty goes
 * from its class under the lock; its frames are given back after. Specifies
 * `zs_free` and `obj_class_get_and_lock`, 7.3.
 */
function* byCell(pool: FreePool, handle: number): Generator<Stop, void> {
  const { geometry, handles, zspages, holds } = pool;
  if (geometry.objClassBits === 0) yield "zs_free: pool->lock next";
  else {
    const classIndex = handles.classIndexOf(handle);
    yield "zs_free: the handle's cell read, class->lock next";
    assertClass(pool, handle, classIndex);
  }
  const zspage = pool.takeObject(handle);
  if (zspage === NO_ZSPAGE) return handles.free(handle);
  const sizeClass = pool.classOfZspage(zspage);
  const pages = zspages.pagesOf(zspage);
  pages.forEach((pfn) => holds.lock(pfn));
  removeZspage(zspages, sizeClass, zspage);
  sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  holds.offLists.set(zspage, "being-freed");
  handles.forget(handle);
  try {
    yield "zs_free: class->lock dropped, frames not freed yet";
  } finally {
    pages.forEach((pfn) => holds.unlock(pfn));
    holds.offLists.delete(zspage);
    pool.releaseZspage(sizeClass, zspage);
    handles.giveBack(handle);
  }
}

/** Throws where an object is in another class than its cell named. */
function assertClass(pool: FreePool, handle: number, expected: number): void {
  const pfn = pool.handles.pfnOf(handle);
  const zspage = pool.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  const { index } = pool.classOfZspage(zspage);
  if (index === expected) return;
  throw new InvariantError(HANDLE_CLASS_INVARIANT, {
    where: `the class of handle ${handle}`,
    expected,
    found: index,
  });
}

const FREE_STEPS: Readonly<Record<Profile["freeing"], FreeSteps>> = {
  "class-lock": under("class->lock"),
  "pin": pinned,
  "pool-lock": under("pool->lock"),
  "cell": byCell,
};

/** Frees an object, stopping where the kernel holds no lock that others need. */
export function freeSteps(
  pool: FreePool,
  handle: number,
): Generator<Stop, void> {
  return FREE_STEPS[pool.profile.freeing](pool, handle);
}
