/**
 * zswap's pools: an allocator and a compressor each. A change of either makes
 * another pool the current one; those before it stay until their last entry is
 * gone.
 */
import type { Codec } from "../codec/codec.ts";
import type { Zpool } from "./allocator.ts";

/** Specifies `struct zswap_pool`, `mm/zswap.c`. */
export interface ZswapPool {
  /** The allocator. */
  readonly zpool: Zpool;
  /** The compressor's name, or its driver's, as it was chosen (`tfm_name`). */
  readonly tfmName: string;
  /** The compressor. */
  readonly codec: Codec;
  /** Bytes of `struct zswap_header` in front of a compressed page, or 0. */
  readonly headerBytes: number;
  /** References: one for being current, one for each entry and each user. */
  kref: number;
  /** Entries whose object is in it. */
  entries: number;
  /** Whether the pool's shrink work waits to be run (up to 6.4). */
  shrinkQueued: boolean;
  /** Whether it is gone. */
  isDestroyed: boolean;
}

/**
 * The list of pools (`zswap_pools`), the current one first. What the kernel
 * leaves to a worker, destroying an empty pool that is not current, is done
 * here at once: nobody can see it.
 */
export class ZswapPools {
  /** The pools, the current one first. */
  readonly list: ZswapPool[] = [];

  /** The pool for new entries (`zswap_pool_current`). */
  get current(): ZswapPool | undefined {
    return this.list[0];
  }

  /** The pool that is shrunk first (`zswap_pool_last_get`). */
  get last(): ZswapPool | undefined {
    return this.list.at(-1);
  }

  /** Pages that all pools have. */
  get totalPages(): number {
    let pages = 0;
    for (const { zpool } of this.list) pages += zpool.totalPages;
    return pages;
  }

  /** Makes a pool, new or off the list, the current one (`list_add_rcu`). */
  addFirst(pool: ZswapPool): void {
    this.list.unshift(pool);
  }

  /** Takes a pool off the list (`list_del_rcu`). */
  remove(pool: ZswapPool): void {
    const at = this.list.indexOf(pool);
    if (at >= 0) this.list.splice(at, 1);
  }
}
