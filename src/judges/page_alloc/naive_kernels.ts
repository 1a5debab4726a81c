/** What the second model of the buddy allocator knows of each kernel. */
import type { Profile } from "../../linux/profile.ts";
import { factsByRelease } from "../release_facts.ts";

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

/** The habits of a profile's release. */
export const naiveKernel: (profile: Profile) => NaiveKernel = factsByRelease<
  NaiveKernel
>({
  "linux-3.12": {
    cmaStaysApart: false,
    sorted: false,
    newLast: false,
    reserve: true,
    countsLargeOnly: true,
    lowerZonesFirst: false,
    cma: "fallback",
    fallback: "takes-the-rest",
    unmovableTakesOver: false,
  },
  "linux-4.0": { unmovableTakesOver: true },
  "linux-5.10": {
    newLast: true,
    reserve: false,
    countsLargeOnly: false,
    lowerZonesFirst: true,
    cma: "half",
    fallback: "takes-pageblocks",
  },
  "linux-6.1": { cmaStaysApart: true },
  "linux-6.12": { sorted: true, fallback: "claims" },
});
