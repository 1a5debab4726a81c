/**
 * Where a handle leads, and where a frame does: `handle_to_obj` and
 * `obj_to_location` as `zs_obj_read_begin` uses them, and `get_zspage`,
 * `mm/zsmalloc.c`.
 */
import {
  type Memory,
  PAGE_FLAGS,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
} from "../memory/memory.ts";
import { assertWhole, named } from "../rules/argument.ts";
import type { MappedChunk } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import type { SizeClass } from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_HUGE,
  ZSPAGE_STRIDE,
  type Zspages,
} from "./zspage.ts";

/** What has frames of zspages. */
interface Frames {
  readonly memory: Memory;
  readonly zspages: Zspages;
}

/** What has objects in them. */
interface Objects extends Frames {
  readonly handles: Handles;
  readonly isDestroyed: boolean;
  classOfZspage(zspage: number): SizeClass;
}

/** Throws where a handle names no object; `verb` is what was to be done to it. */
export function assertLive(
  { isDestroyed, handles }: Pick<Objects, "isDestroyed" | "handles">,
  handle: number,
  verb: string,
): void {
  const isNumber = typeof handle === "number";
  if (isDestroyed || !isNumber || !handles.isLive(handle)) {
    throw new Error(
      `Cannot ${verb}: handle ${named(handle)} names no object of this pool`,
    );
  }
}

/** The zspage that the object of a live handle is in. */
export function zspageOf(
  { handles, memory }: Pick<Objects, "handles" | "memory">,
  handle: number,
): number {
  return memory.page[handles.pfnOf(handle) * PAGE_STRIDE + PAGE_PRIVATE];
}

/** Bytes of the handle in front of the objects of a zspage. */
function headerOf({ fields, headerBytes }: Zspages, zspage: number): number {
  const isHuge = fields[zspage * ZSPAGE_STRIDE + ZSPAGE_HUGE] === 1;
  return isHuge ? 0 : headerBytes;
}

/** Offset into its frame of the bytes of a live object that holds `length`. */
export function locate(
  pool: Objects,
  handle: number,
  length: number,
  verb: string,
): number {
  assertLive(pool, handle, verb);
  const zspage = zspageOf(pool, handle);
  const { size } = pool.classOfZspage(zspage);
  const header = headerOf(pool.zspages, zspage);
  if (length > size - header) {
    throw new RangeError(
      `Cannot ${verb} ${length} bytes: the object of handle ${handle} holds ${
        size - header
      }`,
    );
  }
  const start = pool.handles.objIndexOf(handle, size) * size;
  return (start & (pool.memory.pageSize - 1)) + header;
}

/** Where the chunk of a live handle lies. */
export function chunkOf(
  pool: Objects,
  handle: number,
  verb: string,
): MappedChunk {
  const start = locate(pool, handle, 0, verb);
  const pfn = pool.handles.pfnOf(handle);
  const zspage = zspageOf(pool, handle);
  const header = headerOf(pool.zspages, zspage);
  const { size } = pool.classOfZspage(zspage);
  return { handle, zspage, pfn, offset: start - header, size, header };
}

/** The zspage of a frame, or `NO_ZSPAGE` where it was given back or replaced. */
export function zspageAt({ memory, zspages }: Frames, pfn: number): number {
  const page = pfn * PAGE_STRIDE;
  const zspage = memory.page[page + PAGE_PRIVATE];
  const isAllocated = (memory.page[page + PAGE_FLAGS] & PG_ALLOCATED) !== 0;
  return isAllocated && zspages.isLive(zspage) ? zspage : NO_ZSPAGE;
}

/** The zspage of a frame. Throws where the frame is of none of the pool's. */
export function zspageOwning(
  pool: Frames,
  pfn: number,
  verb: string,
): number {
  assertWhole(`${verb} a page`, "pfn", pfn);
  const zspage = zspageAt(pool, pfn);
  const isOwn = zspage !== NO_ZSPAGE &&
    pool.zspages.pagesOf(zspage).includes(pfn);
  if (isOwn) return zspage;
  throw new Error(`Cannot ${verb} page ${pfn}: it is not of this pool`);
}
