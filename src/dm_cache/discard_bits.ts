/** Which blocks of the origin were discarded. */

/** MAX_DISCARD_BLOCKS: of no more the state is kept. */
const MAX_DISCARD_BLOCKS = 1 << 14;

/** The size of a discard block in sectors (`calculate_discard_block_size`). */
export function discardBlockSectors(
  blockSectors: number,
  originSectors: number,
): number {
  let sectors = 2 ** Math.ceil(Math.log2(blockSectors));
  while (Math.floor(originSectors / sectors) > MAX_DISCARD_BLOCKS) sectors *= 2;
  return sectors;
}

/**
 * A bit for each discard block: a power of two of sectors, of at least a cache
 * block. Specifies `discard_bitset`, `drivers/md/dm-cache-target.c`, 3.12.
 */
export class DiscardBits {
  /** Sectors of a discard block. */
  readonly sectors: number;
  /** Discard blocks that were marked since the cache was made. */
  count = 0;
  readonly #marked = new Set<number>();
  readonly #oblocks: number;

  /** Nothing is discarded of an origin of `originSectors`. */
  constructor(blockSectors: number, originSectors: number) {
    this.sectors = discardBlockSectors(blockSectors, originSectors);
    // A block size that is no power of two does not divide this, and so a block
    // is found in another discard block than it lies in: so is the kernel's.
    this.#oblocks = Math.floor(this.sectors / blockSectors);
  }

  /** Marks every discard block that lies wholly in a range of sectors. */
  mark(sector: number, sectors: number): void {
    const end = Math.floor((sector + sectors) / this.sectors);
    for (let at = Math.ceil(sector / this.sectors); at < end; at++) {
      this.#marked.add(at);
      this.count++;
    }
  }

  /** Whether a block of the origin counts as discarded (`is_discarded_oblock`). */
  has(oblock: number): boolean {
    return this.#marked.has(Math.floor(oblock / this.#oblocks));
  }

  /** A block is written: its discard block is none any more (`clear_discard`). */
  clear(oblock: number): void {
    this.#marked.delete(Math.floor(oblock / this.#oblocks));
  }
}
