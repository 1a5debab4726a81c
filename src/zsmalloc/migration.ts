/**
 * Page migration: a frame under live objects is replaced by another, and no
 * holder of a handle learns of it.
 */
import type { Errno } from "../linux/errno.ts";
import { blocked, type Stop } from "../rules/stop.ts";
import {
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_PRIVATE,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import { type IsolationPool, putbackPage } from "./isolation.ts";
import type { Mappings } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import { objectsBefore } from "./obj_index.ts";

/** What migration works on. */
export interface MigrationPool extends IsolationPool {
  readonly handles: Handles;
  readonly mappings: Mappings;
}

/**
 * Moves what is in an isolated frame to a new one, rewrites the cells of the
 * objects that start in it, ends the isolation and frees the old frame; returns
 * the new one. `NO_PAGE` where the frame's zspage was freed meanwhile, so that
 * there is nothing to move. ENOMEM where there is no frame to be had, EAGAIN
 * (up to 5.18) where an object is pinned that is being freed, EINVAL (since
 * 6.15) or EBUSY (since 7.1) where one is mapped: it stays isolated then.
 * Specifies `zs_page_migrate`, `mm/zsmalloc.c`, since 4.8, and what
 * `mm/migrate.c` does around it.
 */
export function* migrateIsolatedPage(
  pool: MigrationPool,
  pfn: number,
): Generator<Stop, number | Errno> {
  const { holds, zspages } = pool;
  while (holds.isLocked(pfn)) {
    yield blocked("migrate_pages: waits for the lock of the page");
  }
  if (holds.isGone(pfn)) {
    putbackPage(pool, pfn);
    return NO_PAGE;
  }
  const refused = yield* whyNotNow(pool, pfn);
  if (refused !== undefined) return refused;
  const newPfn = zspages.allocPage();
  if (newPfn === NO_PAGE) return "ENOMEM";
  movePage(pool, pfn, newPfn);
  putbackPage(pool, pfn);
  zspages.memory.freePage(pfn);
  return newPfn;
}

/** Waits for who reads the zspage, or says why that is not done. */
function* whyNotNow(
  pool: MigrationPool,
  pfn: number,
): Generator<Stop, Errno | undefined> {
  const { profile, zspages, mappings } = pool;
  const zspage = zspages.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  while (mappings.hasReaders(zspage)) {
    if (profile.mapped === "left-alone") return profile.migrationOfMapped;
    yield blocked(
      "zs_page_migrate: migrate_write_lock waits for a mapped object",
    );
  }
  for (const { handle } of objectsIn(pool, pfn)) {
    if (mappings.isPinned(handle)) return profile.migrationOfMapped;
  }
}

/** Copies a frame, rewrites the cells, and puts the copy in its place. */
function movePage(pool: MigrationPool, pfn: number, newPfn: number): void {
  const { zspages, handles } = pool;
  const { memory } = zspages;
  const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  const { size } = pool.classOfZspage(zspage);
  zspages.replacePage(pfn, newPfn);
  for (const { handle, objIndex } of objectsIn(pool, newPfn)) {
    handles.recordObj(handle, newPfn, objIndex, size);
  }
}

/** The objects that start in a frame, by their handles. */
function* objectsIn(
  pool: MigrationPool,
  pfn: number,
): Generator<{ handle: number; objIndex: number }> {
  const { zspages } = pool;
  const { memory } = zspages;
  const page = pfn * PAGE_STRIDE;
  const { size } = pool.classOfZspage(memory.page[page + PAGE_PRIVATE]);
  let objIndex = objectsBefore(zspages.nthPage(pfn), memory.pageSize, size);
  let offset = memory.page[page + PAGE_FIRST_OBJ_OFFSET];
  for (; offset < memory.pageSize; offset += size, objIndex++) {
    const handle = zspages.objAllocated(pfn, offset);
    if (handle !== 0) yield { handle, objIndex };
  }
}
