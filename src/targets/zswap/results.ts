/** What the operations of a swap cache are answered. */
import type { Errno } from "../../linux/errno.ts";
import type { FrontswapCounters, ZswapCounters } from "../../zswap/stats.ts";
import type { StepTarget } from "../step_target.ts";
import type { ZswapStats, ZswapStored, ZswapWritten } from "../target.ts";
import type { ZswapSteps } from "../../programs/zswap/steps.ts";

/** What was done to a page's slot while it was written back, and what came of it. */
export interface ZswapMeanwhileDone {
  /** The swap type. */
  readonly type: number;
  /** The offset. */
  readonly offset: number;
  /** What came of a store, where it was one. */
  readonly stored?: ZswapStored;
  /** What a load gave, where it was one: an errno where the page is damaged. */
  readonly loaded?: Uint8Array | null | Errno;
}

/** What each operation is answered, where it does not fail. */
export interface ZswapResults {
  /** Nothing. */
  readonly create: void;
  /** Whether the page was taken. */
  readonly store: ZswapStored;
  /** Whether all pages were. */
  readonly store_folio: ZswapStored;
  /** The page; `null` where there is none. */
  readonly load: { readonly data: Uint8Array | null };
  /** Nothing. */
  readonly invalidate: void;
  /** The pages that were written, and what was done meanwhile. */
  readonly writeback: {
    readonly written: readonly ZswapWritten[];
    readonly meanwhile?: ZswapMeanwhileDone;
    /**
     * Pages that the kernel wrote although their slots had been freed, or
     * stored anew, by then: a bug of its own.
     */
    readonly stale?: readonly ZswapWritten[];
  };
  /** The counters that every cache has. */
  readonly stats: ZswapStats;
  /** The counters of `debugfs/zswap`, and of `debugfs/frontswap`. */
  readonly counters: {
    readonly zswap: Partial<ZswapCounters>;
    readonly frontswap: FrontswapCounters;
  };
  /** Nothing. */
  readonly work: void;
  /** Entries that could be freed, and how many were; or none, for a reason. */
  readonly scan: {
    readonly count: number;
    readonly freed: number | "SHRINK_STOP";
  };
  /** Nothing. */
  readonly swapin: void;
  /** Nothing. */
  readonly cache: void;
  /** Nothing. */
  readonly damage: void;
  /** Nothing. */
  readonly set: void;
  /** The parameter's text, with its newline. */
  readonly get: { readonly value: string };
  /** Nothing. */
  readonly swapoff: void;
}

/** What does the steps of programs for zswap. */
export type ZswapStepTarget = StepTarget<ZswapSteps, ZswapResults>;
