/** What kernels do in which the second model of zswap tells them apart, by their names. */
import type { Profile } from "../../linux/profile.ts";
import type { SwapCacheState } from "../../programs/zswap/steps.ts";
import { factsByRelease } from "../release_facts.ts";

/** Facts of one kernel. */
export interface NaiveKernel {
  /** Compressors that have room for two pages, and so refuse none. */
  readonly unlimited: readonly string[];
  /** Compressors that say that there is no room, instead of that all is wrong. */
  readonly saysNoRoom: readonly string[];
  /** Whether a page that the compressor refuses is counted. */
  readonly countsRefused: boolean;
  /** Whether zsmalloc says that a page is too large, and not that it failed. */
  readonly zsmallocSaysWhy: boolean;
  /** Whether what does not become smaller is kept as it is. */
  readonly keepsWhole: boolean;
  /** Whether folios of several pages are taken. */
  readonly takesFolios: boolean;
  /** What follows a compressor's name in its driver's; others are exceptions. */
  readonly driver: string;
  /** Compressors whose driver is called otherwise. */
  readonly otherDrivers: Readonly<Partial<Record<string, string>>>;
  /** Whether writeback sees that a slot is another page's by now. */
  readonly looksAgain: boolean;
  /** Whether damaged bytes stop the kernel. */
  readonly stopsAtDamage: boolean;
  /** Whether z3fold stops the kernel where it has no memory for slots. */
  readonly stopsWithoutSlots: boolean;
  /** Whether whatever is loaded leaves zswap. */
  readonly loadsLeave: boolean;
  /** Entries that a step of the worker looks at. */
  readonly entriesPerStep: number;
  /** Whether the worker finds its list where there are no memory cgroups. */
  readonly findsRoot: boolean;
  /** Whether a swap type that is off is taken for a page that is there. */
  readonly endsAtTypeOff: boolean;
  /** Whether the swap cache says of a slot that it is free. */
  readonly saysSlotFree: boolean;
  /** What a cgroup at its limit does: nothing, refuse a page, or give one up for it. */
  readonly atCgroupLimit: "nothing" | "refuses" | "gives-up";
  /** The letters that say yes and no. */
  readonly truths: readonly [yes: string, no: string];
}

/** The facts of a profile's release. */
export const naiveKernel: (profile: Profile) => NaiveKernel = factsByRelease<
  NaiveKernel
>({
  "linux-3.12": {
    unlimited: ["lzo", "lzo-rle", "lz4", "lz4hc", "842", "zstd"],
    saysNoRoom: [],
    countsRefused: false,
    zsmallocSaysWhy: false,
    keepsWhole: false,
    takesFolios: false,
    driver: "-generic",
    otherDrivers: {},
    looksAgain: false,
    stopsAtDamage: true,
    stopsWithoutSlots: true,
    loadsLeave: false,
    entriesPerStep: 1,
    findsRoot: true,
    endsAtTypeOff: false,
    saysSlotFree: false,
    atCgroupLimit: "nothing",
    truths: ["y1", "n0"],
  },
  "linux-5.10": { unlimited: ["lzo", "lzo-rle"] },
  "linux-6.1": {
    unlimited: [],
    atCgroupLimit: "refuses",
    stopsWithoutSlots: false,
    driver: "-scomp",
    looksAgain: true,
    truths: ["yt1", "nf0"],
  },
  "linux-6.12": {
    saysNoRoom: ["842"],
    atCgroupLimit: "gives-up",
    countsRefused: true,
    zsmallocSaysWhy: true,
  },
  "linux-6.16": {
    saysNoRoom: ["842", "deflate"],
    takesFolios: true,
    otherDrivers: { deflate: "deflate-generic" },
    stopsAtDamage: false,
    findsRoot: false,
    endsAtTypeOff: true,
  },
  "linux-6.17": {
    otherDrivers: { deflate: "deflate-generic", zstd: "zstd-generic" },
    truths: ["yte1", "nfd0"],
  },
  "linux-6.18": { keepsWhole: true },
  "linux-7.1": { loadsLeave: true },
  "linux-7.2": { findsRoot: true, saysSlotFree: true },
  "linux-7.3": { entriesPerStep: 32 },
});

/** What the swap cache answers for a slot in which it has no new page. */
export function answerAt(
  { endsAtTypeOff, saysSlotFree }: NaiveKernel,
  state: SwapCacheState,
): string {
  if (state === "cached") return "exists";
  if (state === "swap-type-off") return endsAtTypeOff ? "exists" : "no-memory";
  return state === "slot-free" && saysSlotFree ? "no-slot" : "no-memory";
}

/** The name of a compressor's driver. */
export function driverOf(
  { driver, otherDrivers }: NaiveKernel,
  compressor: string,
): string {
  return otherDrivers[compressor] ?? compressor + driver;
}

/** The compressor that is called so, or whose driver is. */
export function compressorOf(
  kernel: NaiveKernel,
  compressors: readonly string[],
  name: string,
): string | undefined {
  return compressors.find((one) =>
    one === name || driverOf(kernel, one) === name
  );
}
