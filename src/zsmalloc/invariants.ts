/**
 * The rules that a pool keeps. Each is about a zspage, a class or the whole
 * pool; a pool is checked in full by checking every one of these.
 */
import {
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
  PG_PRIVATE,
} from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Violation,
} from "../rules/invariant.ts";
import type { ZsPool } from "./pool.ts";
import { GROUP_EMPTY, type SizeClass, zspagesIn } from "./size_class.ts";
import {
  ZSPAGE_FREEOBJ,
  ZSPAGE_FULLNESS,
  ZSPAGE_HUGE,
  ZSPAGE_INUSE,
  ZSPAGE_PREV,
} from "./zspage.ts";

/** A rule about one zspage. */
export type ZspageInvariant = Invariant<ZsPool, number>;
/** A rule about one size class. */
export type ClassInvariant = Invariant<ZsPool, SizeClass>;
/** A rule about a pool as a whole. */
export type PoolInvariant = Invariant<ZsPool, ZsPool>;

/** Where the chunk at `objIndex` of a zspage starts. */
function chunkAt(pool: ZsPool, zspage: number, objIndex: number) {
  const offset = objIndex * pool.classOfZspage(zspage).size;
  return {
    pfn: pool.zspages.pageAt(zspage, offset),
    offset: offset & (pool.memory.pageSize - 1),
  };
}

/** The handle in each chunk of a zspage, 0 in a free one. */
function* handlesIn(pool: ZsPool, zspage: number): Generator<number> {
  const { objectsPerZspage } = pool.classOfZspage(zspage);
  for (let objIndex = 0; objIndex < objectsPerZspage; objIndex++) {
    const { pfn, offset } = chunkAt(pool, zspage, objIndex);
    yield pool.zspages.objAllocated(pfn, offset);
  }
}

/** What `freeobj` may be when the free list of a zspage is at its end. */
function freeListEnds(pool: ZsPool, zspage: number): readonly number[] {
  const { size, objectsPerZspage, pagesPerZspage } = pool.classOfZspage(zspage);
  const hasWaste = objectsPerZspage * size !==
    pagesPerZspage * pool.memory.pageSize;
  // The last link that init_zspage writes is all ones. Where the zspage has
  // room behind its last chunk, the link stands there and the chunk points to
  // it. Once through freeobj, an unsigned int, the ones are one bit fewer.
  return hasWaste ? [objectsPerZspage] : [0xffffffff, 0x7fffffff];
}

