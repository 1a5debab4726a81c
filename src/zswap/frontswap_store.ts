/** Storing a page where frontswap stands above: 3.11 to 6.6. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { acquire, reads, release, sleeps, type Stop } from "../rules/stop.ts";
import { isSameFilled, readWord32 } from "../zram/same_filled.ts";
import { compressToObject } from "./compress.ts";
import { newEntry, type ZswapEntry, type ZswapTree } from "./entry.ts";
import { ADMIT, cgroupMayZswap } from "./limits.ts";
import { POOL_PAGES } from "./locks.ts";
import { currentPoolGet, getPool, putPool } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { eraseEntry, putEntry, updateTotalSize } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

const STORE = "zswap_frontswap_store, mm/zswap.c";

/** Makes room, as far as the store itself does: ENOMEM where it is refused. */
type MakeRoom = (
  zswap: Zswap,
  tree: ZswapTree,
) => Generator<Stop, "ENOMEM" | undefined>;

/** Evicts a page of the allocator's before anything is stored, 3.12. */
function* evictInStore(
  zswap: Zswap,
  tree: ZswapTree,
): Generator<Stop, "ENOMEM" | undefined> {
  yield reads(POOL_PAGES, STORE);
  if (ADMIT["in-store"](zswap) === "accepted") return undefined;
  const shrunk = yield* zswap.poolOf(tree).zpool.shrinkSteps(1);
  if (shrunk.errno === undefined) return undefined;
  zswap.counters.reject_reclaim_fail++;
  return "ENOMEM";
}

/** Refuses, and leaves it to a worker to shrink, 6.1. */
function* leaveToWorker(
  zswap: Zswap,
): Generator<Stop, "ENOMEM" | undefined> {
  yield reads(POOL_PAGES, STORE);
  const admission = ADMIT["page-in-worker"](zswap);
  if (admission === "full") yield* zswap.queueShrinkSteps();
  return admission === "accepted" ? undefined : "ENOMEM";
}

const MAKE_ROOM: Readonly<
  Record<Exclude<ZswapProfile["shrink"], "entries-in-worker">, MakeRoom>
> = {
  "in-store": evictInStore,
  "page-in-worker": leaveToWorker,
};

/** Makes an entry one of a same-filled page, if the page is and may be. */
function fillSame(
  zswap: Zswap,
  entry: ZswapEntry,
  page: Uint8Array,
): boolean {
  const wordBytes = zswap.profile.wordBits / 8;
  if (!zswap.parameters.sameFilledPagesEnabled) return false;
  if (!isSameFilled(page, wordBytes)) return false;
  entry.valueLow = readWord32(page, 0);
  entry.valueHigh = wordBytes === 8 ? readWord32(page, 4) : 0;
  zswap.counters.same_filled_pages++;
  return true;
}

/** The pool for an entry, referenced: that of its tree, or the current one. */
function* poolGet(
  zswap: Zswap,
  { pool }: ZswapTree,
): Generator<Stop, ZswapPool | undefined> {
  if (pool === undefined) return yield* currentPoolGet(zswap);
  getPool(zswap, pool);
  return pool;
}

/** Gives an entry what holds its page: a word or an object. */
function* fillEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  if (zswap.profile.zswap.sameFilled) {
    if (fillSame(zswap, entry, page)) return undefined;
    if (!zswap.parameters.nonSameFilledPagesEnabled) return "EINVAL";
  }
  const pool = yield* poolGet(zswap, tree);
  if (pool === undefined) return "EINVAL";
  const errno = yield* compressToObject(zswap, pool, entry, page);
  if (errno !== undefined) yield* putPool(zswap, pool);
  return errno;
}

/** Puts an entry into the tree; an older one there goes. */
function* insertEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  yield acquire(tree.lock, STORE);
  const older = tree.entries.get(entry.offset);
  if (older !== undefined) {
    zswap.counters.duplicate_entry++;
    eraseEntry(zswap, tree, older);
    yield* putEntry(zswap, tree, older);
  }
  tree.entries.set(entry.offset, entry);
  yield release(tree.lock, STORE);
}

/**
 * Stores one page: ENODEV where zswap is disabled; ENOMEM where the limit, or
 * the cgroup's, is passed or there is no memory; EINVAL where the page cannot be compressed or
 * may not be stored; ENOSPC where it is too large for the allocator. An older
 * entry at the offset is replaced where the page is stored, and stays where it
 * is not. Specifies `zswap_frontswap_store`, `mm/zswap.c`.
 */
export function* frontswapStore(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const { shrink } = zswap.profile.zswap;
  yield reads("zswap_enabled", STORE);
  if (!zswap.parameters.enabled || shrink === "entries-in-worker") {
    return "ENODEV";
  }
  if (!cgroupMayZswap(zswap)) return "ENOMEM";
  if ((yield* MAKE_ROOM[shrink](zswap, tree)) !== undefined) return "ENOMEM";
  yield sleeps(STORE);
  if (zswap.failsEntry()) {
    zswap.counters.reject_kmemcache_fail++;
    return "ENOMEM";
  }
  const entry = newEntry(tree.type, offset);
  const errno = yield* fillEntry(zswap, tree, entry, page);
  if (errno !== undefined) return errno;
  yield* insertEntry(zswap, tree, entry);
  zswap.counters.stored_pages++;
  zswap.chargedBytes += entry.length;
  updateTotalSize(zswap, tree);
}
