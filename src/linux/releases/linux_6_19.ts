/** Linux 6.19. */
import type { Release } from "../release.ts";
import { RELEASE_6_18 } from "./linux_6_18.ts";

/** Linux 6.19, after 6.18. */
export const RELEASE_6_19: Release = {
  ...RELEASE_6_18,
  name: "linux-6.19",
  pointRelease: "6.19.11",
  read: "source",
};
