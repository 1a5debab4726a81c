/** Making a cache: what `dmsetup create` does. */
import type { Errno } from "../linux/errno.ts";
import { assertHas, assertWhole } from "../rules/argument.ts";
import { DmCache, type DmCacheOptions } from "./dm_cache.ts";
import { DmCacheMetadata } from "./metadata.ts";
import { MAX_BLOCK_SECTORS, MIN_BLOCK_SECTORS, PAGE_SECTORS } from "./sizes.ts";

/**
 * The errno that `dmsetup create` would get, or `undefined`. Specifies
 * `parse_block_size`, `dm-cache-target.c`, 3.12.
 */
function refuseBlockSize(
  { cache }: DmCacheOptions,
  blockSectors: number,
): Errno | undefined {
  const isSize = blockSectors >= MIN_BLOCK_SECTORS &&
    blockSectors <= MAX_BLOCK_SECTORS && blockSectors % MIN_BLOCK_SECTORS === 0;
  const fits = blockSectors <= cache.pages * PAGE_SECTORS;
  return isSize && fits ? undefined : "EINVAL";
}

/**
 * Makes a cache, with nothing in it, of a metadata device that holds none yet:
 * EINVAL for a block size that is no multiple of 64 sectors up to 1 GiB or
 * larger than the cache device, ENOSPC where the metadata device is too small,
 * its error where it cannot be written. Specifies `cache_ctr` and
 * `cache_preresume`, `drivers/md/dm-cache-target.c`, 3.12.
 *
 * @example A page that is written often is moved to the cache
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createDmCache, dmCacheStatusText, RamBackingDevice } from "zspec";
 *
 * const [metadata, cache, origin] = [32, 64, 256]
 *   .map((pages) => new RamBackingDevice(pages, 4096));
 * const device = createDmCache({ metadata, cache, origin, blockSectors: 64 });
 * if (typeof device === "string") throw new Error(device);
 * for (let nth = 0; nth < 10; nth++) {
 *   device.writePage(3, new Uint8Array(4096).fill(nth));
 * }
 * assertEquals(
 *   dmCacheStatusText(device),
 *   "7/32 0 0 3 7 0 1 1 1 0 2 migration_threshold 2048 4 random_threshold 4 sequential_threshold 512",
 * );
 * ```
 */
export function createDmCache(options: DmCacheOptions): DmCache | Errno {
  for (const name of ["metadata", "cache", "origin"] as const) {
    const right = "DmCacheOptions with three devices";
    assertHas("make a cache", "options", options, name, right);
  }
  const { blockSectors = 512 } = options;
  assertWhole("make a cache", "blockSectors", blockSectors);
  const errno = refuseBlockSize(options, blockSectors);
  if (errno !== undefined) return errno;
  const blocks = Math.floor(options.cache.pages * PAGE_SECTORS / blockSectors);
  const metadata = DmCacheMetadata.format(options.metadata, blocks);
  if (typeof metadata === "string") return metadata;
  return new DmCache(options, metadata, blockSectors, blocks);
}
