/**
 * Page migration: a frame under live objects is replaced by another, and no
 * holder of a handle learns of it.
 */
import type { Errno } from "../linux/errno.ts";
import type { Profile } from "../linux/profile.ts";
import { blocked, type Wait } from "../rules/wait.ts";
import {
  NO_PAGE,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_PRIVATE,
  PAGE_STRIDE,
} from "../memory/memory.ts";
import type { Mappings } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import { objectsBefore } from "./obj_index.ts";
import type { SizeClass } from "./size_class.ts";
import type { Zspages } from "./zspage.ts";

/** What migration works on. */
export interface MigrationPool {
  readonly profile: Profile;
  readonly zspages: Zspages;
  readonly handles: Handles;
  readonly mappings: Mappings;
  classOfZspage(zspage: number): SizeClass;
}

/**
 * Moves what is in frame `pfn` to a new frame, rewrites the cells of the
 * objects that start in it, and frees the old one; returns the new frame.
 * EBUSY in a kernel whose frames cannot move, ENOMEM where there is no frame,
 * EINVAL (since 6.15) where an object of the zspage is mapped. Specifies
 * `zs_page_migrate`, `mm/zsmalloc.c`, since 4.8.
 */
export function* migratePage(
  pool: MigrationPool,
  pfn: number,
): Generator<Wait, number | Errno> {
  const { profile, zspages, handles, mappings } = pool;
  const { memory } = zspages;
  const zspage = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  if (!profile.movable) return "EBUSY";
  while (mappings.isReadLocked(zspage)) {
    if (profile.mapped === "left-alone") return "EINVAL";
    yield blocked(
      "zs_page_migrate: migrate_write_lock waits for a mapped object",
    );
  }
  const newPfn = zspages.allocPage();
  if (newPfn === NO_PAGE) return "ENOMEM";
  const { size } = pool.classOfZspage(zspage);
  let objIndex = objectsBefore(zspages.nthPage(pfn), memory.pageSize, size);
  zspages.replacePage(pfn, newPfn);
  let offset = memory.page[newPfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET];
  for (; offset < memory.pageSize; offset += size) {
    const handle = zspages.objAllocated(newPfn, offset);
    if (handle !== 0) handles.recordObj(handle, newPfn, objIndex, size);
    objIndex++;
  }
  memory.freePage(pfn);
  return newPfn;
}
