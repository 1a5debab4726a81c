/** Objects in slabs of an order and in zsmalloc, when memory is short. */
import type { Profile } from "../../linux/profile.ts";
import { type Memory, NO_PAGE } from "../../memory/memory.ts";
import { randomFrom } from "../../programs/random.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { memoryWith, type Where } from "./scattered_memory.ts";
import { objectsPerSlab } from "./slab.ts";
import { drawnLengths, storedPages } from "./stored_pages.ts";

/** Orders of slabs that are compared; SLUB has none above 3 of itself. */
export const SLAB_ORDERS = [0, 1, 2, 3];

/** Shares of the frames that are free, in percent, from much to little. */
const FREE_SHARES = [50, 25, 10];

/** Few free frames, below what a zspage may have. */
const FEW_FRAMES = [1, 2, 3];

/** An object can be had, or not. */
type Alloc = (length: number) => boolean;

/** What came of allocations, of as many as were tried. */
export interface Successes {
  readonly where: Where;
  /** Free frames at the start. */
  readonly free: number;
  readonly tried: number;
  readonly zsmalloc: number;
  /** By order of the slabs. */
  readonly slabs: readonly number[];
}

/** What is asked of the buddy allocator. */
export interface Asked {
  readonly what: string;
  /** The largest order. */
  readonly order: number;
  /** Whether that is to be had where few frames are free, scattered. */
  readonly isHad: boolean;
}

/** All that comes of one kernel. */
export interface Orders {
  /** Half of what the free frames would hold. */
  readonly pressure: readonly Successes[];
  /** One object, with few frames free. */
  readonly few: readonly Successes[];
  readonly asked: readonly Asked[];
}

const inZsmalloc = (profile: Profile, memory: Memory): Alloc => {
  const pool = new ZsPool(profile, { memory });
  return (length) => typeof pool.malloc(length) === "number";
};

/** Slabs of one order, a cache for each of zsmalloc's classes. */
const inSlabs = (profile: Profile, memory: Memory, order: number): Alloc => {
  const { pageSize } = profile;
  const classes = new ZsPool(profile);
  const left = new Map<number, number>();
  return (length) => {
    const { size } = classes.classFor(Math.min(length, pageSize));
    const room = left.get(size) ?? 0;
    if (room === 0 && memory.allocPages(order) === NO_PAGE) return false;
    const free = room === 0 ? objectsPerSlab(size, order, pageSize) : room;
    left.set(size, free - 1);
    return true;
  };
};

function successes(
  { profile, seed, sizes }: Given<"pages" | "frames">,
  where: Where,
  free: number,
  lengths: readonly number[],
): Successes {
  const count = (make: (memory: Memory) => Alloc) => {
    const alloc = make(memoryWith(profile, sizes.frames, free, where, seed));
    return lengths.filter(alloc).length;
  };
  return {
    where,
    free,
    tried: lengths.length,
    zsmalloc: count((memory) => inZsmalloc(profile, memory)),
    slabs: SLAB_ORDERS.map((order) =>
      count((memory) => inSlabs(profile, memory, order))
    ),
  };
}

/** Lengths of objects that fill a half of so many frames. */
function halfFull(
  lengths: readonly number[],
  { pageSize }: Profile,
  free: number,
  seed: number,
): number[] {
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const count = free * pageSize / 2 / (bytes / lengths.length);
  return drawnLengths(lengths, Math.floor(count), randomFrom(seed));
}

/** For each length alone: whether the first object can be had. */
function firstObjects(
  given: Given<"pages" | "frames">,
  free: number,
  lengths: readonly number[],
): Successes {
  const { profile, seed } = given;
  const where = "scattered";
  const memory = memoryWith(profile, FIRST_FRAMES, free, where, seed);
  const restore = memory.remember();
  const count = (make: () => Alloc) =>
    lengths.filter((length) => {
      restore();
      return make()(length);
    }).length;
  return {
    where,
    free,
    tried: lengths.length,
    zsmalloc: count(() => inZsmalloc(profile, memory)),
    slabs: SLAB_ORDERS.map((order) =>
      count(() => inSlabs(profile, memory, order))
    ),
  };
}

/** Objects of which each is the first, tried with few frames of so many. */
const FIRST_OBJECTS = 50;
const FIRST_FRAMES = 64;

/**
 * Bytes of the largest piece that `zs_create_pool` allocates: the array of its
 * classes, rounded to pages, or, since each class is allocated by itself to be
 * merged (3.19), that of pointers to them. A class is three ints, a spinlock, a
 * u64 and the heads of two lists, 3.12.
 */
function poolBytes(profile: Profile): number {
  const { pageSize, wordBits, mergesClasses } = profile;
  const word = wordBits / 8;
  const classes = zsGeometry(profile).classOf.length;
  if (mergesClasses) return classes * word;
  const sizeClass = 4 * 4 + 8 + 2 * word;
  return Math.ceil((classes * sizeClass + word) / pageSize) * pageSize;
}

/** `get_order`: of the block that holds so many bytes. */
const orderOf = (bytes: number, pageSize: number) =>
  Math.ceil(Math.log2(Math.max(1, Math.ceil(bytes / pageSize))));

/** Of how many frames one is free when the pool is made. */
const SCARCE = 16;

/** What zspages and the pool itself are asked for with. */
function askedFor(
  { profile, seed, sizes: { frames } }: Given<"pages" | "frames">,
  lengths: readonly number[],
): Asked[] {
  const scattered = () =>
    memoryWith(profile, frames, frames / SCARCE, "scattered", seed);
  const memory = scattered();
  const isHad = lengths.slice(0, 10).every(inZsmalloc(profile, memory));
  const order = orderOf(poolBytes(profile), profile.pageSize);
  return [
    { what: "zspages", order: memory.most, isHad },
    {
      what: "the pool itself",
      order,
      isHad: scattered().allocPages(order) !== NO_PAGE,
    },
  ];
}

/** Tries it all. */
export function runOrders(given: Given<"pages" | "frames">): Orders {
  const { profile, seed, sizes: { pages, frames }, realPages } = given;
  const lengths = storedPages(profile, realPages(pages, profile.pageSize))
    .map(({ length }) => length);
  const pressure = (["scattered", "together"] as const).flatMap((where) =>
    FREE_SHARES.map((share) => {
      const free = Math.floor(frames * share / 100);
      const tried = halfFull(lengths, profile, free, seed);
      return successes(given, where, free, tried);
    })
  );
  const first = drawnLengths(lengths, FIRST_OBJECTS, randomFrom(seed));
  return {
    pressure,
    few: FEW_FRAMES.map((free) => firstObjects(given, free, first)),
    asked: askedFor(given, first),
  };
}
