/**
 * A size class: the zspages that hold chunks of one size, in lists by how full
 * they are.
 */
import type { FullnessRule } from "../linux/fullness.ts";
import type { ClassGeometry } from "./geometry.ts";
import {
  NO_ZSPAGE,
  ZSPAGE_FULLNESS,
  ZSPAGE_INUSE,
  ZSPAGE_NEXT,
  ZSPAGE_PREV,
  ZSPAGE_STRIDE,
  type Zspages,
} from "./zspage.ts";

/** The empty zspages' group, in every fullness rule. */
export const GROUP_EMPTY = 0;

/**
 * One size class with its lists. Specifies `struct size_class`,
 * `mm/zsmalloc.c`.
 */
export interface SizeClass extends ClassGeometry {
  /** The fullness group for each number of chunks in use, computed once. */
  readonly groupOf: Uint8Array;
  /** The first zspage of each group's list, or `NO_ZSPAGE`. */
  readonly heads: Uint32Array;
  /** Zspages in each group. */
  readonly zspages: Uint32Array;
  /** Whether a less used zspage goes behind its list's head. */
  readonly fullerHeadStays: boolean;
  /** Whether zspages of each group are on a list. */
  readonly isListed: readonly boolean[];
  /** Chunks in all zspages of the class (`ZS_OBJS_ALLOCATED`). */
  objsAllocated: number;
  /** Chunks that hold an object (`ZS_OBJS_INUSE`). */
  objsUsed: number;
}

/** The fullness group of a zspage for each number of its chunks in use. */
function groupsOf(rule: FullnessRule, objects: number): Uint8Array {
  const groupOf = new Uint8Array(objects + 1);
  for (let inuse = 0; inuse <= objects; inuse++) {
    groupOf[inuse] = rule.group(inuse, objects);
  }
  return groupOf;
}

/**
 * An empty size class of `geometry` under a fullness `rule`. `like` is one of
 * as many objects, if there is one: what was computed for it is shared.
 */
export function createSizeClass(
  geometry: ClassGeometry,
  rule: FullnessRule,
  like?: SizeClass,
): SizeClass {
  const groups = rule.groups.length;
  return {
    ...geometry,
    groupOf: like?.groupOf ?? groupsOf(rule, geometry.objectsPerZspage),
    heads: new Uint32Array(groups),
    zspages: new Uint32Array(groups),
    fullerHeadStays: rule.fullerHeadStays,
    isListed: like?.isListed ??
      rule.groups.map((_, group) =>
        rule.listsAll || (group > GROUP_EMPTY && group < groups - 1)
      ),
    objsAllocated: 0,
    objsUsed: 0,
  };
}

/** What brings a class back to what it is now. */
export function rememberClass(sizeClass: SizeClass): () => void {
  const heads = sizeClass.heads.slice();
  const zspages = sizeClass.zspages.slice();
  const { objsAllocated, objsUsed } = sizeClass;
  return () => {
    sizeClass.heads.set(heads);
    sizeClass.zspages.set(zspages);
    sizeClass.objsAllocated = objsAllocated;
    sizeClass.objsUsed = objsUsed;
  };
}

/** The number of the full zspages' group. */
export function groupFull(sizeClass: SizeClass): number {
  return sizeClass.heads.length - 1;
}

/** The group a zspage belongs to by its use (`get_fullness_group`). */
export function fullnessGroup(
  zspages: Zspages,
  sizeClass: SizeClass,
  zspage: number,
): number {
  return sizeClass.groupOf[zspages.get(zspage, ZSPAGE_INUSE)];
}

/**
 * Puts a zspage into a group and on its list, if the group has one: at the
 * head, or second where the rule keeps a fuller head. Specifies `insert_zspage`, `mm/zsmalloc.c`.
 */
