/** The rules that operations keep: what a pool is after them, by what it was. */
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  type Violation,
} from "../rules/invariant.ts";
import type { ZsPool } from "./pool.ts";
import { canCompact, GROUP_EMPTY } from "./size_class.ts";
import { ZspageView } from "./view.ts";
import { ZSPAGE_INUSE } from "./zspage.ts";

/** A zspage as it was before an operation. */
export interface ZspageBefore {
  /** The index of its class. */
  readonly classIndex: number;
  /** Its chunks. */
  readonly objects: number;
  /** Those that held an object. */
  readonly inuse: number;
}

/** A pool as it was before an operation. */
export interface PoolBefore {
  /** What each object held, to its chunk's end, by handle. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** Objects of each class. */
  readonly used: readonly number[];
  /** Where each object lay: its zspage and chunk as one number, by handle. */
  readonly places: ReadonlyMap<number, number>;
  /** Each zspage. */
  readonly zspages: ReadonlyMap<number, ZspageBefore>;
  /** Frames of the pool. */
  readonly pages: number;
  /** Frames of its memory. */
  readonly allocatedPages: number;
  /** Frames that compaction had freed. */
  readonly pagesCompacted: number;
  /** Objects that compaction had moved. */
  readonly objectsMigrated: number;
}

/** What a compaction left, and said. */
export interface Compacted {
  /** The pool as it is now. */
  readonly pool: ZsPool;
  /** Pages that the compaction says it freed. */
  readonly pagesFreed: number;
}

/** What a migration left, and the frame that took another's place. */
export interface Migrated {
  /** The pool as it is now. */
  readonly pool: ZsPool;
  /** The frame that was replaced. */
  readonly from: number;
  /** The frame in its place. */
  readonly to: number;
}

/** A rule about compaction. */
export type CompactionInvariant = Invariant<PoolBefore, Compacted>;
/** A rule about page migration. */
export type MigrationInvariant = Invariant<PoolBefore, Migrated>;

const SOURCE = "mm/zsmalloc.c";

/** Every live object's bytes, read chunk by chunk and not by its handle. */
function contentsOf(pool: ZsPool): Map<number, Uint8Array> {
  const { zspages } = pool;
  const contents = new Map<number, Uint8Array>();
  const view = new ZspageView(pool);
  for (const zspage of zspages.live()) {
    const { size, objectsPerZspage } =
      view.lookAt(zspage).lookInside().sizeClass;
    for (let nth = 0; nth < objectsPerZspage; nth++) {
      if (!view.isAllocated(nth)) continue;
      const chunk = new Uint8Array(size);
      zspages.readBytes(view.pfnOf(nth), view.offsetOf(nth), chunk);
      contents.set(view.handleIn(nth), chunk);
    }
  }
  return contents;
}

/** More than there are chunks in a zspage. */
const PLACES = 2 ** 16;

/** Where each live object lies: the number of its zspage and that of its chunk. */
function placesOf(pool: ZsPool): Map<number, number> {
  const places = new Map<number, number>();
  const view = new ZspageView(pool);
  for (const zspage of pool.zspages.live()) {
    const { objectsPerZspage } = view.lookAt(zspage).lookInside().sizeClass;
    for (let nth = 0; nth < objectsPerZspage; nth++) {
      if (!view.isAllocated(nth)) continue;
      places.set(view.handleIn(nth), zspage * PLACES + nth);
    }
  }
  return places;
}

/** What there is to remember of a pool before an operation. */
export function poolBefore(pool: ZsPool): PoolBefore {
  const { zspages, classes, pagesAllocated, memory } = pool;
  const zspagesBefore = new Map<number, ZspageBefore>();
  for (const zspage of zspages.live()) {
    const { index, objectsPerZspage } = pool.classOfZspage(zspage);
    zspagesBefore.set(zspage, {
      classIndex: index,
      objects: objectsPerZspage,
      inuse: zspages.get(zspage, ZSPAGE_INUSE),
    });
  }
  return {
    contents: contentsOf(pool),
    places: placesOf(pool),
    used: classes.map(({ objsUsed }) => objsUsed),
    zspages: zspagesBefore,
    pages: pagesAllocated,
    allocatedPages: memory.allocatedPages,
    pagesCompacted: pool.pagesCompacted,
    objectsMigrated: pool.objectsMigrated,
  };
}

function keepsHandles(
  before: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  for (const handle of before.contents.keys()) {
    if (!pool.handles.isLive(handle)) {
      return { where: `handle ${handle}`, expected: "live", found: "free" };
    }
  }
  return expectEqual("handles", pool.handles.allocated, before.contents.size);
}

function keepsContents(
  before: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  const after = contentsOf(pool);
  for (const [handle, bytes] of before.contents) {
    const now = after.get(handle);
    const at = bytes.findIndex((byte, nth) => byte !== now?.[nth]);
    if (at < 0) continue;
    return {
      where: `byte ${at} of the chunk of handle ${handle}`,
      expected: bytes[at],
      found: now?.[at] ?? "no chunk",
    };
  }
}

