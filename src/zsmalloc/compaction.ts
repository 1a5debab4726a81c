/**
 * What compaction does to one pair of zspages: objects move from a source into
 * a destination. Moving an object copies its chunk and rewrites its handle's
 * cell; whoever holds the handle sees nothing.
 */
import {
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import type { Profile } from "../linux/profile.ts";
import { InvariantError, type Rule } from "../rules/invariant.ts";
import { release, type Stop, trylock } from "../rules/stop.ts";
import type { DeferredFreePool } from "./deferred_free.ts";
import { freeZspage, freeZspageSteps } from "./free_zspage.ts";
import type { Mappings } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import {
  fullnessGroup,
  GROUP_EMPTY,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE, ZSPAGE_FIRST_PAGE, ZSPAGE_INUSE } from "./zspage.ts";

/** What compaction works on. */
export interface CompactionPool extends DeferredFreePool {
  /** The pool's handles. */
  readonly handles: Handles;
  /** The objects that are mapped. */
  readonly mappings: Mappings;
  /** Objects moved so far. */
  objectsMigrated: number;
  /** Whether somebody else wants the pool's lock now (`spin_is_contended`). */
  isContended(): boolean;
  /** Pages are freed by compaction. */
  countCompacted(pages: number): Generator<Stop, void>;
}

/** Where the search for the next object to move stands. */
export interface Cursor {
  /** The frame being searched. */
  pfn: number;
  /** How many chunks that start in this frame have been looked at. */
  nth: number;
}

/** Whether every chunk of a zspage is in use. */
export function isFull(
  pool: CompactionPool,
  sizeClass: SizeClass,
  zspage: number,
): boolean {
  return pool.zspages.get(zspage, ZSPAGE_INUSE) === sizeClass.objectsPerZspage;
}

/**
 * The handle of the next object from the cursor on, which is left at it, or 0
 * at the chain's end. Specifies `find_alloced_obj`.
 */
function findAllocedObj(
  { zspages }: CompactionPool,
  sizeClass: SizeClass,
  cursor: Cursor,
): number {
  const { memory } = zspages;
  while (cursor.pfn !== NO_PAGE) {
    const first = memory.page[cursor.pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET];
    let offset = first + cursor.nth * sizeClass.size;
    for (; offset < memory.pageSize; offset += sizeClass.size) {
      const handle = zspages.objAllocated(cursor.pfn, offset);
      if (handle !== 0) return handle;
      cursor.nth++;
    }
    cursor.pfn = zspages.nextPage(cursor.pfn);
    cursor.nth = 0;
  }
  return 0;
}

const FIND_ALLOCED = "find_alloced_obj, mm/zsmalloc.c";

/** Pins an object, where objects have a pin, if it is not pinned (`trypin_tag`). */
function* tryPin(
  { locks, mappings }: CompactionPool,
  handle: number,
): Generator<Stop, boolean> {
  const pin = locks.pin(handle);
  if (pin === undefined) return true;
  if ((yield trylock(pin, FIND_ALLOCED)) === false) return false;
  if (!mappings.isPinned(handle)) return true;
  yield release(pin, FIND_ALLOCED);
  return false;
}

/** Ends that (`unpin_tag`). */
function* unpin(
  { locks }: CompactionPool,
  handle: number,
): Generator<Stop, void> {
  const pin = locks.pin(handle);
  if (pin !== undefined) yield release(pin, "migrate_zspage, mm/zsmalloc.c");
}

/** How the pin of a moved object ends, once its cell is written (`record_obj`). */
const UNPIN_MOVED: Readonly<Record<Profile["movedCell"], typeof unpin>> = {
  "pinned": unpin,
  /**
   * The cell was written without the bit, which is cleared once more then:
   * nobody's, or that of whoever has pinned the object since.
   */
  *"unpinned"(pool, handle) {
    yield* unpin(pool, handle);
    const pin = pool.locks.pin(handle);
    if (pin === undefined) return;
    yield trylock(pin, "unpin_tag, mm/zsmalloc.c");
    yield* unpin(pool, handle);
  },
};

/** Moves one object into the first free chunk of `destination`. */
function moveObject(
  pool: CompactionPool,
  { size }: SizeClass,
  handle: number,
  destination: number,
): void {
  const { zspages, handles, locks } = pool;
  const mask = zspages.memory.pageSize - 1;
  const usedPfn = handles.pfnOf(handle);
  const usedIndex = handles.objIndexOf(handle, size);
  const freeIndex = zspages.objMalloc(destination, size, handle);
  const freePfn = zspages.pageAt(destination, freeIndex * size);
  zspages.objectCopy(
    usedPfn,
    (usedIndex * size) & mask,
    freePfn,
    (freeIndex * size) & mask,
    size,
  );
  handles.recordObj(handle, freePfn, freeIndex, size);
  locks.touchObject(handle);
  zspages.objFree(usedPfn, usedIndex, size);
  pool.objectsMigrated++;
}

/** The rule that {@linkcode migrateZspage} keeps. */
export const MIGRATE_ZSPAGE_INVARIANT: Rule = {
  id: "zsmalloc/source-empty-or-destination-full",
  sentence:
    "Objects are moved until their zspage has none that is not mapped or pinned, or the other has no room.",
  source: "migrate_zspage, mm/zsmalloc.c, 4.1",
};

/** Throws where a source that has nothing more to move holds objects. */
function assertEmptied(
  { zspages, mappings }: CompactionPool,
  source: number,
): void {
  const inuse = zspages.get(source, ZSPAGE_INUSE);
  if (inuse === 0 || mappings.isAny) return;
  throw new InvariantError(MIGRATE_ZSPAGE_INVARIANT, {
    where: `zspage ${source}`,
    expected: "no object",
    found: inuse,
  });
}

/**
 * Moves objects in index order from the cursor on out of `source` into
 * `destination`, until that is full or there are no more. Specifies
 * `migrate_zspage`.
 */
export function* migrateZspage(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
  cursor: Cursor,
  destination: number,
): Generator<Stop, "source-done" | "destination-full"> {
  pool.locks.assertCovered(sizeClass, "migrate_zspage, mm/zsmalloc.c");
  return pool.profile.locks.pins
    ? yield* movePinned(pool, sizeClass, source, cursor, destination)
    : moveAll(pool, sizeClass, source, cursor, destination);
}

/** Moves objects that have no pin, as their whole zspages are locked. */
function moveAll(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
  cursor: Cursor,
  destination: number,
): "source-done" | "destination-full" {
  for (;;) {
    const handle = findAllocedObj(pool, sizeClass, cursor);
    if (handle === 0) {
      assertEmptied(pool, source);
      return "source-done";
    }
    if (isFull(pool, sizeClass, destination)) return "destination-full";
    moveObject(pool, sizeClass, handle, destination);
    cursor.nth++;
  }
}

/** Moves objects, each pinned for as long as that takes; others are passed over. */
function* movePinned(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
  cursor: Cursor,
  destination: number,
): Generator<Stop, "source-done" | "destination-full"> {
  const unpinMoved = UNPIN_MOVED[pool.profile.movedCell];
  let isPassedOver = false;
  for (;;) {
    const handle = findAllocedObj(pool, sizeClass, cursor);
    if (handle === 0) {
      if (!isPassedOver) assertEmptied(pool, source);
      return "source-done";
    }
    if (yield* tryPin(pool, handle)) {
      if (isFull(pool, sizeClass, destination)) {
        yield* unpin(pool, handle);
        return "destination-full";
      }
      moveObject(pool, sizeClass, handle, destination);
      yield* unpinMoved(pool, handle);
    } else isPassedOver = true;
    cursor.nth++;
  }
}

/**
 * Takes the head of the first list that has one off its list, going from group
 * `from` to group `to`. Specifies `isolate_zspage`, `isolate_src_zspage` and
 * `isolate_dst_zspage`.
 */
export function isolateZspage(
  { zspages, locks }: CompactionPool,
  sizeClass: SizeClass,
  from: number,
  to: number,
): number {
  locks.assertCovered(sizeClass, "isolate_zspage, mm/zsmalloc.c");
  const step = from <= to ? 1 : -1;
  for (let group = from; group !== to + step; group += step) {
    const zspage = sizeClass.heads[group];
    if (zspage !== NO_ZSPAGE) {
      removeZspage(zspages, sizeClass, zspage);
      return zspage;
    }
  }
  return NO_ZSPAGE;
}

/** Puts a zspage back on the list its use calls for (`putback_zspage`). */
export function putbackZspage(
  { zspages, locks }: CompactionPool,
  sizeClass: SizeClass,
  zspage: number,
): number {
  locks.touchFullness(zspage);
  const group = fullnessGroup(zspages, sizeClass, zspage);
  insertZspage(zspages, sizeClass, zspage, group);
  return group;
}

/**
 * Frees a source that was put back, if that is empty, and returns the pages
 * freed; where one of them is locked they are counted, though they are freed
 * later.
 */
export function* freeIfEmpty(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
  group: number,
): Generator<Stop, number> {
  if (group !== GROUP_EMPTY) return 0;
  if (pool.locks.isWatched) yield* freeZspageSteps(pool, sizeClass, source);
  else freeZspage(pool, sizeClass, source);
  yield* pool.countCompacted(sizeClass.pagesPerZspage);
  return sizeClass.pagesPerZspage;
}

/** A cursor before the first object of a zspage. */
export function cursorAt({ zspages }: CompactionPool, zspage: number): Cursor {
  return { pfn: zspages.get(zspage, ZSPAGE_FIRST_PAGE), nth: 0 };
}
