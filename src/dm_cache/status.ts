/** What a cache tells of itself. */
import type { DmCache } from "./dm_cache.ts";
import {
  RANDOM_THRESHOLD_DEFAULT,
  SEQUENTIAL_THRESHOLD_DEFAULT,
} from "./io_tracker.ts";

/** Counters of a cache. Specifies `struct cache_stats`, `dm-cache-target.c`, 3.12. */
export interface DmCacheStats {
  /** Reads that went to the cache. */
  readHits: number;
  /** Reads that went to the origin. */
  readMisses: number;
  /** Writes that went to the cache, whether it took them or not. */
  writeHits: number;
  /** Writes that went to the origin. */
  writeMisses: number;
  /** Blocks that were to leave the cache, whether they did or not. */
  demotions: number;
  /** Blocks that were to come into the cache, whether they did or not. */
  promotions: number;
  /** Migrations that had nothing to copy. */
  copiesAvoided: number;
  /** Commits of the metadata. */
  commits: number;
  /** Promotions that failed: "promotion failed; couldn't copy block" in the log. */
  failedPromotions: number;
  /** Demotions that failed: "demotion failed; couldn't copy block" in the log. */
  failedDemotions: number;
}

/** Counters at zero. */
export function zeroDmCacheStats(): DmCacheStats {
  return {
    readHits: 0,
    readMisses: 0,
    writeHits: 0,
    writeMisses: 0,
    demotions: 0,
    promotions: 0,
    copiesAvoided: 0,
    commits: 0,
    failedPromotions: 0,
    failedDemotions: 0,
  };
}

/** The numbers of `dmsetup status`, in their order. */
export interface DmCacheStatus {
  /** Blocks of the metadata device in use, of 4096 bytes. */
  readonly usedMetadataBlocks: number;
  /** Blocks of the metadata device. */
  readonly totalMetadataBlocks: number;
  /** Reads that went to the cache. */
  readonly readHits: number;
  /** Reads that went to the origin. */
  readonly readMisses: number;
  /** Writes that went to the cache. */
  readonly writeHits: number;
  /** Writes that went to the origin. */
  readonly writeMisses: number;
  /** Blocks that were to leave the cache. */
  readonly demotions: number;
  /** Blocks that were to come into the cache. */
  readonly promotions: number;
  /** Blocks in the cache. */
  readonly blocksInCache: number;
  /** Blocks in the cache that differ from the origin's, as far as bits say. */
  readonly dirty: number;
}

/** The numbers of a cache. */
export function dmCacheStatus(
  { metadata, policy, dirty, stats }: DmCache,
): DmCacheStatus {
  return {
    usedMetadataBlocks: metadata.used,
    totalMetadataBlocks: metadata.blocks,
    readHits: stats.readHits,
    readMisses: stats.readMisses,
    writeHits: stats.writeHits,
    writeMisses: stats.writeMisses,
    demotions: stats.demotions,
    promotions: stats.promotions,
    blocksInCache: policy.residency,
    dirty: dirty.count,
  };
}

/**
 * The target's part of the line that `dmsetup status` prints, behind "cache".
 * Specifies `cache_status`, `dm-cache-target.c`, and `mq_emit_config_values`,
 * 3.12.
 */
export function dmCacheStatusText(cache: DmCache): string {
  const status = dmCacheStatus(cache);
  const { usedMetadataBlocks, totalMetadataBlocks, ...counts } = status;
  return [
    `${usedMetadataBlocks}/${totalMetadataBlocks}`,
    ...Object.values(counts),
    // Features: none of writeback's.
    "0",
    `2 migration_threshold ${cache.migrationThreshold}`,
    `4 random_threshold ${RANDOM_THRESHOLD_DEFAULT}`,
    `sequential_threshold ${SEQUENTIAL_THRESHOLD_DEFAULT}`,
  ].join(" ");
}
