/** How a pool of zswap comes to be. */
import type { ZpoolType } from "../linux/zswap_profile.ts";
import { createZpool } from "./allocator.ts";
import type { ZswapPool } from "./pools.ts";
import { evictObject } from "./writeback.ts";
import type { Zswap } from "./zswap.ts";

/**
 * An empty pool with no reference yet. Throws where zspec has no codec for the
 * compressor. Specifies `zswap_pool_create`, `mm/zswap.c`.
 */
export function createPool(
  zswap: Zswap,
  zpool: ZpoolType,
  compressor: string,
): ZswapPool {
  const { profile, memory, codecs } = zswap;
  const codec = codecs.get(zswap.algorithmOf(compressor));
  if (codec === undefined) {
    const known = [...codecs.keys()].join(", ");
    throw new Error(
      `Cannot make a pool: there is no codec for '${compressor}', only for ${known}`,
    );
  }
  const evicts = zswap.writeback && profile.zswap.entries !== "uncounted";
  const pool: ZswapPool = {
    zpool: createZpool(zpool, profile, {
      memory,
      lockdep: zswap.locks.lockdep,
      failslab: zswap.failslab,
      evict: evicts ? (handle) => evictObject(zswap, pool, handle) : undefined,
    }),
    tfmName: compressor,
    codec,
    get headerBytes() {
      return pool.zpool.evictable ? profile.wordBits / 8 : 0;
    },
    kref: 0,
    entries: 0,
    shrinkQueued: false,
    isDestroyed: false,
  };
  return pool;
}
