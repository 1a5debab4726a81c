/**
 * The rules about zswap's limits and about the pages that they look at, each
 * counted a second time.
 */
import { expectEqual, SILENT } from "../rules/invariant.ts";
import type { ZswapInvariant, ZswapStoreInvariant } from "./invariants.ts";
import { acceptThresholdPages, maxPages } from "./limits.ts";
import type { Zswap } from "./zswap.ts";

/** A share of pages in whole pages, as unsigned integers are divided. */
const share = (pages: bigint, percent: number): bigint =>
  pages * BigInt(percent) / 100n;

/** Whether the limits look at the pools themselves (since 6.9). */
const asksPools = ({ profile }: Zswap): boolean =>
  profile.zswap.shrink === "entries-in-worker";

/** Rules about the limits and the pages that are counted. */
export const ZSWAP_COUNT_INVARIANTS: readonly ZswapInvariant[] = [
  {
    id: "zswap/limit-pages",
    sentence:
      "The pools may have max_pool_percent of memory in whole pages, and are accepted below accept_threshold_percent: up to 6.8 the second is taken of memory first, since then of the whole pages of the first.",
    source:
      "zswap_is_full, zswap_can_accept, mm/zswap.c, 6.1; zswap_max_pages, zswap_accept_thr_pages, mm/zswap.c, 6.18",
    check(_tally, zswap) {
      const { maxPoolPercent, acceptThresholdPercent } = zswap.parameters;
      const ram = BigInt(zswap.totalRamPages);
      const most = share(ram, maxPoolPercent);
      const threshold = asksPools(zswap)
        ? share(most, acceptThresholdPercent)
        : share(share(ram, acceptThresholdPercent), maxPoolPercent);
      return expectEqual("pages allowed", maxPages(zswap), Number(most)) ??
        expectEqual(
          "pages of the threshold",
          acceptThresholdPages(zswap),
          Number(threshold),
        );
    },
  },
];

/** Rules about what a store counts. */
export const ZSWAP_STORE_COUNT_INVARIANTS: readonly ZswapStoreInvariant[] = [
  {
    id: "zswap/pool-total-size-stored",
    sentence:
      "A store ends by counting the pages of the pools, of which z3fold's worker may free some after it (up to 6.8).",
    source: "zswap_frontswap_store, mm/zswap.c, 3.12, 6.1",
    check({ succStores }, zswap) {
      const isStored = zswap.frontswap.succ_stores > succStores;
      const { poolPer } = zswap.profile.zswap;
      if (!isStored || poolPer === "swap-type") return SILENT;
      const { pools: { totalPages }, profile: { zswap: { zpools } } } = zswap;
      const isCompacted = zpools.includes("z3fold");
      if (isCompacted && zswap.countedPages > totalPages) return SILENT;
      return expectEqual("pages counted", zswap.countedPages, totalPages);
    },
  },
];
