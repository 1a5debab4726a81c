/**
 * A walk over raw frames: what they hold, found from `struct page`, the chunks'
 * first words and each zspage's class and first free chunk. Nothing that the
 * pool counts or lists is used, so that it can be held against all of that.
 */
import {
  type Memory,
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
  PG_PRIVATE,
} from "../memory/memory.ts";
import type { ClassGeometry } from "./geometry.ts";
import { OBJ_ALLOCATED_TAG } from "./obj.ts";
import type { ZsPool } from "./pool.ts";
import { ZSPAGE_CLASS, ZSPAGE_FIRST_PAGE, ZSPAGE_FREEOBJ } from "./zspage.ts";

/** A zspage as its frames show it. */
export interface WalkedZspage {
  /** The index of its class. */
  readonly classIndex: number;
  /** Its frames in order. */
  readonly pages: readonly number[];
  /** For each chunk in order the handle of its object, 0 for a free one. */
  readonly handles: readonly number[];
}

/** One chunk: the frame in which it starts, and where. */
interface Chunk {
  readonly pfn: number;
  readonly offset: number;
}

/** The frames from `first` on, as `struct page` chains them. */
function chainFrom(memory: Memory, first: number, length: number): number[] {
  const pages = [first];
  while (pages.length < length) {
    const last = pages[pages.length - 1];
    pages.push(memory.page[last * PAGE_STRIDE + PAGE_INDEX] - 1);
  }
  return pages;
}

/** Every chunk of a chain, found from each frame's first object offset. */
function chunksOf(
  memory: Memory,
  pages: readonly number[],
  { size, objectsPerZspage }: ClassGeometry,
): Chunk[] {
  const chunks: Chunk[] = [];
  for (const pfn of pages) {
    let offset = memory.page[pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET];
    for (; offset < memory.pageSize; offset += size) {
      chunks.push({ pfn, offset });
    }
  }
  return chunks.slice(0, objectsPerZspage);
}

/** Which chunks the free list leads to, by their links alone. */
function freeChunks(
  pool: ZsPool,
  zspage: number,
  chunks: readonly Chunk[],
  size: number,
): ReadonlySet<number> {
  const { memory, links } = pool.zspages;
  const free = new Set<number>();
  let next = pool.zspages.get(zspage, ZSPAGE_FREEOBJ);
  while (next < chunks.length && !free.has(next)) {
    free.add(next);
    const { pfn, offset } = chunks[next];
    next = links.read((pfn * memory.pageSize + offset) >>> 2, size);
  }
  return free;
}

/** The handle in each chunk of a zspage, 0 in a free one. */
function handlesIn(
  pool: ZsPool,
  zspage: number,
  chunks: readonly Chunk[],
  geometry: ClassGeometry,
): number[] {
  const { memory, headerBytes } = pool.zspages;
  const { size, objectsPerZspage, pagesPerZspage } = geometry;
  if (headerBytes === 0) {
    const free = freeChunks(pool, zspage, chunks, size);
    return chunks.map(({ pfn }, nth) =>
      free.has(nth) ? 0 : pool.handles.nameOf(pfn, nth, size)
    );
  }
  const isHuge = objectsPerZspage === 1 && pagesPerZspage === 1;
  return chunks.map(({ pfn, offset }) => {
    const header = isHuge
      ? memory.page[pfn * PAGE_STRIDE + PAGE_INDEX]
      : memory.words[(pfn * memory.pageSize + offset) >>> 2];
    return (header & OBJ_ALLOCATED_TAG) === 0
      ? 0
      : (header & ~OBJ_ALLOCATED_TAG) >>> 0;
  });
}

/**
 * Rebuilds what a pool holds from its memory's frames: its zspages in the
 * order of their first frames, with each chunk's handle.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, walkFrames, ZsPool } from "zspec";
 *
 * const pool = new ZsPool(LINUX_6_18);
 * const handle = Number(pool.malloc(2000));
 * const [zspage] = walkFrames(pool);
 * assertEquals(zspage.handles, [handle, 0]);
 * ```
 */
export function* walkFrames(pool: ZsPool): Generator<WalkedZspage> {
  const { memory } = pool;
  const { classOf } = pool.geometry;
  for (let pfn = memory.firstPfn; pfn < memory.endPfn; pfn++) {
    const page = pfn * PAGE_STRIDE;
    if (memory.page[page + PAGE_FLAGS] !== (PG_ALLOCATED | PG_PRIVATE)) {
      continue;
    }
    const zspage = memory.page[page + PAGE_PRIVATE];
    // The memory may have other owners, whose zspages are not the pool's.
    if (!pool.zspages.isLive(zspage)) continue;
    if (pool.zspages.get(zspage, ZSPAGE_FIRST_PAGE) !== pfn) continue;
    const classIndex = pool.zspages.get(zspage, ZSPAGE_CLASS);
    const geometry = classOf[classIndex];
    const pages = chainFrom(memory, pfn, geometry.pagesPerZspage);
    const chunks = chunksOf(memory, pages, geometry);
    const handles = handlesIn(pool, zspage, chunks, geometry);
    yield { classIndex, pages, handles };
  }
}
