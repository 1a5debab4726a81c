/** Storing a folio without frontswap, page by page: since 6.7. */
import type { Stop } from "../rules/stop.ts";
import { compressOrKeep } from "./compress.ts";
import { newEntry, type ZswapEntry, type ZswapTree } from "./entry.ts";
import { invalidatePage } from "./invalidate.ts";
import { ADMIT, cgroupMayZswap } from "./limits.ts";
import type { ZswapPool } from "./pools.ts";
import { shrinkMemcg } from "./shrink.ts";
import { putEntry } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

/** Puts an entry into the tree; an older one there goes. */
function replaceEntry(zswap: Zswap, tree: ZswapTree, entry: ZswapEntry): void {
  const older = tree.entries.get(entry.offset);
  tree.entries.set(entry.offset, entry);
  if (older !== undefined) putEntry(zswap, tree, older);
}

/** Makes a new entry's page one that is stored: counted, and the newest. */
function publish(zswap: Zswap, pool: ZswapPool, entry: ZswapEntry): void {
  pool.kref++;
  zswap.counters.stored_pages++;
  zswap.chargedBytes += entry.length;
  const { zswap: { storesIncompressible }, pageSize } = zswap.profile;
  if (storesIncompressible && entry.length === pageSize) {
    zswap.counters.stored_incompressible_pages++;
  }
  entry.pool = pool;
  entry.referenced = true;
  zswap.lru.add(entry);
}

/**
 * Stores one page of a folio and answers whether it is. An older entry at the
 * offset is replaced by it. Specifies `zswap_store_page`, 6.18.
 */
function* storePage(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  offset: number,
  page: Uint8Array,
): Generator<Stop, boolean> {
  yield "zswap_store_page: folio locked, zswap_entry_cache_alloc may sleep";
  if (zswap.failsEntry()) {
    zswap.counters.reject_kmemcache_fail++;
    return false;
  }
  const entry = newEntry(tree.type, offset);
  if (!(yield* compressOrKeep(zswap, pool, entry, page))) return false;
  yield "zswap_store_page: folio locked, xa_store may sleep";
  if (zswap.failsNode()) {
    zswap.counters.reject_alloc_fail++;
    pool.zpool.free(entry.handle);
    return false;
  }
  replaceEntry(zswap, tree, entry);
  publish(zswap, pool, entry);
  return true;
}

/**
 * Whether the memory cgroup's limit lets a folio in: at it the cgroup is shrunk
 * by a step, which may be enough or not, and need only have written something.
 */
function* admitCgroup(zswap: Zswap): Generator<Stop, boolean> {
  if (cgroupMayZswap(zswap)) return true;
  return (yield* shrinkMemcg(zswap)) === undefined;
}

/** Stores each page of a folio, until one is refused. */
function* storePages(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): Generator<Stop, boolean> {
  if (!(yield* admitCgroup(zswap))) return false;
  if (ADMIT["entries-in-worker"](zswap) !== "accepted") return false;
  const pool = zswap.poolOf(tree);
  pool.kref++;
  let isStored = true;
  for (let nth = 0; nth < folio.length && isStored; nth++) {
    isStored = yield* storePage(zswap, tree, pool, offset + nth, folio[nth]);
  }
  zswap.pools.put(pool);
  return isStored;
}

/**
 * Stores a folio whole or not at all and answers which. Where it is not, what
 * was stored of it is freed again, and so is whatever older page was at any of
 * its offsets: written back, it would come over the newer one. Up to 6.12 a
 * folio of several pages is refused before any of that: older pages at its
 * offsets stay. Specifies `zswap_store`, 6.12.118 and 7.3.4.
 */
export function* storeFolio(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): Generator<Stop, boolean> {
  if (folio.length > 1 && zswap.profile.zswap.folios === "single-page") {
    return false;
  }
  if (zswap.parameters.enabled) {
    if (yield* storePages(zswap, tree, offset, folio)) return true;
    if (zswap.reachedFull) zswap.queueShrink();
  }
  for (let nth = 0; nth < folio.length; nth++) {
    invalidatePage(zswap, tree, offset + nth);
  }
  return false;
}
