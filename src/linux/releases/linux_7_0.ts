/** Linux 7.0: the swap cache has every page that is read or written. */
import type { Release } from "../release.ts";
import { RELEASE_6_19 } from "./linux_6_19.ts";

/** Linux 7.0, after 6.19. */
export const RELEASE_7_0: Release = {
  ...RELEASE_6_19,
  name: "linux-7.0",
  pointRelease: "7.0.9",
  read: "in-part",
  swap: {
    ...RELEASE_6_19.swap,
    synchronousReads: "through-swap-cache",
    slotTaken: "is-in-swap-cache",
    // do_swap_page frees the swap cache after it has mapped the page, 7.1.13.
    writeFault: "keeps-exclusive",
  },
};
