/** Shrinking zswap: the worker that a full one sets going, and the shrinker. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import type { Lock } from "../rules/lock.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  under,
  underSteps,
  writes,
} from "../rules/stop.ts";
import { acceptThresholdPages } from "./limits.ts";
import { POOL_PAGES, POOLS, SHRINK_WORK_PENDING } from "./locks.ts";
import { putPoolSteps, tryGetPool } from "./pool_references.ts";
import { assertEntryAlive } from "./race_rules.ts";
import { WRITEBACK_ENTRY } from "./writeback.ts";
import type { Zswap } from "./zswap.ts";

/** MAX_RECLAIM_RETRIES: failures after which the worker gives up (since 6.8). */
const MAX_RECLAIM_RETRIES = 16;

/** How a walk along the LRU list ended. */
interface Walk {
  /** Entries that were looked at. */
  readonly scanned: number;
  /** Entries that were written back. */
  readonly shrunk: number;
  /** Whether a page was found in the swap cache already. */
  readonly inSwapCache: boolean;
}

const MAY_WRITE_BACK = "mem_cgroup_zswap_writeback_enabled, mm/memcontrol.c";
const SHRINK_CB = "shrink_memcg_cb, mm/zswap.c";

/**
 * What is to be done with the oldest entry. One that is new to the list gets a
 * second chance; any other is written back, or stays where that fails. All go
 * to the list's tail first. The list's lock is held, and dropped to write back.
 * Specifies `shrink_memcg_cb`, 6.18.
 */
function* shrinkOldest(
  zswap: Zswap,
  lock: Lock,
): Generator<Stop, "written" | "rotated" | "failed" | "in-swap-cache"> {
  const { lru, counters, locks, profile } = zswap;
  locks.lockdep.assertHeld(lock, SHRINK_CB);
  const entry = lru.oldest;
  if (entry === undefined) return "failed";
  assertEntryAlive(entry, SHRINK_CB);
  lru.rotate(entry);
  if (entry.referenced) {
    entry.referenced = false;
    return "rotated";
  }
  const swpentry = { type: entry.type, offset: entry.offset };
  const tree = zswap.treeOf(entry.type);
  yield release(lock, SHRINK_CB);
  const writeback = WRITEBACK_ENTRY[profile.zswap.writebackFinds];
  const errno = yield* writeback(zswap, entry, swpentry, tree);
  if (errno === undefined) counters.written_back_pages++;
  else counters.reject_reclaim_fail++;
  yield acquire(lock, "list_lru_walk_one, mm/list_lru.c");
  if (errno === undefined) return "written";
  return errno === "EEXIST" ? "in-swap-cache" : "failed";
}

/**
 * Looks at up to `entries` entries from the oldest on. The shrinker's walk ends
 * at a page that is in the swap cache. Specifies `list_lru_walk_one`.
 */
function* walkLru(
  zswap: Zswap,
  entries: number,
  stopsInSwapCache: boolean,
): Generator<Stop, Walk> {
  const { lru } = zswap.locks;
  if (lru === undefined) return { scanned: 0, shrunk: 0, inSwapCache: false };
  return yield* underSteps(
    lru,
    "list_lru_walk_one, mm/list_lru.c",
    () => walkLocked(zswap, lru, entries, stopsInSwapCache),
  );
}

/** The same with the list's lock, which is dropped and taken again. */
function* walkLocked(
  zswap: Zswap,
  lock: Lock,
  entries: number,
  stopsInSwapCache: boolean,
): Generator<Stop, Walk> {
  let scanned = 0;
  let shrunk = 0;
  while (scanned < entries && zswap.lru.size > 0) {
    const isAlone = zswap.lru.size === 1;
    scanned++;
    const outcome = yield* shrinkOldest(zswap, lock);
    if (outcome === "written") shrunk++;
    // The walk knew what followed the entry before that was moved.
    if (outcome === "rotated" && isAlone) break;
    if (outcome === "in-swap-cache" && stopsInSwapCache) {
      return { scanned, shrunk, inSwapCache: true };
    }
  }
  return { scanned, shrunk, inSwapCache: false };
}

/**
 * Evicts one page of each pool that was queued; a failure is counted and no
 * more. Specifies `shrink_worker`, `mm/zswap.c`, 5.6 to 6.4.
 */
function* shrinkQueuedPools(zswap: Zswap): Generator<Stop, void> {
  yield writes(SHRINK_WORK_PENDING, "process_one_work, kernel/workqueue.c");
  const queued = zswap.pools.list.filter((pool) => pool.shrinkQueued);
  for (const pool of queued) pool.shrinkQueued = false;
  for (const pool of queued) {
    const { errno } = yield* pool.zpool.shrinkSteps(1);
    if (errno !== undefined) zswap.counters.reject_reclaim_fail++;
    yield* putPoolSteps(zswap, pool);
  }
}

/**
 * One step of the worker: whether there were entries, and one was written back.
 * Specifies `shrink_memcg`, 6.12.118 and 7.3.4.
 */
export function* shrinkMemcg(
  zswap: Zswap,
): Generator<Stop, "ENOENT" | "EAGAIN" | undefined> {
  yield reads("zswap_enabled", MAY_WRITE_BACK);
  if (!zswap.mayWriteBack) return "ENOENT";
  const { entriesPerStep } = zswap.profile.zswap;
  const { scanned, shrunk } = yield* walkLru(zswap, entriesPerStep, false);
  if (scanned === 0) return "ENOENT";
  return shrunk > 0 ? undefined : "EAGAIN";
}

