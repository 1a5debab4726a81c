/** Linux 6.1: one lock of a pool, errors of zs_malloc, pages that are nobody else's. */
import { TRUTHS_6_1 } from "../kstrtox.ts";
import { PAGE_ALLOC_6_1 } from "../page_alloc_profile.ts";
import type { Release } from "../release.ts";
import { ATTR_RW } from "../zram_profile.ts";
import { CRYPTO_COMPRESSORS, eachCompressor } from "../zswap_profile.ts";
import { RELEASE_5_10 } from "./linux_5_10.ts";

/** Linux 6.1, after 5.10. */
export const RELEASE_6_1: Release = {
  ...RELEASE_5_10,
  name: "linux-6.1",
  pointRelease: "6.1.192",
  truths: TRUTHS_6_1,
  pageAlloc: PAGE_ALLOC_6_1,
  zsmalloc: {
    ...RELEASE_5_10.zsmalloc,
    // One pool->lock in the place of the classes' and of the pin, and the flag
    // compaction_in_progress: both came to 6.1.192 from later releases.
    compaction: "source-first-until-contended",
    compactions: "one",
    mapped: "waited-for",
    isolated: "on-list",
    freeing: "pool-lock",
    locks: {
      ...RELEASE_5_10.zsmalloc.locks,
      pool: { name: "pool->lock", kind: "spinlock" },
      classes: false,
      pins: false,
      mapArea: "zs_map_area.lock",
      migrationDrops: "widest-first",
    },
    destroyAwaits: "worker",
    zeroSize: "EINVAL",
    tooLarge: "EINVAL",
  },
  zram: {
    ...RELEASE_5_10.zram,
    idleAges: true,
    writebackTypes: ["idle", "huge", "huge_idle"],
    writebackPages: "one",
    zstd: { libzstd: "1.4.10", sizeHint: 0 },
    // zram_reset_device, as 6.1.192 has it.
    resetWithoutDisk: "everything",
    locking: { ...RELEASE_5_10.zram.locking, open: "disk->open_mutex" },
    // writeback_store, read_block_state, 6.1.192.
    pagesCounted: "locked",
    mmStatNumbers: 9,
  },
  z3fold: {
    ...RELEASE_5_10.z3fold,
    refusesHighmem: true,
    withoutSlots: "listed-again",
    reclaimedInPart: "listed-again",
    // __z3fold_alloc, z3fold_reclaim_page: all since 5.19.
    reclaimReference: "under-page-lock",
    claimEnds: "under-page-lock",
    reusesStale: false,
    slotsAllocated: "atomically",
  },
  zswap: {
    ...RELEASE_5_10.zswap,
    parameters: {
      ...RELEASE_5_10.zswap.parameters,
      non_same_filled_pages_enabled: ATTR_RW,
    },
    // lzo and lzo-rle too: lzo1x_1_compress_safe, crypto/lzo.c, 6.1.192.
    compressorErrnos: eachCompressor(CRYPTO_COMPRESSORS, () => "EINVAL"),
    zstd: { libzstd: "1.4.10", sizeHint: 0 },
    // crypto_acomp: crypto_has_acomp knows the others by their types.
    drivers: eachCompressor(CRYPTO_COMPRESSORS, (name) => `${name}-scomp`),
    locks: {
      ...RELEASE_5_10.zswap.locks,
      compressor: { name: "acomp_ctx->mutex", kind: "mutex" },
    },
    writebackLooksAgain: true,
    cgroupLimit: "refuses",
  },
  swap: {
    ...RELEASE_5_10.swap,
    synchronousReads: "past-swap-cache-pinned",
    rwPage: "always",
    // PageAnonExclusive, since 5.19: do_wp_page asks for nothing else.
    writeMapped: "keeps-slot",
    // make_swapin_error_entry, swapfile.c.
    unreadable: "lost",
  },
};
