/** What there is to remember of a pool, so that a change can be judged by it. */
import type { ZsPool } from "./pool.ts";
import { canCompact, GROUP_EMPTY, groupFull, zspagesIn } from "./size_class.ts";
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

/** A pool as it was before an operation: as much of it as that may touch. */
export interface PoolBefore {
  /** What each object of those zspages held, to its chunk's end, by handle. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** Where each of those objects lay, by handle: see `placesIn`. */
  readonly places: ReadonlyMap<number, number>;
  /** Objects of each class. */
  readonly used: readonly number[];
  /** Each zspage that is remembered. */
  readonly zspages: ReadonlyMap<number, ZspageBefore>;
  /** Frames of the pool. */
  readonly pages: number;
  /** Frames of its memory. */
  readonly allocatedPages: number;
  /** Handles of the pool. */
  readonly handles: number;
  /** Frames that compaction could free. */
  readonly freeable: number;
  /** Objects that compaction had moved so far. */
  readonly objectsMigrated: number;
  /** Frames that compaction had freed so far. */
  readonly pagesCompacted: number;
}

/**
 * What there is to remember of a pool before an operation that may touch
 * `zspages`: by default all of them.
 */
export function poolBefore(
  pool: ZsPool,
  zspages: Iterable<number> = pool.zspages.live(),
): PoolBefore {
  const { classes, pagesAllocated, memory } = pool;
  const view = new ZspageView(pool);
  const contents = new Map<number, Uint8Array>();
  const places = new Map<number, number>();
  const zspagesBefore = new Map<number, ZspageBefore>();
  for (const zspage of zspages) {
    const { index, objectsPerZspage } = pool.classOfZspage(zspage);
    zspagesBefore.set(zspage, {
      classIndex: index,
      objects: objectsPerZspage,
      inuse: pool.zspages.get(zspage, ZSPAGE_INUSE),
    });
    rememberContents(pool, view.lookAt(zspage).lookInside(), contents);
    for (const [handle, place] of placesIn(view)) places.set(handle, place);
  }
  return {
    contents,
    places,
    used: classes.map(({ objsUsed }) => objsUsed),
    zspages: zspagesBefore,
    pages: pagesAllocated,
    allocatedPages: memory.allocatedPages,
    handles: pool.handles.allocated,
    freeable: classes.reduce((pages, one) => pages + canCompact(one), 0),
    objectsMigrated: pool.objectsMigrated,
    pagesCompacted: pool.pagesCompacted,
  };
}

/** Where the objects of a zspage lie, by handle: its number and the chunk's as one. */
export function* placesIn(view: ZspageView): Generator<[number, number]> {
  const { zspage, sizeClass: { objectsPerZspage } } = view;
  for (let nth = 0; nth < objectsPerZspage; nth++) {
    if (view.isAllocated(nth)) {
      yield [view.handleIn(nth), zspage * 2 ** 16 + nth];
    }
  }
}

/**
 * Copies the frames of a zspage as one range, so that each chunk of it is one
 * range too: read chunk by chunk, and not by its handle.
 */
function rememberContents(
  { memory }: ZsPool,
  view: ZspageView,
  contents: Map<number, Uint8Array>,
): void {
  const { pages, sizeClass: { size, objectsPerZspage } } = view;
  const { bytes, pageSize } = memory;
  const copy = new Uint8Array(pages.length * pageSize);
  pages.forEach((pfn, nth) => {
    const frame = bytes.subarray(pfn * pageSize, (pfn + 1) * pageSize);
    copy.set(frame, nth * pageSize);
  });
  for (let nth = 0; nth < objectsPerZspage; nth++) {
    if (!view.isAllocated(nth)) continue;
    const chunk = copy.subarray(nth * size, (nth + 1) * size);
    contents.set(view.handleIn(nth), chunk);
  }
}

/**
 * The zspages that a compaction may touch: those with room, in classes that
 * can give a zspage back; up to 4.2 in all that have one almost empty.
 */
export function* compactableZspages(pool: ZsPool): Generator<number> {
  const isThorough = pool.profile.compaction !== "first-merged";
  if (pool.profile.compaction === "none") return;
  for (const sizeClass of pool.classes) {
    if (sizeClass.objsAllocated === sizeClass.objsUsed) continue;
    if (isThorough && canCompact(sizeClass) === 0) continue;
    for (let group = GROUP_EMPTY + 1; group < groupFull(sizeClass); group++) {
      yield* zspagesIn(pool.zspages, sizeClass, group);
    }
  }
}
