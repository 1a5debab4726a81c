/** Storing a folio without frontswap, page by page: since 6.7. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import {
  acquire,
  reads,
  release,
  sleeps,
  type Stop,
  under,
} from "../rules/stop.ts";
import { compressOrKeep } from "./compress.ts";
import { newEntry, type ZswapEntry, type ZswapTree } from "./entry.ts";
import { invalidatePage } from "./invalidate.ts";
import { ADMIT, cgroupMayZswap } from "./limits.ts";
import { POOL_PAGES } from "./locks.ts";
import { currentPoolGet, getPool, putPool } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { shrinkMemcg } from "./shrink.ts";
import { eraseEntry, freeEntry, putEntry, storeEntry } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

const STORE = "zswap_store, mm/zswap.c";
const STORE_PAGE = "zswap_store_page, mm/zswap.c";

/** Makes a new entry's page one that is stored: counted, and the newest. */
function* publish(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
): Generator<Stop, void> {
  getPool(zswap, pool);
  pool.entries++;
  zswap.counters.stored_pages++;
  zswap.chargedBytes += entry.length;
  const { zswap: { storesIncompressible }, pageSize } = zswap.profile;
  if (storesIncompressible && entry.length === pageSize) {
    zswap.counters.stored_incompressible_pages++;
  }
  entry.pool = pool;
  entry.referenced = true;
  const { lru } = zswap.locks;
  if (lru === undefined) return;
  yield* under(lru, "zswap_lru_add, mm/zswap.c", () => zswap.lru.add(entry));
}

/** Puts an entry into the tree; an older one there goes. */
type Insert = (
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  entry: ZswapEntry,
) => Generator<Stop, void>;

/** Specifies `zswap_store_page`, 6.12.118 to 7.3.4. */
function* insertIntoXarray(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  entry: ZswapEntry,
): Generator<Stop, void> {
  const older = yield* storeEntry(zswap, tree, entry, STORE_PAGE);
  if (older !== undefined) yield* freeEntry(zswap, tree, older);
  yield* publish(zswap, pool, entry);
}

/** Specifies `zswap_store`, 6.7, where entries are in a red-black tree. */
function* insertIntoTree(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  entry: ZswapEntry,
): Generator<Stop, void> {
  yield acquire(tree.lock, STORE);
  const older = tree.entries.get(entry.offset);
  if (older !== undefined) {
    eraseEntry(zswap, tree, older);
    yield* putEntry(zswap, tree, older);
  }
  tree.entries.set(entry.offset, entry);
  yield* publish(zswap, pool, entry);
  yield release(tree.lock, STORE);
}

const INSERT: Readonly<Record<ZswapProfile["entries"], Insert>> = {
  unreferenced: insertIntoTree,
  "counted-by-caller": insertIntoTree,
  counted: insertIntoTree,
  uncounted: insertIntoXarray,
};

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
  yield sleeps(STORE_PAGE);
  if (zswap.failsEntry()) {
    zswap.counters.reject_kmemcache_fail++;
    return false;
  }
  const entry = newEntry(tree.type, offset);
  if (!(yield* compressOrKeep(zswap, pool, entry, page))) return false;
  yield sleeps(STORE_PAGE);
  if (zswap.failsNode()) {
    zswap.counters.reject_alloc_fail++;
    yield* zswap.changePages(
      pool,
      STORE_PAGE,
      () => pool.zpool.free(entry.handle),
    );
    return false;
  }
  yield* INSERT[zswap.profile.zswap.entries](zswap, tree, pool, entry);
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
  yield reads(POOL_PAGES, "zswap_check_limits, mm/zswap.c");
  if (ADMIT["entries-in-worker"](zswap) !== "accepted") return false;
  const pool = yield* currentPoolGet(zswap);
  if (pool === undefined) return false;
  let isStored = true;
  for (let nth = 0; nth < folio.length && isStored; nth++) {
    isStored = yield* storePage(zswap, tree, pool, offset + nth, folio[nth]);
  }
  yield* putPool(zswap, pool);
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
  const { folios, failedStore } = zswap.profile.zswap;
  if (folio.length > 1 && folios === "single-page") return false;
  yield reads("zswap_enabled", STORE);
  if (zswap.parameters.enabled) {
    if (yield* storePages(zswap, tree, offset, folio)) return true;
    yield reads(POOL_PAGES, STORE);
    if (zswap.reachedFull) yield* zswap.queueShrinkSteps();
  }
  if (failedStore === "older-stays") return false;
  for (let nth = 0; nth < folio.length; nth++) {
    yield* invalidatePage(zswap, tree, offset + nth);
  }
  return false;
}
