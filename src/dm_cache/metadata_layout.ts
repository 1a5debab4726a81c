/** How the metadata of a cache lies on its device. */

/** DM_CACHE_METADATA_BLOCK_SIZE in bytes. */
export const METADATA_BLOCK_SIZE = 4096;
/** Bytes of a `struct array_block` before its values. */
export const ARRAY_BLOCK_HEADER = 24;
/** Bytes of a mapping: the origin block in its high 48 bits, flags below. */
export const MAPPING_SIZE = 8;
/** Mappings in a block of the array: 509. */
export const MAPPINGS_PER_BLOCK: number = Math.floor(
  (METADATA_BLOCK_SIZE - ARRAY_BLOCK_HEADER) / MAPPING_SIZE,
);
/** Flag M_VALID: the cache block holds that block of the origin. */
export const M_VALID = 1;

/** Two bits for each block of the device, behind a header of 16 bytes. */
const BITMAP_ENTRIES = (METADATA_BLOCK_SIZE - 16) * 4;
/** Children of a btree's node: 254 fit, and it is a multiple of 3. */
export const NODE_ENTRIES = 252;

/** What takes blocks of the metadata device while nothing changes. */
export interface MetadataUse {
  /** The superblock. */
  readonly superblock: number;
  /** The space map: its index, the tree of large counts, its bitmaps. */
  readonly spaceMap: number;
  /** The tree over the array of mappings. */
  readonly mappingTree: number;
  /** The array's blocks. */
  readonly mappings: number;
  /** The tree of the discard bitset, empty until the device is suspended. */
  readonly discards: number;
}

/**
 * Blocks that the metadata of `cacheBlocks` takes on a device of
 * `metadataBlocks`, once the device is resumed. Hints, dirty bits and discards
 * are written when it is suspended, and are not in it. Specifies
 * `__format_metadata` and `dm_cache_resize`, `drivers/md/dm-cache-metadata.c`,
 * with `calc_max_entries`, `persistent-data/dm-array.c`, 3.12. Throws where the
 * array is too large for a tree of one node: above 128,268 cache blocks.
 *
 * `Documentation/device-mapper/cache.txt` of that time has no rule for its size;
 * beside these blocks a change takes room for a copy of what it changes, see
 * `DmCacheMetadata`.
 */
export function metadataUse(
  cacheBlocks: number,
  metadataBlocks: number,
): MetadataUse {
  const mappings = Math.ceil(cacheBlocks / MAPPINGS_PER_BLOCK);
  if (mappings > NODE_ENTRIES) {
    throw new RangeError(
      `Cannot lay out metadata: ${cacheBlocks} cache blocks take ${mappings} blocks of mappings, more than a node has children, ${NODE_ENTRIES}`,
    );
  }
  return {
    superblock: 1,
    spaceMap: 2 + Math.ceil(metadataBlocks / BITMAP_ENTRIES),
    mappingTree: 1,
    mappings,
    discards: 1,
  };
}

/** All blocks of a use together. */
export function usedBlocks(use: MetadataUse): number {
  return use.superblock + use.spaceMap + use.mappingTree + use.mappings +
    use.discards;
}
