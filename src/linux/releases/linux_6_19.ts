/** Linux 6.19: many pages in flight to a backing device. */
import type { Release } from "../release.ts";
import { ATTR_RW, type ZramAttribute } from "../zram_profile.ts";
import { RELEASE_6_18 } from "./linux_6_18.ts";

/** Comes behind `writeback_limit_enable`. */
const BATCH_SIZE: ZramAttribute = [
  "writeback_batch_size",
  ATTR_RW,
  "writeback",
];

/** Linux 6.19, after 6.18. */
export const RELEASE_6_19: Release = {
  ...RELEASE_6_18,
  name: "linux-6.19",
  pointRelease: "6.19.11",
  read: "source",
  zram: {
    ...RELEASE_6_18.zram,
    attributes: RELEASE_6_18.zram.attributes.flatMap((attribute) =>
      attribute[0] === "writeback_limit_enable"
        ? [attribute, BATCH_SIZE]
        : [attribute]
    ),
    // zram_writeback_slots, zram_complete_done_reqs.
    writebackOrder: "in-batches",
    writebackLimit: "whole-pages",
    unusedBlock: "stays-taken",
    // writeback_limit_store takes init_lock to write.
    locking: { ...RELEASE_6_18.zram.locking, limit: false },
    // zram_read_page.
    blockRead: "locked",
  },
};
