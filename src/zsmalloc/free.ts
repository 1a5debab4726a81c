/**
 * Freeing an object, stopping where others may run: what is held while the
 * object is found, and when its zspage's frames are given back.
 */
import type { Profile } from "../linux/profile.ts";
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { InvariantError, type Rule } from "../rules/invariant.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  type Stop,
  writes,
} from "../rules/stop.ts";
import type { DeferredFreePool } from "./deferred_free.ts";
import type { Geometry } from "./geometry.ts";
import { acquireAll, objectState, releaseAll } from "./locks.ts";
import type { Mappings } from "./mapping.ts";
import { assertToBeFreed, giveBackPages, trylockZspage } from "./page_locks.ts";
import { deferHandle, isUnderReclaim, type ReclaimPool } from "./reclaim.ts";
import type { SizeClass } from "./size_class.ts";
import { NO_ZSPAGE } from "./zspage.ts";

/** What freeing works on. */
export interface FreePool extends ReclaimPool {
  readonly geometry: Geometry;
  readonly mappings: Mappings;
  /** The class of that index. */
  classAt(index: number): SizeClass;
  /** Takes an object out of its zspage: that one where it is to be freed. */
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

const ZS_FREE = "zs_free, mm/zsmalloc.c";
const FREE_ZSPAGE = "free_zspage, mm/zsmalloc.c";

/**
 * Frees an empty zspage whose class is covered; where a frame of it is locked,
 * the worker is to do that. Specifies `free_zspage`, `mm/zsmalloc.c`.
 */
export function* freeZspageSteps(
  pool: DeferredFreePool,
  sizeClass: SizeClass,
  zspage: number,
): Generator<Stop, void> {
  const locked = yield* trylockZspage(pool, zspage);
  if (locked === undefined) return pool.kickDeferredFree();
  pool.uncountZspage(sizeClass, zspage);
  assertToBeFreed(pool, zspage, locked);
  const pages = pool.endZspage(sizeClass, zspage);
  yield* giveBackPages(pool, pages, FREE_ZSPAGE);
}

/** Frees an object of a covered class, its zspage too where it was the last. */
function* freeCovered(
  pool: FreePool,
  sizeClass: SizeClass,
  handle: number,
): Generator<Stop, void> {
  const zspage = pool.takeObject(handle);
  if (zspage === NO_ZSPAGE) return;
  yield* freeZspageSteps(pool, sizeClass, zspage);
}

/**
 * The class, which the handle itself or the object's frame tells, is covered
 * while the object is freed. What is held to find the object is dropped once
 * the class is locked. Specifies `zs_free` where nothing is pinned.
 */
function* underLocks(pool: FreePool, handle: number): Generator<Stop, void> {
  const { locks } = pool;
  const toFind = locks.toFind(handle);
  yield* acquireAll(toFind, ZS_FREE);
  const sizeClass = classOf(pool, handle);
  const lock = locks.ofClass(sizeClass);
  if (toFind[0]?.lock !== lock) {
    yield acquire(lock, ZS_FREE);
    yield* releaseAll(toFind, ZS_FREE);
  }
  const zspage = zspageOf(pool, handle);
  yield* freeCovered(pool, sizeClass, handle);
  const isDeferred = isUnderReclaim(pool, zspage);
  if (isDeferred) deferHandle(pool, zspage, handle);
  yield release(lock, ZS_FREE);
  if (!isDeferred) pool.handles.free(handle);
}

/**
 * The handle is pinned before the class is locked: compaction passes the object
 * over, and migration gives up. Specifies `zs_free`, 4.0 to 5.18.
 */
function* pinned(pool: FreePool, handle: number): Generator<Stop, void> {
  const { mappings, locks } = pool;
  const toFind = locks.toFind(handle);
  yield* acquireAll(toFind, ZS_FREE);
  while (mappings.isPinned(handle)) {
    yield blocked("zs_free: pin_tag waits for a mapped object");
  }
  mappings.pin(handle);
  try {
    const sizeClass = classOf(pool, handle);
    const lock = locks.ofClass(sizeClass);
    const zspageLock = locks.ofZspage(zspageOf(pool, handle));
    if (zspageLock !== undefined) yield acquire(zspageLock, ZS_FREE, "shared");
    yield acquire(lock, ZS_FREE);
    const zspage = pool.takeObject(handle);
    if (zspageLock !== undefined) yield release(zspageLock, ZS_FREE, "shared");
    if (zspage !== NO_ZSPAGE) yield* freeZspageSteps(pool, sizeClass, zspage);
    yield release(lock, ZS_FREE);
  } finally {
    mappings.unpin(handle);
  }
  yield* releaseAll(toFind, ZS_FREE);
  pool.handles.free(handle);
}

/**
 * The handle's cell names the class, whose lock alone is taken; the cell is read
 * again then, as the object may have moved. A zspage that is left empty goes
 * from its class under the lock; its frames are given back after. Specifies
 * `zs_free` and `obj_class_get_and_lock`, 7.3.
 */
function* byCell(pool: FreePool, handle: number): Generator<Stop, void> {
  const { handles, holds, locks } = pool;
  const sizeClass = yield* lockClassByCell(pool, handle);
  const lock = locks.ofClass(sizeClass);
  const zspage = pool.takeObject(handle);
  const locked = zspage === NO_ZSPAGE
    ? undefined
    : yield* trylockZspage(pool, zspage);
  if (locked === undefined) {
    if (zspage !== NO_ZSPAGE) pool.kickDeferredFree();
    yield release(lock, ZS_FREE);
    return handles.free(handle);
  }
  pool.uncountZspage(sizeClass, zspage);
  holds.offLists.set(zspage, "being-freed");
  handles.forget(handle);
  yield release(lock, ZS_FREE);
  yield writes("pool->pages_allocated", ZS_FREE);
  holds.offLists.delete(zspage);
  assertToBeFreed(pool, zspage, locked);
  const pages = pool.endZspage(sizeClass, zspage);
  yield* giveBackPages(pool, pages, "__free_zspage_lockless, mm/zsmalloc.c");
  handles.giveBack(handle);
}

/** Locks the class that the handle's cell names, or, without it, its frame. */
function* lockClassByCell(
  pool: FreePool,
  handle: number,
): Generator<Stop, SizeClass> {
  const { geometry, handles, locks } = pool;
  if (geometry.objClassBits === 0) {
    const toFind = locks.toFind(handle);
    yield* acquireAll(toFind, ZS_FREE);
    const sizeClass = classOf(pool, handle);
    yield acquire(locks.ofClass(sizeClass), ZS_FREE);
    yield* releaseAll(toFind, ZS_FREE);
    return sizeClass;
  }
  yield reads(objectState(handle), "obj_class_get_and_lock, mm/zsmalloc.c");
  const named = handles.classIndexOf(handle);
  const sizeClass = pool.classAt(named);
  yield acquire(locks.ofClass(sizeClass), ZS_FREE);
  assertClass(pool, handle, named);
  return sizeClass;
}

/** The zspage that an object is in. */
function zspageOf({ handles, memory }: FreePool, handle: number): number {
  return memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
}

function classOf(pool: FreePool, handle: number): SizeClass {
  return pool.classOfZspage(zspageOf(pool, handle));
}

/** Throws where an object is in another class than its cell named. */
function assertClass(pool: FreePool, handle: number, expected: number): void {
  const { index } = classOf(pool, handle);
  if (index === expected) return;
  throw new InvariantError(HANDLE_CLASS_INVARIANT, {
    where: `the class of handle ${handle}`,
    expected,
    found: index,
  });
}

const FREE_STEPS: Readonly<Record<Profile["freeing"], FreeSteps>> = {
  "class-lock": underLocks,
  "pin": pinned,
  "pool-lock": underLocks,
  "cell": byCell,
};

/** Frees an object, stopping where others may run. Specifies `zs_free`. */
export function freeSteps(
  pool: FreePool,
  handle: number,
): Generator<Stop, void> {
  return FREE_STEPS[pool.profile.freeing](pool, handle);
}
