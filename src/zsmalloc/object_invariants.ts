/** The rules that each malloc and free keeps. */
import type { Errno } from "../linux/errno.ts";
import { expectEqual, type Invariant, SILENT } from "../rules/invariant.ts";
import type { ZsPool } from "./pool.ts";
import { GROUP_EMPTY, groupFull, type SizeClass } from "./size_class.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FULLNESS,
  ZSPAGE_INUSE,
  ZSPAGE_PREV,
} from "./zspage.ts";

/** A class as it was before one object came or went, and its pool's counts. */
export interface ClassBefore {
  /** The class. */
  readonly sizeClass: SizeClass;
  /** The fullest group with a list of zspages that have room; else the empty. */
  readonly fullest: number;
  /** The first zspage of that list. */
  readonly head: number;
  /** Its objects. */
  readonly objsUsed: number;
  /** Its chunks. */
  readonly objsAllocated: number;
  /** Frames of the pool. */
  readonly pagesAllocated: number;
  /** Frames of its memory. */
  readonly allocatedPages: number;
  /** Handles of the pool. */
  readonly handles: number;
}

/** An object that came (`malloc`), went (`free`), or could not come. */
export interface ObjectChange {
  /** The pool as it is now. */
  readonly pool: ZsPool;
  /** What was asked of it. */
  readonly op: "malloc" | "free";
  /** The errno of a malloc that was refused. */
  readonly errno: Errno | undefined;
  /** The zspage of the object, or `NO_ZSPAGE` where there is none. */
  readonly zspage: number;
  /** The group in which that zspage was: empty for a new one. */
  readonly groupBefore: number;
  /** Whether a malloc made that zspage. */
  readonly isNew: boolean;
}

/** A rule about a malloc or a free. */
export type ObjectInvariant = Invariant<ClassBefore, ObjectChange>;

const SOURCE = "mm/zsmalloc.c";

/** What there is to remember of a class before one object comes or goes. */
export function classBefore(pool: ZsPool, sizeClass: SizeClass): ClassBefore {
  const { heads } = sizeClass;
  let fullest = groupFull(sizeClass) - 1;
  while (fullest > GROUP_EMPTY && heads[fullest] === NO_ZSPAGE) fullest--;
  return {
    sizeClass,
    fullest,
    head: heads[fullest],
    objsUsed: sizeClass.objsUsed,
    objsAllocated: sizeClass.objsAllocated,
    pagesAllocated: pool.pagesAllocated,
    allocatedPages: pool.memory.allocatedPages,
    handles: pool.handles.allocated,
  };
}

/** Rules about each malloc and free. */
export const OBJECT_INVARIANTS: readonly ObjectInvariant[] = [
  {
    id: "zsmalloc/refused-malloc-changes-nothing",
    sentence: "A malloc that is refused leaves the pool as it was.",
    source: `zs_malloc, ${SOURCE}, 3.12`,
    check(before, { pool, errno }) {
      if (errno === undefined) return SILENT;
      const { sizeClass } = before;
      return expectEqual("objects", sizeClass.objsUsed, before.objsUsed) ??
        expectEqual(
          "frames allocated",
          pool.memory.allocatedPages,
          before.allocatedPages,
        ) ??
        expectEqual("handles", pool.handles.allocated, before.handles);
    },
  },
  {
    id: "zsmalloc/one-object",
    sentence: "A malloc adds one object to its class, a free takes one.",
    source: `zs_malloc, zs_free, ${SOURCE}, 3.12`,
    check({ sizeClass, objsUsed, handles }, { pool, op, errno }) {
      if (errno !== undefined) return SILENT;
      const change = op === "malloc" ? 1 : -1;
      return expectEqual("objects", sizeClass.objsUsed, objsUsed + change) ??
        expectEqual("handles", pool.handles.allocated, handles + change);
    },
  },
  {
    id: "zsmalloc/one-zspage",
    sentence:
      "A malloc takes at most one zspage's frames, and only where no zspage has room; a free gives at most one back.",
    source: `zs_malloc, zs_free, ${SOURCE}, 3.12`,
    check(before, { pool, op, errno, zspage, isNew }) {
      if (errno !== undefined) return SILENT;
      const { sizeClass, objsAllocated, pagesAllocated } = before;
      const isGone = op === "free" && !pool.zspages.isLive(zspage);
      const change = Number(isNew) - Number(isGone);
      const { objectsPerZspage, pagesPerZspage } = sizeClass;
      return expectEqual(
        "chunks",
        sizeClass.objsAllocated,
        objsAllocated + change * objectsPerZspage,
      ) ??
        expectEqual(
          "pages",
          pool.pagesAllocated,
          pagesAllocated + change * pagesPerZspage,
        );
    },
  },
  {
    id: "zsmalloc/malloc-takes-the-fullest",
    sentence:
      "An object goes to the head of the fullest list whose zspages have room, the list of empty ones last; to a new zspage where there is none.",
    source: `find_get_zspage, ${SOURCE}, 3.12`,
    check({ sizeClass, fullest, head }, change) {
      const { op, errno, zspage, groupBefore } = change;
      if (op !== "malloc" || errno !== undefined) return SILENT;
      const where = () => `the object's zspage of class ${sizeClass.index}`;
      return expectEqual(where, groupBefore, fullest) ??
        (head === NO_ZSPAGE ? undefined : expectEqual(where, zspage, head));
    },
  },
  {
    id: "zsmalloc/list-entry",
    sentence:
      "A zspage that changes its group becomes the head of the new list; from 4.8 to 6.3 it goes behind a head that is fuller.",
    source: `insert_zspage, ${SOURCE}, 3.12, 4.8 and 6.4`,
    check({ sizeClass }, { pool: { zspages }, zspage, groupBefore }) {
      if (!zspages.isLive(zspage)) return SILENT;
      const group = zspages.get(zspage, ZSPAGE_FULLNESS);
      if (group === groupBefore || !sizeClass.isListed[group]) return SILENT;
      const prev = zspages.get(zspage, ZSPAGE_PREV);
      const inuse = zspages.get(zspage, ZSPAGE_INUSE);
      const isBehindFuller = prev !== NO_ZSPAGE && sizeClass.fullerHeadStays &&
        sizeClass.heads[group] === prev &&
        zspages.get(prev, ZSPAGE_INUSE) > inuse;
      return isBehindFuller ? undefined : expectEqual(
        () => `zspage ${zspage} in its list, after`,
        prev,
        NO_ZSPAGE,
      );
    },
  },
];
