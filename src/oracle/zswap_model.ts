/** The model of zswap as a target. */
import type { Profile } from "../linux/profile.ts";
import { runToEnd } from "../rules/wait.ts";
import { writeZswapParameter } from "../zswap/parameters.ts";
import { zswapCounters } from "../zswap/stats.ts";
import type { SwapLayer } from "../zswap/swap_layer.ts";
import { Zswap } from "../zswap/zswap.ts";
import type {
  ZswapSetup,
  ZswapTarget,
  ZswapWritten,
} from "../targets/target.ts";

/** Swap types that are on. */
export const SWAP_TYPES = 2;

/** A swap layer that has memory for every page, and keeps what is written. */
function collecting(written: ZswapWritten[]): SwapLayer {
  return {
    // deno-lint-ignore require-yield
    *allocSwapCachePage() {
      return "new";
    },
    deleteFromSwapCache() {},
    // deno-lint-ignore require-yield
    *writePage(type, offset, data) {
      written.push([type, offset, data.slice()]);
    },
  };
}

/** zswap as `create` asks for it; `undefined` where the kernel has no such allocator. */
function makeZswap(
  profile: Profile,
  setup: ZswapSetup,
  written: ZswapWritten[],
): Zswap | undefined {
  const { totalPages, maxPoolPercent, acceptThresholdPercent } = setup;
  const zpool = profile.zswap.zpools.find((one) => one === setup.allocator);
  if (zpool === undefined) return undefined;
  const zswap = new Zswap(profile, {
    totalRamPages: totalPages,
    zpool,
    swap: collecting(written),
  });
  const set = (name: string, value: number | string) =>
    writeZswapParameter(zswap, name, String(value));
  set("max_pool_percent", maxPoolPercent);
  set("accept_threshold_percent", acceptThresholdPercent);
  set("shrinker_enabled", "Y");
  for (let type = 0; type < SWAP_TYPES; type++) zswap.swapon(type);
  return zswap;
}

/**
 * Writes back until `entries` pages were written, or no more can be: as memory
 * pressure does, one entry at a time; in kernels without a shrinker, as the
 * allocator does, a page of its own at a time, with all that is in it.
 */
function writeBack(
  zswap: Zswap,
  entries: number,
  written: ZswapWritten[],
): void {
  if (zswap.profile.zswap.shrink === "entries-in-worker") {
    // Each entry may have a second chance before it goes.
    for (let left = 2 * zswap.lru.size; left > 0; left--) {
      if (written.length >= entries) break;
      zswap.shrinkerScan(1);
    }
    return;
  }
  for (const { zpool } of zswap.pools.list) {
    while (written.length < entries) {
      const { errno } = runToEnd(zpool.shrinkSteps(1));
      if (errno !== undefined) break;
    }
  }
}

/**
 * zswap of a kernel as a target, with its default compressor and the swap types
 * 0 and 1. A worker that a store queues runs right after it; a page that is
 * loaded goes to the swap cache, and so leaves zswap, since 6.5.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, modelZswap } from "zspec";
 *
 * const target = modelZswap(LINUX_6_18);
 * await target.create({
 *   totalPages: 100,
 *   maxPoolPercent: 20,
 *   acceptThresholdPercent: 90,
 *   allocator: "zsmalloc",
 * });
 * await target.store(0, 7, new Uint8Array(4096));
 * assertEquals(await target.stats(), {
 *   storedPages: 1,
 *   poolTotalSize: 4096,
 *   writtenBackPages: 0,
 * });
 * ```
 */
export function modelZswap(profile: Profile): ZswapTarget {
  let zswap: Zswap | undefined;
  const written: ZswapWritten[] = [];
  const made = () => {
    if (zswap !== undefined) return zswap;
    throw new Error("Cannot use zswap: 'create' has not been asked");
  };
  return {
    create(setup) {
      zswap = makeZswap(profile, setup, written);
      if (zswap === undefined) return { error: "ENOENT" };
    },
    store(type, offset, data) {
      const outcome = made().store(type, offset, [data]);
      made().shrinkWork();
      return outcome === "stored"
        ? { stored: true }
        : { stored: false, reason: outcome };
    },
    load(type, offset) {
      const data = new Uint8Array(profile.pageSize);
      const errno = made().load(type, offset, data);
      return { data: errno === undefined ? data : null };
    },
    invalidate: (type, offset) => made().invalidate(type, offset),
    writeback(entries) {
      written.length = 0;
      writeBack(made(), entries, written);
      return { written: written.slice() };
    },
    stats() {
      const counters = zswapCounters(made());
      const { stored_pages = 0, written_back_pages = 0 } = counters;
      const { pool_pages = 0, pool_total_size } = counters;
      return {
        storedPages: stored_pages,
        poolTotalSize: pool_total_size ?? pool_pages * profile.pageSize,
        writtenBackPages: written_back_pages,
      };
    },
  };
}
