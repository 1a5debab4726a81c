/** Linux 7.0: pages written back as they are stored, one lock of a zram device. */
import type { Release } from "../release.ts";
import {
  ATTR_RO,
  ATTR_RW,
  ZRAM_TABLE_ENTRIES,
  type ZramAttribute,
} from "../zram_profile.ts";
import { RELEASE_6_19 } from "./linux_6_19.ts";

const BD_STAT: ZramAttribute = ["bd_stat", ATTR_RO, "writeback"];
const COMPRESSED_WRITEBACK: ZramAttribute = [
  "compressed_writeback",
  ATTR_RW,
  "writeback",
];

/** What writeback adds, together and in its new order. */
function attributesOf(
  before: readonly ZramAttribute[],
): readonly ZramAttribute[] {
  return before.flatMap((attribute) => {
    switch (attribute[0]) {
      case "bd_stat":
        return [];
      case "backing_dev":
        return [BD_STAT, attribute];
      case "writeback_batch_size":
        return [attribute, COMPRESSED_WRITEBACK];
      default:
        return [attribute];
    }
  });
}

/**
 * Linux 7.0, after 6.19. Of its zram the binary shows `compressed_writeback`;
 * what came with it (access times in seconds, dev_lock, bd_stat's place) is as
 * in the driver's history between 6.19 and 7.1, and what a written-back slot
 * keeps as 7.1 has it.
 */
export const RELEASE_7_0: Release = {
  ...RELEASE_6_19,
  name: "linux-7.0",
  pointRelease: "7.0.9",
  read: "in-part",
  zram: {
    ...RELEASE_6_19.zram,
    attributes: attributesOf(RELEASE_6_19.zram.attributes),
    tableEntry: ZRAM_TABLE_ENTRIES["7.0"],
    // zram_writeback_complete, decompress_bdev_page.
    writtenBackKeeps: "flags",
    // writeback_store and recompress_store hold dev_lock to write.
    postProcessing: "one-after-another",
    locking: { ...RELEASE_6_19.zram.locking, device: "zram->dev_lock" },
    acTime: "seconds",
    idleAge: "seconds",
  },
  swap: {
    ...RELEASE_6_19.swap,
    // The swap table, whose clusters have the swap cache too.
    locks: { ...RELEASE_6_19.swap.locks, cache: "ci->lock" },
    synchronousReads: "through-swap-cache",
    slotTaken: "is-in-swap-cache",
    // do_swap_page frees the swap cache after it has mapped the page, 7.1.13.
    writeFault: "keeps-exclusive",
  },
};
