/** Linux 7.2: blocks given back, blocks without what was in memory, sizes that do not wrap. */
import type { Release } from "../release.ts";
import { refuseLevelWindowOrDict } from "../zcomp_params.ts";
import { RELEASE_7_1 } from "./linux_7_1.ts";

/** Linux 7.2, after 7.1. */
export const RELEASE_7_2: Release = {
  ...RELEASE_7_1,
  name: "linux-7.2",
  pointRelease: "7.2.12",
  read: "source",
  memparse: "saturates",
  zsmalloc: {
    ...RELEASE_7_1.zsmalloc,
    classLookup: "chunk",
  },
  zram: {
    ...RELEASE_7_1.zram,
    // zram_destroy_comps.
    afterFailedSetup: "default",
    // zcomp_lookup_backend_name answers the name that is listed.
    algorithmKeepsNewline: false,
    refuseParams: refuseLevelWindowOrDict,
    unusedBlock: "given-back",
    // writeback_store, read_block_state.
    pagesCounted: "locked",
    // read_from_zspool_raw.
    blockTail: "zeros",
  },
  zswap: { ...RELEASE_7_1.zswap, withoutMemcg: "root" },
  swap: { ...RELEASE_7_1.swap, slotFree: "no-slot" },
};
