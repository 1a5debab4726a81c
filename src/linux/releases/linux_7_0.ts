/** Linux 7.0. */
import type { Release } from "../release.ts";
import { RELEASE_6_19 } from "./linux_6_19.ts";

/** Linux 7.0, after 6.19. */
export const RELEASE_7_0: Release = {
  ...RELEASE_6_19,
  name: "linux-7.0",
  pointRelease: "7.0.9",
  read: "in-part",
};
