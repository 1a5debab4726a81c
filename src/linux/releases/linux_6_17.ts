/** Linux 6.17. */
import { TRUTHS_6_17 } from "../kstrtox.ts";
import type { Release } from "../release.ts";
import { RELEASE_6_16 } from "./linux_6_16.ts";

/** Linux 6.17, after 6.16. */
export const RELEASE_6_17: Release = {
  ...RELEASE_6_16,
  name: "linux-6.17",
  pointRelease: "6.17.8",
  read: "source",
  zram: {
    ...RELEASE_6_16.zram,
    // recomp_algorithm_show adds what zcomp_available_show has added already.
    recompAlgorithmLines: "offset-twice",
  },
  truths: TRUTHS_6_17,
  zswap: {
    ...RELEASE_6_16.zswap,
    // An acomp of its own: ZSTD_MAX_SIZE, crypto/zstd.c.
    drivers: { ...RELEASE_6_16.zswap.drivers, zstd: "zstd-generic" },
    zstd: { libzstd: "1.5.7", sizeHint: 262144 },
  },
};
