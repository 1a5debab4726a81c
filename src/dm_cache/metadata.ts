/** The metadata of a cache: which block of the cache holds which of the origin. */
import type { Errno } from "../linux/errno.ts";
import type { BackingDevice } from "../zram/backing.ts";
import {
  ARRAY_BLOCK_HEADER,
  M_VALID,
  MAPPING_SIZE,
  MAPPINGS_PER_BLOCK,
  METADATA_BLOCK_SIZE,
  metadataUse,
  usedBlocks,
} from "./metadata_layout.ts";

/** Where the superblock is (CACHE_SUPERBLOCK_LOCATION). */
const SUPERBLOCK_LOCATION = 0;
/** What a cache block has that holds nothing. */
const NOTHING = -1;
/**
 * Blocks of the space map that a transaction writes anew: its index, and the
 * one bitmap whose bits change.
 */
const SPACE_MAP_SHADOWS = 2;

/**
 * Mappings on a device of their own. What changes is never written over: the
 * block that has it, and the tree's root, are written elsewhere, and where they
 * were is free only after the commit, in which the superblock comes last. So a
 * change needs free blocks: ENOSPC where there are none. Specifies `struct
 * dm_cache_metadata`, `drivers/md/dm-cache-metadata.c`, 3.12.
 *
 * Blocks of the array have their places and their bytes, without checksums; the
 * tree over them is the list of places in its root. The space map's own blocks
 * are counted and not written.
 */
export class DmCacheMetadata {
  /** Blocks of the device. */
  readonly blocks: number;
  /** Whether something was changed since the last commit. */
  changed = false;
  /** By cache block: the origin's, or a negative number. */
  readonly mapping: Float64Array<ArrayBuffer>;

  readonly #device: BackingDevice;
  /** Blocks that are counted and have no place in the model. */
  readonly #counted: number;
  /** Places that are free. */
  readonly #free: number[] = [];
  /** Where the array's blocks are: as committed, and as of now. */
  #committed: readonly number[] = [];
  #places: number[] = [];
  /** Where the root is. */
  #root = 0;
  #newRoot: number | undefined;
  /** Places that are free after the commit. */
  #leaving: number[] = [];
  #shadowed = new Set<number>();

  private constructor(device: BackingDevice, cacheBlocks: number) {
    this.#device = device;
    this.blocks = device.pages;
    this.mapping = new Float64Array(cacheBlocks).fill(NOTHING);
    const { superblock, spaceMap, discards } = metadataUse(
      cacheBlocks,
      this.blocks,
    );
    this.#counted = superblock + spaceMap + discards;
  }

  /**
   * Lays metadata out on a device that has none: ENOSPC where it is too small,
   * the device's error where it cannot be written. Specifies
   * `dm_cache_metadata_open` and `dm_cache_resize`.
   */
  static format(
    device: BackingDevice,
    cacheBlocks: number,
  ): DmCacheMetadata | Errno {
    const metadata = new DmCacheMetadata(device, cacheBlocks);
    const use = metadataUse(cacheBlocks, device.pages);
    if (usedBlocks(use) > device.pages) return "ENOSPC";
    // The counted ones lie in front.
    for (let at = device.pages - 1; at >= metadata.#counted; at--) {
      metadata.#free.push(at);
    }
    metadata.#root = metadata.#free.pop() ?? 0;
    for (let nth = 0; nth < use.mappings; nth++) {
      metadata.#places.push(metadata.#free.pop() ?? 0);
      metadata.#shadowed.add(nth);
    }
    metadata.#newRoot = metadata.#root;
    metadata.changed = true;
    return metadata.commit() ?? metadata;
  }

  /** Blocks in use, with those of the transaction under way. */
  get used(): number {
    return this.blocks - this.free;
  }

  /** Blocks that are free (`dm_cache_get_free_metadata_block_count`). */
  get free(): number {
    return this.#free.length - (this.changed ? SPACE_MAP_SHADOWS : 0);
  }

  /** A cache block holds a block of the origin (`dm_cache_insert_mapping`). */
  insert(cblock: number, oblock: number): Errno | undefined {
    return this.#set(cblock, oblock);
  }

  /** A cache block holds nothing (`dm_cache_remove_mapping`). */
  remove(cblock: number): Errno | undefined {
    return this.#set(cblock, NOTHING);
  }

