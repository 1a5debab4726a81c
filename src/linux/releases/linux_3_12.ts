/** Linux 3.12: a handle is a location, nothing moves, zswap evicts as it stores. */
import { highestUsedPercent } from "../chain.ts";
import { quarter } from "../fullness.ts";
import { LOCATION_HANDLES } from "../objects.ts";
import type { Release } from "../release.ts";
import {
  ATTR_RO,
  ATTR_RW,
  ATTR_WO,
  ZRAM_TABLE_ENTRIES,
} from "../zram_profile.ts";

/**
 * Linux 3.12; zram (`drivers/staging/zram`) with the fix of its stable
 * releases, before which it did not notice that it had no table.
 */
export const RELEASE_3_12: Release = {
  name: "linux-3.12",
  pointRelease: "3.12",
  read: "source",
  zsmalloc: {
    classBits: 8,
    mergesClasses: false,
    objects: LOCATION_HANDLES,
    chainRule: highestUsedPercent,
    fullness: quarter,
    compaction: "none",
    compactions: "any",
    mapping: "copy",
    readSpan: "chunk",
    mapped: "unmovable",
    movable: false,
    migrationOfMapped: "EAGAIN",
    isolated: "off-list",
    freeing: "class-lock",
    deferredFree: "stays-counted",
    classLookup: "object",
    shrinker: false,
    zeroSize: "ENOMEM",
    tooLarge: "ENOMEM",
    classesTable: undefined,
  },
  zram: {
    attributes: [
      ["disksize", ATTR_RW],
      ["initstate", ATTR_RO],
      ["reset", ATTR_WO],
      ["num_reads", ATTR_RO],
      ["num_writes", ATTR_RO],
      ["invalid_io", ATTR_RO],
      ["notify_free", ATTR_RO],
      ["zero_pages", ATTR_RO],
      ["orig_data_size", ATTR_RO],
      ["compr_data_size", ATTR_RO],
      ["mem_used_total", ATTR_RO],
    ],
    control: false,
    tableEntry: ZRAM_TABLE_ENTRIES["3.12"],
    tableSize: "wraps",
    disksizeLooksFirst: "for-memory",
    algorithmChecked: "when-initialised",
    longAlgorithmName: "EINVAL",
    resetRestoresAlgorithm: false,
    compStreams: "settable",
    requestsChecked: "once-initialised",
    discard: false,
    writeZeroes: false,
    requestsCounted: "bios",
    afterFailedSegment: "stop",
    failureIsAccess: false,
    sameFilled: "zeros",
    // max_zpage_size, zram_drv.h up to 4.16: above three quarters of a page.
    wholeFrom: (pageSize) => pageSize / 4 * 3 + 1,
    refusedRaisesMax: false,
    mallocSlowPath: false,
    idleMarks: "stored",
    writebackOrder: "by-index",
    backingReopens: false,
    blockStateFlags: "swhi",
    resetRefusedBy: "holders",
    resetReadsFirst: false,
    ioStat: () => "",
    debugStat: () => "",
  },
  zswap: {
    parameters: { max_pool_percent: ATTR_RW },
    counters: [
      "pool_limit_hit",
      "reject_reclaim_fail",
      "reject_alloc_fail",
      "reject_kmemcache_fail",
      "reject_compress_poor",
      "written_back_pages",
      "duplicate_entry",
      "pool_pages",
      "stored_pages",
    ],
    limitedCompressors: ["deflate"],
    poolPer: "swap-type",
    frontswap: "older-page-stays",
    entries: "counted-by-caller",
    // Five bits of type above, and two of the radix tree's.
    swpTypeShift: (wordBits) => wordBits - 5 - 2,
    shrink: "in-store",
    sameFilled: false,
    storesIncompressible: false,
  },
  swap: {
    writeUnderWriteback: "in-place",
    readsPastCache: false,
    zeromap: false,
  },
};
