/** What a memory can be told when it is made. */
import type { PageAllocRelease } from "../linux/page_alloc_profile.ts";
import type { ZoneOptions } from "./zone.ts";

/** What a memory can be told when it is made. */
export interface MemoryOptions {
  /** Bytes per page: a power of two from 4096 to 65536. Default 4096. */
  pageSize?: number;
  /** The most frames that can be allocated at once. Default: no limit. */
  maxPages?: number;
  /** The lowest page frame number. Default 1. */
  firstPfn?: number;
  /** Frames that there is room for at first. Default 32. */
  initialFrames?: number;
  /**
   * Fault injection: called with 0, 1, 2, … before each allocation of a frame;
   * where it answers true, that allocation fails. Linux: `fail_page_alloc`.
   */
  failPageAlloc?: (allocation: number) => boolean;
  /**
   * Has the memory made of zones under a buddy allocator. `firstPfn` is the
   * first frame of the first zone, unless that names another.
   */
  buddy?: MemoryBuddyOptions;
}

/** What a memory of zones is made of. */
export interface MemoryBuddyOptions {
  /** What the allocator's code does: `profile.release.pageAlloc`. */
  readonly release: PageAllocRelease;
  /** The zones, the lowest first. */
  readonly zones: readonly ZoneOptions[];
  /** The largest order of a block, from 1 to 10. Default 10. */
  readonly maxOrder?: number;
  /**
   * The order of a pageblock, from 1 to `maxOrder`. Default: 9, or `maxOrder`
   * where that is less.
   */
  readonly pageblockOrder?: number;
}
