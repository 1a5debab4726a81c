/** What kernel releases fix about the swap path. */

/** What a kernel release fixes about the swap path. */
export interface SwapProfile {
  /**
   * What a write does to a page that is in the swap cache and being written
   * out: it changes the page where it is, which is then written again to the
   * same slot; or it goes to a copy (since 5.19), and the page that is being
   * written is nobody's.
   */
  readonly writeUnderWriteback: "in-place" | "to-copy";
  /**
   * Whether a page on a device as fast as memory is read past the swap cache
   * (since 4.15).
   */
  readonly readsPastCache: boolean;
  /** Whether pages of zeros are a bit in a bitmap and nothing else (since 6.12). */
  readonly zeromap: boolean;
}

/** The swap path of Linux 3.12. */
export const SWAP_3_12: SwapProfile = {
  writeUnderWriteback: "in-place",
  readsPastCache: false,
  zeromap: false,
};

/** The swap path of Linux 6.1. */
export const SWAP_6_1: SwapProfile = {
  ...SWAP_3_12,
  writeUnderWriteback: "to-copy",
  readsPastCache: true,
};

/** The swap path of Linux 6.18. */
export const SWAP_6_18: SwapProfile = { ...SWAP_6_1, zeromap: true };
