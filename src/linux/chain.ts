/** How many pages a size class chains into a zspage. */

/**
 * Chooses the pages per zspage (1 to `chainSize`) for chunks of `size` bytes
 * in pages of `pageSize` bytes.
 */
export type ChainRule = (
  size: number,
  pageSize: number,
  chainSize: number,
) => number;

/**
 * The chain that leaves the fewest bytes unused at its end, the shortest such
 * chain winning; a power-of-two size takes one page.
 *
 * Specifies `calculate_zspage_chain_size`, `mm/zsmalloc.c`, since 6.3.
 */
export function leastWaste(
  size: number,
  pageSize: number,
  chainSize: number,
): number {
  if ((size & (size - 1)) === 0) return 1;
  let pages = 1;
  let least = Infinity;
  for (let candidate = 1; candidate <= chainSize; candidate++) {
    const waste = (candidate * pageSize) % size;
    if (waste < least) {
      least = waste;
      pages = candidate;
    }
  }
  return pages;
}

/**
 * The chain with the highest share of used bytes in whole percent, the
 * shortest such chain winning.
 *
 * Specifies `get_pages_per_zspage`, `mm/zsmalloc.c`, up to 6.2.
 */
export function highestUsedPercent(
  size: number,
  pageSize: number,
  chainSize: number,
): number {
  let pages = 1;
  let highest = 0;
  for (let candidate = 1; candidate <= chainSize; candidate++) {
    const bytes = candidate * pageSize;
    const usedPercent = Math.floor((bytes - bytes % size) * 100 / bytes);
    if (usedPercent > highest) {
      highest = usedPercent;
      pages = candidate;
    }
  }
  return pages;
}
