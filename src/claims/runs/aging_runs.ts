/** Pools that swapping ages, and what compaction makes of them. */
import { quarter } from "../../linux/fullness.ts";
import { LOCATION_HANDLES } from "../../linux/objects.ts";
import type { Profile } from "../../linux/profile.ts";
import { type AgedSwap, ageSwap } from "../../programs/age.ts";
import { randomFrom } from "../../programs/random.ts";
import { SwappedMemory } from "../../programs/swapped_memory.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { distribution } from "../numbers.ts";
import { mallocIn, storedPages } from "./stored_pages.ts";

/** How often all of swap has come and gone when compaction is tried. */
export const TURNOVERS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

/**
 * Seeds from which the swap ages that ages a little: what compaction gives back
 * differs by a fifth from one to another, and their mean by a twentieth.
 */
export const SEEDS = 10;

/** What compaction makes of a pool, which is then as it was. */
export interface Tried {
  /** How often all of swap has come and gone. */
  readonly turnovers: number;
  /** Percent of the pool's memory that is objects. */
  readonly before: number;
  readonly after: number;
  readonly pagesFreed: number;
  readonly objectsMoved: number;
}

/** What the layer between a handle and its object takes. */
export interface Indirection {
  readonly objects: number;
  /** Bytes of the objects' cells. */
  readonly cellBytes: number;
  /** Frames of the pool, and of one whose handles are locations. */
  readonly frames: number;
  readonly framesWithout: number;
}

/** What the experiment comes to with one kernel. */
export interface Aging {
  readonly heavy: AgedSwap;
  /** Frames that the memory below had back from the heavy run's compaction. */
  readonly heavyFramesBack: number;
  /** The same where up to a quarter of it in use a zspage is almost empty. */
  readonly heavyByQuarter: AgedSwap;
  /** The swap that ages a little, from each of several seeds. */
  readonly little: readonly (readonly Tried[])[];
  /** Pages that compaction gives back of it, on average of these. */
  readonly meanFreed: readonly number[];
  readonly indirection: Indirection;
}

/** Percent of some memory that is objects. */
export const ratio = (objectBytes: number, bytesUsed: number): number =>
  100 * objectBytes / bytesUsed;

const ratioOf = ({ bytesInSwap, pool }: SwappedMemory) =>
  ratio(bytesInSwap, pool.pagesAllocated * pool.geometry.pageSize);

function tryCompaction(memory: SwappedMemory, turnovers: number): Tried {
  const { pool } = memory;
  const restore = pool.remember();
  const before = ratioOf(memory);
  const { objectsMigrated } = pool;
  const pagesFreed = pool.compact();
  const objectsMoved = pool.objectsMigrated - objectsMigrated;
  const after = ratioOf(memory);
  restore();
  return { turnovers, before, after, pagesFreed, objectsMoved };
}

/** Half of the pages are in swap, always: one comes in, another goes out. */
function ageALittle(
  { profile, sizes }: Given<"processes" | "pages">,
  seed: number,
  contents: readonly Uint8Array[],
): readonly Tried[] {
  const { pages } = sizes;
  const memory = new SwappedMemory(
    profile,
    2 * pages,
    randomFrom(seed),
    contents,
  );
  for (let page = 0; page < pages; page++) memory.swapOut(page);
  let turned = 0;
  const tried = TURNOVERS.map((turnovers) => {
    for (; turned < turnovers * pages; turned++) {
      memory.swapIn(memory.anyPage(true));
      memory.swapOut(memory.anyPage(false));
    }
    return tryCompaction(memory, turnovers);
  });
  memory.pool.compact();
  memory.assertIntact();
  return tried;
}

function framesOf(
  profile: Profile,
  objects: number,
  contents: readonly Uint8Array[],
): number {
  const pool = new ZsPool(profile);
  for (let nth = 0; nth < objects; nth++) {
    mallocIn(pool, contents[nth % contents.length].length);
  }
  return pool.pagesAllocated;
}

function indirectionOf(
  profile: Profile,
  objects: number,
  contents: readonly Uint8Array[],
): Indirection {
  const withLocations: Profile = {
    ...profile,
    objects: LOCATION_HANDLES,
    compaction: "none",
    movable: false,
  };
  const hasCells = profile.objects.handle === "cell";
  return {
    objects,
    cellBytes: hasCells ? objects * profile.wordBits / 8 : 0,
    frames: framesOf(profile, objects, contents),
    framesWithout: framesOf(withLocations, objects, contents),
  };
}

/** Ages both pools of one kernel. */
export function runAging(given: Given<"processes" | "pages">): Aging {
  const { profile, seed, sizes } = given;
  const real = given.realPages(Math.ceil(sizes.pages / 8), profile.pageSize);
  const contents = storedPages(profile, real);
  const heavy = ageSwap(profile, seed, sizes.processes);
  const { pool, aged } = heavy;
  const little = Array.from(
    { length: SEEDS },
    (_, nth) => ageALittle(given, (seed + nth) % 2 ** 32, contents),
  );
  return {
    heavy,
    heavyFramesBack: aged.bytesUsed / profile.pageSize -
      pool.memory.allocatedPages,
    heavyByQuarter: ageSwap(
      { ...profile, fullness: quarter },
      seed,
      sizes.processes,
    ),
    little,
    meanFreed: TURNOVERS.map((_, nth) =>
      distribution(little.map((tried) => tried[nth].pagesFreed)).mean
    ),
    indirection: indirectionOf(profile, sizes.pages, contents),
  };
}
