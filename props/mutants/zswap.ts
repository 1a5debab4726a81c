/** Planted defects of zswap: stores, loads, pools. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const STORE = [
  ...mutantsOf("zswap/compress", ["zswap"], [
    {
      what: "a page that compresses to a whole page is refused",
      from: "isLimited && length > page.length",
      to: "isLimited && length >= page.length",
    },
    {
      what: "a page that compresses to a whole page is stored compressed",
      from: `typeof made === "number" && made < page.length`,
      to: `typeof made === "number" && made <= page.length`,
    },
    {
      what: "a refusal for want of room counts as a failed allocation",
      from: `if (errno === "ENOSPC") counters.reject_compress_poor++;`,
      to: `if (errno === "EINVAL") counters.reject_compress_poor++;`,
    },
    {
      what: "a page that does not compress is refused with writeback too",
      from: "if (!zswap.mayWriteBack) return typeof",
      to: "if (zswap.mayWriteBack || true) return typeof",
    },
    {
      what: "a page that its compressor refuses for want of room only failed",
      from: `return typeof made === "string" ? made : "EINVAL";`,
      to: `return "EINVAL";`,
    },
    {
      what: "a page as long as a page is taken for one that is not compressed",
      from: "if (!storesIncompressible || length !== into.length) {",
      to: "if (length !== into.length) {",
      reason:
        "A stated page's form of a page's length is the page itself; the tests have one that is not",
    },
    {
      what: "a damaged object does not stop 6.12",
      from: `if (profile.zswap.damaged === "bug") {`,
      to: `if (profile.zswap.damaged === "bug" && isWhole) {`,
    },
    {
      what: "a damaged object is not counted",
      from: "counters.decompress_fail++;",
      to: "",
    },
  ]),
  ...mutantsOf("zswap/frontswap", ["zswap"], [
    {
      what: "succ_stores counts every try",
      from: "if (errno === undefined) {",
      to: `if (errno !== undefined) frontswap.succ_stores++;
  if (errno === undefined) {`,
    },
    {
      what: "succ_stores is not counted",
      from: "frontswap.succ_stores++;",
      to: "",
    },
    {
      what: "failed_stores counts every try",
      from: "frontswapMap.add(offset);",
      to: `frontswapMap.add(offset);
    frontswap.failed_stores++;`,
    },
    {
      what: "failed_stores is not counted",
      from: "frontswap.failed_stores++;",
      to: "",
    },
    {
      what: "a page that was refused is asked of zswap",
      from: `frontswapMap.delete(offset);
    frontswap.failed_stores++;`,
      to: "frontswap.failed_stores++;",
    },
  ]),
  ...mutantsOf("zswap/frontswap_store", ["zswap"], [
    {
      what: "3.12 does not count a reclaim that failed",
      from: "zswap.counters.reject_reclaim_fail++;",
      to: "",
    },
    {
      what: "6.1 queues the worker above the threshold as well",
      from: `if (admission === "full") yield* zswap.queueShrinkSteps();`,
      to: `if (admission !== "accepted") yield* zswap.queueShrinkSteps();`,
    },
    {
      what: "an entry that replaces another is not counted",
      from: "zswap.counters.duplicate_entry++;",
      to: "",
    },
    {
      what: "pool_total_size does not grow with a store",
      from: `zswap.chargedBytes += length;
  updateTotalSize(zswap, tree);`,
      to: "zswap.chargedBytes += length;",
    },
    {
      what: "a cgroup is not charged for what it stores in 6.1",
      from: "zswap.chargedBytes += length;",
      to: "",
    },
    {
      what: "a page of one word is compressed as any other",
      from: "if (!isSameFilled(page, wordBytes)) return false;",
      to: "if (isSameFilled(page, wordBytes)) return false;",
    },
  ]),
  ...mutantsOf("zswap/store", ["zswap"], [
    {
      what: "the object of a page without a node is not freed",
      from: "() => pool.zpool.free(entry.handle),",
      to: "() => {},",
    },
    {
      what: "a page without a node is not counted",
      from: "zswap.counters.reject_alloc_fail++;",
      to: "",
    },
    {
      what: "the older pages behind a folio's first stay",
      from: "invalidatePageSteps(zswap, tree, offset + nth);",
      to: "invalidatePageSteps(zswap, tree, offset);",
    },
    {
      what: "a full zswap does not queue its worker",
      from: "if (zswap.reachedFull) yield* zswap.queueShrinkSteps();",
      to: "",
    },
    {
      what: "a disabled zswap keeps the older page",
      from: `if (zswap.profile.zswap.failedStore === "older-stays") return;`,
      to: `if (zswap.profile.zswap.failedStore === "older-stays") return;
  if (!wasTried) return;`,
    },
    {
      what: "a page that is stored as it is does not count as incompressible",
      from: "zswap.counters.stored_incompressible_pages++;",
      to: "",
    },
  ]),
  ...mutantsOf("zswap/store_at_once", ["zswap"], [
    {
      what: "an older page that goes counts in invalidates",
      from: "freeEntryAt(zswap, tree, offset);",
      to: `freeEntryAt(zswap, tree, offset);
    zswap.frontswap.invalidates++;`,
    },
    {
      what: "the older page stays where the new one is refused",
      from: "freeEntryAt(zswap, tree, offset);",
      to: "",
    },
    {
      what: "a page that is refused keeps its reference to the pool",
      from: "if (errno !== undefined) putPool(zswap, pool);",
      to: "",
    },
    {
      what: "a store keeps its reference to the pool",
      from: `  putPool(zswap, pool);
  return isStored;`,
      to: "  return isStored;",
    },
    {
      what: "the pages behind one that is refused are stored",
      from: "nth < folio.length && isStored; nth++",
      to: "nth < folio.length; nth++",
    },
    {
      what: "a page that is stored is on no LRU list",
      from: "if (zswap.locks.lru !== undefined) zswap.lru.add(entry);",
      to: "",
    },
  ]),
];

const LOAD = [
  ...mutantsOf("zswap/load_at_once", ["zswap"], [
    {
      what: "loads counts those that found nothing",
      from: `if (!tree.frontswapMap.has(offset)) return "ENOENT";`,
      to: `if (!tree.frontswapMap.has(offset)) {
    zswap.frontswap.loads++;
    return "ENOENT";
  }`,
    },
    {
      what: "loads is not counted",
      from: "zswap.frontswap.loads++;",
      to: "",
    },
    {
      what: "invalidates is not counted",
      from: "if (hasFrontswap) zswap.frontswap.invalidates++;",
      to: "",
    },
    {
      what: "invalidates counts pages that frontswap does not know",
      from: "if (hasFrontswap && !tree.frontswapMap.delete(offset)) return;",
      to: `if (hasFrontswap && !tree.frontswapMap.delete(offset)) {
    zswap.frontswap.invalidates++;
    return;
  }`,
    },
    {
      what: "a load keeps its reference to the entry",
      from: "if (isHeld) putEntry(zswap, tree, entry);",
      to: "",
    },
    {
      what: "a load past the swap cache frees the entry",
      from: "if (toSwapCache) freeEntryAt(zswap, tree, offset);",
      to: "freeEntryAt(zswap, tree, offset);",
    },
    {
      what: "7.1 keeps what is loaded past the swap cache",
      from: "loadErasedAfter(zswap, tree, offset, into, true);",
      to: "loadErasedAfter(zswap, tree, offset, into, false);",
    },
  ]),
  ...mutantsOf("zswap/tree_at_once", ["zswap"], [
    {
      what: "an entry that is freed keeps its reference to the pool",
      from: "putPool(zswap, pool);",
      to: "",
    },
    {
      what: "an entry that is freed stays on the LRU list",
      from: "if (zswap.locks.lru !== undefined) zswap.lru.del(entry);",
      to: "",
    },
  ]),
  ...mutantsOf("zswap/invalidate", ["zswap"], [
    {
      what: "the pool of a swap type outlives it",
      from:
        "if (tree.pool !== undefined) yield* putPoolSteps(zswap, tree.pool);",
      to: "",
    },
  ]),
  ...mutantsOf("zswap/tree", ["zswap"], [
    {
      what: "pool_total_size does not fall with an entry that is freed",
      from: `counters.stored_pages--;
  updateTotalSize(zswap, tree);`,
      to: "counters.stored_pages--;",
    },
    {
      what: "3.12 counts the pools of all swap types",
      from: "tree.pool?.zpool.totalPages ?? zswap.pools.totalPages;",
      to: "zswap.pools.totalPages;",
    },
    {
      what: "an incompressible page that is freed still counts",
      from: "counters.stored_incompressible_pages--;",
      to: "",
    },
  ]),
  ...mutantsOf("zswap/swp_entry", ["zswap", "swap"], [
    {
      what: "an offset loses its upper half in an object's header",
      from: "const high = Math.floor(offset / 2 ** 32);",
      to: "const high = 0;",
    },
    {
      what: "an offset's upper half is not read from an object's header",
      from: "offset: offsetHigh * 2 ** 32 + low,",
      to: "offset: low,",
    },
  ]),
  ...mutantsOf("zswap/allocator", ["zswap"], [
    {
      what: "a driver tries one page for each that it is to free",
      from: "const RECLAIM_RETRIES = 8;",
      to: "const RECLAIM_RETRIES = 1;",
    },
    {
      what: "the pools are counted after z3fold's worker",
      from: `onFreed();
  work?.();`,
      to: `work?.();
  onFreed();`,
    },
  ]),
];

const POOLS = [
  ...mutantsOf("zswap/parameters", ["zswap"], [
    {
      what: "a pool of the same kind is made anew",
      from: "zpool.type === type && tfmName === compressor;",
      to: "zpool.type === type && tfmName === compressor && false;",
    },
    {
      what: "the pool that was current keeps its reference",
      from: "if (before !== undefined) yield* putPoolSteps(zswap, before);",
      to: "",
    },
    {
      what: "an unknown compressor gets EINVAL",
      from: `if (!zswap.hasCompressor(name)) return "ENOENT";`,
      to: `if (!zswap.hasCompressor(name)) return "EINVAL";`,
    },
  ]),
  ...mutantsOf("zswap/pool_references", ["zswap"], [
    {
      what: "a pool without a reference stays",
      from: "return --pool.kref <= 0;",
      to: "return --pool.kref < 0;",
    },
  ]),
  ...mutantsOf("zswap/pools", ["zswap"], [
    {
      what: "the current pool is shrunk first",
      from: "return this.list.at(-1);",
      to: "return this.list[0];",
    },
  ]),
  ...mutantsOf("zswap/stats", ["zswap"], [
    {
      what: "pool_total_size is the current pool's",
      from: `? zswap.pools.totalPages
    : zswap.countedPages;`,
      to: `? zswap.pools.current?.zpool.totalPages ?? 0
    : zswap.countedPages;`,
    },
  ]),
  ...mutantsOf("zswap/zswap", ["zswap"], [
    {
      what: "the pools may have a quarter of memory at first",
      from: "maxPoolPercent: 20,",
      to: "maxPoolPercent: 25,",
    },
  ]),
];

/** Planted defects of zswap, without those of limits and shrinking. */
export const ZSWAP_MUTANTS: readonly Mutant[] = [
  ...STORE,
  ...LOAD,
  ...POOLS,
];
