/** What kernels do in which the second model of the swap path tells them apart. */
import type { Profile } from "../../linux/profile.ts";
import type { SwapBelow } from "../../programs/swap/steps.ts";
import { factsByRelease } from "../release_facts.ts";

/** The facts of one release. */
export interface SwapFacts {
  /** Where a page of a fast device comes in: in the swap cache, past it, or there for a moment. */
  readonly fastReads: "in" | "past" | "through";
  /** Whether zram is asked for single pages before it is sent bios: which zram. */
  readonly singlePages: "none" | "without-backing" | "all";
  /** Whether a page that zswap has stored is under writeback for a moment. */
  readonly storedIsWriteback: boolean;
  /** Whether a device may have it that no page changes while it is written. */
  readonly knowsStable: boolean;
  /** Which page that a write brings in leaves the swap cache. */
  readonly writtenLeaves: "any" | "shared" | "not-shared";
  /** What is written after it was read into the swap cache: it leaves that, is copied, or stays. */
  readonly readThenWritten: "leaves" | "is-copied" | "stays";
  /** Slots that are freed at a time, where many are free. */
  readonly freedAtOnce: 1 | 64;
  /** Whether zswap learns of each at once all the same. */
  readonly zswapLearnsFirst: boolean;
  /** Whether a failed read is in pswpin. */
  readonly failedReadsCount: boolean;
  /** Whether swapoff gives a process a page that could not be read. */
  readonly mapsUnread: boolean;
  /** Whether zeros are a bit. */
  readonly zeroBits: boolean;
}

/** The facts of a profile's release. */
export const swapFactsOf: (profile: Profile) => SwapFacts = factsByRelease<
  SwapFacts
>({
  "linux-3.12": {
    fastReads: "in",
    singlePages: "none",
    storedIsWriteback: true,
    knowsStable: false,
    writtenLeaves: "any",
    readThenWritten: "leaves",
    freedAtOnce: 1,
    zswapLearnsFirst: false,
    failedReadsCount: true,
    mapsUnread: true,
    zeroBits: false,
  },
  "linux-5.10": {
    fastReads: "past",
    singlePages: "without-backing",
    knowsStable: true,
    readThenWritten: "is-copied",
    freedAtOnce: 64,
  },
  "linux-6.1": {
    singlePages: "all",
    readThenWritten: "stays",
    mapsUnread: false,
  },
  "linux-6.12": {
    singlePages: "none",
    storedIsWriteback: false,
    zswapLearnsFirst: true,
    zeroBits: true,
  },
  "linux-6.16": { freedAtOnce: 1 },
  "linux-7.0": { fastReads: "through", writtenLeaves: "shared" },
  "linux-7.3": { writtenLeaves: "not-shared", failedReadsCount: false },
});

/** Whether what is below is a zram, with a backing device of its own or without. */
const isZram = (below: SwapBelow): boolean =>
  below === "zram" || below === "zram-backing";

/** Whether a kernel asks what is below for single pages. */
export function asksSinglePages(
  { singlePages }: SwapFacts,
  below: SwapBelow,
): boolean {
  return singlePages === "all"
    ? isZram(below)
    : singlePages === "without-backing" && below === "zram";
}

/** Whether a kernel takes what is below for as fast as memory. */
export function isFast(facts: SwapFacts, below: SwapBelow): boolean {
  if (below === "disk" || below === "zswap-disk") return false;
  // Single pages are how a kernel knows a fast device that has them.
  return below !== "zram-backing" || facts.singlePages !== "without-backing";
}

/** Whether a page must not change while what is below writes it. */
export function isStable(
  { knowsStable }: SwapFacts,
  below: SwapBelow,
  stableWrites = false,
): boolean {
  return knowsStable &&
    (isZram(below) || below.endsWith("disk") && stableWrites);
}