function keepsUsed(
  before: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  for (const [nth, { index, objsUsed }] of pool.classes.entries()) {
    const where = `objects of class ${index}`;
    const violation = expectEqual(where, objsUsed, before.used[nth]);
    if (violation !== undefined) return violation;
  }
}

/** Rules about what compaction leaves. */
const RESULT_INVARIANTS: readonly CompactionInvariant[] = [
  {
    id: "zsmalloc/compaction-keeps-handles",
    sentence: "Compaction leaves every handle as it is.",
    source: `migrate_zspage, record_obj, ${SOURCE}, 4.1`,
    check: keepsHandles,
  },
  {
    id: "zsmalloc/compaction-keeps-contents",
    sentence: "Compaction leaves every object's bytes as they are.",
    source: `zs_object_copy, ${SOURCE}, 4.1`,
    check: keepsContents,
  },
  {
    id: "zsmalloc/compaction-keeps-used",
    sentence: "Compaction leaves every class as many objects.",
    source: `migrate_zspage, ${SOURCE}, 4.1`,
    check: keepsUsed,
  },
  {
    id: "zsmalloc/compaction-frees-what-it-reports",
    sentence:
      "Compaction gives the frame allocator as many frames as it says, and never takes one.",
    source: `zs_compact, __zs_compact, ${SOURCE}, 4.4`,
    check(before, { pool, pagesFreed }) {
      const { pagesAllocated, memory } = pool;
      const freed = before.pages - pagesAllocated;
      return expectEqual("pages freed", pagesFreed, freed) ??
        expectEqual(
          "frames allocated",
          memory.allocatedPages,
          before.allocatedPages - freed,
        );
    },
  },
  {
    id: "zsmalloc/compaction-leaves-no-zspage-of-room",
    sentence:
      "Compaction leaves every class with less than one zspage's worth of room, where nothing is mapped (since 4.3).",
    source: `zs_can_compact in __zs_compact, ${SOURCE}, 4.3`,
    check(_before, { pool }) {
      const { compaction } = pool.profile;
      const isThorough = compaction === "source-first" ||
        compaction === "destination-first";
      if (!isThorough || pool.mappings.count > 0) return undefined;
      for (const sizeClass of pool.classes) {
        const where = `pages to free in class ${sizeClass.index}`;
        const violation = expectEqual(where, canCompact(sizeClass), 0);
        if (violation !== undefined) return violation;
      }
    },
  },
  {
    id: "zsmalloc/compaction-fills-destinations",
    sentence:
      "Compaction leaves at most one zspage of a class that took objects and is not full (since 6.4).",
    source: `__zs_compact, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      if (pool.profile.compaction !== "destination-first") return undefined;
      const partFilled = new Map<number, number>();
      for (const zspage of pool.zspages.live()) {
        const { index, objectsPerZspage } = pool.classOfZspage(zspage);
        const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
        const grew = inuse > (before.zspages.get(zspage)?.inuse ?? 0);
        if (!grew || inuse === objectsPerZspage) continue;
        const other = partFilled.get(index);
        if (other !== undefined) {
          return {
            where: `class ${index}`,
            expected: "one destination part filled",
            found: `zspages ${other} and ${zspage}`,
          };
        }
        partFilled.set(index, zspage);
      }
    },
  },
];

/** Rules about which zspages compaction chooses. */
const CHOICE_INVARIANTS: readonly CompactionInvariant[] = [
  {
    id: "zsmalloc/compaction-sources",
    sentence:
      "Compaction takes objects from the emptiest zspages: from none in a fuller group than one it leaves alone, and up to 4.2 from almost empty ones.",
    source: `isolate_source_page, 4.1; isolate_src_zspage, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      const isFirstMerged = pool.profile.compaction === "first-merged";
      const almostEmpty = GROUP_EMPTY + 1;
      for (const { index, gave, alone } of choicesOf(before, pool)) {
        const bound = Math.min(
          ...alone,
          isFirstMerged ? almostEmpty : Infinity,
        );
        const fullest = Math.max(...gave);
        if (fullest <= bound) continue;
        return {
          where: `what class ${index} took objects from`,
          expected: `group ${bound} or less`,
          found: `group ${fullest}`,
        };
      }
    },
  },
  {
    id: "zsmalloc/compaction-destinations",
    sentence:
      "Compaction puts objects into the fullest zspages with room: into none in an emptier group than one it leaves alone.",
    source: `isolate_target_page, 4.1; isolate_dst_zspage, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      for (const { index, took, alone } of choicesOf(before, pool)) {
        const [emptiest, bound] = [Math.min(...took), Math.max(...alone)];
        if (emptiest >= bound) continue;
        return {
          where: `what class ${index} put objects into`,
          expected: `group ${bound} or more`,
          found: `group ${emptiest}`,
        };
      }
    },
  },
];

/** Groups of a class's zspages that gave objects, took some, or did neither. */
interface Choices {
  readonly index: number;
  readonly gave: number[];
  readonly took: number[];
  readonly alone: number[];
}

/** What became of the part-filled zspages of each class, by their group. */
function choicesOf(before: PoolBefore, pool: ZsPool): Iterable<Choices> {
  const choices = new Map<number, Choices>();
  for (const [zspage, { inuse, classIndex, objects }] of before.zspages) {
    if (inuse === objects) continue;
    const group = pool.profile.fullness.group(inuse, objects);
    const now = pool.zspages.isLive(zspage)
      ? pool.zspages.get(zspage, ZSPAGE_INUSE)
      : 0;
    const one = choices.get(classIndex) ??
      { index: classIndex, gave: [], took: [], alone: [] };
    choices.set(classIndex, one);
    (now < inuse ? one.gave : now > inuse ? one.took : one.alone).push(group);
  }
  return choices.values();
}

/** How many objects lie elsewhere than before. */
function countMoved(before: PoolBefore, pool: ZsPool): number {
  const places = placesOf(pool);
  let moved = 0;
  for (const [handle, place] of before.places) {
    if (places.get(handle) !== place) moved++;
  }
  return moved;
}

/** Rules about what compaction counts. */
const COUNT_INVARIANTS: readonly CompactionInvariant[] = [
  {
    id: "zsmalloc/compaction-counts-pages",
    sentence:
      "What compaction frees, and nothing else, adds to pages_compacted.",
    source: `zs_compact, zs_pool_stats, ${SOURCE}, 4.3`,
    check(before, { pool }) {
      return expectEqual(
        "pages_compacted",
        pool.pagesCompacted,
        before.pagesCompacted + before.pages - pool.pagesAllocated,
      );
    },
  },
  {
    id: "zsmalloc/compaction-counts-objects",
    sentence:
      "Compaction counts each object that it moves; since 6.4 it moves none twice.",
    source: `num_migrated, 4.1; __zs_compact, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      const counted = pool.objectsMigrated - before.objectsMigrated;
      const moved = countMoved(before, pool);
      const isOnce = pool.profile.compaction === "destination-first";
      if (!isOnce && counted >= moved) return undefined;
      return expectEqual("objects moved", counted, moved);
    },
  },
];

