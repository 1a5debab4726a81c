/** The model of the swap path as a `create` describes it, with what is below. */
import type { Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { failEach } from "../../programs/faults.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import type { SwapBelow, SwapCreate } from "../../programs/swap/steps.ts";
import {
  blockSwapDevice,
  pseudoSwapDevice,
  type SwapDevice,
  zramSwapDevice,
} from "../../swap/device.ts";
import { Swap } from "../../swap/swap.ts";
import { RamBackingDevice } from "../../zram/backing.ts";
import { Zram } from "../../zram/device.ts";
import { type Requested, watchedDevice } from "./requested.ts";

/** Where zram has its backing device. */
const BACKING_PATH = "/dev/backing";
/** Pages of that: too few for all pages of most programs. */
const BACKING_PAGES = 12;

/** A machine of the model, and what its judges may look at. */
export interface SwapSubject {
  /** The kernel, with the geometry of the machine. */
  readonly profile: Profile;
  /** What the machine is like. */
  readonly setup: SwapCreate & { readonly below: SwapBelow };
  /** The swap path. */
  readonly swap: Swap;
  /** The zram devices that were swapped to, those that are off too. */
  readonly zrams: Zram[];
  /** What was asked of devices and memory in the last step. */
  readonly requested: Requested;
  /** The clock, in seconds. */
  seconds: number;
}

/** Pages of a machine of which nothing is said. */
const DEFAULTS = {
  below: "zswap-ram-disk",
  totalPages: 14336,
  swapPages: 256,
} as const;

function ramDevice(
  { setup, profile }: Pick<SwapSubject, "setup" | "profile">,
  pages: number,
): RamBackingDevice {
  const fails = {
    read: failEach(setup.failReads),
    write: failEach(setup.failWrites),
  };
  const counts = { read: 0, write: 0 };
  return new RamBackingDevice(pages, profile.pageSize, {
    failRequest: (kind) => fails[kind](counts[kind]++),
  });
}

/** A zram device to swap to, with as much memory as zswap would have. */
function zramDevice(subject: SwapSubject, pages: number): SwapDevice {
  const { setup, profile } = subject;
  const { pageSize } = profile;
  const zram = new Zram(profile, {
    memory: new Memory({
      pageSize,
      failPageAlloc: failEach(setup.failAllocations),
    }),
    backingDevices: new Map([
      [BACKING_PATH, ramDevice(subject, BACKING_PAGES)],
    ]),
    now: () => subject.seconds,
  });
  zram.setAlgorithm("lz4");
  if (setup.below === "zram-backing") zram.setBackingDev(BACKING_PATH);
  zram.setDisksize(pages * pageSize);
  zram.limitPages = setup.poolPages ?? 0;
  subject.zrams.push(zram);
  return zramSwapDevice(zram);
}

function newDevice(subject: SwapSubject): SwapDevice {
  const { below, slots, swapPages = DEFAULTS.swapPages } = subject.setup;
  const pages = slots === undefined ? swapPages : slots + 1;
  if (below === "zram" || below === "zram-backing") {
    return zramDevice(subject, pages);
  }
  if (below === "zswap-pseudo") return pseudoSwapDevice(pages);
  return blockSwapDevice(ramDevice(subject, pages), {
    synchronous: below === "zswap-ram-disk",
    stableWrites: subject.setup.stableWrites,
  });
}

/** Swaps another device of the machine on. */
export function swapOnAnother(subject: SwapSubject): void {
  const watched = watchedDevice(newDevice(subject), subject.requested);
  watched.type = subject.swap.swapon(watched.device);
}

/**
 * Memory with so many frames, which notes what it is asked. Where they are few,
 * they are numbered from 0, but below z3fold: a page that one object has alone
 * gives it its address for a handle, and a handle is not 0.
 */
function watchedMemory(
  profile: Profile,
  { frames = Infinity, failAllocations }: SwapCreate,
  requested: Requested,
): Memory {
  const fails = failEach(failAllocations);
  const hasZ3fold = profile.zswap.zpools.includes("z3fold");
  const memory: Memory = new Memory({
    pageSize: profile.pageSize,
    firstPfn: frames < Infinity && !hasZ3fold ? 0 : 1,
    failPageAlloc(nth) {
      const failed = fails(nth) || memory.allocatedPages >= frames;
      const { requests, part } = requested;
      const none = { type: -1, slot: -1, alone: false };
      requests.push({ kind: "frame", ...none, failed, part });
      return failed;
    },
  });
  return memory;
}

/** zswap as a machine has it. */
function zswapOptions(setup: SwapSubject["setup"]) {
  const { below, allocator, poolPages, totalPages, failAllocations } = setup;
  if (!below.startsWith("zswap")) return undefined;
  return {
    totalRamPages: poolPages ?? totalPages ?? DEFAULTS.totalPages,
    zpool: allocator,
    writeback: below !== "zswap-pseudo",
    failEntry: failEach(failAllocations, 2),
    failNode: failEach(failAllocations, 3),
    failslab: failEach(failAllocations, 4),
  };
}

/** A machine without processes, its devices swapped on. */
export function makeSubject(kernel: Profile, create: SwapCreate): SwapSubject {
  const profile = kernelAsked(kernel, create);
  const setup = { ...create, below: create.below ?? DEFAULTS.below };
  const requested: Requested = { requests: [], part: 0 };
  const memory = watchedMemory(profile, setup, requested);
  const swap = new Swap(profile, { memory, zswap: zswapOptions(setup) });
  if (swap.zswap !== undefined && setup.poolPages !== undefined) {
    swap.zswap.parameters.maxPoolPercent = 100;
  }
  const subject: SwapSubject = {
    profile,
    setup,
    swap,
    zrams: [],
    requested,
    seconds: 0,
  };
  swapOnAnother(subject);
  if (setup.slots !== undefined) swapOnAnother(subject);
  return subject;
}
