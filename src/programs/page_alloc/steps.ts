/** The steps of programs for the buddy allocator of pages, and what they are answered. */
import {
  type Gfp,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_MOVABLE,
  GFP_NOIO_HIGHMEM,
  GFP_RECLAIMABLE,
  type ZoneName,
} from "../../linux/gfp.ts";
import type { StepOf } from "../program.ts";
import type { AskedZones } from "../zones.ts";

/** What is allocated with, by the names that programs have for it. */
export const GFP: Readonly<Record<GfpName, Gfp>> = {
  kernel: GFP_KERNEL,
  reclaimable: GFP_RECLAIMABLE,
  highmem: GFP_NOIO_HIGHMEM,
  movable: GFP_MOVABLE,
  user: GFP_HIGHUSER_MOVABLE,
};

/** `GFP_KERNEL`, and so on. */
export type GfpName =
  | "kernel"
  | "reclaimable"
  | "highmem"
  | "movable"
  | "user";

/** How a page refuses to be moved: to be isolated, or to be migrated. */
export type Refusing = "isolate" | "migrate";

/** The operations and their fields. Objects go by the numbers that programs give. */
export interface PageAllocSteps {
  /** Fresh memory. */
  create: {
    /** Its zones. */
    readonly buddy: AskedZones;
    /** The number of the first frame. */
    readonly firstPfn?: number;
  };
  /**
   * 2^`order` pages, by a number that no others have. A single page that is
   * `movable` or a `user`'s can be moved, others not.
   */
  alloc: {
    readonly object: number;
    readonly order: number;
    readonly gfp: GfpName;
  };
  /** They are freed. */
  free: { readonly object: number };
  /** A page refuses to be moved, until `unpin`. */
  pin: { readonly object: number; readonly refuses: Refusing };
  /** It does no longer. */
  unpin: { readonly object: number };
  /** Pages are read. */
  read: { readonly object: number };
  /** A zone is compacted, by its place; for an allocation, where `order` says so. */
  compact: {
    readonly zone: number;
    readonly order?: number;
    readonly gfp?: GfpName;
  };
  /** Everything that there is to see. */
  show: Record<never, never>;
}

/** One step. */
export type PageAllocStep = StepOf<PageAllocSteps>;

/** A free list: its zone by its place, its order, its type, its blocks from the first on. */
export type ShownList = readonly [
  zone: number,
  order: number,
  type: number,
  blocks: readonly number[],
];

/** What is to be seen of the allocator. */
export interface PageAllocShown {
  /** Each zone: pages that are free, of all types and CMA's. */
  readonly zones: readonly {
    readonly name: ZoneName;
    readonly free: number;
    readonly cma: number;
  }[];
  /** The free lists that have blocks. */
  readonly lists: readonly ShownList[];
  /** The pageblocks' types, from the first zone's first on. */
  readonly blockTypes: readonly number[];
}

/** What each operation is answered, where it does not fail. */
export interface PageAllocResults {
  /** Memory was made. */
  create: null;
  /** Where the pages are. */
  alloc: { readonly pfn: number };
  /** They were freed. */
  free: null;
  /** It refuses. */
  pin: null;
  /** It does not. */
  unpin: null;
  /** Where the pages are, and the numbers that they hold, each once. */
  read: { readonly pfn: number; readonly numbers: readonly number[] };
  /** What came of compaction, where pages are that were moved, and how many stay isolated. */
  compact: {
    readonly outcome: string;
    readonly moved: readonly (readonly [object: number, pfn: number])[];
    readonly failed: number;
    readonly isolated: number;
  };
  /** What is to be seen. */
  show: PageAllocShown;
}
