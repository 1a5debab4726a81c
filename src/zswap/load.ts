/** Loading a page. */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { type Stop, under, underSteps } from "../rules/stop.ts";
import { fillPage } from "../zram/same_filled.ts";
import { FRONTSWAP_LOAD } from "./compress.ts";
import {
  decompressEntrySteps,
  decompressObjectSteps,
} from "./compress_steps.ts";
import type { ZswapEntry, ZswapTree } from "./entry.ts";
import {
  findGetSteps,
  freeEntrySteps,
  loadEntrySteps,
  OWNED,
  putEntrySteps,
  takeEntrySteps,
} from "./tree_steps.ts";
import type { Zswap } from "./zswap.ts";

/** Where a page is loaded, where there is no frontswap. */
export const LOAD = "zswap_load, mm/zswap.c";

/** Fills `into` with the page of an entry that has no object, from its word. */
export function fillFromWord(
  { profile }: Zswap,
  { valueLow, valueHigh }: ZswapEntry,
  into: Uint8Array,
): void {
  fillPage(into, valueLow, valueHigh, profile.wordBits / 8);
}

/** Fills `into` with an entry's page, from its word or its object. */
function* fillSteps(
  zswap: Zswap,
  entry: ZswapEntry,
  into: Uint8Array,
): Generator<Stop, void> {
  const { pool, handle } = entry;
  if (pool === undefined) fillFromWord(zswap, entry, into);
  else yield* decompressObjectSteps(zswap, pool, handle, entry, into);
}

/**
 * Fills `into` with the page at an offset: ENOENT where there is none. The
 * entry stays; a reference keeps it whole while it is read. Specifies
 * `zswap_frontswap_load`, 3.12 and 6.1.
 */
function* loadCounted(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const entry = yield* findGetSteps(zswap, tree, offset, FRONTSWAP_LOAD);
  if (entry === undefined) return "ENOENT";
  yield* fillSteps(zswap, entry, into);
  yield* underSteps(
    tree.lock,
    FRONTSWAP_LOAD,
    () => putEntrySteps(zswap, tree, entry),
  );
}

/** The same where entries have no count: nothing keeps it whole. */
function* loadUnreferenced(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const entry = yield* under(
    tree.lock,
    FRONTSWAP_LOAD,
    () => tree.entries.get(offset),
  );
  if (entry === undefined) return "ENOENT";
  yield* fillSteps(zswap, entry, into);
}

/** How a page is loaded through frontswap. */
export const FRONTSWAP_LOAD_STEPS: Readonly<
  Record<ZswapProfile["entries"], typeof loadCounted>
> = {
  unreferenced: loadUnreferenced,
  "counted-by-caller": loadCounted,
  counted: loadCounted,
  uncounted: loadCounted,
};

/**
 * Fills `into` with the page at an offset: ENOENT where there is none. Where
 * the page goes into the swap cache its entry is erased before that, so that a
 * page whose bytes are damaged is in nobody's tree when the kernel stops.
 * Specifies `zswap_load`, 6.12.118.
 */
function* loadErasedFirst(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Stop, Errno | undefined> {
  const entry = toSwapCache
    ? yield* takeEntrySteps(zswap, tree, offset, LOAD)
    : yield* loadEntrySteps(tree, offset, LOAD);
  if (entry?.pool === undefined) return "ENOENT";
  yield* decompressEntrySteps(zswap, entry.pool, entry, into);
  if (toSwapCache) yield* freeEntrySteps(zswap, tree, entry);
}

/**
 * Fills `into` with the page at an offset: ENOENT where there is none, EIO
 * where its bytes are damaged. Where the page goes into the swap cache, its
 * entry is freed: what is in memory is the page now. The folio's lock keeps
 * others from the entry meanwhile. Specifies `zswap_load`, 6.17 and 6.18.15.
 */
function* loadErasedAfter(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
): Generator<Stop, Errno | undefined> {
  const owned = OWNED[zswap.profile.zswap.entries];
  const entry = yield* owned.find(tree, offset, LOAD);
  if (entry?.pool === undefined) return "ENOENT";
  if (!(yield* decompressEntrySteps(zswap, entry.pool, entry, into))) {
    return "EIO";
  }
  if (toSwapCache) {
    yield* owned.free(zswap, tree, entry, LOAD);
  }
}

type Load = (
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
  toSwapCache: boolean,
) => Generator<Stop, Errno | undefined>;

/** How a page is loaded where there is no frontswap. */
export const LOAD_PAGE_STEPS: Readonly<
  Record<Exclude<ZswapProfile["load"], "referenced">, Load>
> = {
  "erased-first": loadErasedFirst,
  "erased-after": loadErasedAfter,
  // Every folio is in the swap cache: zswap_load, 7.1.13.
  "erased-always": (zswap, tree, offset, into) =>
    loadErasedAfter(zswap, tree, offset, into, true),
};
