/** Linux 6.16: objects copied to their readers, writeback by size. */
import type { Release } from "../release.ts";
import { statColumn, ZRAM_TABLE_ENTRIES } from "../zram_profile.ts";
import { stopAtWindow } from "../zcomp_params.ts";
import { RELEASE_6_12 } from "./linux_6_12.ts";

/**
 * Linux 6.16, after 6.12: read in part, from the symbols and texts of its
 * binaries, from 6.17's source, and from recordings.
 */
export const RELEASE_6_16: Release = {
  ...RELEASE_6_12,
  name: "linux-6.16",
  pointRelease: "6.16.12",
  read: "in-part",
  zsmalloc: {
    ...RELEASE_6_12.zsmalloc,
    mapping: "read-only-copy",
    mapped: "left-alone",
    migrationOfMapped: "EINVAL",
    locks: {
      ...RELEASE_6_12.zsmalloc.locks,
      pool: { name: "pool->lock", kind: "rwlock" },
      zspage: "reader_count",
      mapArea: undefined,
    },
    classLookup: "object",
  },
  zram: {
    ...RELEASE_6_12.zram,
    attributes: RELEASE_6_12.zram.attributes
      .filter(([name]) => name !== "max_comp_streams"),
    tableEntry: ZRAM_TABLE_ENTRIES["6.18"],
    afterFailedSetup: "none",
    numberParams: ["priority", "level", "deflate.winbits"],
    refuseParams: stopAtWindow,
    zstd: { libzstd: "1.5.7", sizeHint: "page" },
    // zram_bio_discard.
    partialDiscard: "never-ends",
    mallocSlowPath: false,
    writebackOrder: "by-size",
    writebackPages: "pairs",
    recompressOrder: "by-size",
    // zram_slot_lock waits on a bit; zcomp_stream_get takes a mutex.
    locking: {
      ...RELEASE_6_12.zram.locking,
      slot: {
        name: "zram->table[index].lock",
        kind: "bit_wait",
        per: "slot",
      },
      stream: { ...RELEASE_6_12.zram.locking.stream, kind: "mutex" },
    },
    // As 6.17 has them: mended in 6.12.y, but not yet here.
    pagesCounted: "before-lock",
    debugStat: (stat) => `version: 1\n0 ${statColumn(stat.missFree)}\n`,
  },
  zswap: {
    ...RELEASE_6_12.zswap,
    // An acomp of its own: deflate_compress_one, crypto/deflate.c.
    compressorErrnos: {
      ...RELEASE_6_12.zswap.compressorErrnos,
      deflate: "ENOSPC",
    },
    drivers: { ...RELEASE_6_12.zswap.drivers, deflate: "deflate-generic" },
    zstd: { libzstd: "1.5.7", sizeHint: 0 },
    load: "erased-after",
    damaged: "EIO",
    folios: "whole",
    // Mended in 6.12's stable releases, but not yet here.
    withoutMemcg: "nothing",
    counters: [
      "pool_limit_hit",
      "reject_reclaim_fail",
      "reject_alloc_fail",
      "reject_kmemcache_fail",
      "reject_compress_fail",
      "reject_compress_poor",
      "decompress_fail",
      "written_back_pages",
      "pool_total_size",
      "stored_pages",
    ],
  },
  swap: {
    ...RELEASE_6_12.swap,
    // swap_range_free, 6.17.8.
    locks: { ...RELEASE_6_12.swap.locks, invalidatesUnder: true },
    // zswap_writeback_entry takes a reference of the device first, 6.17.8.
    deviceOff: "exists",
    slotCache: "none",
  },
};
