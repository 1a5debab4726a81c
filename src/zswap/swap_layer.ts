/** What zswap asks of the swap layer above it, to write a page back. */
import type { Stop } from "../rules/stop.ts";

/** What came of asking for a page in the swap cache. */
export type SwapCacheOutcome = "new" | "exists" | "no-memory" | "no-slot";

/**
 * The swap cache and the swap device, as writeback uses them: a page is put
 * into the swap cache, filled, and written to the device from there.
 */
export interface SwapLayer {
  /**
   * Allocates a locked page in the swap cache for a slot: "new"; "exists"
   * where the slot has one; "no-memory" where there is no frame for it;
   * "no-slot" where the slot is free, which is "no-memory" too up to 7.1.
   * Specifies `__read_swap_cache_async` (since 7.0, `swap_cache_alloc_folio`),
   * `mm/swap_state.c`.
   */
  allocSwapCachePage(
    type: number,
    offset: number,
  ): Generator<Stop, SwapCacheOutcome>;
  /** Takes a page that was just allocated out again (`delete_from_swap_cache`). */
  deleteFromSwapCache(type: number, offset: number): Generator<Stop, void>;
  /**
   * Fills the page with `data` and writes it to the device. Whether that
   * succeeds, zswap does not learn: where it does not, the page stays in the
   * swap cache, dirty. Specifies `__swap_writepage`, `mm/page_io.c`.
   */
  writePage(
    type: number,
    offset: number,
    data: Uint8Array,
  ): Generator<Stop, void>;
}

/** A swap layer that has memory for no page. */
export const NO_SWAP_LAYER: SwapLayer = {
  // deno-lint-ignore require-yield
  *allocSwapCachePage() {
    return "no-memory";
  },
  *deleteFromSwapCache() {},
  *writePage() {},
};
