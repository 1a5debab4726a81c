/** Planted defects of how zswap is kept small: limits, shrinking, writeback. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const LIMITS = mutantsOf("zswap/limits", ["zswap"], [
  {
    what: "6.1 takes the two percentages in the other order",
    from: `const threshold = percentOf(totalRamPages, acceptThresholdPercent);
  return percentOf(threshold, maxPoolPercent);`,
    to: `const threshold = percentOf(totalRamPages, maxPoolPercent);
  return percentOf(threshold, acceptThresholdPercent);`,
  },
  {
    what: "6.18 takes the two percentages in the other order",
    from: "return percentOf(maxPages(zswap), acceptThresholdPercent);",
    to: `return percentOf(
      percentOf(totalRamPages, acceptThresholdPercent),
      maxPoolPercent,
    );`,
  },
  {
    what: "a share of pages is rounded up",
    from: "Math.floor(pages * percent / 100);",
    to: "Math.ceil(pages * percent / 100);",
  },
  {
    what: "up to 6.8 just the limit is full",
    from: "return maxPages(zswap) < zswap.countedPages;",
    to: "return maxPages(zswap) <= zswap.countedPages;",
  },
  {
    what: "6.18 is full above the limit alone",
    from: "if (pages >= maxPages(zswap)) {",
    to: "if (pages > maxPages(zswap)) {",
  },
  {
    what: "6.18 does not accept at just the threshold",
    from: "pages > acceptThresholdPages(zswap)",
    to: "pages >= acceptThresholdPages(zswap)",
  },
  {
    what: "6.1 accepts at just the threshold",
    from: "acceptThresholdPages(zswap) > zswap.countedPages;",
    to: "acceptThresholdPages(zswap) >= zswap.countedPages;",
  },
  {
    what: "6.1 stays full once it is below the threshold",
    from: `!canAccept) return "above-threshold";
  zswap.reachedFull = false;`,
    to: `!canAccept) return "above-threshold";`,
  },
  {
    what: "3.12 does not count that the limit was hit",
    from: `zswap.counters.pool_limit_hit++;
  return "full";`,
    to: `return "full";`,
  },
]);

const SHRINK = [
  ...mutantsOf("zswap/zswap", ["zswap"], [
    {
      what: "a zswap that is disabled keeps pages from their device",
      from: "(!this.hasMemcg || !this.parameters.enabled)",
      to: "!this.hasMemcg",
    },
    {
      what: "a compressor is not known by its driver's name",
      from: "return this.compressors.includes(this.algorithmOf(name));",
      to: "return this.compressors.includes(name);",
    },
  ]),
  ...mutantsOf("zswap/store", ["zswap"], [
    {
      what: "6.12 stores folios of several pages",
      from: `pages <= 1 || profile.zswap.folios !== "single-page"`,
      to: `pages <= 99 || profile.zswap.folios !== "single-page"`,
    },
  ]),
  ...mutantsOf("zswap/shrink", ["zswap"], [
    {
      what: "7.3 looks at one entry in a step",
      from: "walkLru(zswap, entriesPerStep, false)",
      to: "walkLru(zswap, Math.min(entriesPerStep, 1), false)",
    },
    {
      what: "7.1 finds the root's list without memory cgroups",
      from:
        `if (!zswap.hasMemcg) return zswap.profile.zswap.withoutMemcg === "nothing";`,
      to: "if (!zswap.hasMemcg) return false;",
    },
    {
      what: "an entry new to the list gets no second chance",
      from: "if (entry.referenced) {",
      to: "if (entry.referenced && entry.length === 0) {",
    },
    {
      what: "an entry that got its second chance stays the oldest",
      from: `lru.rotate(entry);
  if (entry.referenced) {
    entry.referenced = false;
    return "rotated";
  }`,
      to: `if (entry.referenced) {
    entry.referenced = false;
    return "rotated";
  }
  lru.rotate(entry);`,
    },
    {
      what: "an entry alone on the list is looked at twice",
      from: `if (outcome === "rotated" && isAlone) break;`,
      to: "",
    },
    {
      what: "a page in the swap cache does not end the shrinker's walk",
      from: `if (outcome === "in-swap-cache" && stopsInSwapCache) {`,
      to:
        `if (outcome === "in-swap-cache" && stopsInSwapCache && shrunk < 0) {`,
    },
    {
      what: "the worker stops above the threshold by one page",
      from: "return pools.totalPages > threshold;",
      to: "return pools.totalPages > threshold + 1;",
    },
    {
      what: "the worker goes on at the threshold",
      from: "return pools.totalPages > threshold;",
      to: "return pools.totalPages >= threshold;",
    },
    {
      what: "the worker gives up after 15 failures",
      from: "const MAX_RECLAIM_RETRIES = 16;",
      to: "const MAX_RECLAIM_RETRIES = 15;",
    },
    {
      what: "6.1 counts a reclaim that did not fail",
      from: "if (errno !== undefined) zswap.counters.reject_reclaim_fail++;",
      to: "zswap.counters.reject_reclaim_fail++;",
    },
    {
      what: "6.1 does not count a reclaim that failed",
      from: "if (errno !== undefined) zswap.counters.reject_reclaim_fail++;",
      to: "",
    },
    {
      what: "6.18 does not count a reclaim that failed",
      from: "else counters.reject_reclaim_fail++;",
      to: "",
    },
    {
      what: "6.1 takes no reference where the work waits already",
      from: `zswap.profile.zswap.queuedReference === "once";`,
      to: "true;",
    },
    {
      what: "6.1's worker keeps its reference to the pool",
      from: `counters.reject_reclaim_fail++;
    yield* putPoolSteps(zswap, pool);`,
      to: "counters.reject_reclaim_fail++;",
    },
    {
      what: "pages read from the device count again in the next shrinker_count",
      from: "zswap.nrDiskSwapins -= swapins;",
      to: "",
      machines: ["zswap", "swap"],
    },
    {
      what: "pages read from the device do not lower shrinker_count",
      from: "const freeable = lru.size - swapins;",
      to: "const freeable = lru.size;",
      machines: ["zswap", "swap"],
    },
    {
      what: "the shrinker goes on behind a page in the swap cache",
      from: `return inSwapCache || shrunk === 0 ? "SHRINK_STOP" : shrunk;`,
      to: `return shrunk === 0 ? "SHRINK_STOP" : shrunk;`,
    },
  ]),
  ...mutantsOf("zswap/writeback", ["zswap", "swap"], [
    {
      what: "6.1 writes a newer page's entry back for the one that it replaced",
      from: "() => tree.entries.get(offset) === entry,",
      to: "() => tree.entries.has(offset),",
    },
    {
      what: "5.10 looks again before it writes",
      from: "if (!zswap.profile.zswap.writebackLooksAgain) {",
      to: "if (!zswap.profile.zswap.writebackLooksAgain && false) {",
    },
    {
      what: "6.1 frees the newer entry with the one that it wrote back",
      from: "if (tree.entries.get(entry.offset) === entry) {",
      to: "if (tree.entries.has(entry.offset)) {",
    },
    {
      what: "6.18 writes an entry back that a newer one replaced",
      from: "(yield* owned.find(tree, offset, WHERE)) === entry;",
      to: "(yield* owned.find(tree, offset, WHERE)) !== undefined;",
    },
    {
      what: "a page in the swap cache makes it ENOMEM",
      from: `exists: "EEXIST",`,
      to: `exists: "ENOMEM",`,
    },
    {
      what: "an eviction is not counted",
      from: "zswap.counters.written_back_pages++;",
      to: "",
    },
  ]),
];

/** Planted defects of limits, shrinking and writeback. */
export const ZSWAP_SHRINK_MUTANTS: readonly Mutant[] = [
  ...LIMITS,
  ...SHRINK,
];
