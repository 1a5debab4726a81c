/** The rules that operations keep: what a pool is after them, by what it was. */
import { Buffer } from "node:buffer";
import type { Profile } from "../linux/profile.ts";
import { PAGE_FLAGS, PAGE_STRIDE, PG_ALLOCATED } from "../memory/memory.ts";
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  SILENT,
  type Violation,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { ZsPool } from "./pool.ts";
import { placesIn, type PoolBefore } from "./pool_before.ts";
import { canCompact, GROUP_EMPTY } from "./size_class.ts";
import { ZspageView } from "./view.ts";
import { ZSPAGE_INUSE } from "./zspage.ts";

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

function keepsHandles(
  before: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  for (const handle of before.contents.keys()) {
    if (!pool.handles.isLive(handle)) {
      return { where: `handle ${handle}`, expected: "live", found: "free" };
    }
  }
  return expectEqual("handles", pool.handles.allocated, before.handles);
}

/** Reads each chunk where it is now, not by its handle. */
function keepsContents(
  { contents, zspages }: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  const view = new ZspageView(pool);
  const missing = new Set(contents.keys());
  for (const zspage of zspages.keys()) {
    if (!pool.zspages.isLive(zspage)) continue;
    const { sizeClass } = view.lookAt(zspage).lookInside();
    const now = new Uint8Array(sizeClass.size);
    for (let nth = 0; nth < sizeClass.objectsPerZspage; nth++) {
      if (!view.isAllocated(nth)) continue;
      const handle = view.handleIn(nth);
      const bytes = contents.get(handle);
      pool.zspages.readBytes(view.pfnOf(nth), view.offsetOf(nth), now);
      if (bytes === undefined || Buffer.compare(bytes, now) === 0) {
        missing.delete(handle);
        continue;
      }
      const at = bytes.findIndex((byte, nth) => byte !== now[nth]);
      return {
        where: `byte ${at} of the chunk of handle ${handle}`,
        expected: bytes[at],
        found: now[at] ?? "no byte",
      };
    }
  }
  for (const handle of missing) {
    return { where: `handle ${handle}`, expected: "a chunk", found: "none" };
  }
}

function keepsUsed(
  before: PoolBefore,
  { pool }: { pool: ZsPool },
): Violation | undefined {
  for (let nth = 0; nth < pool.classes.length; nth++) {
    const { index, objsUsed } = pool.classes[nth];
    const where = () => `objects of class ${index}`;
    const violation = expectEqual(where, objsUsed, before.used[nth]);
    if (violation !== undefined) return violation;
  }
}

/** What a check answers that speaks of objects moved where none was. */
function ofMoved(
  keeps: (before: PoolBefore, after: Compacted) => Violation | undefined,
): CompactionInvariant["check"] {
  return (before, after) =>
    keeps(before, after) ??
      (after.pool.objectsMigrated > before.objectsMigrated
        ? undefined
        : SILENT);
}

/** The ways of compacting that end where no page can be freed any more. */
const THOROUGH: readonly Profile["compaction"][] = [
  "source-first",
  "source-first-until-contended",
  "destination-first",
];

