/** Linux 6.18: zsmalloc alone under zswap, which stores what does not compress. */
import type { Release } from "../release.ts";
import { ATTR_RW } from "../zram_profile.ts";
import { RELEASE_6_17 } from "./linux_6_17.ts";

/** Linux 6.18, after 6.17. */
export const RELEASE_6_18: Release = {
  ...RELEASE_6_17,
  name: "linux-6.18",
  pointRelease: "6.18.15",
  zswap: {
    ...RELEASE_6_17.zswap,
    parameters: {
      enabled: ATTR_RW,
      compressor: ATTR_RW,
      max_pool_percent: ATTR_RW,
      accept_threshold_percent: ATTR_RW,
      shrinker_enabled: ATTR_RW,
    },
    counters: [
      ...RELEASE_6_17.zswap.counters,
      "stored_incompressible_pages",
    ],
    storesIncompressible: true,
  },
};
