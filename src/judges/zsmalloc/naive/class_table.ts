/** The size classes of a kernel, found from the smallest up, size by size. */
import type { ZsmallocSetup } from "../../../programs/zsmalloc/steps.ts";
import type { KernelFacts } from "./kernels.ts";

/** What of a kernel decides its classes. */
type ClassFacts = Pick<KernelFacts, "steps" | "tagBits" | "chain" | "merges">;

/** What of a pool does. */
type Setup = ZsmallocSetup & { readonly physBits: number };

/** A class of chunks of one size. */
export interface NaiveClass {
  /** Its number among all sizes. */
  readonly index: number;
  /** Bytes of a chunk. */
  readonly size: number;
  /** Pages of a zspage. */
  readonly pages: number;
  /** Chunks of a zspage. */
  readonly objects: number;
}

/** The least bytes of a chunk, whatever the index's bits. */
const LEAST = 32;

/** All sizes of chunks in order, and the class that serves each. */
export interface ClassTable {
  /** Bytes, from the least on. */
  readonly sizes: readonly number[];
  /** For each of them its class. */
  readonly serving: readonly NaiveClass[];
}

/** The classes of a pool. */
export function classTable(facts: ClassFacts, setup: Setup): ClassTable {
  const { pageSize } = setup;
  const sizes: number[] = [];
  const serving: NaiveClass[] = [];
  for (let next = leastSize(facts, setup);; next += pageSize / facts.steps) {
    const size = Math.min(next, pageSize);
    const pages = chainOf(facts, size, setup);
    const objects = Math.trunc(pages * pageSize / size);
    const one = { index: sizes.length, size, pages, objects };
    sizes.push(size);
    serving.push(one);
    if (facts.merges) serveEqualsBy(serving, one);
    if (size === pageSize) return { sizes, serving };
  }
}

/** The sizes before `one` whose zspages are the same are served by it. */
function serveEqualsBy(serving: NaiveClass[], one: NaiveClass): void {
  for (let at = one.index - 1; at >= 0; at--) {
    const { pages, objects } = serving[at];
    if (pages !== one.pages || objects !== one.objects) return;
    serving[at] = one;
  }
}

/** As many bytes that all chunks of the longest zspage can be told apart. */
function leastSize(
  { tagBits }: ClassFacts,
  { pageSize, wordBits, physBits, chainSize }: Setup,
): number {
  let frames = 2 ** physBits / pageSize;
  let bits = wordBits - tagBits;
  for (; frames > 1; frames /= 2) bits--;
  return Math.max(LEAST, Math.floor(chainSize * pageSize / 2 ** bits));
}

function chainOf(
  { chain }: ClassFacts,
  size: number,
  { pageSize, chainSize }: Setup,
): number {
  if (chain === "least-waste" && Number.isInteger(Math.log2(size))) return 1;
  let best = 1;
  let least = Infinity;
  for (let pages = 1; pages <= chainSize; pages++) {
    const loss = chain === "least-waste"
      ? wasteOf(pages, size, pageSize)
      : -percentOf(pages, size, pageSize);
    if (loss < least) [best, least] = [pages, loss];
  }
  return best;
}

function wasteOf(pages: number, size: number, pageSize: number): number {
  return pages * pageSize - Math.floor(pages * pageSize / size) * size;
}

function percentOf(pages: number, size: number, pageSize: number): number {
  const bytes = pages * pageSize;
  return Math.floor(100 * Math.floor(bytes / size) * size / bytes);
}

/** The class that serves chunks of `size` bytes: of the first size they fit. */
export function classServing(
  { sizes, serving }: ClassTable,
  size: number,
): NaiveClass {
  let [low, high] = [0, sizes.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sizes[middle] >= size) high = middle;
    else low = middle + 1;
  }
  return serving[low];
}
