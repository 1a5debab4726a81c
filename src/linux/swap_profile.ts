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
