/** Linux 4.0: handles apart from locations, compaction as first merged. */
import { partFilledThreeQuarters } from "../fullness.ts";
import { CELLS_WITH_LOCATION_LINKS } from "../objects.ts";
import { PAGE_ALLOC_4_0 } from "../page_alloc_profile.ts";
import type { Release } from "../release.ts";
import {
  ATTR_RO,
  ATTR_RW,
  ATTR_WO,
  ZRAM_TABLE_ENTRIES,
} from "../zram_profile.ts";
import { RELEASE_3_12 } from "./linux_3_12.ts";

/**
 * Linux 4.0 with the seven patches that decouple handles from locations and
 * compact on request, as they were merged for 4.1. zram has no `mm_stat` and no
 * `compact` yet; both came with 4.1. zswap has one pool for all swap types,
 * zbud or zsmalloc behind a zpool, of which zbud alone is modelled.
 */
export const RELEASE_4_0: Release = {
  ...RELEASE_3_12,
  name: "linux-4.0",
  pointRelease: "4.0",
  pageAlloc: PAGE_ALLOC_4_0,
  zsmalloc: {
    ...RELEASE_3_12.zsmalloc,
    mergesClasses: true,
    objects: CELLS_WITH_LOCATION_LINKS,
    fullness: partFilledThreeQuarters,
    compaction: "first-merged",
    mapped: "pinned",
    freeing: "pin",
    locks: { ...RELEASE_3_12.zsmalloc.locks, pins: true },
    classesTable: "almost",
  },
  zram: {
    ...RELEASE_3_12.zram,
    attributes: [
      ["disksize", ATTR_RW],
      ["initstate", ATTR_RO],
      ["reset", ATTR_WO],
      ["num_reads", ATTR_RO],
      ["num_writes", ATTR_RO],
      ["failed_reads", ATTR_RO],
      ["failed_writes", ATTR_RO],
      ["invalid_io", ATTR_RO],
      ["notify_free", ATTR_RO],
      ["zero_pages", ATTR_RO],
      ["orig_data_size", ATTR_RO],
      ["compr_data_size", ATTR_RO],
      ["mem_used_total", ATTR_RO],
      ["mem_limit", ATTR_RW],
      ["mem_used_max", ATTR_RW],
      ["max_comp_streams", ATTR_RW],
      ["comp_algorithm", ATTR_RW],
    ],
    tableEntry: ZRAM_TABLE_ENTRIES["4.0"],
    discard: true,
    requestsCounted: "segments",
    resetRefusedBy: "openers",
    // ZRAM_ACCESS, a bit of each slot; zcomp_strm_single_find.
    locking: {
      ...RELEASE_3_12.zram.locking,
      slot: {
        name: "meta->table[index].value",
        kind: "bit_spinlock",
        per: "slot",
      },
      stream: {
        name: "zs->strm_lock",
        kind: "mutex",
        per: "device",
        readers: false,
      },
    },
    // zram_meta_get, zram_meta_put.
    requestHolds: "reference",
    resetExcludes: "opening",
  },
  zswap: {
    ...RELEASE_3_12.zswap,
    // Since 3.17 the pools are counted in bytes.
    counters: RELEASE_3_12.zswap.counters
      .map((name) => name === "pool_pages" ? "pool_total_size" : name),
    poolPer: "kernel",
    frontswap: "older-page-goes",
    entries: "counted",
  },
};
