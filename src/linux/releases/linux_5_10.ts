/** Linux 5.10: movable frames, a shrinker, writeback, three allocators for zswap. */
import { threeQuarters } from "../fullness.ts";
import { CELLS_WITH_INDEX_LINKS } from "../objects.ts";
import { GFP_HIGHUSER_MOVABLE } from "../gfp.ts";
import { PAGE_ALLOC_5_10 } from "../page_alloc_profile.ts";
import type { Release } from "../release.ts";
import {
  ATTR_RO,
  ATTR_RW,
  ATTR_WO,
  statColumn,
  ZRAM_TABLE_ENTRIES,
} from "../zram_profile.ts";
import { eachCompressor } from "../zswap_profile.ts";
import { RELEASE_4_0 } from "./linux_4_0.ts";

/** Linux 5.10. */
export const RELEASE_5_10: Release = {
  ...RELEASE_4_0,
  name: "linux-5.10",
  pointRelease: "5.10.262",
  pageAlloc: PAGE_ALLOC_5_10,
  zsmalloc: {
    ...RELEASE_4_0.zsmalloc,
    objects: CELLS_WITH_INDEX_LINKS,
    fullness: threeQuarters,
    compaction: "source-first",
    movable: true,
    locks: { ...RELEASE_4_0.zsmalloc.locks, zspage: "rwlock" },
    // lock_zspage, as 5.10.262 has it.
    chainLocked: "as-it-is",
    destroyAwaits: "isolated-pages",
    shrinker: true,
    classesTable: "almost-freeable",
  },
  zram: {
    ...RELEASE_4_0.zram,
    gfp: GFP_HIGHUSER_MOVABLE,
    attributes: [
      ["disksize", ATTR_RW],
      ["initstate", ATTR_RO],
      ["reset", ATTR_WO],
      ["compact", ATTR_WO],
      ["mem_limit", ATTR_WO],
      ["mem_used_max", ATTR_WO],
      ["idle", ATTR_WO],
      ["max_comp_streams", ATTR_RW],
      ["comp_algorithm", ATTR_RW],
      ["backing_dev", ATTR_RW, "writeback"],
      ["writeback", ATTR_WO, "writeback"],
      ["writeback_limit", ATTR_RW, "writeback"],
      ["writeback_limit_enable", ATTR_RW, "writeback"],
      ["io_stat", ATTR_RO],
      ["mm_stat", ATTR_RO],
      ["bd_stat", ATTR_RO, "writeback"],
      ["debug_stat", ATTR_RO],
    ],
    control: true,
    mostDevices: undefined,
    tableEntry: ZRAM_TABLE_ENTRIES["6.1"],
    tableSize: "saturates",
    disksizeLooksFirst: "whether-initialised",
    algorithmChecked: "when-set",
    // zcomp_available_algorithm asks crypto_has_comp.
    algorithmsTaken: "any-of-crypto",
    compStreams: "per-cpu",
    requestsChecked: "by-driver",
    writeZeroes: true,
    afterFailedSegment: "next-segment",
    failureIsAccess: true,
    sameFilled: "word",
    wholeFrom: (_pageSize, hugeClassSize) => hugeClassSize,
    refusedRaisesMax: true,
    mallocSlowPath: true,
    writebackTypes: ["idle", "huge"],
    backingReopens: true,
    resetReadsFirst: true,
    locking: {
      slot: {
        name: "zram->table[index].flags",
        kind: "bit_spinlock",
        per: "slot",
      },
      // zcomp_stream_get.
      stream: {
        name: "zstrm->lock",
        kind: "local_lock",
        per: "cpu",
        readers: true,
      },
      device: "zram->init_lock",
      open: "bdev->bd_mutex",
      limit: true,
    },
    requestHolds: "nothing",
    resetExcludes: "by-claim",
    notifyTakes: "tries",
    // end_swap_bio_read, mm/page_io.c, since 5.10.y.
    swapReadEnds: "keeps-slot",
    mmStatNumbers: 8,
    ioStat: (stat) =>
      [stat.failedReads, stat.failedWrites, stat.invalidIo, stat.notifyFree]
        .map(statColumn).join(" ") + "\n",
    debugStat: (stat) =>
      `version: 1\n${statColumn(stat.writestall)} ${
        statColumn(stat.missFree)
      }\n`,
  },
  zswap: {
    ...RELEASE_4_0.zswap,
    zsmallocGfp: GFP_HIGHUSER_MOVABLE,
    parameters: {
      enabled: ATTR_RW,
      compressor: ATTR_RW,
      zpool: ATTR_RW,
      max_pool_percent: ATTR_RW,
      accept_threshold_percent: ATTR_RW,
      same_filled_pages_enabled: ATTR_RW,
    },
    counters: [
      "pool_limit_hit",
      "reject_reclaim_fail",
      "reject_alloc_fail",
      "reject_kmemcache_fail",
      "reject_compress_poor",
      "written_back_pages",
      "duplicate_entry",
      "pool_total_size",
      "stored_pages",
      "same_filled_pages",
    ],
    // crypto_comp: whatever the compressor answers, no counter rises.
    compressorErrnos: eachCompressor(
      ["lz4", "lz4hc", "deflate", "842", "zstd"],
      () => "EINVAL",
    ),
    swpTypeShift: (wordBits) => wordBits - 5 - 1,
    shrink: "page-in-worker",
    queuedReference: "each-time",
    sameFilled: true,
  },
  swap: {
    ...RELEASE_4_0.swap,
    synchronousReads: "past-swap-cache",
    // zram_wb_devops, zram_drv.c.
    rwPage: "without-backing-device",
    stableWrites: true,
    // free_swap_and_cache, 5.10.262 and 6.1.192.
    freeHolds: "device",
    // do_wp_page copies what has a second reference: the swap cache's.
    writeMapped: "copies",
    slotCache: "all-late",
  },
};
