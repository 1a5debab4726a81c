/** Zspages of a pool by their groups, and the lists that they are on. */
import type { Profile } from "../../linux/profile.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import {
  GROUP_EMPTY,
  groupFull,
  type SizeClass,
  zspagesIn,
} from "../../zsmalloc/size_class.ts";
import { ZSPAGE_FULLNESS, ZSPAGE_INUSE } from "../../zsmalloc/zspage.ts";

/** Sizes of the random objects: of so many classes that lists have zspages. */
const SIZES = [100, 200, 700, 1300, 2000, 3000];
/** Objects that live at a time; above it they are freed. */
const MOST_OBJECTS = 200;
/** A zspage with n of its N chunks in use, and the group that it was in. */
export interface Filled {
  /** Chunks in use. */
  readonly inuse: number;
  /** Chunks. */
  readonly objects: number;
  /** The group's name. */
  readonly group: string;
}

/** What a random program did to groups and lists. */
export interface ListChanges {
  /** Times that a zspage was in another group than after the step before. */
  readonly moves: number;
  /** Zspages that were seen not to be where their use calls for. */
  readonly misplaced: number;
}

/** Zspages that are full or empty, and how many of each are on a list. */
export interface FullAndEmpty {
  /** Full ones. */
  readonly full: number;
  /** Of those, on a list. */
  readonly fullListed: number;
  /** Empty ones. */
  readonly empty: number;
  /** Of those, on a list. */
  readonly emptyListed: number;
}

/** Fills a zspage of a class, and tells its group each time. */
export function fillOne(pool: ZsPool, { size }: SizeClass): Filled[] {
  const { zspages, profile, geometry } = pool;
  const length = Math.max(1, size - geometry.handleSize);
  const filled: Filled[] = [];
  for (let inuse = 1;; inuse++) {
    const handle = pool.malloc(length);
    if (typeof handle === "string") throw new Error(`no object: ${handle}`);
    const { zspage } = pool.chunkOf(handle, "find");
    const objects = pool.classOfZspage(zspage).objectsPerZspage;
    if (inuse >= objects) return filled;
    const group = profile.fullness.groups[zspages.get(zspage, ZSPAGE_FULLNESS)];
    filled.push({ inuse, objects, group });
  }
}

/** For each zspage on a list, the group of that list. */
function listed(pool: ZsPool): Map<number, number[]> {
  const lists = new Map<number, number[]>();
  for (const sizeClass of pool.classes) {
    for (let group = GROUP_EMPTY; group <= groupFull(sizeClass); group++) {
      for (const zspage of zspagesIn(pool.zspages, sizeClass, group)) {
        lists.set(zspage, [...lists.get(zspage) ?? [], group]);
      }
    }
  }
  return lists;
}

/** Whether each zspage is on the list of the group that it ought to be in. */
function misplacedIn(pool: ZsPool): number {
  const lists = listed(pool);
  const { group: groupOf, listsAll } = pool.profile.fullness;
  return [...pool.zspages.live()].filter((zspage) => {
    const sizeClass = pool.classOfZspage(zspage);
    const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
    const group = groupOf(inuse, sizeClass.objectsPerZspage);
    const hasList = listsAll ||
      (group > GROUP_EMPTY && group < groupFull(sizeClass));
    const on = lists.get(zspage) ?? [];
    return hasList ? on.length !== 1 || on[0] !== group : on.length > 0;
  }).length;
}

function groupsIn(pool: ZsPool): Map<number, number> {
  return new Map(
    [...pool.zspages.live()].map((zspage) =>
      [zspage, pool.zspages.get(zspage, ZSPAGE_FULLNESS)] as const
    ),
  );
}

/** One random step: an object more, or one less. */
function step(pool: ZsPool, handles: number[], random: Random): void {
  const frees = random(MOST_OBJECTS) < handles.length;
  if (frees) {
    const [handle] = handles.splice(random(handles.length), 1);
    return pool.free(handle);
  }
  const handle = pool.malloc(SIZES[random(SIZES.length)]);
  if (typeof handle === "string") throw new Error(`no object: ${handle}`);
  handles.push(handle);
}

/** Empties a zspage while somebody looks at its frame, where that keeps it. */
function emptyLooked(pool: ZsPool): void {
  const handle = pool.malloc(SIZES[0]);
  if (typeof handle === "string") throw new Error(`no object: ${handle}`);
  const { zspage } = pool.chunkOf(handle, "find");
  pool.zspages.pagesOf(zspage).forEach((pfn) => pool.lockPage(pfn));
  pool.free(handle);
}

/** A random program: how often a group changed, and how many were misplaced. */
export function runProgram(
  profile: Profile,
  seed: number,
  operations: number,
): ListChanges {
  const pool = new ZsPool(profile);
  const random = randomFrom(seed);
  const handles: number[] = [];
  let [moves, misplaced] = [0, 0];
  let before = groupsIn(pool);
  for (let nth = 0; nth < operations; nth++) {
    step(pool, handles, random);
    misplaced += misplacedIn(pool);
    const now = groupsIn(pool);
    for (const [zspage, group] of now) {
      if (before.has(zspage) && before.get(zspage) !== group) moves++;
    }
    before = now;
  }
  return { moves, misplaced };
}

/** Full zspages, and where it can be had an empty one, and which are listed. */
export function endsOf(profile: Profile): FullAndEmpty {
  const pool = new ZsPool(profile);
  SIZES.slice(1).forEach((size) => {
    const { objectsPerZspage } = pool.classFor(size);
    for (let nth = 0; nth < objectsPerZspage; nth++) pool.malloc(size);
  });
  if (profile.movable) emptyLooked(pool);
  const lists = listed(pool);
  const withInuse = (isSo: (inuse: number, objects: number) => boolean) =>
    [...pool.zspages.live()].filter((zspage) =>
      isSo(
        pool.zspages.get(zspage, ZSPAGE_INUSE),
        pool.classOfZspage(zspage).objectsPerZspage,
      )
    );
  const full = withInuse((inuse, objects) => inuse === objects);
  const empty = withInuse((inuse) => inuse === 0);
  return {
    full: full.length,
    fullListed: full.filter((zspage) => lists.has(zspage)).length,
    empty: empty.length,
    emptyListed: empty.filter((zspage) => lists.has(zspage)).length,
  };
}
