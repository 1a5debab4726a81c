/** Linux 6.12: twelve groups, destination first, backends of zram's own, LRU lists of entries. */
import { leastWaste } from "../chain.ts";
import { inuseRatio } from "../fullness.ts";
import { CELLS_WITHOUT_TAG } from "../objects.ts";
import { PAGE_ALLOC_6_12 } from "../page_alloc_profile.ts";
import type { Release } from "../release.ts";
import {
  ATTR_RW,
  ATTR_WO,
  statColumn,
  ZRAM_TABLE_ENTRIES,
} from "../zram_profile.ts";
import { refuseLevel } from "../zcomp_params.ts";
import { RELEASE_6_1 } from "./linux_6_1.ts";

/** Linux 6.12, after 6.1. */
export const RELEASE_6_12: Release = {
  ...RELEASE_6_1,
  name: "linux-6.12",
  pointRelease: "6.12.118",
  pageAlloc: PAGE_ALLOC_6_12,
  zsmalloc: {
    ...RELEASE_6_1.zsmalloc,
    objects: CELLS_WITHOUT_TAG,
    chainRule: leastWaste,
    fullness: inuseRatio,
    compaction: "destination-first",
    tooLarge: "ENOSPC",
    locks: {
      ...RELEASE_6_1.zsmalloc.locks,
      pool: { name: "pool->migrate_lock", kind: "rwlock" },
      classes: true,
    },
    // async_free_zspage and zs_lookup_class_index were mended in 6.12.y.
    deferredFree: "uncounted",
    classLookup: "chunk",
    classesTable: "tenths",
  },
  zram: {
    ...RELEASE_6_1.zram,
    attributes: [
      ...RELEASE_6_1.zram.attributes,
      ["recomp_algorithm", ATTR_RW, "multiComp"],
      ["recompress", ATTR_WO, "multiComp"],
      ["algorithm_params", ATTR_WO],
    ],
    tableEntry: ZRAM_TABLE_ENTRIES["6.12"],
    longAlgorithmName: "E2BIG",
    // lookup_backend_ops, zcomp.c, compares by sysfs_streq.
    algorithmKeepsNewline: true,
    // zcomp.c has backends of its own.
    algorithmsTaken: "listed",
    resetRestoresAlgorithm: true,
    // zram_destroy_comps, since 6.12.118 or before.
    afterFailedSetup: "default",
    numberParams: ["priority", "level"],
    refuseParams: refuseLevel,
    zstd: { libzstd: "1.5.2", sizeHint: "page" },
    requestsChecked: "by-block-layer",
    afterFailedSegment: "stop",
    failureIsAccess: false,
    idleMarks: "in-pool",
    writebackTypes: ["idle", "huge", "huge_idle", "incompressible"],
    // writeback_store.
    pageIndexChecked: "without-backing",
    writebackReads: "locked",
    postProcessing: "one-or-EAGAIN",
    backingReopens: false,
    locking: {
      ...RELEASE_6_1.zram.locking,
      slot: {
        name: "zram->table[index].lock",
        kind: "spinlock",
        per: "slot",
      },
    },
    blockStateFlags: "swhirn",
    ioStat: (stat) =>
      `${statColumn(stat.failedReads)} ${statColumn(stat.failedWrites)} 0 ${
        statColumn(stat.notifyFree)
      }\n`,
  },
  zbud: { reclaims: false },
  z3fold: { ...RELEASE_6_1.z3fold, reclaims: false },
  zswap: {
    ...RELEASE_6_1.zswap,
    parameters: {
      enabled: ATTR_RW,
      compressor: ATTR_RW,
      zpool: ATTR_RW,
      max_pool_percent: ATTR_RW,
      accept_threshold_percent: ATTR_RW,
      shrinker_enabled: ATTR_RW,
    },
    counters: [
      "pool_limit_hit",
      "reject_reclaim_fail",
      "reject_alloc_fail",
      "reject_kmemcache_fail",
      "reject_compress_fail",
      "reject_compress_poor",
      "written_back_pages",
      "pool_total_size",
      "stored_pages",
    ],
    // sw842_compress, lib/842; the others' drivers answer EINVAL for any error.
    compressorErrnos: { ...RELEASE_6_1.zswap.compressorErrnos, 842: "ENOSPC" },
    zstd: { libzstd: "1.5.2", sizeHint: 0 },
    locks: {
      ...RELEASE_6_1.zswap.locks,
      tree: "xa_lock",
      lru: "list_lru_one->lock",
    },
    frontswap: "none",
    entries: "uncounted",
    writebackFinds: "in-swap-cache",
    failedStore: "older-goes",
    queuedReference: "once",
    load: "erased-first",
    shrink: "entries-in-worker",
    cgroupLimit: "shrinks",
    sameFilled: false,
  },
  swap: {
    ...RELEASE_6_1.swap,
    // free_swap_slot asks zswap before it takes a lock.
    locks: {
      slots: "ci->lock",
      cache: "i_pages.xa_lock",
      invalidatesUnder: false,
    },
    slotTaken: "gives-up",
    rwPage: "never",
    storedPage: "unlocked",
    // free_swap_slot calls zswap_invalidate first, swap_slots.c.
    slotCache: "device-late",
    zeromap: true,
  },
};
