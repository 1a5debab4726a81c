/** The rules that each zspage keeps. */
import {
  PAGE_FIRST_OBJ_OFFSET,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_PRIVATE,
  PAGE_STRIDE,
  PG_ALLOCATED,
  PG_PRIVATE,
} from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { OBJ_ALLOCATED_TAG } from "./obj.ts";
import type { ZsPool } from "./pool.ts";
import { NO_CHUNK, type ZspageView } from "./view.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FULLNESS,
  ZSPAGE_HUGE,
  ZSPAGE_INUSE,
  ZSPAGE_NEXT,
  ZSPAGE_PREV,
} from "./zspage.ts";

/** A rule about what one zspage holds. */
export type ZspageInvariant = Invariant<ZsPool, ZspageView>;
/** A rule about a zspage's place, by its number. */
export type PlaceInvariant = Invariant<ZsPool, number>;

const SOURCE = "mm/zsmalloc.c";

/** Whether a class's zspages are one chunk in one frame, handle outside. */
function isHugeClass(pool: ZsPool, { sizeClass }: ZspageView): boolean {
  return pool.zspages.headerBytes > 0 && sizeClass.pagesPerZspage === 1 &&
    sizeClass.objectsPerZspage === 1;
}

/** Rules about where each zspage is listed. */
export const PLACE_INVARIANTS: readonly PlaceInvariant[] = [
  {
    id: "zsmalloc/zspage-class",
    sentence: "A zspage names a class that was built and not merged away.",
    source: `zspage_class, can_merge, ${SOURCE}, 3.19`,
    check(pool, zspage) {
      const named = pool.zspages.get(zspage, 0);
      const { classOf } = pool.geometry;
      if (classOf[named]?.index === named) return undefined;
      return {
        where: `zspage ${zspage}`,
        expected: "the index of a class",
        found: named,
      };
    },
  },
  {
    id: "zsmalloc/fullness-group",
    sentence: "A zspage is in the group that its use calls for.",
    source: `fix_fullness_group, get_fullness_group, ${SOURCE}, 3.12`,
    check(pool, zspage) {
      const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
      const { objectsPerZspage } = pool.classOfZspage(zspage);
      return expectEqual(
        () => `zspage ${zspage} with ${inuse} of ${objectsPerZspage} objects`,
        pool.zspages.get(zspage, ZSPAGE_FULLNESS),
        pool.profile.fullness.group(inuse, objectsPerZspage),
      );
    },
  },
  {
    id: "zsmalloc/list-links",
    sentence:
      "The neighbours of a zspage in its list, or the list's head, point back to it.",
    source: `insert_zspage, remove_zspage, ${SOURCE}, 3.12`,
    check(pool, zspage) {
      const { zspages } = pool;
      const { heads, isListed } = pool.classOfZspage(zspage);
      const group = zspages.get(zspage, ZSPAGE_FULLNESS);
      if (!isListed[group] || pool.holds.offLists.has(zspage)) return SILENT;
      const prev = zspages.get(zspage, ZSPAGE_PREV);
      const next = zspages.get(zspage, ZSPAGE_NEXT);
      const before = prev === NO_ZSPAGE
        ? heads[group]
        : zspages.get(prev, ZSPAGE_NEXT);
      return expectEqual(() => `before zspage ${zspage}`, before, zspage) ??
        (next === NO_ZSPAGE ? undefined : expectEqual(
          () => `after zspage ${zspage}`,
          zspages.get(next, ZSPAGE_PREV),
          zspage,
        ));
    },
  },
  {
    id: "zsmalloc/list-members",
    sentence: "The neighbours of a zspage are of its class and its group.",
    source: `insert_zspage, ${SOURCE}, 3.12`,
    check(pool, zspage) {
      const { zspages } = pool;
      const group = zspages.get(zspage, ZSPAGE_FULLNESS);
      const { index, isListed } = pool.classOfZspage(zspage);
      let isAlone = true;
      for (const field of [ZSPAGE_PREV, ZSPAGE_NEXT]) {
        const neighbour = zspages.get(zspage, field);
        if (!isListed[group] || neighbour === NO_ZSPAGE) continue;
        isAlone = false;
        const where = () => `zspage ${neighbour} beside zspage ${zspage}`;
        const violation = expectEqual(
          () => `class of ${where()}`,
          zspages.get(neighbour, 0),
          index,
        ) ??
          expectEqual(
            () => `group of ${where()}`,
            zspages.get(neighbour, ZSPAGE_FULLNESS),
            group,
          );
        if (violation !== undefined) return violation;
      }
      return isAlone ? SILENT : undefined;
    },
  },
];

