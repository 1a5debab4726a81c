/** The model of the swap path, with zswap in it, as a target. */
import type { Profile } from "../linux/profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blockSwapDevice } from "../swap/device.ts";
import { Swap } from "../swap/swap.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import {
  readZswapParameter,
  writeZswapParameter,
} from "../zswap/parameters.ts";
import { zswapCounters } from "../zswap/stats.ts";
import type { Zswap } from "../zswap/zswap.ts";
import type { SwapSetup, SwapTarget } from "../targets/swap_target.ts";
import type { Refusal } from "../targets/target.ts";

/** The one process. */
const PROCESS = 1;

const refusalOf = (errno: string | undefined): Refusal | undefined =>
  errno === undefined ? undefined : { error: errno };

/** A process of the model, which answers at once. */
export interface ModelSwap extends SwapTarget {
  create(): undefined;
  set(attr: string, value: string): Refusal | undefined;
  get(attr: string): { readonly value: string } | Refusal;
  write(page: number, data: Uint8Array): Refusal | undefined;
  read(page: number): { readonly data: Uint8Array } | Refusal;
  pageOut(page: number): { readonly out: boolean };
  forget(page: number): undefined;
  counters(): { readonly counters: readonly number[] };
}

function makeSwap(
  profile: Profile,
  { totalPages, swapPages }: SwapSetup,
): { swap: Swap; zswap: Zswap } {
  const swap = new Swap(profile, { zswap: { totalRamPages: totalPages } });
  const { zswap } = swap;
  if (zswap === undefined) throw new Error("the swap path has no zswap");
  const device = new RamBackingDevice(swapPages, profile.pageSize);
  swap.swapon(blockSwapDevice(device, true));
  return { swap, zswap };
}

/**
 * A process of the model: what a live kernel is compared with. After each page
 * that is paged out, zswap's worker runs.
 */
export function modelSwap(profile: Profile, setup: SwapSetup): ModelSwap {
  let { swap, zswap } = makeSwap(profile, setup);
  return {
    create() {
      ({ swap, zswap } = makeSwap(profile, setup));
      return undefined;
    },
    set: (attr, value) => refusalOf(writeZswapParameter(zswap, attr, value)),
    get(attr) {
      const shown = readZswapParameter(zswap, attr);
      return "errno" in shown ? { error: shown.errno } : { value: shown.text };
    },
    write: (page, data) => refusalOf(swap.write(PROCESS, page, data)),
    read(page) {
      const data = new Uint8Array(profile.pageSize);
      // Whoever may write a page that was never written is given one.
      const errno = swap.pageOf(PROCESS, page) === undefined
        ? swap.write(PROCESS, page, data)
        : swap.read(PROCESS, page, data);
      return refusalOf(errno) ?? { data };
    },
    pageOut(page) {
      swap.swapOut(PROCESS, page);
      const { pfn, slot } = swap.pageOf(PROCESS, page) ?? {};
      return { out: pfn === NO_PAGE && slot !== undefined };
    },
    forget(page) {
      swap.free(PROCESS, page);
      return undefined;
    },
    counters() {
      const shown = zswapCounters(zswap);
      const counters = profile.zswap.counters.map((name) => shown[name] ?? 0);
      return { counters };
    },
  };
}
