/**
 * Freeing an object: what is held while it is found, how it leaves its zspage,
 * and when the frames of that are given back.
 */
import type { Profile } from "../linux/profile.ts";
import { InvariantError, type Rule } from "../rules/invariant.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  type Stop,
  writes,
} from "../rules/stop.ts";
import { freeZspage, freeZspageSteps } from "./free_zspage.ts";
import type { Geometry } from "./geometry.ts";
import { assertLive, zspageOf } from "./locate.ts";
import { acquireAll, objectState, releaseAll } from "./locks.ts";
import type { Mappings } from "./mapping.ts";
import { assertToBeFreed, giveBackPages, trylockZspage } from "./page_locks.ts";
import {
  chunksState,
  deferHandle,
  isUnderReclaim,
  type ReclaimPool,
} from "./reclaim.ts";
import {
  fixFullnessGroup,
  fullnessGroup,
  GROUP_EMPTY,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE, ZSPAGE_FULLNESS, ZSPAGE_STRIDE } from "./zspage.ts";

/** What freeing works on. */
export interface FreePool extends ReclaimPool {
  readonly geometry: Geometry;
  readonly mappings: Mappings;
  /** The class of that index. */
  classAt(index: number): SizeClass;
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

/** Throws where a handle names no object, or one that is mapped. */
function assertFreeable(pool: FreePool, handle: number): void {
  assertLive(pool, handle, "free");
  if (pool.mappings.isMapped(handle)) {
    throw new Error(`Cannot free: handle ${handle} is mapped`);
  }
}

/**
 * Takes an object out of its zspage, and answers that one where it was the
 * last and the zspage is to be freed: the handle is left.
 */
function takeObject(pool: FreePool, handle: number): number {
  const { zspages, handles, holds, locks } = pool;
  const zspage = zspageOf(pool, handle);
  const sizeClass = pool.classOfZspage(zspage);
  if (locks.isWatched) {
    locks.assertCovered(sizeClass, "obj_free, mm/zsmalloc.c");
    locks.touchFullness(zspage);
    locks.touchObject(handle);
  }
  const { size } = sizeClass;
  zspages.objFree(
    handles.pfnOf(handle),
    handles.objIndexOf(handle, size),
    size,
  );
  sizeClass.objsUsed--;
  const off = holds.offLists.get(zspage);
  if (off !== undefined) {
    if (off === "under-reclaim") locks.touch(chunksState(zspage));
    // fix_fullness_group tells the group alone; who took it off puts it back.
    const group = fullnessGroup(zspages, sizeClass, zspage);
    zspages.fields[zspage * ZSPAGE_STRIDE + ZSPAGE_FULLNESS] = group;
    return NO_ZSPAGE;
  }
  const group = fixFullnessGroup(zspages, sizeClass, zspage);
  return group === GROUP_EMPTY ? zspage : NO_ZSPAGE;
}

/** Frees an object and its handle, where nobody else runs. */
export function free(pool: FreePool, handle: number): void {
  assertFreeable(pool, handle);
  const zspage = takeObject(pool, handle);
  if (zspage !== NO_ZSPAGE) {
    freeZspage(pool, pool.classOfZspage(zspage), zspage);
  }
  pool.handles.free(handle);
}

/** Frees an object of a covered class, its zspage too where it was the last. */
function* freeCovered(
  pool: FreePool,
  sizeClass: SizeClass,
  handle: number,
): Generator<Stop, void> {
  const zspage = takeObject(pool, handle);
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
    const zspage = takeObject(pool, handle);
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
  const zspage = takeObject(pool, handle);
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
  assertFreeable(pool, handle);
  return FREE_STEPS[pool.profile.freeing](pool, handle);
}
