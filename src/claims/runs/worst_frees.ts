/** Frees of objects in the worst order, and of a process that exits. */
import type { Profile } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { Zram } from "../../zram/device.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { drawnLengths, mallocIn, storedPages } from "./stored_pages.ts";

/** Pages of one process that go out before another's do. */
const BURSTS = [1, 32, 1024];

/** Frees that give no frame back, and what comes after them. */
export interface WorstFrees {
  readonly objects: number;
  readonly frames: number;
  /** Objects that were freed. */
  readonly freed: number;
  /** Frames that these gave back. */
  readonly framesBack: number;
  /** Frames that the next one gives back, whichever it is: the least. */
  readonly framesOfNext: number;
  /** Frames that compaction gives back instead. */
  readonly compacted: number;
  /** Frames that the objects that are left would fill. */
  readonly framesNeeded: number;
}

/** One of several processes that exits. */
export interface Exit {
  /** Pages of one process that went out together. */
  readonly burst: number;
  /** Frames that its objects would fill. */
  readonly framesHeld: number;
  /** Frames that are given back. */
  readonly framesBack: number;
  /** With compaction then. */
  readonly withCompaction: number;
}

/** What the experiment comes to with one kernel. */
export interface Frees {
  readonly zbud: WorstFrees;
  readonly zsmalloc: WorstFrees;
  readonly exits: readonly Exit[];
  /** Whether zram frees the object of a page that a file system discards. */
  readonly discardFrees: boolean;
}

/** The lengths of those pages that zbud takes too, as they compress. */
function lengthsTaken(
  profile: Profile,
  pages: readonly Uint8Array[],
): readonly number[] {
  const pool = zbudPool(profile);
  const lengths = pages.map(({ length }) => length)
    .filter((length) => typeof pool.alloc(length) === "number");
  if (lengths.length === 0) {
    throw new Error("Cannot store pages in zbud: it takes none of them");
  }
  return lengths;
}

/** A pool of zbud's in which nothing is evicted. */
const zbudPool = (profile: Profile) =>
  new ZbudPool(profile, {
    // deno-lint-ignore require-yield
    *evict() {
      return false;
    },
  });

const framesFor = (profile: Profile, lengths: readonly number[]) =>
  Math.ceil(lengths.reduce((sum, one) => sum + one, 0) / profile.pageSize);

/** As much of an allocator as frees are about. */
interface Allocator {
  malloc(length: number): number;
  free(handle: number): void;
  /** Frames that it has. */
  frames(): number;
  /** What is given back when the last object in it goes. */
  holderOf(handle: number): number;
  /** Frames that compaction would give back. */
  compactable(): number;
}

function zsmallocOf(profile: Profile): Allocator {
  const pool = new ZsPool(profile);
  return {
    malloc: (length) => mallocIn(pool, length),
    free: (handle) => pool.free(handle),
    frames: () => pool.pagesAllocated,
    holderOf: (handle) => pool.chunkOf(handle, "find").zspage,
    compactable() {
      const restore = pool.remember();
      const pages = pool.compact();
      restore();
      return pages;
    },
  };
}

function zbudOf(profile: Profile): Allocator {
  const pool = zbudPool(profile);
  return {
    malloc: (length) => Number(pool.alloc(length)),
    free: (handle) => pool.free(handle),
    frames: () => pool.pagesNr,
    holderOf: (handle) => Math.floor(handle / profile.pageSize),
    compactable: () => 0,
  };
}

/** Frees all but the first object of each holder, then those one by one. */
function freeWorst(
  profile: Profile,
  allocator: Allocator,
  lengths: readonly number[],
): WorstFrees {
  const objects = lengths.map((length) => ({
    length,
    handle: allocator.malloc(length),
  }));
  const frames = allocator.frames();
  const holders = [
    ...Map.groupBy(objects, ({ handle }) => allocator.holderOf(handle))
      .values(),
  ];
  const freed = holders.flatMap(([, ...others]) => others);
  freed.forEach(({ handle }) => allocator.free(handle));
  const framesBack = frames - allocator.frames();
  const compacted = allocator.compactable();
  const kept = holders.map(([first]) => first);
  const ofNext = kept.map(({ handle }) => {
    const before = allocator.frames();
    allocator.free(handle);
    return before - allocator.frames();
  });
  return {
    objects: objects.length,
    frames,
    freed: freed.length,
    framesBack,
    framesOfNext: ofNext.reduce((least, one) => Math.min(least, one)),
    compacted,
    framesNeeded: framesFor(profile, kept.map(({ length }) => length)),
  };
}

/** One of the processes exits, whose pages went out in bursts, in any order. */
function exit(
  { profile, seed, sizes }: Given<"pages" | "processes">,
  lengths: readonly number[],
  burst: number,
): Exit {
  const random = randomFrom(seed);
  const bursts = Math.ceil(lengths.length / burst);
  const owners = shuffle(
    Array.from({ length: bursts }, (_, nth) => nth % sizes.processes),
    random,
  );
  const pool = new ZsPool(profile);
  const objects = lengths.map((length, nth) => ({
    owner: owners[Math.floor(nth / burst)],
    length,
    handle: mallocIn(pool, length),
  }));
  const own = objects.filter(({ owner }) => owner === 0);
  const before = pool.pagesAllocated;
  // What lay idle before is none of its own.
  const restore = pool.remember();
  const idle = pool.compact();
  restore();
  own.forEach(({ handle }) => pool.free(handle));
  const framesBack = before - pool.pagesAllocated;
  return {
    burst,
    framesHeld: framesFor(profile, own.map(({ length }) => length)),
    framesBack,
    withCompaction: framesBack + pool.compact() - idle,
  };
}

/** Whether a page's object is gone once the page is discarded. */
function discardFrees(profile: Profile): boolean {
  const zram = new Zram(profile);
  zram.setDisksize(profile.pageSize);
  zram.write(0, Uint8Array.from({ length: profile.pageSize }, (_, at) => at));
  zram.discard(0, 1);
  return zram.initialisedPool.handles.allocated === 0;
}

/** Frees in both allocators of one kernel, and exits. */
export function runFrees(given: Given<"pages" | "processes">): Frees {
  const { profile, sizes } = given;
  const real = given.realPages(Math.ceil(sizes.pages / 8), profile.pageSize);
  const random = randomFrom(given.seed);
  const taken = lengthsTaken(profile, storedPages(profile, real));
  const lengths = drawnLengths(taken, sizes.pages, random);
  return {
    zbud: freeWorst(profile, zbudOf(profile), lengths),
    zsmalloc: freeWorst(profile, zsmallocOf(profile), lengths),
    exits: BURSTS.map((burst) => exit(given, lengths, burst)),
    discardFrees: discardFrees(profile),
  };
}
