/** Linux 7.3: ages below the uptime. */
import type { Release } from "../release.ts";
import { RELEASE_7_2 } from "./linux_7_2.ts";

/** Linux 7.3, after 7.2. */
export const RELEASE_7_3: Release = {
  ...RELEASE_7_2,
  name: "linux-7.3",
  pointRelease: "7.3.4",
  read: "source",
  zram: {
    ...RELEASE_7_2.zram,
    // idle_store: no slot can be older than the system.
    idleAge: "below-uptime",
  },
};