/** Rules about each zspage. */
export const ZSPAGE_INVARIANTS: readonly ZspageInvariant[] = [
  {
    id: "zsmalloc/chain",
    sentence:
      "A zspage has as many frames as its class says, each allocated and pointing back to it, the first alone marked as first.",
    source: "create_page_chain, mm/zsmalloc.c, 4.8",
    check(pool, zspage) {
      const { page } = pool.memory;
      const pages = pool.zspages.pagesOf(zspage);
      const { pagesPerZspage } = pool.classOfZspage(zspage);
      for (const [nth, pfn] of pages.entries()) {
        const where = `page ${pfn} of zspage ${zspage}`;
        const flags = nth === 0 ? PG_ALLOCATED | PG_PRIVATE : PG_ALLOCATED;
        const violation =
          expectEqual(where, page[pfn * PAGE_STRIDE + PAGE_PRIVATE], zspage) ??
            expectEqual(where, page[pfn * PAGE_STRIDE + PAGE_FLAGS], flags);
        if (violation !== undefined) return violation;
      }
      return expectEqual(`zspage ${zspage}`, pages.length, pagesPerZspage);
    },
  },
  {
    id: "zsmalloc/first-object-offset",
    sentence:
      "Each frame knows the offset of the first chunk that starts in it.",
    source: "init_zspage, set_first_obj_offset, mm/zsmalloc.c, 4.8",
    check(pool, zspage) {
      const { page, pageSize } = pool.memory;
      const { size } = pool.classOfZspage(zspage);
      for (const [nth, pfn] of pool.zspages.pagesOf(zspage).entries()) {
        const first = Math.ceil(nth * pageSize / size) * size - nth * pageSize;
        const violation = expectEqual(
          `page ${pfn} of zspage ${zspage}`,
          page[pfn * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET],
          first,
        );
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zsmalloc/header-and-cell",
    sentence:
      "The handle in an allocated chunk is a live one, and its cell names that chunk.",
    source: "obj_malloc, record_obj, mm/zsmalloc.c, 4.0",
    check(pool, zspage) {
      const { handles } = pool;
      let objIndex = 0;
      for (const handle of handlesIn(pool, zspage)) {
        const { pfn } = chunkAt(pool, zspage, objIndex);
        const expected = `page ${pfn}, object ${objIndex}`;
        const found = handles.isLive(handle)
          ? `page ${handles.pfnOf(handle)}, object ${
            handles.objIndexOf(handle)
          }`
          : "no object";
        if (handle !== 0 && found !== expected) {
          return { where: `handle ${handle}`, expected, found };
        }
        objIndex++;
      }
    },
  },
  {
    id: "zsmalloc/inuse",
    sentence: "A zspage counts as many objects as chunks of it are tagged.",
    source: "mod_zspage_inuse in obj_malloc and obj_free, mm/zsmalloc.c, 4.8",
    check(pool, zspage) {
      let tagged = 0;
      for (const handle of handlesIn(pool, zspage)) if (handle !== 0) tagged++;
      const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
      return expectEqual(`zspage ${zspage}`, inuse, tagged);
    },
  },
  {
    id: "zsmalloc/free-list",
    sentence:
      "A zspage's free list goes once through each chunk that is not allocated, and its end is marked.",
    source: "init_zspage, obj_malloc, obj_free, mm/zsmalloc.c, 4.8",
    check: checkFreeList,
  },
  {
    id: "zsmalloc/fullness-group",
    sentence: "A zspage is on the list of the group that its use calls for.",
    source: "fix_fullness_group, get_fullness_group, mm/zsmalloc.c, 3.12",
    check(pool, zspage) {
      const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
      const { objectsPerZspage } = pool.classOfZspage(zspage);
      return expectEqual(
        `zspage ${zspage} with ${inuse} of ${objectsPerZspage} objects`,
        pool.zspages.get(zspage, ZSPAGE_FULLNESS),
        pool.profile.fullness.group(inuse, objectsPerZspage),
      );
    },
  },
  {
    id: "zsmalloc/huge",
    sentence:
      "A zspage is huge where its one chunk is its one frame, and only there.",
    source: "create_page_chain, SetZsHugePage, mm/zsmalloc.c, 4.0",
    check(pool, zspage) {
      const { pagesPerZspage, objectsPerZspage } = pool.classOfZspage(zspage);
      return expectEqual(
        `zspage ${zspage}`,
        pool.zspages.get(zspage, ZSPAGE_HUGE),
        pagesPerZspage === 1 && objectsPerZspage === 1 ? 1 : 0,
      );
    },
  },
];

function checkFreeList(pool: ZsPool, zspage: number): Violation | undefined {
  const { size, objectsPerZspage } = pool.classOfZspage(zspage);
  const free = objectsPerZspage - pool.zspages.get(zspage, ZSPAGE_INUSE);
  const seen = new Set<number>();
  let objIndex = pool.zspages.get(zspage, ZSPAGE_FREEOBJ);
  while (objIndex < objectsPerZspage) {
    const where = `object ${objIndex} of zspage ${zspage}`;
    const { pfn, offset } = chunkAt(pool, zspage, objIndex);
    if (seen.has(objIndex)) {
      return { where, expected: "a list without a circle", found: "a circle" };
    }
    const handle = pool.zspages.objAllocated(pfn, offset);
    if (handle !== 0) {
      return { where, expected: "a free chunk", found: `handle ${handle}` };
    }
    seen.add(objIndex);
    // A huge zspage is gone once it is empty: its list is always at its end.
    objIndex = pool.zspages.nextFree(zspage, objIndex, size);
  }
  const ends = freeListEnds(pool, zspage);
  if (!ends.includes(objIndex)) {
    return {
      where: `the end of the free list of zspage ${zspage}`,
      expected: ends.join(" or "),
      found: objIndex,
    };
  }
  return expectEqual(`the free list of zspage ${zspage}`, seen.size, free);
}

/** Rules about each size class. */
export const CLASS_INVARIANTS: readonly ClassInvariant[] = [
  {
    id: "zsmalloc/lists",
    sentence:
      "Each zspage of a class is on one list, linked both ways, that holds as many as are counted.",
    source: "insert_zspage, remove_zspage, mm/zsmalloc.c, 3.12",
    check(pool, sizeClass) {
      const seen = new Set<number>();
      for (const [group, count] of sizeClass.zspages.entries()) {
        const where = `group ${group} of class ${sizeClass.index}`;
        let prev = 0;
        let length = 0;
        for (const zspage of zspagesIn(pool.zspages, sizeClass, group)) {
          if (seen.has(zspage)) {
            return {
              where,
              expected: "each zspage once",
              found: `zspage ${zspage} again`,
            };
          }
          const violation = expectEqual(
            `zspage ${zspage} in ${where}`,
            pool.zspages.get(zspage, ZSPAGE_PREV),
            prev,
          );
          if (violation !== undefined) return violation;
          seen.add(zspage);
          prev = zspage;
          length++;
        }
        if (length !== count) return expectEqual(where, count, length);
      }
    },
  },
  {
    id: "zsmalloc/no-empty-zspage",
    sentence: "A zspage without objects is freed at once.",
    source: "zs_free, __zs_compact, free_zspage, mm/zsmalloc.c, 3.12",
    check(_pool, sizeClass) {
      return expectEqual(
        `class ${sizeClass.index}`,
        sizeClass.zspages[GROUP_EMPTY],
        0,
      );
    },
  },
  {
    id: "zsmalloc/class-counters",
    sentence:
      "A class counts the chunks of its zspages and the objects in them.",
    source: "class_stat_inc in zs_malloc and zs_free, mm/zsmalloc.c, 4.0",
    check(pool, sizeClass) {
      let zspages = 0;
      let used = 0;
      for (let group = 0; group < sizeClass.heads.length; group++) {
        for (const zspage of zspagesIn(pool.zspages, sizeClass, group)) {
          zspages++;
          used += pool.zspages.get(zspage, ZSPAGE_INUSE);
        }
      }
      const where = `class ${sizeClass.index}`;
      return expectEqual(`objects of ${where}`, sizeClass.objsUsed, used) ??
        expectEqual(
          `chunks of ${where}`,
          sizeClass.objsAllocated,
          zspages * sizeClass.objectsPerZspage,
        );
    },
  },
];

/** Rules about a pool as a whole. */
export const POOL_INVARIANTS: readonly PoolInvariant[] = [
  {
    id: "zsmalloc/frames-owned-once",
    sentence:
      "No frame belongs to two zspages, and the pool counts every one that belongs to any.",
    source: "alloc_zspage, zs_get_total_pages, mm/zsmalloc.c, 3.12",
    check(pool) {
      const owner = new Map<number, number>();
      for (const zspage of allZspages(pool)) {
        for (const pfn of pool.zspages.pagesOf(zspage)) {
          const other = owner.get(pfn);
          if (other !== undefined) {
            return {
              where: `page ${pfn}`,
              expected: "one owner",
              found: `zspages ${other} and ${zspage}`,
            };
          }
          owner.set(pfn, zspage);
        }
      }
      return expectEqual("pages_allocated", pool.pagesAllocated, owner.size);
    },
  },
  {
    id: "zsmalloc/handles",
    sentence:
      "No handle is 0 or shared: there are as many live handles as objects.",
    source: "cache_alloc_handle, zs_malloc, mm/zsmalloc.c, 4.0",
    check(pool) {
      const { handles, classes } = pool;
      let live = 0;
      for (const handle of handles.live()) {
        live++;
        if (handle === 0) {
          return { where: "a handle", expected: "not 0", found: 0 };
        }
      }
      const objects = classes.reduce((sum, { objsUsed }) => sum + objsUsed, 0);
      return expectEqual("live handles", live, objects) ??
        expectEqual("handles counted", handles.allocated, live);
    },
  },
];

/** Every rule about zsmalloc, as a list to read. */
export const ZSMALLOC_INVARIANTS: readonly Pick<
  ZspageInvariant,
  "id" | "sentence" | "source"
>[] = [...ZSPAGE_INVARIANTS, ...CLASS_INVARIANTS, ...POOL_INVARIANTS];

function* allZspages(pool: ZsPool): Generator<number> {
  for (const sizeClass of pool.classes) {
    for (let group = 0; group < sizeClass.heads.length; group++) {
      yield* zspagesIn(pool.zspages, sizeClass, group);
    }
  }
}

/**
 * Checks every rule on every part of a pool. Throws an `InvariantError` at the
 * first one broken.
 *
 * @example
 * ```ts
 * import { checkPool, LINUX_6_18, ZsPool } from "zspec";
 *
 * const pool = new ZsPool(LINUX_6_18);
 * pool.malloc(100);
 * checkPool(pool);
 * ```
 */
export function checkPool(pool: ZsPool): void {
  // Lists first: the other rules walk along them.
  for (const sizeClass of pool.classes) {
    assertInvariants(CLASS_INVARIANTS, pool, sizeClass);
  }
  for (const zspage of allZspages(pool)) {
    assertInvariants(ZSPAGE_INVARIANTS, pool, zspage);
  }
  assertInvariants(POOL_INVARIANTS, pool, pool);
}