/** Rules about compaction. */
export const COMPACTION_INVARIANTS: readonly CompactionInvariant[] = [
  ...RESULT_INVARIANTS,
  ...COUNT_INVARIANTS,
  ...CHOICE_INVARIANTS,
];

/** Rules about page migration. */
export const MIGRATION_INVARIANTS: readonly MigrationInvariant[] = [
  {
    id: "zsmalloc/migration-keeps-handles",
    sentence: "Migrating a page leaves every handle as it is.",
    source: `zs_page_migrate, record_obj, ${SOURCE}, 4.8`,
    check: keepsHandles,
  },
  {
    id: "zsmalloc/migration-keeps-contents",
    sentence: "Migrating a page leaves every object's bytes as they are.",
    source: `zs_page_migrate, ${SOURCE}, 4.8`,
    check: keepsContents,
  },
  {
    id: "zsmalloc/migration-keeps-used",
    sentence: "Migrating a page leaves every class and zspage as many objects.",
    source: `zs_page_migrate, ${SOURCE}, 4.8`,
    check(before, after) {
      for (const [zspage, { inuse }] of before.zspages) {
        const now = after.pool.zspages.get(zspage, ZSPAGE_INUSE);
        const violation = expectEqual(`zspage ${zspage}`, now, inuse);
        if (violation !== undefined) return violation;
      }
      return keepsUsed(before, after);
    },
  },
  {
    id: "zsmalloc/migration-replaces-one-frame",
    sentence: "Migrating a page takes one frame and gives the old one back.",
    source: `replace_sub_page, reset_page, ${SOURCE}, 4.8`,
    check(before, { pool, from, to }) {
      const { memory, pagesAllocated } = pool;
      const isAllocated = (pfn: number) =>
        memory.page[pfn * PAGE_STRIDE + PAGE_FLAGS] & PG_ALLOCATED;
      return expectEqual(`page ${from}, migrated`, isAllocated(from), 0) ??
        expectEqual(`page ${to} in its place`, isAllocated(to), PG_ALLOCATED) ??
        expectEqual("pages of the pool", pagesAllocated, before.pages) ??
        expectEqual(
          "frames allocated",
          memory.allocatedPages,
          before.allocatedPages,
        );
    },
  },
];

/** Checks a compaction by what the pool was before it. */
export function checkCompaction(before: PoolBefore, after: Compacted): void {
  assertInvariants(COMPACTION_INVARIANTS, before, after);
}

/** Checks a migration by what the pool was before it. */
export function checkMigration(before: PoolBefore, after: Migrated): void {
  assertInvariants(MIGRATION_INVARIANTS, before, after);
}
