/** Releases: what the code of a kernel does, however it was configured. */
import type { Z3foldRelease, ZbudRelease } from "./buddy_profile.ts";
import type { MemparseOverflow, TruthLetters } from "./kstrtox.ts";
import type { PageAllocRelease } from "./page_alloc_profile.ts";
import type { SwapProfile } from "./swap_profile.ts";
import type { ZramRelease } from "./zram_profile.ts";
import type { ZsmallocRelease } from "./zsmalloc_profile.ts";
import type { ZswapRelease } from "./zswap_profile.ts";

/**
 * What the code of one kernel release does. A release is written as what it
 * changes of the one before it, so that its file reads as the changelog.
 */
export interface Release {
  /** The name by which commands and transcripts call it: `linux-6.12`. */
  readonly name: string;
  /**
   * The point release that it was read from: stable releases carry mends, and
   * what 6.12.118 does is not what 6.12 did.
   */
  readonly pointRelease: string;
  /**
   * How much of it was read: its source, or in part: a binary's symbols and
   * texts, and recordings of it.
   */
  readonly read: "source" | "in-part";
  /** The letters by which it knows a truth value (`kstrtobool`). */
  readonly truths: TruthLetters;
  /** What becomes of a size that it cannot hold. */
  readonly memparse: MemparseOverflow;
  /** The allocator of pages under all of it. */
  readonly pageAlloc: PageAllocRelease;
  /** The allocator. */
  readonly zsmalloc: ZsmallocRelease;
  /** The block device. */
  readonly zram: ZramRelease;
  /** zbud, an allocator for zswap. */
  readonly zbud: ZbudRelease;
  /** z3fold, another. */
  readonly z3fold: Z3foldRelease;
  /** The compressed cache of swapped-out pages. */
  readonly zswap: ZswapRelease;
  /** The swap path. */
  readonly swap: SwapProfile;
}
