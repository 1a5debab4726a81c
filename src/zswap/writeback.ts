/** Writing a page back: from zswap through the swap cache to the device. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import type { Stop } from "../rules/stop.ts";
import { decompressEntry, decompressObject } from "./compress.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import type { ZswapPool } from "./pools.ts";
import type { SwapCacheOutcome } from "./swap_layer.ts";
import { readZswapHeader, type SwpEntry } from "./swp_entry.ts";
import { eraseEntry, freeEntry, putEntry } from "./tree.ts";
import type { Zswap } from "./zswap.ts";

/** How an eviction ends for the entry that it held; answers whether it did evict. */
interface WritebackEnd {
  /** The page was written: the entry goes. */
  written(zswap: Zswap, tree: ZswapTree, entry: ZswapEntry): boolean;
  /** It was not: the entry stays as it was. */
  failed(zswap: Zswap, tree: ZswapTree, entry: ZswapEntry): void;
}

/**
 * Up to 3.12 both references are dropped at once. What is left tells who else
 * is there: 1, a load, which will free the entry; -1, an invalidation, which
 * left that to writeback. A failed writeback frees nothing: an entry that was
 * invalidated meanwhile is lost. Mended in 3.13.
 */
const countedByCaller: WritebackEnd = {
  written(zswap, tree, entry) {
    entry.refcount -= 2;
    if (entry.refcount >= 0) eraseEntry(tree, entry);
    if (entry.refcount > 0) return false;
    freeEntry(zswap, tree, entry);
    return true;
  },
  failed(_zswap, _tree, entry) {
    entry.refcount--;
  },
};

/** Since 3.13 who drops the last reference frees the entry. */
const counted: WritebackEnd = {
  written(zswap, tree, entry) {
    putEntry(zswap, tree, entry);
    if (tree.entries.get(entry.offset) === entry) {
      putEntry(zswap, tree, entry);
    }
    return true;
  },
  failed: putEntry,
};

const WRITEBACK_END: Readonly<
  Record<Exclude<ZswapProfile["entries"], "uncounted">, WritebackEnd>
> = { "counted-by-caller": countedByCaller, counted };

/**
 * Puts the page into the swap cache and onto the device; answers whether it is.
 * A kernel that does not look again writes the entry's page even where the slot
 * was freed, or stored anew, while it had no page in the swap cache.
 */
function* writeEvicted(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  handle: number,
  entry: ZswapEntry,
): Generator<Stop, boolean> {
  const { type } = tree;
  const { offset, length } = entry;
  const { swap, profile } = zswap;
  if ((yield* swap.allocSwapCachePage(type, offset)) !== "new") return false;
  if (tree.entries.get(offset) !== entry) {
    if (profile.zswap.writebackLooksAgain) {
      swap.deleteFromSwapCache(type, offset);
      return false;
    }
    zswap.staleWritebacks++;
  }
  const page = zswap.pages.take();
  try {
    decompressObject(zswap, pool, handle, length, page);
    yield* swap.writePage(type, offset, page);
  } finally {
    zswap.pages.give(page);
  }
  zswap.counters.written_back_pages++;
  return true;
}

/**
 * Evicts the object of a handle, whose own first bytes say which page it is.
 * Answers whether its memory can go: the page was written back, or is no
 * longer zswap's. Specifies `zswap_writeback_entry`, `mm/zswap.c`, 3.12,
 * 5.10.262 and 6.1.192, as the allocator's `evict`.
 */
export function* evictObject(
  zswap: Zswap,
  pool: ZswapPool,
  handle: number,
): Generator<Stop, boolean> {
  const { entries } = zswap.profile.zswap;
  if (entries === "uncounted") return false;
  const end = WRITEBACK_END[entries];
  const header = new Uint8Array(pool.headerBytes);
  pool.zpool.read(handle, header);
  const { type, offset } = readZswapHeader(zswap.profile, header);
  const tree = zswap.treeOf(type);
  const entry = tree.entries.get(offset);
  if (entry === undefined) return true;
  entry.refcount++;
  yield "zswap_writeback_entry: tree lock dropped, entry referenced";
  if (yield* writeEvicted(zswap, tree, pool, handle, entry)) {
    return end.written(zswap, tree, entry);
  }
  end.failed(zswap, tree, entry);
  return false;
}

/** Why the swap cache gave no page, as an errno. */
const NOT_ALLOCATED: Readonly<
  Record<Exclude<SwapCacheOutcome, "new">, Errno>
> = { exists: "EEXIST", "no-memory": "ENOMEM", "no-slot": "ENOENT" };

/**
 * Writes an entry's page back and frees the entry: EEXIST where the page is in
 * the swap cache already, or (since 6.13) its swap type is off; ENOENT where its
 * slot is free (7.2); ENOMEM where there is no memory for it, or the entry went
 * meanwhile; EIO where its bytes are damaged. The entry itself may be gone by
 * now: it is looked at when its slot's page is locked. Specifies
 * `zswap_writeback_entry`, 6.12.118 and 7.3.4.
 */
export function* writebackEntry(
  zswap: Zswap,
  entry: ZswapEntry,
  { type, offset }: SwpEntry,
): Generator<Stop, Errno | undefined> {
  const { swap } = zswap;
  const allocated = yield* swap.allocSwapCachePage(type, offset);
  if (allocated !== "new") return NOT_ALLOCATED[allocated];
  const tree = zswap.treeOf(type);
  const isCurrent = tree.entries.get(offset) === entry;
  if (!isCurrent || entry.pool === undefined) {
    swap.deleteFromSwapCache(type, offset);
    return "ENOMEM";
  }
  const page = zswap.pages.take();
  try {
    if (!decompressEntry(zswap, entry.pool, entry, page)) {
      swap.deleteFromSwapCache(type, offset);
      return "EIO";
    }
    eraseEntry(tree, entry);
    putEntry(zswap, tree, entry);
    yield* swap.writePage(type, offset, page);
  } finally {
    zswap.pages.give(page);
  }
}
