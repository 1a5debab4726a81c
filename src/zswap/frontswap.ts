/**
 * frontswap: what stood between the swap layer and zswap up to 6.6. It knows
 * which offsets were stored, and asks zswap for no other. Specifies
 * `mm/frontswap.c`.
 */
import type { Errno } from "../linux/errno.ts";
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import { reads, type Stop, writes } from "../rules/stop.ts";
import type { ZswapTree } from "./entry.ts";
import { frontswapStoreSteps } from "./frontswap_store.ts";
import { invalidatePageSteps } from "./invalidate.ts";
import { FRONTSWAP_LOAD_STEPS } from "./load.ts";
import type { Zswap } from "./zswap.ts";

type Store = (
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
) => Generator<Stop, Errno | undefined>;

/** An offset's bit in `frontswap_map`. */
const bitState = (type: number, offset: number): string =>
  `frontswap_map of slot ${type}:${offset}`;

/** Counts what came of a store, and notes where a page is now. */
export function noteStore(
  { frontswap }: Zswap,
  { frontswapMap }: ZswapTree,
  offset: number,
  errno: Errno | undefined,
): void {
  if (errno === undefined) {
    frontswapMap.add(offset);
    frontswap.succ_stores++;
  } else {
    frontswapMap.delete(offset);
    frontswap.failed_stores++;
  }
}

/** Stores a page, and notes what came of it. */
function* storeNotedSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const errno = yield* frontswapStoreSteps(zswap, tree, offset, page);
  yield writes(
    bitState(tree.type, offset),
    "__frontswap_store, mm/frontswap.c",
  );
  noteStore(zswap, tree, offset, errno);
  return errno;
}

/** The older page goes first, whatever becomes of the newer one. */
function* storeAfterOlderSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  page: Uint8Array,
): Generator<Stop, Errno | undefined> {
  yield writes(
    bitState(tree.type, offset),
    "__frontswap_store, mm/frontswap.c",
  );
  if (tree.frontswapMap.delete(offset)) {
    yield* invalidatePageSteps(zswap, tree, offset);
  }
  return yield* storeNotedSteps(zswap, tree, offset, page);
}

/** How a page is stored through frontswap (`__frontswap_store`). */
export const FRONTSWAP_STORE_STEPS: Readonly<
  Record<Exclude<ZswapProfile["frontswap"], "none">, Store>
> = {
  // The older page is zswap's concern: it goes where the store succeeds. Where
  // it fails, frontswap forgets it and zswap has it still: nobody will ask for
  // it or invalidate it, and zswap can write it over a newer one. The kernel
  // did so until 3.18 ("mm: frontswap: invalidate expired data on a dup-store
  // failure").
  "older-page-stays": storeNotedSteps,
  "older-page-goes": storeAfterOlderSteps,
};

/**
 * Loads a page through frontswap: ENOENT where it was not stored or was
 * written back since. Specifies `__frontswap_load`.
 */
export function* frontswapLoadSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  yield reads(bitState(tree.type, offset), "__frontswap_load, mm/frontswap.c");
  if (!tree.frontswapMap.has(offset)) return "ENOENT";
  const load = FRONTSWAP_LOAD_STEPS[zswap.profile.zswap.entries];
  const errno = yield* load(zswap, tree, offset, into);
  if (errno === undefined) zswap.frontswap.loads++;
  return errno;
}

/** Forgets a page, and has zswap free it (`__frontswap_invalidate_page`). */
export function* frontswapInvalidateSteps(
  zswap: Zswap,
  tree: ZswapTree,
  offset: number,
): Generator<Stop, void> {
  const where = "__frontswap_invalidate_page, mm/frontswap.c";
  yield writes(bitState(tree.type, offset), where);
  if (!tree.frontswapMap.delete(offset)) return;
  yield* invalidatePageSteps(zswap, tree, offset);
  zswap.frontswap.invalidates++;
}