export function insertZspage(
  zspages: Zspages,
  sizeClass: SizeClass,
  zspage: number,
  group: number,
): void {
  const { fields } = zspages;
  const field = zspage * ZSPAGE_STRIDE;
  fields[field + ZSPAGE_FULLNESS] = group;
  sizeClass.zspages[group]++;
  if (!sizeClass.isListed[group]) return;
  const head = sizeClass.heads[group];
  const headField = head * ZSPAGE_STRIDE;
  let prev = NO_ZSPAGE;
  let next = head;
  if (
    sizeClass.fullerHeadStays && head !== NO_ZSPAGE &&
    fields[field + ZSPAGE_INUSE] < fields[headField + ZSPAGE_INUSE]
  ) {
    prev = head;
    next = fields[headField + ZSPAGE_NEXT];
  }
  fields[field + ZSPAGE_PREV] = prev;
  fields[field + ZSPAGE_NEXT] = next;
  if (next !== NO_ZSPAGE) fields[next * ZSPAGE_STRIDE + ZSPAGE_PREV] = zspage;
  if (prev === NO_ZSPAGE) sizeClass.heads[group] = zspage;
  else fields[prev * ZSPAGE_STRIDE + ZSPAGE_NEXT] = zspage;
}

/**
 * Takes a zspage out of its group and off its list. Specifies `remove_zspage`,
 * `mm/zsmalloc.c`.
 */
export function removeZspage(
  zspages: Zspages,
  sizeClass: SizeClass,
  zspage: number,
): void {
  const { fields } = zspages;
  const field = zspage * ZSPAGE_STRIDE;
  const group = fields[field + ZSPAGE_FULLNESS];
  sizeClass.zspages[group]--;
  if (!sizeClass.isListed[group]) return;
  const next = fields[field + ZSPAGE_NEXT];
  const prev = fields[field + ZSPAGE_PREV];
  if (next !== NO_ZSPAGE) fields[next * ZSPAGE_STRIDE + ZSPAGE_PREV] = prev;
  if (prev === NO_ZSPAGE) sizeClass.heads[group] = next;
  else fields[prev * ZSPAGE_STRIDE + ZSPAGE_NEXT] = next;
  fields[field + ZSPAGE_NEXT] = NO_ZSPAGE;
  fields[field + ZSPAGE_PREV] = NO_ZSPAGE;
}

/**
 * Moves a zspage to the list its use calls for, if that is another, and
 * returns that group. Specifies `fix_fullness_group`, `mm/zsmalloc.c`.
 */
export function fixFullnessGroup(
  zspages: Zspages,
  sizeClass: SizeClass,
  zspage: number,
): number {
  const group = fullnessGroup(zspages, sizeClass, zspage);
  if (group !== zspages.get(zspage, ZSPAGE_FULLNESS)) {
    removeZspage(zspages, sizeClass, zspage);
    insertZspage(zspages, sizeClass, zspage, group);
  }
  return group;
}

/**
 * The zspage to allocate from: the head of the fullest list that is not full,
 * or `NO_ZSPAGE`. Specifies `find_get_zspage`, `mm/zsmalloc.c`.
 */
export function findGetZspage(sizeClass: SizeClass): number {
  for (let group = groupFull(sizeClass) - 1; group >= GROUP_EMPTY; group--) {
    const head = sizeClass.heads[group];
    if (head !== NO_ZSPAGE) return head;
  }
  return NO_ZSPAGE;
}

/**
 * Pages that compaction can free in a class. Specifies `zs_can_compact`,
 * `mm/zsmalloc.c`.
 */
export function canCompact(sizeClass: SizeClass): number {
  const unused = sizeClass.objsAllocated - sizeClass.objsUsed;
  return Math.floor(unused / sizeClass.objectsPerZspage) *
    sizeClass.pagesPerZspage;
}

/** The zspages of one group's list, from its head on. */
export function* zspagesIn(
  zspages: Zspages,
  sizeClass: SizeClass,
  group: number,
): Generator<number> {
  let zspage = sizeClass.heads[group];
  while (zspage !== NO_ZSPAGE) {
    yield zspage;
    zspage = zspages.get(zspage, ZSPAGE_NEXT);
  }
}
