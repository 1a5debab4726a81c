/** Writing a page back: from zswap through the swap cache to the device. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  under,
  underSteps,
} from "../rules/stop.ts";
import {
  decompressEntrySteps,
  decompressObjectSteps,
} from "./compress_steps.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import { treeState } from "./invalidate.ts";
import type { ZswapPool } from "./pools.ts";
import { assertTreeAlive } from "./race_rules.ts";
import type { SwapCacheOutcome } from "./swap_layer.ts";
import { readZswapHeader, type SwpEntry } from "./swp_entry.ts";
import { eraseEntry } from "./tree.ts";
import {
  findGetSteps,
  freeEntrySteps,
  OWNED,
  putEntrySteps,
} from "./tree_steps.ts";
import type { Zswap } from "./zswap.ts";

const WHERE = "zswap_writeback_entry, mm/zswap.c";

/**
 * How an eviction holds its entry, and ends for it. All but `find` are done
 * under the tree's lock.
 */
interface Eviction {
  /** Finds the entry, and holds it as it is held. */
  find(
    zswap: Zswap,
    tree: ZswapTree,
    offset: number,
  ): Generator<Stop, ZswapEntry | undefined>;
  /** The page was written: the entry goes; answers whether it did. */
  written(
    zswap: Zswap,
    tree: ZswapTree,
    entry: ZswapEntry,
  ): Generator<Stop, boolean>;
  /** It was not: the entry stays as it was. */
  failed(
    zswap: Zswap,
    tree: ZswapTree,
    entry: ZswapEntry,
  ): Generator<Stop, void>;
}

const findReferenced: Eviction["find"] = (zswap, tree, offset) =>
  findGetSteps(zswap, tree, offset, WHERE);

/** Nothing holds it: whoever invalidates it frees it. */
const unreferenced: Eviction = {
  find: (_zswap, tree, offset) =>
    under(tree.lock, WHERE, () => tree.entries.get(offset)),
  *written(zswap, tree, entry) {
    eraseEntry(zswap, tree, entry);
    yield* freeEntrySteps(zswap, tree, entry);
    return true;
  },
  *failed() {},
};

/**
 * Up to 3.12 both references are dropped at once. What is left tells who else
 * is there: 1, a load, which will free the entry; -1, an invalidation, which
 * left that to writeback. A failed writeback frees nothing: an entry that was
 * invalidated meanwhile is lost. Mended in 3.13.
 */
const countedByCaller: Eviction = {
  find: findReferenced,
  *written(zswap, tree, entry) {
    entry.refcount -= 2;
    if (entry.refcount >= 0) eraseEntry(zswap, tree, entry);
    if (entry.refcount > 0) return false;
    yield* freeEntrySteps(zswap, tree, entry);
    return true;
  },
  // deno-lint-ignore require-yield
  *failed(_zswap, _tree, entry) {
    entry.refcount--;
  },
};

/** Since 3.13 who drops the last reference frees the entry. */
const counted: Eviction = {
  find: findReferenced,
  *written(zswap, tree, entry) {
    yield* putEntrySteps(zswap, tree, entry);
    if (tree.entries.get(entry.offset) === entry) {
      yield* putEntrySteps(zswap, tree, entry);
    }
    return true;
  },
  failed: putEntrySteps,
};

const EVICTION: Readonly<
  Record<Exclude<ZswapProfile["entries"], "uncounted">, Eviction>
> = { unreferenced, "counted-by-caller": countedByCaller, counted };

/**
 * Whether the slot is its entry's still, now that the swap cache has a page for
 * it. A kernel that does not look again writes the entry's page even where the
 * slot was freed, or stored anew, while it had none there.
 */
function* isStillIts(
  zswap: Zswap,
  tree: ZswapTree,
  entry: ZswapEntry,
): Generator<Stop, boolean> {
  const { offset } = entry;
  if (!zswap.profile.zswap.writebackLooksAgain) {
    if (tree.entries.get(offset) !== entry) zswap.staleWritebacks++;
    return true;
  }
  return yield* under(
    tree.lock,
    WHERE,
    () => tree.entries.get(offset) === entry,
  );
}

