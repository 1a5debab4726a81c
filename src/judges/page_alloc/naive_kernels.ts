/** What the second model of the buddy allocator knows of kernels, by their names. */

/** A kernel's habits, in the second model's words. */
export interface NaiveKernel {
  /** Whether whole CMA pageblocks stay apart from others that are free. */
  readonly cmaStaysApart: boolean;
  /** Whether free blocks are sorted by the pageblocks that they are in. */
  readonly sorted: boolean;
  /** Whether blocks that change lists, or are there at boot, come last. */
  readonly newLast: boolean;
  /** Whether a zone's first pageblocks are a reserve. */
  readonly reserve: boolean;
  /** Whether smaller free blocks are not counted for more than a page. */
  readonly countsLargeOnly: boolean;
  /** Whether lower zones come before other types' pageblocks. */
  readonly lowerZonesFirst: boolean;
  /** Movable pages from CMA: where it is the first fallback, or more than half free. */
  readonly cma: "fallback" | "half";
  /** How it falls back. */
  readonly fallback: "takes-the-rest" | "takes-pageblocks" | "claims";
  /** Whether unmovable pages take pageblocks over even for a small block. */
  readonly unmovableTakesOver: boolean;
}

const BEFORE_4_4: NaiveKernel = {
  cmaStaysApart: false,
  sorted: false,
  newLast: false,
  reserve: true,
  countsLargeOnly: true,
  lowerZonesFirst: false,
  cma: "fallback",
  fallback: "takes-the-rest",
  unmovableTakesOver: false,
};

const LINUX_5_10: NaiveKernel = {
  cmaStaysApart: false,
  sorted: false,
  newLast: true,
  reserve: false,
  countsLargeOnly: false,
  lowerZonesFirst: true,
  cma: "half",
  fallback: "takes-pageblocks",
  unmovableTakesOver: true,
};

const KERNELS: ReadonlyMap<string, NaiveKernel> = new Map([
  ["linux-3.12", BEFORE_4_4],
  ["linux-4.0", { ...BEFORE_4_4, unmovableTakesOver: true }],
  ["linux-5.10", LINUX_5_10],
  ["linux-6.1", { ...LINUX_5_10, cmaStaysApart: true }],
]);

const NEWEST: NaiveKernel = {
  ...LINUX_5_10,
  cmaStaysApart: true,
  sorted: true,
  fallback: "claims",
};

/** The habits of the kernel of a release. */
export function naiveKernel(release: string): NaiveKernel {
  return KERNELS.get(release) ?? NEWEST;
}