/** Rules about what compaction leaves. */
const RESULT_INVARIANTS: readonly CompactionInvariant[] = [
  {
    id: "zsmalloc/compaction-keeps-handles",
    sentence: "Compaction leaves every handle as it is.",
    source: `migrate_zspage, record_obj, ${SOURCE}, 4.1`,
    check: ofMoved(keepsHandles),
  },
  {
    id: "zsmalloc/compaction-keeps-contents",
    sentence: "Compaction leaves every object's bytes as they are.",
    source: `zs_object_copy, ${SOURCE}, 4.1`,
    check: ofMoved(keepsContents),
  },
  {
    id: "zsmalloc/compaction-keeps-used",
    sentence: "Compaction leaves every class as many objects.",
    source: `migrate_zspage, ${SOURCE}, 4.1`,
    check: ofMoved(keepsUsed),
  },
  {
    id: "zsmalloc/compaction-frees-what-it-reports",
    sentence:
      "Compaction gives the frame allocator as many frames as it says, where none of them is held, and never takes one.",
    source: `zs_compact, __zs_compact, ${SOURCE}, 4.4`,
    check(before, { pool, pagesFreed }) {
      const { pagesAllocated, memory } = pool;
      if (pool.holds.isAny) return SILENT;
      const freed = before.pages - pagesAllocated;
      return expectEqual("pages freed", pagesFreed, freed) ??
        expectEqual(
          "frames allocated",
          memory.allocatedPages,
          before.allocatedPages - freed,
        ) ?? (freed === 0 ? SILENT : undefined);
    },
  },
  {
    id: "zsmalloc/compaction-leaves-no-zspage-of-room",
    sentence:
      "Compaction leaves every class with less than one zspage's worth of room, where nothing is mapped, held or to be freed (since 4.3).",
    source: `zs_can_compact in __zs_compact, ${SOURCE}, 4.3`,
    check(before, { pool }) {
      const isThorough = THOROUGH.includes(pool.profile.compaction);
      const isUnhindered = !pool.mappings.isAny && !pool.holds.isAny;
      if (!isThorough || !isUnhindered) return SILENT;
      for (const sizeClass of pool.classes) {
        const where = () => `pages to free in class ${sizeClass.index}`;
        const violation = expectEqual(where, canCompact(sizeClass), 0);
        if (violation !== undefined) return violation;
      }
      return before.freeable === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/compaction-fills-destinations",
    sentence:
      "Compaction leaves at most one zspage of a class that took objects and is not full, where nobody else wanted the lock (since 6.4).",
    source: `__zs_compact, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      if (pool.profile.compaction !== "destination-first") return SILENT;
      const partFilled = new Map<number, number>();
      for (const [zspage, { inuse: inuseBefore }] of before.zspages) {
        if (!pool.zspages.isLive(zspage)) continue;
        const { index, objectsPerZspage } = pool.classOfZspage(zspage);
        const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
        if (inuse <= inuseBefore || inuse === objectsPerZspage) continue;
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
      return partFilled.size === 0 ? SILENT : undefined;
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
      let choices = 0;
      for (const { index, gave, alone } of choicesOf(before, pool)) {
        const bound = Math.min(
          ...alone,
          isFirstMerged ? almostEmpty : Infinity,
        );
        const fullest = Math.max(...gave);
        if (gave.length > 0 && bound < Infinity) choices++;
        if (fullest <= bound) continue;
        return {
          where: `what class ${index} took objects from`,
          expected: `group ${bound} or less`,
          found: `group ${fullest}`,
        };
      }
      return choices === 0 ? SILENT : undefined;
    },
  },
  {
    id: "zsmalloc/compaction-destinations",
    sentence:
      "Compaction puts objects into the fullest zspages with room: into none in an emptier group than one it leaves alone.",
    source: `isolate_target_page, 4.1; isolate_dst_zspage, ${SOURCE}, 6.4`,
    check(before, { pool }) {
      let choices = 0;
      for (const { index, took, alone } of choicesOf(before, pool)) {
        const [emptiest, bound] = [Math.min(...took), Math.max(...alone)];
        if (took.length > 0 && alone.length > 0) choices++;
        if (emptiest >= bound) continue;
        return {
          where: `what class ${index} put objects into`,
          expected: `group ${bound} or more`,
          found: `group ${emptiest}`,
        };
      }
      return choices === 0 ? SILENT : undefined;
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
    const isListed = !pool.holds.offLists.has(zspage);
    if (inuse === objects || inuse === 0 || !isListed) continue;
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

/** How many of the objects that are remembered lie elsewhere now. */
function countMoved({ places, zspages }: PoolBefore, pool: ZsPool): number {
  const view = new ZspageView(pool);
  let moved = 0;
  for (const zspage of zspages.keys()) {
    if (!pool.zspages.isLive(zspage)) continue;
    for (const [handle, place] of placesIn(view.lookAt(zspage).lookInside())) {
      if (places.get(handle) !== place) moved++;
    }
  }
  return moved;
}

/** Rules about what compaction counts. */
const COUNT_INVARIANTS: readonly CompactionInvariant[] = [
  {
    id: "zsmalloc/compaction-counts-pages",
    sentence:
      "What compaction frees, and nothing else, adds to pages_compacted; what is held meanwhile counts, too.",
    source: `zs_compact, zs_pool_stats, ${SOURCE}, 4.3`,
    check(before, { pool, pagesFreed }) {
      if (pool.holds.isAny) {
        return expectEqual(
          "pages_compacted",
          pool.pagesCompacted,
          before.pagesCompacted + pagesFreed,
        );
      }
      const freed = before.pages - pool.pagesAllocated;
      return expectEqual(
        "pages_compacted",
        pool.pagesCompacted,
        before.pagesCompacted + freed,
      ) ?? (freed === 0 ? SILENT : undefined);
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
      if (moved === 0 && counted === 0) return SILENT;
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
export function checkCompaction(
  before: PoolBefore,
  after: Compacted,
  reach?: Reach,
): void {
  assertInvariants(COMPACTION_INVARIANTS, before, after, reach);
}

/** Checks a migration by what the pool was before it. */
export function checkMigration(
  before: PoolBefore,
  after: Migrated,
  reach?: Reach,
): void {
  assertInvariants(MIGRATION_INVARIANTS, before, after, reach);
}
