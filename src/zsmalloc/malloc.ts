/** Allocating an object: in a zspage that has room, or in a new one. */
import type { Errno } from "../linux/errno.ts";
import { acquire, release, sleeps, type Stop } from "../rules/stop.ts";
import type { PoolLocks } from "./locks.ts";
import type { Handles } from "./obj.ts";
import {
  findGetZspage,
  fixFullnessGroup,
  fullnessGroup,
  insertZspage,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE, type Zspages } from "./zspage.ts";

/** What allocating works on. */
export interface MallocPool {
  readonly zspages: Zspages;
  readonly handles: Handles;
  readonly locks: PoolLocks;
  pagesAllocated: number;
  pagesTaken: number;
}

/** No handle. */
const NO_HANDLE = 0;

/** No zspage of a class has room. */
const NO_ROOM = -1;

/**
 * What a caller is told of a handle: one of 0 is no handle to it, though there
 * is an object, which nobody can free.
 */
function handleOr(errno: Errno, handle: number): number | Errno {
  return handle === NO_HANDLE ? errno : handle;
}

/**
 * Puts an object into a zspage of its class that has room, and returns its
 * handle; `NO_ROOM` where there is none. Its class is covered.
 */
function mallocListed(
  pool: MallocPool,
  sizeClass: SizeClass,
  cell: number,
): number {
  const zspage = findGetZspage(sizeClass);
  if (zspage === NO_ZSPAGE) return NO_ROOM;
  const handle = mallocIn(pool, sizeClass, zspage, cell);
  fixFullnessGroup(pool.zspages, sizeClass, zspage);
  return handle;
}

/** Puts an object into a new zspage, and that on its list. Its class is covered. */
function mallocInNew(
  pool: MallocPool,
  sizeClass: SizeClass,
  zspage: number,
  cell: number,
): number {
  const { zspages } = pool;
  const { pagesPerZspage } = sizeClass;
  const handle = mallocIn(pool, sizeClass, zspage, cell);
  const group = fullnessGroup(zspages, sizeClass, zspage);
  insertZspage(zspages, sizeClass, zspage, group);
  sizeClass.objsAllocated += sizeClass.objectsPerZspage;
  pool.pagesAllocated += pagesPerZspage;
  pool.pagesTaken += pagesPerZspage;
  return handle;
}

/** Puts an object into a zspage with room and returns its handle. */
function mallocIn(
  pool: MallocPool,
  sizeClass: SizeClass,
  zspage: number,
  cell: number,
): number {
  const { zspages, locks } = pool;
  const { size } = sizeClass;
  if (locks.isWatched) {
    locks.assertCovered(sizeClass, "obj_malloc, mm/zsmalloc.c");
    locks.touchFullness(zspage);
  }
  const objIndex = zspages.objMalloc(zspage, size, cell);
  const pfn = zspages.pageAt(zspage, objIndex * size);
  sizeClass.objsUsed++;
  return pool.handles.recordObj(cell, pfn, objIndex, size);
}

/** Allocates an object, where nobody else runs. */
export function malloc(pool: MallocPool, sizeClass: SizeClass): number | Errno {
  const { handles, zspages } = pool;
  const cell = handles.alloc();
  if (cell === NO_HANDLE) return "ENOMEM";
  const handle = mallocListed(pool, sizeClass, cell);
  if (handle !== NO_ROOM) return handleOr("ENOMEM", handle);
  const zspage = zspages.alloc(sizeClass);
  if (zspage !== NO_ZSPAGE) {
    return handleOr("ENOMEM", mallocInNew(pool, sizeClass, zspage, cell));
  }
  handles.free(cell);
  return "ENOMEM";
}

const ZS_MALLOC = "zs_malloc, mm/zsmalloc.c";

/**
 * Allocates an object, stopping where others may run: the class is covered
 * while a zspage is chosen, not while a new one is made. Specifies `zs_malloc`.
 */
export function* mallocSteps(
  pool: MallocPool,
  sizeClass: SizeClass,
): Generator<Stop, number | Errno> {
  const { handles, zspages, locks } = pool;
  const lock = locks.ofClass(sizeClass);
  yield sleeps("cache_alloc_handle, mm/zsmalloc.c");
  const cell = handles.alloc();
  if (cell === NO_HANDLE) return "ENOMEM";
  yield acquire(lock, ZS_MALLOC);
  let handle = mallocListed(pool, sizeClass, cell);
  yield release(lock, ZS_MALLOC);
  if (handle !== NO_ROOM) return handleOr("ENOMEM", handle);
  yield sleeps("alloc_zspage, mm/zsmalloc.c");
  const zspage = zspages.alloc(sizeClass);
  if (zspage === NO_ZSPAGE) {
    handles.free(cell);
    return "ENOMEM";
  }
  yield acquire(lock, ZS_MALLOC);
  handle = mallocInNew(pool, sizeClass, zspage, cell);
  yield release(lock, ZS_MALLOC);
  return handleOr("ENOMEM", handle);
}
