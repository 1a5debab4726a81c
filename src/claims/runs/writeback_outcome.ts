/** What writing pages back came to: zswap, and zram beside it. */
import type { ZramWriteback } from "./writeback_zram.ts";
import type { ZswapWriteback } from "./writeback_zswap.ts";

/** What both came to. */
export interface WritebackOutcome {
  readonly zswap: ZswapWriteback;
  readonly zram: ZramWriteback;
  /** Pages that do not become smaller. */
  readonly incompressible: number;
}
