/**
 * A slab allocator, as far as density goes: a cache of objects of one size, in
 * slabs of 2^order frames each, as many objects in one as fit.
 */

/** Objects of `size` bytes that a slab of 2^`order` pages holds. */
export function objectsPerSlab(
  size: number,
  order: number,
  pageSize: number,
): number {
  return Math.floor((pageSize << order) / size);
}

/**
 * Bytes of the cache that kmalloc takes an object of `size` bytes from: a power
 * of two, or 96 or 192. Source: `kmalloc_info`, `mm/slab_common.c`.
 */
export function kmallocSize(size: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(size, 8)));
  const between = 3 * power / 4;
  return (between === 96 || between === 192) && size <= between
    ? between
    : power;
}
