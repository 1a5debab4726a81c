/** Linux 6.1: one lock of a pool, errors of zs_malloc, pages under writeback copied. */
import type { Release } from "../release.ts";
import { ATTR_RW } from "../zram_profile.ts";
import { RELEASE_5_10 } from "./linux_5_10.ts";

/** Linux 6.1, after 5.10. */
export const RELEASE_6_1: Release = {
  ...RELEASE_5_10,
  name: "linux-6.1",
  pointRelease: "6.1.192",
  zsmalloc: {
    ...RELEASE_5_10.zsmalloc,
    // One pool->lock in the place of the classes' and of the pin, and the flag
    // compaction_in_progress: both came to 6.1.192 from later releases.
    compaction: "source-first-until-contended",
    compactions: "one",
    mapped: "waited-for",
    isolated: "on-list",
    freeing: "pool-lock",
    zeroSize: "EINVAL",
    tooLarge: "EINVAL",
  },
  zram: {
    ...RELEASE_5_10.zram,
    idleAges: true,
    writebackTypes: ["idle", "huge", "huge_idle"],
    writebackPages: "one",
    // zram_reset_device, as 6.1.192 has it.
    resetWithoutDisk: "everything",
    mmStatNumbers: 9,
  },
  zswap: {
    ...RELEASE_5_10.zswap,
    parameters: {
      ...RELEASE_5_10.zswap.parameters,
      non_same_filled_pages_enabled: ATTR_RW,
    },
    // lzo and lzo-rle since 6.1.75, where crypto/scompress.c compares lengths.
    limitedCompressors: [
      "lzo",
      "lzo-rle",
      "lz4",
      "lz4hc",
      "deflate",
      "842",
      "zstd",
    ],
  },
  swap: { ...RELEASE_5_10.swap, writeUnderWriteback: "to-copy" },
};
