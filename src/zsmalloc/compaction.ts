/**
 * Compaction: objects move from sparse zspages of a class into fuller ones
 * until no whole zspage's worth of room is left. Moving an object copies its
 * chunk and rewrites its handle's cell; whoever holds the handle sees nothing.
 */
import type { Profile } from "../linux/profile.ts";
import type { Wait } from "../rules/wait.ts";
import {
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import type { HandleCache } from "./obj.ts";
import {
  canCompact,
  fullnessGroup,
  GROUP_EMPTY,
  groupFull,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FIRST_PAGE,
  ZSPAGE_INUSE,
  type Zspages,
} from "./zspage.ts";

/** What compaction works on. */
export interface CompactionPool {
  /** The pool's zspages. */
  readonly zspages: Zspages;
  /** The pool's handles. */
  readonly handles: HandleCache;
  /** Frees an empty zspage that is on its class's list of empty ones. */
  freeZspage(sizeClass: SizeClass, zspage: number): void;
}

/** Compacts one class; the value returned is the number of pages freed. */
export type CompactClass = (
  pool: CompactionPool,
  sizeClass: SizeClass,
) => Generator<Wait, number>;

/** Where the search for the next object to move stands. */
interface Cursor {
  /** The frame being searched. */
  pfn: number;
  /** How many chunks that start in this frame have been looked at. */
  nth: number;
}

/** Whether every chunk of a zspage is in use. */
function isFull(
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

/** Moves one object into the first free chunk of `destination`. */
function moveObject(
  { zspages, handles }: CompactionPool,
  { size }: SizeClass,
  handle: number,
  destination: number,
): void {
  const mask = zspages.memory.pageSize - 1;
  const usedPfn = handles.pfnOf(handle);
  const usedIndex = handles.objIndexOf(handle);
  const freeIndex = zspages.objMalloc(destination, size, handle);
  const freePfn = zspages.pageAt(destination, freeIndex * size);
  zspages.objectCopy(
    usedPfn,
    (usedIndex * size) & mask,
    freePfn,
    (freeIndex * size) & mask,
    size,
  );
  handles.recordObj(handle, freePfn, freeIndex);
  zspages.objFree(usedPfn, usedIndex, size);
}

/**
 * Moves objects in index order from the cursor on into `destination`, until
 * it is full or there are no more. Specifies `migrate_zspage`.
 */
function migrateZspage(
  pool: CompactionPool,
  sizeClass: SizeClass,
  cursor: Cursor,
  destination: number,
): "source-done" | "destination-full" {
  for (;;) {
    const handle = findAllocedObj(pool, sizeClass, cursor);
    if (handle === 0) return "source-done";
    if (isFull(pool, sizeClass, destination)) return "destination-full";
    moveObject(pool, sizeClass, handle, destination);
    cursor.nth++;
  }
}

/**
 * Takes the head of the first list that has one off its list, going from group
 * `from` to group `to`. Specifies `isolate_zspage`, `isolate_src_zspage` and
 * `isolate_dst_zspage`.
 */
function isolateZspage(
  { zspages }: CompactionPool,
  sizeClass: SizeClass,
  from: number,
  to: number,
): number {
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
function putbackZspage(
  { zspages }: CompactionPool,
  sizeClass: SizeClass,
  zspage: number,
): number {
  const group = fullnessGroup(zspages, sizeClass, zspage);
  insertZspage(zspages, sizeClass, zspage, group);
  return group;
}

/** Puts an emptied or half emptied source back and returns the pages freed. */
function putbackSource(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
): number {
  if (putbackZspage(pool, sizeClass, source) !== GROUP_EMPTY) return 0;
  pool.freeZspage(sizeClass, source);
  return sizeClass.pagesPerZspage;
}

function cursorAt({ zspages }: CompactionPool, zspage: number): Cursor {
  return { pfn: zspages.get(zspage, ZSPAGE_FIRST_PAGE), nth: 0 };
}

/**
 * One destination is kept until it is full; sources come from the emptiest
 * list up. Specifies `__zs_compact`, `mm/zsmalloc.c`, since 6.4.
 */
function* destinationFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Wait, number> {
  const emptiest = GROUP_EMPTY + 1;
  const fullest = groupFull(sizeClass) - 1;
  let destination = NO_ZSPAGE;
  let pagesFreed = 0;
  while (canCompact(sizeClass) > 0) {
    if (destination === NO_ZSPAGE) {
      destination = isolateZspage(pool, sizeClass, fullest, emptiest);
      if (destination === NO_ZSPAGE) break;
    }
    const source = isolateZspage(pool, sizeClass, emptiest, fullest);
    if (source === NO_ZSPAGE) break;
    migrateZspage(pool, sizeClass, cursorAt(pool, source), destination);
    pagesFreed += putbackSource(pool, sizeClass, source);
    if (isFull(pool, sizeClass, destination)) {
      putbackZspage(pool, sizeClass, destination);
      destination = NO_ZSPAGE;
      yield "__zs_compact: lock dropped, cond_resched";
    }
  }
  if (destination !== NO_ZSPAGE) putbackZspage(pool, sizeClass, destination);
  return pagesFreed;
}

/**
 * Fills destinations from one source until it is empty; returns the last of
 * them, off its list, or `NO_ZSPAGE` where the class ran out of them first.
 */
function emptySource(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
): number {
  const emptiest = GROUP_EMPTY + 1;
  const fullest = groupFull(sizeClass) - 1;
  const cursor = cursorAt(pool, source);
  for (;;) {
    const destination = isolateZspage(pool, sizeClass, fullest, emptiest);
    if (destination === NO_ZSPAGE) return NO_ZSPAGE;
    const outcome = migrateZspage(pool, sizeClass, cursor, destination);
    if (outcome === "source-done") return destination;
    putbackZspage(pool, sizeClass, destination);
  }
}

/**
 * One source after another is emptied, the almost empty ones first, into
 * destinations that are almost full. Specifies `__zs_compact`,
 * `mm/zsmalloc.c`, up to 6.3.
 */
function* sourceFirst(
  pool: CompactionPool,
  sizeClass: SizeClass,
): Generator<Wait, number> {
  const emptiest = GROUP_EMPTY + 1;
  const fullest = groupFull(sizeClass) - 1;
  let pagesFreed = 0;
  for (;;) {
    const source = isolateZspage(pool, sizeClass, emptiest, fullest);
    if (source === NO_ZSPAGE) return pagesFreed;
    const destination = canCompact(sizeClass) > 0
      ? emptySource(pool, sizeClass, source)
      : NO_ZSPAGE;
    if (destination === NO_ZSPAGE) {
      putbackZspage(pool, sizeClass, source);
      return pagesFreed;
    }
    putbackZspage(pool, sizeClass, destination);
    pagesFreed += putbackSource(pool, sizeClass, source);
    yield "__zs_compact: lock dropped, cond_resched";
  }
}

/** The ways of compacting a class, by the name that a profile gives them. */
export const COMPACT_CLASS: Readonly<
  Record<Profile["compaction"], CompactClass>
> = {
  "destination-first": destinationFirst,
  "source-first": sourceFirst,
};