/**
 * Whether the worker is at the end of a round through the memory cgroups. The
 * kernel takes them in turn; the model has one, after which each round ends.
 * Without memory cgroups a round has none, or (7.2) is the root's list for ever.
 */
function* endsRound(zswap: Zswap): Generator<Stop, boolean> {
  return yield* under(zswap.locks.shrink, "shrink_worker, mm/zswap.c", () => {
    if (!zswap.hasMemcg) return zswap.profile.zswap.withoutMemcg === "nothing";
    return zswap.roundEnded = !zswap.roundEnded;
  });
}

/**
 * Writes entries back step by step until the pools are at the threshold, or 16
 * steps, or rounds without a candidate, were in vain. The threshold is looked
 * at after a step: one of several entries may go below it. Specifies
 * `shrink_worker`, 6.12.118, 6.18.15 and 7.3.4.
 */
function* shrinkToThreshold(zswap: Zswap): Generator<Stop, void> {
  yield writes(SHRINK_WORK_PENDING, "process_one_work, kernel/workqueue.c");
  if (!zswap.shrinkQueued) return;
  zswap.shrinkQueued = false;
  const threshold = acceptThresholdPages(zswap);
  let failures = 0;
  let attempts = 0;
  do {
    if (yield* endsRound(zswap)) {
      if (attempts === 0 && ++failures === MAX_RECLAIM_RETRIES) break;
      attempts = 0;
      continue;
    }
    const errno = yield* shrinkMemcg(zswap);
    if (errno === "ENOENT") continue;
    attempts++;
    if (errno !== undefined && ++failures === MAX_RECLAIM_RETRIES) break;
  } while (yield* isAbove(zswap, threshold));
}

/** Whether the pools have more pages than the worker is to leave. */
function* isAbove(
  { pools }: Zswap,
  threshold: number,
): Generator<Stop, boolean> {
  yield reads(POOL_PAGES, "shrink_worker, mm/zswap.c");
  return pools.totalPages > threshold;
}

/** What the worker does, once it was queued. Nothing is queued in 3.12. */
export const SHRINK_WORK: Readonly<
  Record<ZswapProfile["shrink"], (zswap: Zswap) => Generator<Stop, void>>
> = {
  *"in-store"() {},
  "page-in-worker": shrinkQueuedPools,
  "entries-in-worker": shrinkToThreshold,
};

/** Queues the work of the pool that is last on the list, which is referenced. */
function* queuePool(zswap: Zswap): Generator<Stop, void> {
  const where = "zswap_frontswap_store, mm/zswap.c";
  yield reads(POOLS, "zswap_pool_last_get, mm/zswap.c");
  const pool = zswap.pools.last;
  if (pool === undefined || !tryGetPool(zswap, pool)) return;
  yield writes(SHRINK_WORK_PENDING, where);
  // The worker drops one, however often it was queued: a pool for which more
  // were taken never goes.
  const isLost = pool.shrinkQueued &&
    zswap.profile.zswap.queuedReference === "once";
  pool.shrinkQueued = true;
  if (isLost) yield* putPoolSteps(zswap, pool);
}

/** Queues the one work that there is. */
function* queueWork(zswap: Zswap): Generator<Stop, void> {
  yield writes(SHRINK_WORK_PENDING, "zswap_store, mm/zswap.c");
  zswap.shrinkQueued = true;
}

/** Queues the work, unless it waits already. */
export const QUEUE_SHRINK: Readonly<
  Record<ZswapProfile["shrink"], (zswap: Zswap) => Generator<Stop, void>>
> = {
  *"in-store"() {},
  "page-in-worker": queuePool,
  "entries-in-worker": queueWork,
};

/**
 * Entries that memory pressure could free: those of the LRU list less the
 * pages that had to be read from the device since this was asked last, scaled
 * by what zswap saves: by the cgroup's bytes in whole pages or, without memory
 * cgroups, by the pages of the pools. 0 where the shrinker is off. Specifies
 * `zswap_shrinker_count`, 6.12.118 and 7.3.4.
 */
export function shrinkerCount(zswap: Zswap): number {
  const { lru, counters, pools, parameters } = zswap;
  if (!parameters.shrinkerEnabled || !zswap.mayWriteBack) return 0;
  if (counters.stored_pages === 0 || lru.size === 0) return 0;
  const swapins = Math.min(zswap.nrDiskSwapins, lru.size);
  zswap.nrDiskSwapins -= swapins;
  const freeable = lru.size - swapins;
  const backing = zswap.hasMemcg
    ? Math.floor(zswap.chargedBytes / zswap.profile.pageSize)
    : pools.totalPages;
  return Math.floor(freeable * backing / counters.stored_pages);
}

/**
 * Looks at up to `nrToScan` entries under memory pressure and returns how many
 * were written back, or "SHRINK_STOP" where none was, where one's page was in
 * the swap cache, or where the shrinker is off. Specifies
 * `zswap_shrinker_scan`, 6.18.
 */
export function* shrinkerScan(
  zswap: Zswap,
  nrToScan: number,
): Generator<Stop, number | "SHRINK_STOP"> {
  yield reads("zswap_enabled", MAY_WRITE_BACK);
  if (!zswap.parameters.shrinkerEnabled || !zswap.mayWriteBack) {
    return "SHRINK_STOP";
  }
  const { shrunk, inSwapCache } = yield* walkLru(zswap, nrToScan, true);
  return inSwapCache || shrunk === 0 ? "SHRINK_STOP" : shrunk;
}
