/** Storing a page where frontswap stands above: 3.11 to 6.6. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { reads, sleeps, type Stop, underSteps } from "../rules/stop.ts";
import { isSameFilled, readWord32 } from "../zram/same_filled.ts";
import { compressToObjectSteps } from "./compress_steps.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { type Admission, ADMIT, cgroupMayZswap } from "./limits.ts";
import { POOL_PAGES } from "./locks.ts";
import {
  currentPoolGet,
  currentPoolGetSteps,
  getPool,
  putPoolSteps,
} from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import { allocEntry, eraseEntry, updateTotalSize } from "./tree.ts";
import { putEntrySteps } from "./tree_steps.ts";
import type { Zswap } from "./zswap.ts";

const STORE = "zswap_frontswap_store, mm/zswap.c";

/**
 * What a store does that its limits do not let in, as `admission` says, and
 * whether it then goes on: ENOMEM where it is refused.
 */
type MakeRoom = (
  zswap: Zswap,
  tree: ZswapTree,
  admission: Admission,
) => Generator<Stop, "ENOMEM" | undefined>;

/** Evicts a page of the allocator's before anything is stored, 3.12. */
function* evictInStore(
  zswap: Zswap,
  tree: ZswapTree,
): Generator<Stop, "ENOMEM" | undefined> {
  const shrunk = yield* zswap.poolOf(tree).zpool.shrinkSteps(1);
  if (shrunk.errno === undefined) return undefined;
  zswap.counters.reject_reclaim_fail++;
  return "ENOMEM";
}

/** Refuses, and leaves it to a worker to shrink, 6.1. */
function* leaveToWorker(
  zswap: Zswap,
  _tree: ZswapTree,
  admission: Admission,
): Generator<Stop, "ENOMEM" | undefined> {
  if (admission === "full") yield* zswap.queueShrinkSteps();
  return "ENOMEM";
}

/** The same by what shrinks a full pool. */
export const MAKE_ROOM_STEPS: Readonly<
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

/**
 * Gives an entry the word of its page, if it is one repeated and that may be:
 * "filled", "to-compress", or EINVAL where only such pages are stored.
 */
export function fillWithWord(
  zswap: Zswap,
  entry: ZswapEntry,
  page: Uint8Array,
): "filled" | "to-compress" | "EINVAL" {
  if (!zswap.profile.zswap.sameFilled) return "to-compress";
  if (fillSame(zswap, entry, page)) return "filled";
  const { nonSameFilledPagesEnabled } = zswap.parameters;
  return nonSameFilledPagesEnabled ? "to-compress" : "EINVAL";
}

/** The pool for an entry, referenced: that of its tree, or the current one. */
export function poolGet(
  zswap: Zswap,
  { pool }: ZswapTree,
): ZswapPool | undefined {
  if (pool === undefined) return currentPoolGet(zswap);
  getPool(zswap, pool);
  return pool;
}

/** The same, stopping before the list of pools is looked at. */
function* poolGetSteps(
  zswap: Zswap,
  tree: ZswapTree,
): Generator<Stop, ZswapPool | undefined> {
  return tree.pool === undefined
    ? yield* currentPoolGetSteps(zswap)
    : poolGet(zswap, tree);
}

/** Gives an entry what holds its page: a word or an object. */
function* fillEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const filled = fillWithWord(zswap, entry, page);
  if (filled === "filled") return undefined;
  if (filled === "EINVAL") return filled;
  const pool = yield* poolGetSteps(zswap, tree);
  if (pool === undefined) return "EINVAL";
  const errno = yield* compressToObjectSteps(zswap, pool, entry, page);
  if (errno !== undefined) yield* putPoolSteps(zswap, pool);
  return errno;
}

/** Takes the older entry out of the tree, if there is one, and answers it. */
export function eraseOlder(
  zswap: Zswap,
  tree: ZswapTree,
  { offset }: ZswapEntry,
): ZswapEntry | undefined {
  const older = tree.entries.get(offset);
  if (older === undefined) return undefined;
  zswap.counters.duplicate_entry++;
  eraseEntry(zswap, tree, older);
  return older;
}

/** Puts an entry into the tree; an older one there goes. */
function* insertEntrySteps(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, void> {
  const older = eraseOlder(zswap, tree, entry);
  if (older !== undefined) yield* putEntrySteps(zswap, tree, older);
  tree.entries.set(entry.offset, entry);
}

/** Counts a page that is stored. */
export function countStored(
  zswap: Zswap,
  tree: ZswapTree,
  { length }: ZswapEntry,
): void {
  zswap.counters.stored_pages++;
  zswap.chargedBytes += length;
  updateTotalSize(zswap, tree);
}

/**
 * Stores one page: ENODEV where zswap is disabled; ENOMEM where the limit, or
 * the cgroup's, is passed or there is no memory; EINVAL where the page cannot be compressed or
 * may not be stored; ENOSPC where it is too large for the allocator. An older
 * entry at the offset is replaced where the page is stored, and stays where it
 * is not. Specifies `zswap_frontswap_store`, `mm/zswap.c`.
 */
export function* frontswapStoreSteps(
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
  yield reads(POOL_PAGES, STORE);
  const admission = ADMIT[shrink](zswap);
  if (admission !== "accepted") {
    const errno = yield* MAKE_ROOM_STEPS[shrink](zswap, tree, admission);
    if (errno !== undefined) return errno;
  }
  yield sleeps(STORE);
  const entry = allocEntry(zswap, tree, offset);
  if (entry === undefined) return "ENOMEM";
  const errno = yield* fillEntrySteps(zswap, tree, entry, page);
  if (errno !== undefined) return errno;
  yield* underSteps(
    tree.lock,
    STORE,
    () => insertEntrySteps(zswap, tree, entry),
  );
  countStored(zswap, tree, entry);
}
