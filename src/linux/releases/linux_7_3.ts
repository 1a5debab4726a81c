/** Linux 7.3: a class in each location, parameters of algorithms in range. */
import { CELLS_WITH_CLASS } from "../objects.ts";
import type { Release } from "../release.ts";
import { refuseParamsBeyondRange } from "../zcomp_params.ts";
import { RELEASE_7_2 } from "./linux_7_2.ts";

/** Linux 7.3, after 7.2. */
export const RELEASE_7_3: Release = {
  ...RELEASE_7_2,
  name: "linux-7.3",
  pointRelease: "7.3.4",
  read: "source",
  zsmalloc: {
    ...RELEASE_7_2.zsmalloc,
    objects: CELLS_WITH_CLASS,
    freeing: "cell",
    locks: {
      ...RELEASE_7_2.zsmalloc.locks,
      migrationDrops: "narrowest-first",
    },
  },
  zram: {
    ...RELEASE_7_2.zram,
    dictErrors: "own",
    // __comp_algorithm_store.
    algorithmForgetsParams: true,
    refuseParams: refuseParamsBeyondRange,
    // idle_store: no slot can be older than the system.
    idleAge: "below-uptime",
  },
  zswap: { ...RELEASE_7_2.zswap, entriesPerStep: 32 },
  swap: {
    ...RELEASE_7_2.swap,
    writeFault: "frees-exclusive",
    // swap_read_end, page_io.c.
    countsFailedReads: false,
  },
};