/** Rules about zspages of which frames are held. */
export const HOLD_INVARIANTS: readonly PlaceInvariant[] = [
  {
    id: "zsmalloc/isolated-off-list",
    sentence:
      "A zspage of which a frame is isolated is on no list (4.8 to 5.18); since 5.19 it stays on its list.",
    source: `zs_page_isolate, ${SOURCE}, 5.10.262 and 6.1.192`,
    check({ zspages, holds, profile }, zspage) {
      if (!holds.isZspageIsolated(zspage)) return SILENT;
      const off = holds.offLists.get(zspage) === "isolated";
      const isLinked = [ZSPAGE_PREV, ZSPAGE_NEXT]
        .some((field) => zspages.get(zspage, field) !== NO_ZSPAGE);
      return expectEqual(
        () => `zspage ${zspage}, isolated`,
        off ? "off-list" : "on-list",
        profile.isolated,
      ) ?? expectEqual(
        () => `the neighbours of zspage ${zspage}`,
        off && isLinked ? "some" : "right",
        "right",
      );
    },
  },
];

/** Rules about the frames of each zspage. */
export const FRAME_INVARIANTS: readonly ZspageInvariant[] = [
  {
    id: "zsmalloc/chain-length",
    sentence: "A zspage chains as many frames as its class says.",
    source: `create_page_chain, ${SOURCE}, 4.8`,
    check(_pool, { zspage, pages, sizeClass }) {
      const { pagesPerZspage } = sizeClass;
      return expectEqual(
        () => `zspage ${zspage}`,
        pages.length,
        pagesPerZspage,
      );
    },
  },
  {
    id: "zsmalloc/chain-owner",
    sentence: "Each frame of a zspage points back to it.",
    source: `create_page_chain, set_zspage, ${SOURCE}, 4.8`,
    check({ memory }, { zspage, pages }) {
      for (const pfn of pages) {
        const owner = memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
        const where = () => `page ${pfn} of zspage ${zspage}`;
        const violation = expectEqual(where, owner, zspage);
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zsmalloc/first-page",
    sentence:
      "Each frame of a zspage is allocated, and the first alone is marked as the first.",
    source: `create_page_chain, is_first_page, ${SOURCE}, 3.12`,
    check({ memory }, { zspage, pages }) {
      for (let nth = 0; nth < pages.length; nth++) {
        const flags = memory.page[pages[nth] * PAGE_STRIDE + PAGE_FLAGS];
        const right = nth === 0 ? PG_ALLOCATED | PG_PRIVATE : PG_ALLOCATED;
        const where = () => `flags of page ${pages[nth]} of zspage ${zspage}`;
        const violation = expectEqual(where, flags, right);
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zsmalloc/first-object-offset",
    sentence:
      "Each frame knows the offset of the first chunk that starts in it.",
    source: `init_zspage, set_first_obj_offset, ${SOURCE}, 4.8`,
    check({ memory }, { zspage, pages, sizeClass }) {
      const { size } = sizeClass;
      for (let nth = 0; nth < pages.length; nth++) {
        const start = nth * memory.pageSize;
        const violation = expectEqual(
          () => `page ${pages[nth]} of zspage ${zspage}`,
          memory.page[pages[nth] * PAGE_STRIDE + PAGE_FIRST_OBJ_OFFSET],
          Math.ceil(start / size) * size - start,
        );
        if (violation !== undefined) return violation;
      }
      return pages.length === 1 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/huge",
    sentence:
      "A zspage is huge where its one chunk is its one frame, and only there (since 4.0).",
    source: `SetZsHugePage, ${SOURCE}, 5.18; class->huge, 4.0`,
    check(pool, view) {
      return expectEqual(
        () => `zspage ${view.zspage}`,
        pool.zspages.get(view.zspage, ZSPAGE_HUGE),
        isHugeClass(pool, view) ? 1 : 0,
      ) ?? (pool.zspages.headerBytes === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/huge-handle",
    sentence:
      "A huge object has its frame to itself: its handle is kept in the struct page.",
    source: `obj_malloc, ${SOURCE}, 4.0`,
    check({ memory, zspages }, { zspage, pages }) {
      const inuse = zspages.get(zspage, ZSPAGE_INUSE);
      if (zspages.get(zspage, ZSPAGE_HUGE) === 0 || inuse === 0) return SILENT;
      const kept = memory.page[pages[0] * PAGE_STRIDE + PAGE_INDEX];
      const isTagged = (kept & OBJ_ALLOCATED_TAG) === 1;
      if (isTagged && pages.length === 1) return undefined;
      return {
        where: `page ${pages[0]} of zspage ${zspage}`,
        expected: "a tagged handle in the struct page of one frame",
        found: `${kept} in that of the first of ${pages.length}`,
      };
    },
  },
];

/** Rules about the chunks of each zspage. */
export const CHUNK_INVARIANTS: readonly ZspageInvariant[] = [
  {
    id: "zsmalloc/free-list-end",
    sentence: "A zspage's free list ends where its last link is marked.",
    source: `init_zspage, ${SOURCE}, 3.12`,
    check({ memory, zspages }, { zspage, sizeClass, freeEnd }) {
      const { size, objectsPerZspage, pagesPerZspage } = sizeClass;
      // A huge object that takes a chunk again reads its link from what was in
      // it: nobody follows that, as the zspage is full.
      if (zspages.get(zspage, ZSPAGE_HUGE) === 1) return SILENT;
      // Where a zspage has room behind its last chunk, init_zspage takes that
      // for one more: the last chunk links to it, and it has the marked link.
      const hasRoom = objectsPerZspage * size !==
        pagesPerZspage * memory.pageSize;
      const ends = hasRoom ? [objectsPerZspage] : zspages.links.ends;
      if (ends.includes(freeEnd)) return undefined;
      return {
        where: `the end of the free list of zspage ${zspage}`,
        expected: ends.join(" or "),
        found: freeEnd < objectsPerZspage ? `chunk ${freeEnd} again` : freeEnd,
      };
    },
  },
  {
    id: "zsmalloc/free-list-length",
    sentence:
      "A zspage's free list is as long as its count of objects leaves chunks.",
    source: `obj_malloc, obj_free, ${SOURCE}, 3.12`,
    check({ zspages }, { zspage, sizeClass, freeLength }) {
      const inuse = zspages.get(zspage, ZSPAGE_INUSE);
      const free = sizeClass.objectsPerZspage - inuse;
      const where = () => `the free list of zspage ${zspage}`;
      return expectEqual(where, freeLength, free);
    },
  },
  {
    id: "zsmalloc/free-chunk-tag",
    sentence: "A chunk on the free list has no tag (since 4.0).",
    source: `obj_free, OBJ_ALLOCATED_TAG, ${SOURCE}, 4.0`,
    check({ zspages }, view) {
      const { zspage, freeTagged, freeLength } = view;
      if (zspages.headerBytes === 0 || freeLength === 0) return SILENT;
      if (freeTagged === NO_CHUNK) return undefined;
      return {
        where: `chunk ${freeTagged} of zspage ${zspage}, on the free list`,
        expected: "no tag",
        found: `handle ${view.handleIn(freeTagged)}`,
      };
    },
  },
  {
    id: "zsmalloc/allocated-chunk-tag",
    sentence: "A chunk that is not on the free list is tagged (since 4.0).",
    source: `obj_malloc, OBJ_ALLOCATED_TAG, ${SOURCE}, 4.0`,
    check({ zspages }, { zspage, headers, untagged }) {
      if (zspages.headerBytes === 0) return SILENT;
      if (untagged === NO_CHUNK) return undefined;
      return {
        where: `chunk ${untagged} of zspage ${zspage}, on no free list`,
        expected: "a tag",
        found: headers[untagged],
      };
    },
  },
  {
    id: "zsmalloc/inuse",
    sentence:
      "A zspage counts the chunks that hold an object: at least one, or it is to be freed.",
    source: `mod_zspage_inuse in obj_malloc and obj_free, ${SOURCE}, 4.8`,
    check({ zspages, holds }, { zspage, allocated }) {
      const inuse = zspages.get(zspage, ZSPAGE_INUSE);
      const where = () => `zspage ${zspage}`;
      return expectEqual(where, inuse, allocated) ??
        (inuse > 0 || holds.isAny ? undefined : {
          where: where(),
          expected: "at least one object, or no zspage",
          found: inuse,
        });
    },
  },
  {
    id: "zsmalloc/header-names-live-handle",
    sentence: "What an allocated chunk starts with is a handle that is live.",
    source: `obj_malloc, cache_alloc_handle, ${SOURCE}, 4.0`,
    check(_pool, view) {
      const { zspage, withoutHandle } = view;
      if (withoutHandle === NO_CHUNK) return undefined;
      return {
        where: `chunk ${withoutHandle} of zspage ${zspage}`,
        expected: "a live handle",
        found: view.handleIn(withoutHandle),
      };
    },
  },
  {
    id: "zsmalloc/cell-names-chunk",
    sentence:
      "The cell of the handle in an allocated chunk names that frame and chunk.",
    source: `record_obj, obj_to_location, ${SOURCE}, 4.0`,
    check({ handles, zspages }, view) {
      const { zspage, misplaced, sizeClass } = view;
      if (zspages.headerBytes === 0) return SILENT;
      if (misplaced === NO_CHUNK) return undefined;
      const handle = view.handleIn(misplaced);
      return {
        where: `the cell of handle ${handle} in zspage ${zspage}`,
        expected: `page ${view.pfnOf(misplaced)}, object ${misplaced}`,
        found: `page ${handles.pfnOf(handle)}, object ${
          handles.objIndexOf(handle, sizeClass.size)
        }`,
      };
    },
  },
  {
    id: "zsmalloc/location-class",
    sentence:
      "A location names the class of its object's zspage (since 7.3, where it has the bits).",
    source: `location_to_obj, obj_to_class_idx, ${SOURCE}, 7.3.4`,
    check({ handles, geometry }, view) {
      if (geometry.objClassBits === 0) return SILENT;
      const { zspage, sizeClass: { index, objectsPerZspage } } = view;
      for (let nth = 0; nth < objectsPerZspage; nth++) {
        if (!view.isAllocated(nth)) continue;
        const named = handles.classIndexOf(view.handleIn(nth));
        const where = () => `the class of object ${nth} of zspage ${zspage}`;
        const violation = expectEqual(where, named, index);
        if (violation !== undefined) return violation;
      }
      return view.allocated === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/location-tag",
    sentence: "A location's tag bits are clear.",
    source: `location_to_obj, OBJ_TAG_BITS, ${SOURCE}, 4.0 to 6.8`,
    check({ handles, profile }, view) {
      if (view.locationTagged === NO_CHUNK) {
        return profile.objects.tagBits === 0 ? SILENT : undefined;
      }
      const handle = view.handleIn(view.locationTagged);
      const where = () => `the cell of handle ${handle}`;
      return expectEqual(where, handles.tagOf(handle), 0);
    },
  },
];

/**
 * Checks every rule about a zspage, and leaves the view looking at it. `reach`
 * counts the rules that had something to say.
 */
export function checkZspage(
  pool: ZsPool,
  zspage: number,
  view: ZspageView,
  reach?: Reach,
): void {
  assertInvariants(PLACE_INVARIANTS, pool, zspage, reach);
  assertInvariants(HOLD_INVARIANTS, pool, zspage, reach);
  assertInvariants(FRAME_INVARIANTS, pool, view.lookAt(zspage), reach);
  assertInvariants(CHUNK_INVARIANTS, pool, view.lookInside(), reach);
}
