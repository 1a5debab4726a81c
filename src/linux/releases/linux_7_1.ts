/** Linux 7.1: one algorithm a recompression. */
import type { Release } from "../release.ts";
import { stopAtWindowOrRefuseDict } from "../zcomp_params.ts";
import { RELEASE_7_0 } from "./linux_7_0.ts";

/** Linux 7.1, after 7.0. */
export const RELEASE_7_1: Release = {
  ...RELEASE_7_0,
  name: "linux-7.1",
  pointRelease: "7.1.13",
  read: "source",
  zsmalloc: {
    ...RELEASE_7_0.zsmalloc,
    readSpan: "bytes-read",
    migrationOfMapped: "EBUSY",
  },
  zram: {
    ...RELEASE_7_0.zram,
    // zram_bio_discard ends what it does nothing about.
    partialDiscard: "ends",
    paramsTaken: "before-disksize",
    refuseParams: stopAtWindowOrRefuseDict,
    // recompress_store, validate_algo_priority.
    recompressOrder: "one-by-size",
  },
  zswap: { ...RELEASE_7_0.zswap, load: "erased-always" },
};
