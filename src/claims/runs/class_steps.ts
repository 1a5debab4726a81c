/** The same objects in other size classes and other chains. */
import type { Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { type Geometry, zsGeometry } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { drawnLengths, mallocIn, storedPages } from "./stored_pages.ts";

/** CLASS_BITS that are tried: 2 to the power of it are steps of a page. */
const CLASS_BITS = [2, 3, 4, 5, 6, 7, 8, 9];
/** What the mail compresses a page to. */
const SIXTY_PERCENT = 0.6;
/** How many times fewer objects few are. */
const FEW = 16;
/** Objects of one size: whole zspages of every class above half a page. */
const SOME = 520;

/** The same objects with another number of classes. */
export interface Steps {
  /** Classes before those that are alike are merged. */
  readonly classes: number;
  readonly frames: number;
  /** Bytes of chunks in use that no object fills. */
  readonly inside: number;
  /** Bytes of free chunks. */
  readonly spread: number;
}

/** Objects of one size in single pages and in the kernel's chains. */
export interface Chained {
  readonly size: number;
  readonly objects: number;
  readonly singleFrames: number;
  readonly frames: number;
}

/** What the experiment comes to with one kernel. */
export interface SizeClasses {
  readonly classes: number;
  readonly built: number;
  readonly pageSize: number;
  /** The least object that has a single page to itself. */
  readonly wholePageFrom: number;
  readonly few: readonly Steps[];
  readonly many: readonly Steps[];
  readonly sixty: Chained;
  /** Sizes from half a page to a page. */
  readonly sweep: readonly Chained[];
  /** The largest object that takes less than a page. */
  readonly savesUpTo: number;
  /** Pages chained, and chunks, for chunks of 3/8 of a page. */
  readonly threeEighths: { readonly pages: number; readonly chunks: number };
}

function poolWith(profile: Profile, lengths: readonly number[]): ZsPool {
  const pool = new ZsPool(profile);
  for (const length of lengths) mallocIn(pool, length);
  return pool;
}

const single = (profile: Profile): Profile => ({ ...profile, chainSize: 1 });

function stepsOf(
  profile: Profile,
  classBits: number,
  lengths: readonly number[],
): Steps {
  const pool = poolWith({ ...profile, classBits }, lengths);
  const { pageSize, handleSize } = pool.geometry;
  const used = (one: ZsPool["classes"][number]) =>
    one.objsUsed * (one.size - (one.size === pageSize ? 0 : handleSize));
  const bytes = lengths.reduce((sum, one) => sum + one, 0);
  return {
    classes: pool.geometry.sizeClasses,
    frames: pool.pagesAllocated,
    inside: pool.classes.reduce((sum, one) => sum + used(one), 0) - bytes,
    spread: pool.classes.reduce(
      (sum, { objsAllocated, objsUsed, size }) =>
        sum + (objsAllocated - objsUsed) * size,
      0,
    ),
  };
}

function chained(profile: Profile, size: number, objects: number): Chained {
  const lengths = Array<number>(objects).fill(size);
  return {
    size,
    objects,
    singleFrames: poolWith(single(profile), lengths).pagesAllocated,
    frames: poolWith(profile, lengths).pagesAllocated,
  };
}

/** The least object of which a page without a chain holds one alone. */
function wholePageFrom(profile: Profile): number {
  const pool = new ZsPool(single(profile));
  for (let size = 1;; size++) {
    if (pool.classFor(size).objectsPerZspage === 1) return size;
  }
}

/** The largest object of which a zspage of the kernel's holds more than frames. */
function savesUpTo(profile: Profile): number {
  const pool = new ZsPool(profile);
  for (let size = profile.pageSize; size > 0; size--) {
    const { objectsPerZspage, pagesPerZspage } = pool.classFor(size);
    if (objectsPerZspage > pagesPerZspage) return size;
  }
  return 0;
}

/** The zspage of the class whose chunks are 3/8 of a page. */
function threeEighths({ classes, pageSize }: Geometry) {
  const own = classes.find(({ size }) => size >= pageSize * 3 / 8);
  if (own === undefined) {
    throw new Error("Cannot find the class of 3/8 of a page: none is so large");
  }
  return { pages: own.pagesPerZspage, chunks: own.objectsPerZspage };
}

/** Stores objects in the classes of one kernel, and in others. */
export function runClasses(given: Given<"pages">): SizeClasses {
  const { profile, seed, sizes } = given;
  const { pageSize } = profile;
  const random = randomFrom(seed);
  const geometry = zsGeometry(profile);
  const real = given.realPages(Math.ceil(sizes.pages / 16), pageSize);
  const stored = storedPages(profile, real);
  const lengths = drawnLengths(
    stored.map(({ length }) => length),
    sizes.pages,
    random,
  );
  const few = lengths.slice(0, Math.ceil(lengths.length / FEW));
  const sweep = Array.from(
    { length: 8 },
    (_, nth) => pageSize / 2 + (nth + 1) * pageSize / 16,
  );
  return {
    classes: geometry.sizeClasses,
    built: geometry.classes.length,
    pageSize,
    wholePageFrom: wholePageFrom(profile),
    few: CLASS_BITS.map((bits) => stepsOf(profile, bits, few)),
    many: CLASS_BITS.map((bits) => stepsOf(profile, bits, lengths)),
    sixty: chained(profile, Math.round(SIXTY_PERCENT * pageSize), SOME),
    sweep: sweep.map((size) => chained(profile, size, SOME)),
    savesUpTo: savesUpTo(profile),
    threeEighths: threeEighths(geometry),
  };
}
