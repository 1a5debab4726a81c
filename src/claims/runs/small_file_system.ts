/** A small file system: just enough to say who is asked for which blocks. */
import type { Errno } from "../../linux/errno.ts";
import { assertWhole } from "../../rules/argument.ts";
import type { DiscardingDevice } from "../../zram/block_device.ts";

/** Bytes of a block: a page. */
const BLOCK_SIZE = 4096;
/** Bytes of an inode, and how many share a block of the table (ext2: 16 of 256). */
const INODES_PER_BLOCK = 16;
/** Blocks that one of the bitmap's blocks stands for. */
const BLOCKS_PER_BITMAP = BLOCK_SIZE * 8;

interface File {
  readonly inode: number;
  readonly blocks: readonly number[];
}

/** How a file system is mounted. */
export interface MountOptions {
  /** The most files. Default: one for each 4 blocks, as mke2fs makes them. */
  readonly inodes?: number;
  /** `-o discard`: whether blocks are discarded as they become free. */
  readonly discard?: boolean;
}

/**
 * A file system with a bitmap of blocks, a table of inodes and files in whole
 * blocks, the lowest free ones first. What a file is and where it lies are
 * written at once: a bitmap block for each that changes, an inode's block, and
 * the data. A deleted file's blocks are free in the bitmap; the device learns
 * of it only by a discard.
 *
 * It is not ext2: it has no directories, no indirect blocks, no groups, no
 * blocks kept for root, no journal; and it has no page cache, the pages of
 * which go first when memory is short, once they are written.
 */
export class SmallFileSystem {
  readonly #device: DiscardingDevice;
  readonly #discards: boolean;
  readonly #bitmap: Uint8Array<ArrayBuffer>;
  readonly #inodes: Uint8Array<ArrayBuffer>;
  readonly #files = new Map<string, File>();
  /** Where the inodes' blocks begin, behind the superblock and the bitmap. */
  readonly #tableStart: number;
  /** Where data begins. */
  readonly #dataStart: number;
  #free: number;
  #lowest: number;

