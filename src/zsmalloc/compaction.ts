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
import type { Mappings } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import {
  fullnessGroup,
  GROUP_EMPTY,
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
  /** What kernel the pool is one of. */
  readonly profile: Profile;
  /** The pool's zspages. */
  readonly zspages: Zspages;
  /** The pool's handles. */
  readonly handles: Handles;
  /** The objects that are mapped. */
  readonly mappings: Mappings;
  /** Objects moved so far. */
  objectsMigrated: number;
  /** Whether somebody else wants the pool's lock now (`spin_is_contended`). */
  isContended(): boolean;
  /** Frees an empty zspage that is in its class's group of empty ones. */
  freeZspage(sizeClass: SizeClass, zspage: number): void;
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
 * at the chain's end; up to 5.18 a pinned object is passed over. Specifies
 * `find_alloced_obj`.
 */
function findAllocedObj(
  { zspages, mappings }: CompactionPool,
  sizeClass: SizeClass,
  cursor: Cursor,
): number {
  const { memory } = zspages;
  while (cursor.pfn !== NO_PAGE) {
    const first = memory.page[cursor.pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET];
    let offset = first + cursor.nth * sizeClass.size;
    for (; offset < memory.pageSize; offset += sizeClass.size) {
      const handle = zspages.objAllocated(cursor.pfn, offset);
      if (handle !== 0 && !mappings.isPinned(handle)) return handle;
      cursor.nth++;
    }
    cursor.pfn = zspages.nextPage(cursor.pfn);
    cursor.nth = 0;
  }
  return 0;
}

/** Moves one object into the first free chunk of `destination`. */
function moveObject(
  pool: CompactionPool,
  { size }: SizeClass,
  handle: number,
  destination: number,
): void {
  const { zspages, handles } = pool;
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
export function migrateZspage(
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

/**
 * Takes the head of the first list that has one off its list, going from group
 * `from` to group `to`. Specifies `isolate_zspage`, `isolate_src_zspage` and
 * `isolate_dst_zspage`.
 */
export function isolateZspage(
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
export function putbackZspage(
  { zspages }: CompactionPool,
  sizeClass: SizeClass,
  zspage: number,
): number {
  const group = fullnessGroup(zspages, sizeClass, zspage);
  insertZspage(zspages, sizeClass, zspage, group);
  return group;
}

/**
 * Puts an emptied or half emptied source back and returns the pages freed; where
 * one of them is locked they are counted, though they are freed later.
 */
export function putbackSource(
  pool: CompactionPool,
  sizeClass: SizeClass,
  source: number,
): number {
  if (putbackZspage(pool, sizeClass, source) !== GROUP_EMPTY) return 0;
  pool.freeZspage(sizeClass, source);
  return sizeClass.pagesPerZspage;
}

/** A cursor before the first object of a zspage. */
export function cursorAt({ zspages }: CompactionPool, zspage: number): Cursor {
  return { pfn: zspages.get(zspage, ZSPAGE_FIRST_PAGE), nth: 0 };
}
