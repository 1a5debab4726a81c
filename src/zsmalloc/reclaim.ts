/**
 * Writing a zspage back: its objects are evicted one after another, while others
 * may free them. zsmalloc did so itself from 6.2 to 6.6; before and after, those
 * who use it choose what goes.
 */
import type { Profile } from "../linux/profile.ts";
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { InvariantError } from "../rules/invariant.ts";
import { acquire, reads, release, sleeps, type Stop } from "../rules/stop.ts";
import type { DeferredFreePool } from "./deferred_free.ts";
import type { Handles } from "./obj.ts";
import {
  assertToBeFreed,
  giveBackPages,
  lockZspage,
  unlockPages,
} from "./page_locks.ts";
import { ZSMALLOC_RACE_RULES } from "./race_rules.ts";
import {
  fullnessGroup,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import { ZSPAGE_INUSE } from "./zspage.ts";

/** What is written back. */
export interface ReclaimPool extends DeferredFreePool {
  readonly handles: Handles;
  /** Handles of objects that were freed while their zspage was written back. */
  readonly deferredHandles: Map<number, number[]>;
}

/** What becomes of the handle of an object that is freed meanwhile. */
interface DeferredHandle {
  /** The object goes. */
  defer(handles: Handles, handle: number): void;
  /** The zspage is gone too. */
  free(handles: Handles, handle: number): void;
}

/** The ways, by the name that a profile gives them. */
const DEFERRED_HANDLE: Readonly<
  Record<Exclude<Profile["deferredHandle"], "none">, DeferredHandle>
> = {
  /** The next deferred handle takes the place of the location in its cell. 6.2-rc1. */
  "in-cell": {
    defer: (handles, handle) => handles.forget(handle),
    free: (handles, handle) => handles.giveBack(handle),
  },
  /** It is kept in front of the object. 6.2. */
  "in-object": {
    defer() {},
    free: (handles, handle) => handles.free(handle),
  },
};

/** Whether a zspage is being written back (`under_reclaim`). */
export function isUnderReclaim(
  { holds }: DeferredFreePool,
  zspage: number,
): boolean {
  return holds.offLists.get(zspage) === "under-reclaim";
}

/** The handle of an object that went is kept until its zspage was written back. */
export function deferHandle(
  { profile, handles, deferredHandles }: ReclaimPool,
  zspage: number,
  handle: number,
): void {
  if (profile.deferredHandle === "none") return handles.free(handle);
  DEFERRED_HANDLE[profile.deferredHandle].defer(handles, handle);
  deferredHandles.get(zspage)?.push(handle);
}

const RECLAIM = "zs_reclaim_page, mm/zsmalloc.c";

/** The chunks of a zspage that is written back. */
export const chunksState = (zspage: number): string =>
  `chunks of zspage ${zspage}`;

/**
 * Writes a frame's zspage back: false where it is gone, or another has it.
 * `evict` is told each object that is found in it, one after another, and frees it.
 * Specifies `zs_reclaim_page`, `mm/zsmalloc.c`, 6.2 to 6.6.
 */
export function* reclaimSteps(
  pool: ReclaimPool,
  pfn: number,
  evict: (handle: number) => Generator<Stop, void>,
): Generator<Stop, boolean> {
  const { holds, zspages, memory, locks, deferredHandles } = pool;
  const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  if (!zspages.isLive(zspage)) return false;
  const sizeClass = pool.classOfZspage(zspage);
  const lock = locks.ofClass(sizeClass);
  yield acquire(lock, RECLAIM);
  if (!zspages.isLive(zspage) || holds.offLists.has(zspage)) {
    yield release(lock, RECLAIM);
    return false;
  }
  removeZspage(zspages, sizeClass, zspage);
  holds.offLists.set(zspage, "under-reclaim");
  deferredHandles.set(zspage, []);
  yield release(lock, RECLAIM);
  yield sleeps("zs_reclaim_page: cond_resched, mm/zsmalloc.c");
  const locked = yield* lockZspage(pool, zspage, pool.profile.chainLocked);
  yield* evictEach(pool, zspage, sizeClass, evict);
  yield acquire(lock, RECLAIM);
  holds.offLists.delete(zspage);
  yield* endReclaim(pool, zspage, sizeClass, locked);
  yield release(lock, RECLAIM);
  return true;
}

/** Looks at each chunk without a lock, and has what is in it evicted. */
function* evictEach(
  pool: ReclaimPool,
  zspage: number,
  { size, objectsPerZspage }: SizeClass,
  evict: (handle: number) => Generator<Stop, void>,
): Generator<Stop, void> {
  const { zspages, memory, locks, handles } = pool;
  const lock = locks.ofClass(pool.classOfZspage(zspage));
  for (let nth = 0; nth < objectsPerZspage; nth++) {
    yield reads(chunksState(zspage), "find_alloced_obj, mm/zsmalloc.c");
    const pfn = zspages.pageAt(zspage, nth * size);
    const offset = nth * size & (memory.pageSize - 1);
    const handle = zspages.objAllocated(pfn, offset);
    if (handle === 0) continue;
    yield acquire(lock, "zs_map_object, mm/zsmalloc.c");
    assertLocated(handles, handle, pfn);
    yield release(lock, "zs_map_object, mm/zsmalloc.c");
    yield* evict(handle);
  }
}

/** Throws where an object that was just found has no location any more. */
function assertLocated(handles: Handles, handle: number, pfn: number): void {
  const found = handles.isLive(handle) ? handles.pfnOf(handle) : "none";
  if (found === pfn) return;
  throw new InvariantError(ZSMALLOC_RACE_RULES.evictedLocated, {
    where: `the frame of handle ${handle}`,
    expected: pfn,
    found,
  });
}

/** Frees a zspage that was written back; one that still holds an object stays. */
function* endReclaim(
  pool: ReclaimPool,
  zspage: number,
  sizeClass: SizeClass,
  locked: readonly number[],
): Generator<Stop, void> {
  const { zspages, handles, profile, deferredHandles } = pool;
  const deferred = deferredHandles.get(zspage) ?? [];
  deferredHandles.delete(zspage);
  if (profile.deferredHandle !== "none") {
    const { free } = DEFERRED_HANDLE[profile.deferredHandle];
    deferred.forEach((handle) => free(handles, handle));
  }
  if (zspages.get(zspage, ZSPAGE_INUSE) > 0) {
    const group = fullnessGroup(zspages, sizeClass, zspage);
    insertZspage(zspages, sizeClass, zspage, group);
    return yield* unlockPages(pool, locked, RECLAIM);
  }
  sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  assertToBeFreed(pool, zspage, locked);
  const pages = pool.endZspage(sizeClass, zspage);
  yield* giveBackPages(pool, pages, RECLAIM);
}
