/** Size classes that are chosen by data, and what any classes take for objects. */
import type { Profile } from "../../linux/profile.ts";
import { type Geometry, ZS_ALIGN } from "../../zsmalloc/geometry.ts";

/** A kernel whose classes may have any sizes that are multiples of ZS_ALIGN. */
type Kernel = Pick<Profile, "pageSize" | "chainSize" | "chainRule">;

/** The pages and the objects of a zspage of chunks of `size` bytes. */
function zspageOf({ pageSize, chainSize, chainRule }: Kernel, size: number) {
  const pages = chainRule(size, pageSize, chainSize);
  return { pages, objects: Math.floor(pages * pageSize / size) };
}

/** Bytes of the smallest chunk that holds an object, in steps of ZS_ALIGN. */
export function chunkBytes(
  { handleSize, minAllocSize, pageSize }: Geometry,
  length: number,
): number {
  const least = Math.max(length + handleSize, minAllocSize);
  return Math.min(Math.ceil(least / ZS_ALIGN) * ZS_ALIGN, pageSize);
}

/** How many of the chunks are for each class: the smallest that holds them. */
function countByClass(
  classSizes: readonly number[],
  chunks: readonly number[],
): ReadonlyMap<number, number> {
  const sizes = classSizes.toSorted((a, b) => a - b);
  const classFor = new Map<number, number>();
  const counts = new Map<number, number>();
  for (const chunk of chunks) {
    const size = classFor.get(chunk) ?? sizes.find((size) => size >= chunk);
    if (size === undefined) throw new Error(`no class for ${chunk} bytes`);
    classFor.set(chunk, size);
    counts.set(size, (counts.get(size) ?? 0) + 1);
  }
  return counts;
}

/**
 * Pages that a pool of classes of these sizes, the largest a page, takes for
 * chunks of these lengths: whole zspages of each class.
 */
export function pagesTaken(
  kernel: Kernel,
  classSizes: readonly number[],
  chunks: readonly number[],
): number {
  return [...countByClass(classSizes, chunks)].reduce((sum, [size, count]) => {
    const { pages, objects } = zspageOf(kernel, size);
    return sum + Math.ceil(count / objects) * pages;
  }, 0);
}

/** Bytes by which the chunks of these classes are longer than they need be. */
export function bytesBeyond(
  classSizes: readonly number[],
  chunks: readonly number[],
): number {
  const inClasses = [...countByClass(classSizes, chunks)]
    .reduce((sum, [size, count]) => sum + size * count, 0);
  return inClasses - chunks.reduce((sum, chunk) => sum + chunk, 0);
}

/** As many classes at the same distance from each other. */
function equallySpaced({ pageSize }: Kernel, classes: number): number[] {
  return Array.from(
    { length: classes },
    (_, nth) => Math.ceil((nth + 1) * pageSize / classes / ZS_ALIGN) * ZS_ALIGN,
  );
}

/**
 * The sizes of `classes` classes that take the fewest pages for chunks of these
 * lengths, parts of zspages counted as parts: by dynamic programming over the
 * largest class that is there so far.
 */
function chosenClasses(
  kernel: Kernel,
  classes: number,
  chunks: readonly number[],
): number[] {
  const steps = kernel.pageSize / ZS_ALIGN;
  // upTo[n]: chunks of at most n steps.
  const upTo = new Float64Array(steps + 1);
  for (const chunk of chunks) upTo[Math.ceil(chunk / ZS_ALIGN)]++;
  for (let step = 1; step <= steps; step++) upTo[step] += upTo[step - 1];
  const pagesPerChunk = Float64Array.from({ length: steps + 1 }, (_, step) => {
    if (step === 0) return 0;
    const { pages, objects } = zspageOf(kernel, step * ZS_ALIGN);
    return pages / objects;
  });
  // least[n]: pages for all chunks of at most n steps, the largest class being n.
  let least = new Float64Array(steps + 1).fill(Infinity);
  least[0] = 0;
  const cameFrom: Uint16Array[] = [];
  for (let nth = 0; nth < classes; nth++) {
    const next = new Float64Array(steps + 1).fill(Infinity);
    const from = new Uint16Array(steps + 1);
    for (let size = 1; size <= steps; size++) {
      for (let below = 0; below < size; below++) {
        const pages = least[below] +
          (upTo[size] - upTo[below]) * pagesPerChunk[size];
        if (pages >= next[size]) continue;
        next[size] = pages;
        from[size] = below;
      }
    }
    least = next;
    cameFrom.push(from);
  }
  const chosen: number[] = [];
  let size = steps;
  for (const from of cameFrom.reverse()) {
    chosen.push(size * ZS_ALIGN);
    size = from[size];
  }
  return chosen.reverse();
}

/** Pages for the same objects in classes that were chosen, and in others. */
export interface Chosen {
  /** How many classes. */
  readonly classes: number;
  /** For pages like those by which they were chosen. */
  readonly alike: number;
  /** The same in classes at equal distances. */
  readonly alikeSpaced: number;
  /** For random objects. */
  readonly unlike: number;
  /** The same in classes at equal distances. */
  readonly unlikeSpaced: number;
}

/** Chooses classes by half of the real chunks, and puts the others in them. */
export function choose(
  kernel: Kernel,
  classes: number,
  real: readonly number[],
  random: readonly number[],
): Chosen {
  // Every other page is known beforehand, those between are to come.
  const known = real.filter((_, nth) => nth % 2 === 0);
  const toCome = real.filter((_, nth) => nth % 2 === 1);
  const chosen = chosenClasses(kernel, classes, known);
  const spaced = equallySpaced(kernel, classes);
  return {
    classes,
    alike: pagesTaken(kernel, chosen, toCome),
    alikeSpaced: pagesTaken(kernel, spaced, toCome),
    unlike: pagesTaken(kernel, chosen, random),
    unlikeSpaced: pagesTaken(kernel, spaced, random),
  };
}
