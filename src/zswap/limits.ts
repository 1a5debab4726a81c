/** How much zswap may hold: a limit, and a threshold for the time after it. */
import type { ZswapProfile } from "../linux/zswap_profile.ts";
import type { Zswap } from "./zswap.ts";

/** What the limits say to a store. */
export type Admission =
  /** There is room. */
  | "accepted"
  /** The limit is passed: a pool has to shrink. */
  | "full"
  /** The limit was passed, and the pools are not yet below the threshold. */
  | "above-threshold";

/** A share of a number of pages, in whole pages. */
const percentOf = (pages: number, percent: number): number =>
  Math.floor(pages * percent / 100);

/** Pages that the pools may have (`zswap_max_pages`, since 6.9). */
export function maxPages({ totalRamPages, parameters }: Zswap): number {
  return percentOf(totalRamPages, parameters.maxPoolPercent);
}

/**
 * Pages from which on down a full zswap accepts again. Specifies
 * `zswap_accept_thr_pages` (since 6.9) and, with its order of the divisions,
 * `zswap_can_accept`.
 */
export function acceptThresholdPages(zswap: Zswap): number {
  const { totalRamPages, parameters, profile } = zswap;
  const { maxPoolPercent, acceptThresholdPercent } = parameters;
  if (profile.zswap.shrink === "entries-in-worker") {
    return percentOf(maxPages(zswap), acceptThresholdPercent);
  }
  const threshold = percentOf(totalRamPages, acceptThresholdPercent);
  return percentOf(threshold, maxPoolPercent);
}

/** Whether the pools, as they were counted last, are above the limit. */
function isFull(zswap: Zswap): boolean {
  return maxPages(zswap) < zswap.countedPages;
}

/** Specifies `zswap_is_full` and what the store makes of it, 3.12. */
function admitUpToLimit(zswap: Zswap): Admission {
  if (!isFull(zswap)) return "accepted";
  zswap.counters.pool_limit_hit++;
  return "full";
}

/** Specifies the same and `zswap_can_accept`, 5.6 to 6.8. */
function admitWithThreshold(zswap: Zswap): Admission {
  if (isFull(zswap)) {
    zswap.counters.pool_limit_hit++;
    zswap.reachedFull = true;
    return "full";
  }
  const canAccept = acceptThresholdPages(zswap) > zswap.countedPages;
  if (zswap.reachedFull && !canAccept) return "above-threshold";
  zswap.reachedFull = false;
  return "accepted";
}

/** Specifies `zswap_check_limits`, since 6.9. */
function checkLimits(zswap: Zswap): Admission {
  const pages = zswap.pools.totalPages;
  if (pages >= maxPages(zswap)) {
    zswap.counters.pool_limit_hit++;
    zswap.reachedFull = true;
    return "full";
  }
  if (zswap.reachedFull && pages > acceptThresholdPages(zswap)) {
    return "above-threshold";
  }
  zswap.reachedFull = false;
  return "accepted";
}

/**
 * Whether the memory cgroup may have one page more in zswap. Specifies
 * `obj_cgroup_may_zswap`, `mm/memcontrol.c`, 6.1.192 and 7.3.4, of one cgroup.
 */
export function cgroupMayZswap(zswap: Zswap): boolean {
  const { cgroupMax, chargedBytes, profile, hasMemcg } = zswap;
  if (!hasMemcg || profile.zswap.cgroupLimit === "none") return true;
  return Math.floor(chargedBytes / profile.pageSize) < cgroupMax;
}

/** What the limits say to a store, and what they note of it. */
export const ADMIT: Readonly<
  Record<ZswapProfile["shrink"], (zswap: Zswap) => Admission>
> = {
  "in-store": admitUpToLimit,
  "page-in-worker": admitWithThreshold,
  "entries-in-worker": checkLimits,
};
