/**
 * Memory compaction: movable pages move up, so that free ones join below. From
 * the zone's start pages are taken that can be moved, from its end free ones.
 */
import type { Gfp } from "../linux/gfp.ts";
import { assertHas } from "../rules/argument.ts";
import { compactFinished } from "./compact_finished.ts";
import { FreeScanner } from "./free_scanner.ts";
import type { Memory } from "./memory.ts";
import { pageblockOf } from "./pageblock.ts";
import { NO_BLOCK, type PageAllocator } from "./page_allocator.ts";
import type { Zone } from "./zone.ts";

/** What compaction is for: an allocation that failed. */
export interface CompactFor {
  /** Its order, from 1 on. */
  readonly order: number;
  /** What it asks for. */
  readonly gfp: Gfp;
}

/** What came of compaction. */
export interface MemoryCompacted {
  /**
   * `success` where what it was for can be had now; `complete` where the
   * scanners met; `no-target` where there was no free page to move to before.
   */
  readonly outcome: "success" | "complete" | "no-target";
  /** Pages that were moved. */
  readonly moved: number;
  /** Pages that their owners did not move. */
  readonly failed: number;
}

/** Pages that are isolated at once (`COMPACT_CLUSTER_MAX`). */
const COMPACT_CLUSTER_MAX = 32;

/** A compaction of a zone, under way (`struct compact_control`). */
interface CompactControl {
  readonly memory: Memory;
  readonly buddy: PageAllocator;
  readonly zone: Zone;
  readonly free: FreeScanner;
  /** Where the migrate scanner is. */
  migratePfn: number;
  moved: number;
  failed: number;
}

function assertMemory(memory: Memory): void {
  assertHas("compact memory", "memory", memory, "pageSize", "a Memory");
}

/**
 * Compacts a zone: all of it, or until there is a block for an allocation.
 * Specifies `compact_zone` in its synchronous mode, which looks at pageblocks of
 * every type for what to move. Left out: hints of what was looked at before, the
 * search of free lists for a target (5.1), and what is on CPUs' lists. Throws a
 * RangeError where the memory has no zones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compactZone, GFP_MOVABLE, LINUX_6_18, Memory } from "zspec";
 *
 * const memory = new Memory({
 *   firstPfn: 0,
 *   buddy: {
 *     release: LINUX_6_18.release.pageAlloc,
 *     zones: [{ name: "Normal", pages: 64 }],
 *     maxOrder: 5,
 *     pageblockOrder: 3,
 *   },
 * });
 * const pages = new Set<number>();
 * const mine = memory.registerMovable({
 *   isolate: () => true,
 *   migrate: (pfn, to) => pages.delete(pfn) && pages.add(to) === pages,
 *   putback: () => {},
 * });
 * for (let pfn = memory.allocPage(GFP_MOVABLE); pfn >= 0;) {
 *   pages.add(pfn);
 *   memory.setMovable(pfn, mine);
 *   pfn = memory.allocPage(GFP_MOVABLE);
 * }
 * for (const pfn of [...pages]) {
 *   if (pfn % 2 > 0) memory.freePage(pfn);
 *   if (pfn % 2 > 0) pages.delete(pfn);
 * }
 * assertEquals(memory.allocPages(4), -1);
 * const [zone] = memory.buddy?.zones ?? [];
 * assertEquals(compactZone(memory, zone).moved, 12);
 * assertEquals(memory.allocPages(4), 0);
 * ```
 */
export function compactZone(
  memory: Memory,
  zone: Zone,
  asked?: CompactFor,
): MemoryCompacted {
  assertMemory(memory);
  const { buddy } = memory;
  if (buddy === undefined) {
    throw new RangeError("Cannot compact memory: it has no zones");
  }
  const control: CompactControl = {
    memory,
    buddy,
    zone,
    free: new FreeScanner(memory, buddy, zone, asked?.order),
    migratePfn: zone.start,
    moved: 0,
    failed: 0,
  };
  const outcome = compact(control, asked);
  control.free.release();
  const { moved, failed } = control;
  return { outcome, moved, failed };
}

/**
 * Compacts every zone, the lowest first. Specifies a write to
 * `/proc/sys/vm/compact_memory`.
 */
export function compactMemory(memory: Memory): readonly MemoryCompacted[] {
  assertMemory(memory);
  return (memory.buddy?.zones ?? []).map((zone) => compactZone(memory, zone));
}

function compact(
  control: CompactControl,
  asked: CompactFor | undefined,
): MemoryCompacted["outcome"] {
  const { buddy, zone, free } = control;
  while (!free.hasMet(control.migratePfn)) {
    const { migratePfn } = control;
    if (asked && compactFinished(buddy, zone, migratePfn, asked)) {
      return "success";
    }
    const isolated = isolateCluster(control);
    if (!migrateAll(control, isolated)) {
      return free.hasMet(control.migratePfn) ? "complete" : "no-target";
    }
  }
  return "complete";
}

/** Isolates pages of the next pageblock that has any. Specifies `isolate_migratepages`. */
function isolateCluster(control: CompactControl): number[] {
  const { memory, buddy, zone, free } = control;
  const isolated: number[] = [];
  while (isolated.length === 0 && !free.hasMet(control.migratePfn)) {
    const { end } = pageblockOf(buddy, control.migratePfn);
    const last = Math.min(end, zone.end);
    let pfn = control.migratePfn;
    while (pfn < last && isolated.length < COMPACT_CLUSTER_MAX) {
      const order = buddy.orders[pfn];
      if (memory.movableBy(pfn)?.isolate(pfn)) isolated.push(pfn);
      pfn += order === NO_BLOCK ? 1 : 2 ** order;
    }
    control.migratePfn = pfn;
  }
  return isolated;
}

/**
 * Moves isolated pages; false where there was no page left to move one to, it
 * and those behind it being put back. Specifies `migrate_pages`.
 */
function migrateAll(
  control: CompactControl,
  isolated: readonly number[],
): boolean {
  const { memory, free } = control;
  for (const [nth, pfn] of isolated.entries()) {
    const to = free.take(control.migratePfn, isolated.length - nth);
    if (to === NO_BLOCK) {
      for (const left of isolated.slice(nth)) {
        memory.movableBy(left)?.putback(left);
      }
      return false;
    }
    migrateOne(control, pfn, to);
  }
  return true;
}

/** Moves a page, frees where it was, or has it put back and the other kept free. */
function migrateOne(control: CompactControl, pfn: number, to: number): void {
  const { memory, buddy, free } = control;
  const owner = memory.movableBy(pfn);
  if (owner?.migrate(pfn, to)) {
    memory.setMovable(to, buddy.owners[pfn]);
    memory.freePage(pfn);
    control.moved++;
    return;
  }
  owner?.putback(pfn);
  free.giveBack(to);
  control.failed++;
}
