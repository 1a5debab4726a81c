/**
 * Stores as who is alone does them, without generators: the sections of those
 * that stop, in a row. What a full zswap does is as it is where it stops, run to
 * its end.
 */
import type { Errno } from "../linux/errno.ts";
import { runToEnd } from "../rules/stop.ts";
import {
  compressBehindHeader,
  compressOrCopy,
  fillObject,
  keepObject,
} from "./compress.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { noteStore } from "./frontswap.ts";
import {
  countStored,
  eraseOlder,
  fillWithWord,
  MAKE_ROOM_STEPS,
  poolGet,
} from "./frontswap_store.ts";
import { ADMIT, cgroupMayZswap } from "./limits.ts";
import { currentPoolGet, putPool } from "./pool_references.ts";
import type { ZswapPool } from "./pools.ts";
import {
  admitCgroupSteps,
  endRefusedSteps,
  freeWithoutNodeSteps,
  publish,
  takesFolio,
} from "./store.ts";
import { allocEntry, eraseEntry, exchangeEntry } from "./tree.ts";
import { freeEntry, freeEntryAt, putEntry } from "./tree_at_once.ts";
import type { Zswap } from "./zswap.ts";

/** Stores a page through frontswap: an errno where it is not stored. */
export function storeThroughFrontswap(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
): Errno | undefined {
  const isOlderFirst = zswap.profile.zswap.frontswap === "older-page-goes";
  if (isOlderFirst && tree.frontswapMap.delete(offset)) {
    freeEntryAt(zswap, tree, offset);
  }
  const errno = frontswapStore(zswap, tree, offset, page);
  noteStore(zswap, tree, offset, errno);
  return errno;
}

function frontswapStore(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
): Errno | undefined {
  const { shrink } = zswap.profile.zswap;
  if (!zswap.parameters.enabled || shrink === "entries-in-worker") {
    return "ENODEV";
  }
  if (!cgroupMayZswap(zswap)) return "ENOMEM";
  const admission = ADMIT[shrink](zswap);
  if (admission !== "accepted") {
    const makeRoom = MAKE_ROOM_STEPS[shrink];
    const errno = runToEnd(makeRoom(zswap, tree, admission));
    if (errno !== undefined) return errno;
  }
  const entry = allocEntry(zswap, tree, offset);
  if (entry === undefined) return "ENOMEM";
  const errno = fillEntry(zswap, tree, entry, page);
  if (errno !== undefined) return errno;
  const older = eraseOlder(zswap, tree, entry);
  if (older !== undefined) putEntry(zswap, tree, older);
  tree.entries.set(offset, entry);
  countStored(zswap, tree, entry);
}

function fillEntry(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
  page: Uint8Array,
): Errno | undefined {
  const filled = fillWithWord(zswap, entry, page);
  if (filled === "filled") return undefined;
  if (filled === "EINVAL") return filled;
  const pool = poolGet(zswap, tree);
  if (pool === undefined) return "EINVAL";
  const errno = compressToObject(zswap, pool, entry, page);
  if (errno !== undefined) putPool(zswap, pool);
  return errno;
}

function compressToObject(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): Errno | undefined {
  const { headerBytes, zpool } = pool;
  return zswap.buffers.lend((buffer) => {
    const length = compressBehindHeader(zswap, pool, page, buffer);
    if (typeof length === "string") return length;
    const malloc = () => zpool.malloc(headerBytes + length);
    const handle = zswap.changePages(pool, malloc);
    return fillObject(zswap, pool, entry, buffer, length, handle);
  });
}

/** Stores a folio where there is no frontswap, and answers whether it did. */
export function storeFolio(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): boolean {
  if (!takesFolio(zswap, folio.length)) return false;
  const isTried = zswap.parameters.enabled;
  if (isTried && storePages(zswap, tree, offset, folio)) return true;
  runToEnd(endRefusedSteps(zswap, tree, offset, folio, isTried));
  return false;
}

function storePages(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  folio: readonly Uint8Array[],
): boolean {
  if (!runToEnd(admitCgroupSteps(zswap))) return false;
  if (ADMIT["entries-in-worker"](zswap) !== "accepted") return false;
  const pool = currentPoolGet(zswap);
  if (pool === undefined) return false;
  let isStored = true;
  for (let nth = 0; nth < folio.length && isStored; nth++) {
    isStored = storePage(zswap, tree, pool, offset + nth, folio[nth]);
  }
  putPool(zswap, pool);
  return isStored;
}

function storePage(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  offset: number,
  page: Uint8Array,
): boolean {
  const entry = allocEntry(zswap, tree, offset);
  if (entry === undefined) return false;
  if (!compressOrKeep(zswap, pool, entry, page)) return false;
  if (zswap.failsNode()) {
    runToEnd(freeWithoutNodeSteps(zswap, pool, entry));
    return false;
  }
  replaceOlder(zswap, tree, entry);
  publish(zswap, pool, entry);
  if (zswap.locks.lru !== undefined) zswap.lru.add(entry);
  return true;
}

function compressOrKeep(
  zswap: Zswap,
  pool: ZswapPool,
  entry: ZswapEntry,
  page: Uint8Array,
): boolean {
  return zswap.buffers.lend((buffer) => {
    const length = compressOrCopy(zswap, pool, page, buffer);
    if (length === undefined) return false;
    const handle = zswap.changePages(pool, () => pool.zpool.malloc(length));
    const stored = buffer.subarray(0, length);
    return keepObject(zswap, pool, entry, stored, handle);
  });
}

function replaceOlder(zswap: Zswap, tree: ZswapTree, entry: ZswapEntry): void {
  if (zswap.profile.zswap.entries === "uncounted") {
    const older = exchangeEntry(zswap, tree, entry);
    if (older !== undefined) freeEntry(zswap, tree, older);
    return;
  }
  const older = tree.entries.get(entry.offset);
  if (older !== undefined) {
    eraseEntry(zswap, tree, older);
    putEntry(zswap, tree, older);
  }
  tree.entries.set(entry.offset, entry);
}
