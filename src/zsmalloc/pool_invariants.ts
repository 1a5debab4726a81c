/** The rules that each class and the pool as a whole keep. */
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import {
  type Checked,
  expectEqual,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import { pagesUsed } from "./debugfs.ts";
import type { ZsPool } from "./pool.ts";
import {
  findGetZspage,
  GROUP_EMPTY,
  groupFull,
  zspagesIn,
} from "./size_class.ts";
import type { ClassTally, PoolTally } from "./tally.ts";
import { walkFrames } from "./walk.ts";
import { NO_ZSPAGE, ZSPAGE_INUSE } from "./zspage.ts";

/** A rule about one size class, beside what its zspages add up to. */
export type ClassInvariant = Invariant<ZsPool, ClassTally>;
/** A rule about a pool, beside what its zspages add up to. */
export type PoolInvariant = Invariant<ZsPool, PoolTally>;

const SOURCE = "mm/zsmalloc.c";

/** Rules about each size class. */
export const CLASS_INVARIANTS: readonly ClassInvariant[] = [
  {
    id: "zsmalloc/class-objects-used",
    sentence: "A class counts the objects in its zspages.",
    source: `class_stat_inc of OBJ_USED, ${SOURCE}, 4.0`,
    check(_pool, { sizeClass, objects }) {
      const where = () => `objects of class ${sizeClass.index}`;
      return expectEqual(where, sizeClass.objsUsed, objects) ??
        (objects === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/class-objects-allocated",
    sentence: "A class counts the chunks of its zspages.",
    source: `class_stat_inc of OBJ_ALLOCATED, ${SOURCE}, 4.0`,
    check(_pool, { sizeClass, zspages }) {
      return expectEqual(
        () => `chunks of class ${sizeClass.index}`,
        sizeClass.objsAllocated,
        zspages * sizeClass.objectsPerZspage,
      ) ?? (zspages === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/class-pages-used",
    sentence: "The table of classes shows the frames of a class's zspages.",
    source: `zs_stats_size_show, ${SOURCE}, 4.0`,
    check(_pool, { sizeClass, zspages }) {
      return expectEqual(
        () => `pages_used of class ${sizeClass.index}`,
        pagesUsed(sizeClass),
        zspages * sizeClass.pagesPerZspage,
      );
    },
  },
  {
    id: "zsmalloc/class-groups",
    sentence:
      "A class counts the zspages on its lists by group; empty ones that a worker freed, too, up to 6.3.",
    source:
      `class_stat_inc in insert_zspage, ${SOURCE}, 4.0; async_free_zspage, 6.1.192 and 6.12.118`,
    check(pool, { sizeClass, groups, zspages, taken }) {
      for (let group = 0; group < groups.length; group++) {
        const where = () => `group ${group} of class ${sizeClass.index}`;
        const counted = sizeClass.zspages[group];
        const found = groups[group] + (group === GROUP_EMPTY ? taken : 0);
        const stays = group === GROUP_EMPTY && counted > found &&
          pool.profile.deferredFree === "stays-counted" && pool.hasDeferred;
        if (stays) continue;
        const violation = expectEqual(where, counted, found);
        if (violation !== undefined) return violation;
      }
      return zspages === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/no-empty-zspage",
    sentence:
      "A zspage without objects is freed at once, or by a worker that is to run: where one of its frames was held.",
    source: `zs_free, __zs_compact, free_zspage, ${SOURCE}, 3.12`,
    check({ holds }, { sizeClass, groups, zspages }) {
      if (holds.freeWork) return SILENT;
      return expectEqual(
        () => `class ${sizeClass.index}`,
        groups[GROUP_EMPTY],
        0,
      ) ?? (zspages === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/full-zspage-not-allocated-from",
    sentence: "The zspage that the next object of a class goes to has room.",
    source: `find_get_zspage, ${SOURCE}, 3.12`,
    check({ zspages }, { sizeClass }) {
      const zspage = findGetZspage(sizeClass);
      if (zspage === NO_ZSPAGE) return SILENT;
      const inuse = zspages.get(zspage, ZSPAGE_INUSE);
      if (inuse < sizeClass.objectsPerZspage) return undefined;
      return {
        where: `zspage ${zspage} of class ${sizeClass.index}`,
        expected: `fewer than ${sizeClass.objectsPerZspage} objects`,
        found: inuse,
      };
    },
  },
  {
    id: "zsmalloc/room-is-listed",
    sentence:
      "A class with a zspage on its lists that has room finds one for its next object; one that waits to be freed is taken again.",
    source: `find_get_zspage, ${SOURCE}, 3.12`,
    check(_pool, { sizeClass, groups }) {
      const hasRoom = groups.subarray(0, groupFull(sizeClass))
        .some((count) => count > 0);
      const found = findGetZspage(sizeClass) !== NO_ZSPAGE;
      return expectEqual(
        () => `class ${sizeClass.index}: a zspage with room`,
        found ? "found" : "none",
        hasRoom ? "found" : "none",
      ) ?? (hasRoom ? undefined : SILENT);
    },
  },
];

/** Rules about a pool as a whole. */
export const POOL_INVARIANTS: readonly PoolInvariant[] = [
  {
    id: "zsmalloc/frames-owned-once",
    sentence: "No frame belongs to two zspages.",
    source: `alloc_zspage, ${SOURCE}, 3.12`,
    check(_pool, { sharedPage, pages }) {
      if (sharedPage === undefined) return pages > 1 ? undefined : SILENT;
      return {
        where: `page ${sharedPage.pfn}`,
        expected: "one owner",
        found: `zspages ${sharedPage.zspages.join(" and ")}`,
      };
    },
  },
  {
    id: "zsmalloc/pages-allocated",
    sentence:
      "A pool counts the frames of its zspages until they are freed, which since 7.3 is after their class counts them no more.",
    source: `pages_allocated, zs_get_total_pages, ${SOURCE}, 3.17`,
    check({ pagesAllocated }, { pages }) {
      return expectEqual("pages_allocated", pagesAllocated, pages);
    },
  },
  {
    id: "zsmalloc/frames-allocated",
    sentence:
      "The frame allocator counts at least the frames that the pool has.",
    source: `alloc_zspage, __free_zspage, ${SOURCE}, 3.12`,
    check({ memory }, { pages }) {
      const { allocatedPages } = memory;
      if (allocatedPages >= pages) return undefined;
      return {
        where: "frames allocated",
        expected: `at least ${pages}`,
        found: allocatedPages,
      };
    },
  },
  {
    id: "zsmalloc/handles-counted",
    sentence: "There are as many live handles as objects.",
    source: `cache_alloc_handle, cache_free_handle, ${SOURCE}, 4.0`,
    check({ handles }, { objects }) {
      return expectEqual("live handles", handles.allocated, objects);
    },
  },
];

/** How the pool differs from what a walk over its frames finds. */
function checkWalk(pool: ZsPool, tally: PoolTally): Checked {
  const { handles, geometry } = pool;
  const zspages = new Map<number, number>();
  let objects = 0;
  for (const walked of walkFrames(pool)) {
    const { classIndex, pages } = walked;
    const { size } = geometry.classOf[classIndex];
    zspages.set(classIndex, (zspages.get(classIndex) ?? 0) + 1);
    for (const [nth, handle] of walked.handles.entries()) {
      if (handle === 0) continue;
      objects++;
      const pfn = pages[Math.floor(nth * size / geometry.pageSize)];
      if (!handles.isLive(handle) || !handles.isAt(handle, pfn, nth, size)) {
        return {
          where: `page ${pfn}, object ${nth} of class ${classIndex}`,
          expected: "the object of a live handle",
          found: `handle ${handle}`,
        };
      }
    }
  }
  for (const { sizeClass, zspages: counted, leaving } of tally.classes) {
    const where = () => `zspages of class ${sizeClass.index}`;
    const found = zspages.get(sizeClass.index) ?? 0;
    const violation = expectEqual(where, found, counted + leaving);
    if (violation !== undefined) return violation;
  }
  return expectEqual("objects in frames", objects, handles.allocated) ??
    (objects === 0 ? SILENT : undefined);
}

/** Rules that take a look at the whole pool each time. */
export const WHOLE_POOL_INVARIANTS: readonly PoolInvariant[] = [
  {
    id: "zsmalloc/lists",
    sentence: "The lists of a class lead to each of its listed zspages once.",
    source: `insert_zspage, remove_zspage, ${SOURCE}, 3.12`,
    check({ zspages }, { classes }) {
      let listed = 0;
      for (const { sizeClass, groups } of classes) {
        for (let group = 0; group < groups.length; group++) {
          const count = groups[group];
          const isEmpty = count === 0 && sizeClass.heads[group] === NO_ZSPAGE;
          if (isEmpty || !sizeClass.isListed[group]) continue;
          listed += count;
          let length = 0;
          for (const _ of zspagesIn(zspages, sizeClass, group)) {
            if (++length > count) break;
          }
          const where = () => `list ${group} of class ${sizeClass.index}`;
          const violation = expectEqual(where, length, count);
          if (violation !== undefined) return violation;
        }
      }
      return listed === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/group-thresholds",
    sentence:
      "A class's groups are its kernel's: they rise with use, empty and full ones apart.",
    source: `get_fullness_group, ${SOURCE}, 3.12`,
    check({ profile }, { classes }) {
      let checked = 0;
      for (const { sizeClass, zspages } of classes) {
        // What no zspage is sorted by says nothing.
        if (zspages === 0) continue;
        const { index, groupOf, objectsPerZspage } = sizeClass;
        checked++;
        for (let inuse = 0; inuse <= objectsPerZspage; inuse++) {
          const where = () => `class ${index} with ${inuse} objects in use`;
          const right = profile.fullness.group(inuse, objectsPerZspage);
          const violation = expectEqual(where, groupOf[inuse], right);
          if (violation !== undefined) return violation;
          const last = profile.fullness.groups.length - 1;
          const isAtEnd = right === GROUP_EMPTY || right === last;
          const shouldBe = inuse === 0 || inuse === objectsPerZspage;
          if (isAtEnd !== shouldBe || groupOf[inuse] < groupOf[inuse - 1]) {
            return {
              where: where(),
              expected: "a group that rises",
              found: right,
            };
          }
        }
      }
      return checked === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/merged-classes",
    sentence:
      "Each size is served by a class at least as large, whose zspages are the ones that size would have.",
    source: `zs_create_pool, can_merge, ${SOURCE}, 3.19`,
    check({ geometry, profile }) {
      const { pageSize, minAllocSize, classDelta, classOf } = geometry;
      for (const [index, served] of classOf.entries()) {
        const size = Math.min(minAllocSize + index * classDelta, pageSize);
        const pages = profile.chainRule(size, pageSize, profile.chainSize);
        const where = () => `size ${size} in class ${served.index}`;
        const violation = expectEqual(where, served.pagesPerZspage, pages) ??
          expectEqual(
            where,
            served.objectsPerZspage,
            Math.floor(pages * pageSize / size),
          );
        if (violation !== undefined) return violation;
        if (served.size < size) {
          return {
            where: where(),
            expected: `at least ${size}`,
            found: served.size,
          };
        }
      }
      return profile.mergesClasses ? undefined : SILENT;
    },
  },
  {
    id: "zsmalloc/handle-unique",
    sentence: "No handle is 0, and no two objects have one.",
    source: `cache_alloc_handle, zs_malloc, ${SOURCE}, 3.12`,
    check({ handles }) {
      const seen = new Set<number>();
      for (const handle of handles.live()) {
        if (handle === 0 || seen.has(handle)) {
          return {
            where: "a live handle",
            expected: "one that is new and not 0",
            found: handle,
          };
        }
        seen.add(handle);
      }
      return expectEqual("handles counted", handles.allocated, seen.size) ??
        (seen.size < 2 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/handle-leads-to-chunk",
    sentence: "Each live handle leads to a chunk of the pool that names it.",
    source: `handle_to_obj, handle_to_chunk, ${SOURCE}, 4.0`,
    check(pool, tally) {
      const { handles, zspages, memory } = pool;
      for (const handle of handles.live()) {
        const pfn = handles.pfnOf(handle);
        const zspage = tally.ownerOf(pfn);
        const where = () => `handle ${handle}`;
        if (zspage === undefined) {
          return { where: where(), expected: "a page of the pool", found: pfn };
        }
        if (zspages.headerBytes === 0) continue;
        const { size } = pool.classOfZspage(zspage);
        const start = handles.objIndexOf(handle, size) * size;
        const offset = start & (memory.pageSize - 1);
        const named = zspages.objAllocated(pfn, offset);
        const violation = expectEqual(where, named, handle) ??
          expectEqual(where, zspages.pageAt(zspage, start), pfn);
        if (violation !== undefined) return violation;
      }
      return handles.allocated === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/frames-flagged",
    sentence:
      "As many frames are marked as allocated as the frame allocator counts.",
    source: "alloc_page, __free_page, mm/page_alloc.c, 3.12",
    check({ memory }) {
      let flagged = 0;
      for (let pfn = memory.firstPfn; pfn < memory.endPfn; pfn++) {
        flagged += memory.page[pfn * PAGE_STRIDE + PAGE_FLAGS] & PG_ALLOCATED;
      }
      return expectEqual("allocated frames", memory.allocatedPages, flagged) ??
        (flagged === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/frames-tell-all",
    sentence:
      "A walk over the raw frames alone finds the pool's zspages, objects and handles.",
    source: `zs_page_migrate, which does so for one frame, ${SOURCE}, 4.8`,
    check: checkWalk,
  },
];