/** Puts the page into the swap cache and onto the device; answers whether it is. */
function* writeEvicted(
  zswap: Zswap,
  tree: ZswapTree,
  pool: ZswapPool,
  handle: number,
  entry: ZswapEntry,
): Generator<Stop, boolean> {
  const { type } = tree;
  const { offset } = entry;
  const { swap } = zswap;
  if ((yield* swap.allocSwapCachePage(type, offset)) !== "new") return false;
  if (!(yield* isStillIts(zswap, tree, entry))) {
    yield* swap.deleteFromSwapCache(type, offset);
    return false;
  }
  const page = zswap.pages.take();
  try {
    yield* decompressObjectSteps(zswap, pool, handle, entry, page);
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
  const eviction = EVICTION[entries];
  const header = new Uint8Array(pool.headerBytes);
  pool.zpool.read(handle, header);
  const { type, offset } = readZswapHeader(zswap.profile, header);
  yield reads(treeState(type), WHERE);
  const tree = zswap.trees.get(type);
  if (tree === undefined) {
    throw new KernelBug(
      WHERE,
      "follow the null pointer of a tree that is gone",
    );
  }
  const entry = yield* eviction.find(zswap, tree, offset);
  if (entry === undefined) return true;
  const isWritten = yield* writeEvicted(zswap, tree, pool, handle, entry);
  return yield* underSteps(tree.lock, WHERE, function* () {
    if (isWritten) return yield* eviction.written(zswap, tree, entry);
    yield* eviction.failed(zswap, tree, entry);
    return false;
  });
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
function* writebackFound(
  zswap: Zswap,
  entry: ZswapEntry,
  { type, offset }: SwpEntry,
): Generator<Stop, Errno | undefined> {
  const { swap } = zswap;
  const { entries, writebackLooksAgain } = zswap.profile.zswap;
  const owned = OWNED[entries];
  const allocated = yield* swap.allocSwapCachePage(type, offset);
  if (allocated !== "new") return NOT_ALLOCATED[allocated];
  const tree = zswap.treeOf(type);
  const isCurrent = !writebackLooksAgain ||
    (yield* owned.find(tree, offset, WHERE)) === entry;
  if (!isCurrent || entry.pool === undefined) {
    yield* swap.deleteFromSwapCache(type, offset);
    return "ENOMEM";
  }
  const page = zswap.pages.take();
  try {
    if (!(yield* decompressEntrySteps(zswap, entry.pool, entry, page))) {
      yield* swap.deleteFromSwapCache(type, offset);
      return "EIO";
    }
    yield* owned.free(zswap, tree, entry, WHERE);
    yield* swap.writePage(type, offset, page);
  } finally {
    zswap.pages.give(page);
  }
}

/**
 * The same with a look into the tree before that, to reference the entry: the
 * tree is that of when the LRU list was looked at. Specifies `shrink_memcg_cb`
 * and `zswap_reclaim_entry`, 6.5 to 6.7.
 */
function* writebackReferenced(
  zswap: Zswap,
  entry: ZswapEntry,
  swpentry: SwpEntry,
  tree: ZswapTree,
): Generator<Stop, Errno | undefined> {
  const where = "shrink_memcg_cb, mm/zswap.c";
  yield acquire(tree.lock, where);
  assertTreeAlive(tree, where);
  const isThere = tree.entries.get(swpentry.offset) === entry;
  if (isThere) entry.refcount++;
  yield release(tree.lock, where);
  if (!isThere) return "ENOMEM";
  const errno = yield* writebackFound(zswap, entry, swpentry);
  yield* underSteps(tree.lock, where, () => putEntrySteps(zswap, tree, entry));
  return errno;
}

/** How an entry of zswap's LRU list is written back. */
export const WRITEBACK_ENTRY: Readonly<
  Record<
    ZswapProfile["writebackFinds"],
    (
      zswap: Zswap,
      entry: ZswapEntry,
      swpentry: SwpEntry,
      tree: ZswapTree,
    ) => Generator<Stop, Errno | undefined>
  >
> = {
  "in-tree": writebackReferenced,
  "in-swap-cache": writebackFound,
};
