/** Objects that are freed: how many before a frame comes back, and how many do. */
import type { Profile } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";

/** As much of an allocator as frees are about. */
export interface Allocator {
  /** Frames that it has. */
  readonly frames: number;
  /** Allocates an object: its handle, or undefined where it takes none so long. */
  malloc(length: number): number | undefined;
  /** Frees an object. */
  free(handle: number): void;
  /** What its frames are freed with: the zspage, or in zbud the page. */
  holderOf(handle: number): number;
  /** Compacts, and answers how many frames that gave back. */
  compact(): number;
}

/** An object, and how long it is. */
interface AllocatedObject {
  readonly handle: number;
  readonly length: number;
}

/** Objects freed in the worst order, and in a random one. */
export interface FreedObjects {
  /** Objects that there were. */
  readonly objects: number;
  /** Their frames. */
  readonly frames: number;
  /** All but one of each holder: freed first, by who wants no frame to be. */
  readonly worst: number;
  /** Frames that came back with these. */
  readonly framesOfWorst: number;
  /** Frames that came back with the next one, whichever: the least. */
  readonly framesOfNext: number;
  /** Frames that compaction gave back after the worst. */
  readonly framesOfCompaction: number;
  /** In a random order, the free with which the first frame came back. */
  readonly firstAtRandom: number;
  /** Frames that came back with half of all and one more, in that order. */
  readonly framesOfHalf: number;
}

/** A few objects, freed in every way that there is. */
export interface EveryFree {
  /** Objects that there were. */
  readonly objects: number;
  /** Ways to free some of them, none and all included. */
  readonly ways: number;
  /** The most that are freed in a way that gives no frame back. */
  readonly most: number;
}

/** zsmalloc. */
export function zsmallocOf(profile: Profile): Allocator {
  const pool = new ZsPool(profile);
  return {
    get frames() {
      return pool.pagesAllocated;
    },
    malloc: (length) => handleOf(pool.malloc(length)),
    free: (handle) => pool.free(handle),
    holderOf: (handle) => pool.chunkOf(handle, "find").zspage,
    compact: () => pool.compact(),
  };
}

/** zbud, where nothing can be moved. */
export function zbudOf(profile: Profile): Allocator {
  const pool = new ZbudPool(profile);
  return {
    get frames() {
      return pool.pagesNr;
    },
    malloc: (length) => handleOf(pool.alloc(length)),
    free: (handle) => pool.free(handle),
    // A handle is an address.
    holderOf: (handle) => Math.floor(handle / profile.pageSize),
    compact: () => 0,
  };
}

function handleOf(allocated: number | string): number | undefined {
  return typeof allocated === "number" ? allocated : undefined;
}

/** Allocates objects, those that are not taken aside. */
function fill(
  allocator: Allocator,
  lengths: readonly number[],
): AllocatedObject[] {
  return lengths.flatMap((length) => {
    const handle = allocator.malloc(length);
    return handle === undefined ? [] : [{ handle, length }];
  });
}

/** Those lengths of which an allocator takes objects. */
export function takenLengths(
  allocator: Allocator,
  lengths: readonly number[],
): number[] {
  return fill(allocator, lengths).map(({ length }) => length);
}

/** Frees objects, and answers how many frames came back. */
function freeAll(
  allocator: Allocator,
  objects: readonly AllocatedObject[],
): number {
  const before = allocator.frames;
  for (const { handle } of objects) allocator.free(handle);
  return before - allocator.frames;
}

/** Fills an allocator, and frees all but the first object of each holder. */
function freeWorst(create: () => Allocator, lengths: readonly number[]) {
  const allocator = create();
  const objects = fill(allocator, lengths);
  const { frames } = allocator;
  const holders = [
    ...Map.groupBy(objects, ({ handle }) => allocator.holderOf(handle))
      .values(),
  ];
  const freed = holders.flatMap(([, ...others]) => others);
  const framesBack = freeAll(allocator, freed);
  const left = holders.map(([first]) => first);
  return { allocator, frames, freed: freed.length, framesBack, left };
}

/** Objects of these lengths, freed in the worst order and in a random one. */
export function freeObjects(
  create: () => Allocator,
  lengths: readonly number[],
  seed: number,
): FreedObjects {
  const worst = freeWorst(create, lengths);
  const framesOfNext = worst.left.map((one) => freeAll(worst.allocator, [one]));
  const compacted = freeWorst(create, lengths);
  return {
    objects: lengths.length,
    frames: worst.frames,
    worst: worst.freed,
    framesOfWorst: worst.framesBack,
    framesOfNext: framesOfNext.reduce((least, one) => Math.min(least, one)),
    framesOfCompaction: compacted.allocator.compact(),
    ...freeAtRandom(create(), lengths, seed),
  };
}

function freeAtRandom(
  allocator: Allocator,
  lengths: readonly number[],
  seed: number,
): Pick<FreedObjects, "firstAtRandom" | "framesOfHalf"> {
  const objects = shuffle(fill(allocator, lengths), randomFrom(seed));
  const upTo = halfAndOne(objects.length);
  const framesBack = objects.slice(0, upTo)
    .map((one) => freeAll(allocator, [one]));
  const framesOfHalf = framesBack.reduce((sum, one) => sum + one, 0);
  let firstAtRandom = framesBack.findIndex((frames) => frames > 0) + 1;
  for (let nth = upTo; firstAtRandom === 0; nth++) {
    if (freeAll(allocator, [objects[nth]]) > 0) firstAtRandom = nth + 1;
  }
  return { firstAtRandom, framesOfHalf };
}

/** The 50 %+1 of so many objects. */
export function halfAndOne(objects: number): number {
  return Math.min(Math.floor(objects / 2) + 1, objects);
}

/** Frees each set of a few objects, all sets that there are. */
export function freeInEveryWay(
  create: () => Allocator,
  lengths: readonly number[],
): EveryFree {
  const objects = lengths.length;
  const ways = 2 ** objects;
  let most = 0;
  for (let way = 0; way < ways; way++) {
    const allocator = create();
    const freed = fill(allocator, lengths)
      .filter((_, nth) => (way >>> nth & 1) === 1);
    if (freeAll(allocator, freed) === 0) most = Math.max(most, freed.length);
  }
  return { objects, ways, most };
}