  /** Makes a file system on a whole device, and mounts it (`mke2fs`, `mount`). */
  constructor(device: DiscardingDevice, options: MountOptions = {}) {
    const { inodes = Math.ceil(device.pages / 4), discard = false } = options;
    assertWhole("make a file system", "inodes", inodes, 1);
    const bitmaps = Math.ceil(device.pages / BLOCKS_PER_BITMAP);
    this.#device = device;
    this.#discards = discard;
    this.#bitmap = new Uint8Array(bitmaps * BLOCK_SIZE);
    this.#inodes = new Uint8Array(
      Math.ceil(inodes / INODES_PER_BLOCK) * BLOCK_SIZE,
    );
    this.#tableStart = 1 + bitmaps;
    this.#dataStart = this.#tableStart + this.#inodes.length / BLOCK_SIZE;
    this.#lowest = this.#dataStart;
    this.#free = device.pages - this.#dataStart;
  }

  /** Blocks that are free. */
  get freeBlocks(): number {
    return this.#free;
  }

  /** Names of the files, the oldest first. */
  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  /**
   * Writes a new file of whole blocks: ENOSPC without blocks or inodes, the
   * device's error where it refuses one; of the file there is nothing then, but
   * what was written of it.
   */
  create(name: string, pages: readonly Uint8Array[]): Errno | undefined {
    if (this.#files.has(name)) return "EEXIST";
    const inode = this.#freeInode();
    if (inode === undefined || pages.length > this.#free) return "ENOSPC";
    const blocks: number[] = [];
    for (const page of pages) {
      const block = this.#take();
      blocks.push(block);
      const errno = this.#device.writePage(block, page);
      if (errno === undefined) continue;
      this.#give(blocks);
      return errno;
    }
    this.#files.set(name, { inode, blocks });
    this.#setInode(inode, blocks.length);
    return this.#writeBitmaps(blocks) ?? this.#writeInode(inode);
  }

  /** Reads a file's blocks: ENOENT without one, the device's error. */
  read(name: string): readonly Uint8Array[] | Errno {
    const file = this.#files.get(name);
    if (file === undefined) return "ENOENT";
    const pages: Uint8Array[] = [];
    for (const block of file.blocks) {
      const page = new Uint8Array(BLOCK_SIZE);
      const errno = this.#device.readPage(block, page);
      if (errno !== undefined) return errno;
      pages.push(page);
    }
    return pages;
  }

  /**
   * Deletes a file: ENOENT without one, the device's error. With `discard` its
   * blocks are discarded; a device that cannot does not make it fail.
   */
  unlink(name: string): Errno | undefined {
    const file = this.#files.get(name);
    if (file === undefined) return "ENOENT";
    this.#files.delete(name);
    this.#give(file.blocks);
    this.#setInode(file.inode, 0);
    const errno = this.#writeBitmaps(file.blocks) ??
      this.#writeInode(file.inode);
    if (errno !== undefined || !this.#discards) return errno;
    for (const [first, count] of extents(file.blocks)) {
      this.#device.discard(first, count);
    }
  }

  /** Discards all blocks that are free: EOPNOTSUPP where the device cannot (`FITRIM`). */
  trim(): Errno | undefined {
    const free: number[] = [];
    for (let at = this.#dataStart; at < this.#device.pages; at++) {
      if (!this.#isTaken(at)) free.push(at);
    }
    for (const [first, count] of extents(free)) {
      const errno = this.#device.discard(first, count);
      if (errno !== undefined) return errno;
    }
  }

  #isTaken(block: number): boolean {
    return (this.#bitmap[block >>> 3] >>> (block & 7) & 1) === 1;
  }

  /** The lowest free block; there is one. */
  #take(): number {
    while (this.#isTaken(this.#lowest)) this.#lowest++;
    this.#bitmap[this.#lowest >>> 3] |= 1 << (this.#lowest & 7);
    this.#free--;
    return this.#lowest++;
  }

  #give(blocks: readonly number[]): void {
    for (const block of blocks) {
      this.#bitmap[block >>> 3] &= ~(1 << (block & 7));
      this.#lowest = Math.min(this.#lowest, block);
    }
    this.#free += blocks.length;
  }

  #freeInode(): number | undefined {
    const used = new Set([...this.#files.values()].map(({ inode }) => inode));
    const inodes = this.#inodes.length / BLOCK_SIZE * INODES_PER_BLOCK;
    for (let inode = 0; inode < inodes; inode++) {
      if (!used.has(inode)) return inode;
    }
  }

  /** An inode says how many blocks its file has. */
  #setInode(inode: number, blocks: number): void {
    const at = inode * BLOCK_SIZE / INODES_PER_BLOCK;
    new DataView(this.#inodes.buffer).setUint32(at, blocks, true);
  }

  #writeInode(inode: number): Errno | undefined {
    const nth = Math.floor(inode / INODES_PER_BLOCK);
    return this.#writeTable(this.#inodes, nth, this.#tableStart);
  }

  #writeBitmaps(blocks: readonly number[]): Errno | undefined {
    const changed = new Set(
      blocks.map((block) => Math.floor(block / BLOCKS_PER_BITMAP)),
    );
    for (const nth of changed) {
      const errno = this.#writeTable(this.#bitmap, nth, 1);
      if (errno !== undefined) return errno;
    }
  }

  #writeTable(
    table: Uint8Array,
    nth: number,
    start: number,
  ): Errno | undefined {
    const block = table.slice(nth * BLOCK_SIZE, (nth + 1) * BLOCK_SIZE);
    return this.#device.writePage(start + nth, block);
  }
}

/** Runs of consecutive blocks: the first of each and how many. */
function extents(blocks: readonly number[]): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === block) last[1]++;
    else runs.push([block, 1]);
  }
  return runs;
}
