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
import { compressOrKeepSteps } from "./compress_steps.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { invalidatePageSteps } from "./invalidate.ts";
import { ADMIT, cgroupMayZswap } from "./limits.ts";
import { POOL_PAGES } from "./locks.ts";
import {
  currentPoolGetSteps,
  getPool,
  putPoolSteps,
} from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { shrinkMemcg } from "./shrink.ts";
import { allocEntry, eraseEntry } from "./tree.ts";
import {
  freeEntrySteps,
  putEntrySteps,
  storeEntrySteps,
} from "./tree_steps.ts";
import type { Zswap } from "./zswap.ts";

const STORE = "zswap_store, mm/zswap.c";
const STORE_PAGE = "zswap_store_page, mm/zswap.c";

/** Makes a new entry's page one that is stored, and counts it. */
export function publish(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
): void {
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
}

/** The same, and makes it the newest of the LRU list, where there is one. */
function* publishSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
): Generator<Stop, void> {
  publish(zswap, pool, entry);
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
  const older = yield* storeEntrySteps(zswap, tree, entry, STORE_PAGE);
  if (older !== undefined) yield* freeEntrySteps(zswap, tree, older);
  yield* publishSteps(zswap, pool, entry);
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
    yield* putEntrySteps(zswap, tree, older);
  }
  tree.entries.set(entry.offset, entry);
  yield* publishSteps(zswap, pool, entry);
  yield release(tree.lock, STORE);
}

const INSERT: Readonly<Record<ZswapProfile["entries"], Insert>> = {
  unreferenced: insertIntoTree,
  "counted-by-caller": insertIntoTree,
  counted: insertIntoTree,
  uncounted: insertIntoXarray,
};

/** Frees the object of a page for which the tree has no node. */
export function* freeWithoutNodeSteps(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
): Generator<Stop, void> {
  zswap.counters.reject_alloc_fail++;
  yield* zswap.changePagesSteps(
    pool,
    STORE_PAGE,
    () => pool.zpool.free(entry.handle),
  );
}

/**
 * Stores one page of a folio and answers whether it is. An older entry at the
 * offset is replaced by it. Specifies `zswap_store_page`, 6.18.
 */
function* storePageSteps(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  offset: number,
  page: Uint8Array,
): Generator<Stop, boolean> {
  yield sleeps(STORE_PAGE);
  const entry = allocEntry(zswap, tree, offset);
  if (entry === undefined) return false;
  if (!(yield* compressOrKeepSteps(zswap, pool, entry, page))) return false;
  yield sleeps(STORE_PAGE);
  if (zswap.failsNode()) {
    yield* freeWithoutNodeSteps(zswap, pool, entry);
    return false;
  }
  yield* INSERT[zswap.profile.zswap.entries](zswap, tree, pool, entry);
  return true;
}

/**
 * Whether the memory cgroup's limit lets a folio in: at it the cgroup is shrunk
 * by a step, which may be enough or not, and need only have written something.
 */
export function* admitCgroupSteps(zswap: Zswap): Generator<Stop, boolean> {
  if (cgroupMayZswap(zswap)) return true;
  return (yield* shrinkMemcg(zswap)) === undefined;
}

/** Stores each page of a folio, until one is refused. */
function* storePagesSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): Generator<Stop, boolean> {
  if (!(yield* admitCgroupSteps(zswap))) return false;
  yield reads(POOL_PAGES, "zswap_check_limits, mm/zswap.c");
  if (ADMIT["entries-in-worker"](zswap) !== "accepted") return false;
  const pool = yield* currentPoolGetSteps(zswap);
  if (pool === undefined) return false;
  let isStored = true;
  for (let nth = 0; nth < folio.length && isStored; nth++) {
    isStored = yield* storePageSteps(
      zswap,
      tree,
      pool,
      offset + nth,
      folio[nth],
    );
  }
  yield* putPoolSteps(zswap, pool);
  return isStored;
}

/**
 * What is left to do where a folio was not stored, `wasTried` or not: what was
 * stored of it is freed again, and so is whatever older page was at any of its
 * offsets.
 */
export function* endRefusedSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
  wasTried: boolean,
): Generator<Stop, void> {
  if (wasTried) {
    yield reads(POOL_PAGES, STORE);
    if (zswap.reachedFull) yield* zswap.queueShrinkSteps();
  }
  if (zswap.profile.zswap.failedStore === "older-stays") return;
  for (let nth = 0; nth < folio.length; nth++) {
    yield* invalidatePageSteps(zswap, tree, offset + nth);
  }
}

/** Whether folios of so many pages are looked at at all. */
export function takesFolio({ profile }: Zswap, pages: number): boolean {
  return pages <= 1 || profile.zswap.folios !== "single-page";
}

/**
 * Stores a folio whole or not at all and answers which. Where it is not, what
 * was stored of it is freed again, and so is whatever older page was at any of
 * its offsets: written back, it would come over the newer one. Up to 6.12 a
 * folio of several pages is refused before any of that: older pages at its
 * offsets stay. Specifies `zswap_store`, 6.12.118 and 7.3.4.
 */
export function* storeFolioSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): Generator<Stop, boolean> {
  if (!takesFolio(zswap, folio.length)) return false;
  yield reads("zswap_enabled", STORE);
  const isTried = zswap.parameters.enabled;
  if (isTried && (yield* storePagesSteps(zswap, tree, offset, folio))) {
    return true;
  }
  yield* endRefusedSteps(zswap, tree, offset, folio, isTried);
  return false;
}