  /**
   * Writes what changed, and the superblock last: the device's error where that
   * fails. Specifies `dm_cache_commit`.
   */
  commit(): Errno | undefined {
    if (!this.changed) return undefined;
    for (const nth of this.#shadowed) {
      const errno = this.#write(this.#places[nth], this.#arrayBlock(nth));
      if (errno !== undefined) return errno;
    }
    const root = this.#newRoot ?? this.#root;
    const errno = this.#write(root, words(this.#places)) ??
      this.#write(SUPERBLOCK_LOCATION, words([root]));
    if (errno !== undefined) return errno;
    this.#root = root;
    this.#newRoot = undefined;
    this.#committed = [...this.#places];
    this.#free.push(...this.#leaving);
    this.#leaving = [];
    this.#shadowed = new Set();
    this.changed = false;
  }

  /**
   * The mapping as it would be found after a crash: read from the device, by
   * way of the superblock. The device's error where it cannot be read.
   */
  load(): Float64Array | Errno {
    const block = new Uint8Array(METADATA_BLOCK_SIZE);
    const view = new DataView(block.buffer);
    let errno = this.#device.readPage(SUPERBLOCK_LOCATION, block);
    errno ??= this.#device.readPage(Number(view.getBigUint64(0, true)), block);
    if (errno !== undefined) return errno;
    const places = this.#committed.map((_, nth) =>
      Number(view.getBigUint64(nth * MAPPING_SIZE, true))
    );
    const mapping = new Float64Array(this.mapping.length).fill(NOTHING);
    for (const [nth, place] of places.entries()) {
      errno = this.#device.readPage(place, block);
      if (errno !== undefined) return errno;
      const first = nth * MAPPINGS_PER_BLOCK;
      const end = Math.min(first + MAPPINGS_PER_BLOCK, mapping.length);
      for (let cblock = first; cblock < end; cblock++) {
        const at = ARRAY_BLOCK_HEADER + (cblock - first) * MAPPING_SIZE;
        const value = view.getBigUint64(at, true);
        if (value & BigInt(M_VALID)) mapping[cblock] = Number(value >> 16n);
      }
    }
    return mapping;
  }

  /** Changes a mapping in a copy of its block (`dm_array_set_value`). */
  #set(cblock: number, oblock: number): Errno | undefined {
    const errno = this.#shadow(Math.floor(cblock / MAPPINGS_PER_BLOCK));
    if (errno !== undefined) return errno;
    this.mapping[cblock] = oblock;
    this.changed = true;
  }

  /** Gives a block of the array and the root new places, once a transaction. */
  #shadow(nth: number): Errno | undefined {
    if (this.#shadowed.has(nth)) return undefined;
    const isFirst = this.#newRoot === undefined;
    const needed = isFirst ? 2 + SPACE_MAP_SHADOWS : 1 + SPACE_MAP_SHADOWS;
    if (this.#free.length < needed) return "ENOSPC";
    this.#leaving.push(this.#places[nth]);
    this.#places[nth] = this.#free.pop() ?? 0;
    this.#shadowed.add(nth);
    if (!isFirst) return undefined;
    this.#leaving.push(this.#root);
    this.#newRoot = this.#free.pop() ?? 0;
  }

  /** The bytes of a block of the array. */
  #arrayBlock(nth: number): Uint8Array {
    const block = new Uint8Array(METADATA_BLOCK_SIZE);
    const view = new DataView(block.buffer);
    const first = nth * MAPPINGS_PER_BLOCK;
    const values = this.mapping.subarray(first, first + MAPPINGS_PER_BLOCK);
    view.setUint32(4, MAPPINGS_PER_BLOCK, true);
    view.setUint32(8, values.length, true);
    view.setUint32(12, MAPPING_SIZE, true);
    view.setBigUint64(16, BigInt(this.#places[nth]), true);
    for (const [at, oblock] of values.entries()) {
      if (oblock < 0) continue;
      const value = BigInt(oblock) << 16n | BigInt(M_VALID);
      view.setBigUint64(ARRAY_BLOCK_HEADER + at * MAPPING_SIZE, value, true);
    }
    return block;
  }

  #write(place: number, block: Uint8Array): Errno | undefined {
    return this.#device.writePage(place, block);
  }
}

/** A block that begins with 64-bit words. */
function words(values: readonly number[]): Uint8Array {
  const block = new Uint8Array(METADATA_BLOCK_SIZE);
  const view = new DataView(block.buffer);
  for (const [nth, value] of values.entries()) {
    view.setBigUint64(nth * MAPPING_SIZE, BigInt(value), true);
  }
  return block;
}
