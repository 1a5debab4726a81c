/**
 * What kernel releases fix about zcache, as data. It was in
 * `drivers/staging/zcache` from 2.6.39 to 3.10; since 3.9 both kinds of pages
 * are in its own zbud, before that persistent ones were in zsmalloc.
 */

/** What the code of zcache does. */
export interface ZcacheProfile {
  /** The release. */
  readonly name: string;
  /** MAX_POOLS_PER_CLIENT, `zcache.h`: tmem pools that there can be at once. */
  readonly maxPools: number;
  /** CHUNK_SIZE, `zbud.c`: bytes of a chunk, whatever a page's size. */
  readonly chunkSize: number;
  /** Bytes of `struct tmem_handle`, `tmem.h`, in front of each zpage. */
  readonly handleBytes: number;
  /** `zbud_max_zsize`: bytes above which a persistent page is refused. */
  readonly maxZsize: (pageSize: number) => number;
  /**
   * `zbud_max_mean_zsize`: a persistent page of more bytes is refused while
   * the mean of those that are there is above it too.
   */
  readonly maxMeanZsize: (pageSize: number) => number;
  /** How a page of zeros is kept: as any other, or as a mark without a zpage. */
  readonly zeroFilled: "compressed" | "marked";
  /**
   * What becomes of the older page where another is put at its handle and
   * refused. tmem calls for it to go (put-put-get coherency,
   * `Documentation/vm/cleancache.txt`), and up to 3.8, where `tmem_put` made
   * the zpage itself, it did; since then the zpage is made before tmem is
   * asked, and the older page stays and is given to whoever asks.
   */
  readonly failedPut: "older-stays" | "older-goes";
}

/** zcache of Linux 3.9, on 64-bit. */
export const ZCACHE_3_9: ZcacheProfile = {
  name: "linux-3.9",
  maxPools: 16,
  chunkSize: 64,
  handleBytes: 32,
  maxZsize: (pageSize) => pageSize / 8 * 7,
  maxMeanZsize: (pageSize) => pageSize / 8 * 5,
  zeroFilled: "compressed",
  failedPut: "older-stays",
};

/** zcache of Linux 3.10, its last release, on 64-bit. */
export const ZCACHE_3_10: ZcacheProfile = {
  ...ZCACHE_3_9,
  name: "linux-3.10",
  zeroFilled: "marked",
};
