/** Hierarchies of compressed memory above a disk, each ready for pages. */
import type { Codec } from "../../codec/codec.ts";
import type { Profile } from "../../linux/profile.ts";
import { blockSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { Swap } from "../../swap/swap.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { RamBackingDevice } from "../../zram/backing.ts";
import type { Zram } from "../../zram/device.ts";
import { CountedMemory } from "./counting.ts";
import { limitedZram, zswapOf, zswapOver } from "./swap_machine.ts";

/** What a hierarchy is made for. */
export interface HierarchyPlan {
  readonly profile: Profile;
  readonly codec: Codec;
  /** Pages that are swapped out. */
  readonly pages: number;
  /** Frames for compressed pages. */
  readonly room: number;
}

/** A hierarchy in use. */
export interface Hierarchy {
  readonly swap: Swap;
  readonly zram?: Zram;
  /** What memory pressure or an administrator does from time to time. */
  relieve?(): void;
  /** Swaps a page out with the frames that there are just then. */
  squeeze?(swapOut: () => void): void;
}

/** A way to have a hierarchy. */
export interface Way {
  /** What it is called. */
  readonly name: string;
  /** Whether a kernel has it. */
  isIn(profile: Profile): boolean;
  start(plan: HierarchyPlan): Hierarchy;
}

const always = () => true;

/** The name of zswap over a disk, as the kernel has it. */
export const ZSWAP = "zswap over a disk";
/** The name of zswap where memory is short just when it is full. */
export const ZSWAP_STARVED = "zswap over a disk, no frame to write back";
/** The name of zram whose idle pages are written back. */
export const ZRAM_IDLE_BACK = "zram, idle pages written back";
/** The name of zram with a disk of lower priority. */
export const ZRAM_FIRST = "zram, then a disk by priority";

/** A disk with a slot for every page, and one for the header. */
const diskOf = ({ pages, profile: { pageSize } }: HierarchyPlan) =>
  blockSwapDevice(new RamBackingDevice(pages + 1, pageSize));

function startZram(plan: HierarchyPlan): Hierarchy {
  const { profile, codec, room } = plan;
  const pages = plan.pages + 1;
  const zram = limitedZram(profile, codec, { pages, limitPages: room });
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  return { swap, zram };
}

/**
 * The disk of zram is twice the memory, as its documentation has it, and the
 * disk behind it gets what does not fit any more.
 */
function startZramFirst(plan: HierarchyPlan): Hierarchy {
  const { profile, codec, room } = plan;
  const pages = 2 * room + 1;
  const zram = limitedZram(profile, codec, { pages, limitPages: 2 * room });
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  swap.swapon(diskOf(plan));
  return { swap, zram };
}

function startZswap(plan: HierarchyPlan, writeback: boolean): Hierarchy {
  const { profile, codec, room } = plan;
  const swap = zswapOver(diskOf(plan), profile, codec, {
    limitPages: room,
    writeback,
  });
  return { swap };
}

/** zswap in memory of which no more is free than zswap may take. */
function startStarved(plan: HierarchyPlan): Hierarchy {
  const { profile, codec, room } = plan;
  const memory = new CountedMemory({ pageSize: profile.pageSize });
  const swap = zswapOver(diskOf(plan), profile, codec, {
    limitPages: room,
    memory,
  });
  return {
    swap,
    squeeze(swapOut) {
      memory.left = Math.max(0, room - zswapOf(swap).pools.totalPages);
      swapOut();
      memory.left = Infinity;
    },
  };
}

/** SWAP_CLUSTER_MAX: entries that a round of reclaim asks a shrinker to look at. */
const SWAP_CLUSTER_MAX = 32;
/** From what share of the limit on memory counts as short, in percent. */
const SHORT_FROM = 75;

const isShort = (pages: number, { room }: HierarchyPlan) =>
  100 * pages >= SHORT_FROM * room;

/** zswap whose shrinker runs before the limit is met (`shrinker_enabled`). */
function startShrinker(plan: HierarchyPlan): Hierarchy {
  const { swap } = startZswap(plan, true);
  const zswap = zswapOf(swap);
  zswap.parameters.shrinkerEnabled = true;
  return {
    swap,
    relieve() {
      if (!isShort(zswap.pools.totalPages, plan)) return;
      zswap.shrinkerScan(Math.min(zswap.shrinkerCount(), SWAP_CLUSTER_MAX));
    },
  };
}

/** zram whose idle pages are written to its backing device, then all made idle. */
function startIdleWriteback(plan: HierarchyPlan): Hierarchy {
  const { profile, codec, room } = plan;
  const pages = plan.pages + 1;
  const backing = new RamBackingDevice(pages, profile.pageSize);
  const zram = limitedZram(profile, codec, {
    pages,
    limitPages: room,
    backing,
  });
  const swap = new Swap(profile);
  swap.swapon(zramSwapDevice(zram));
  return {
    swap,
    zram,
    relieve() {
      if (!isShort(zram.initialisedPool.pagesAllocated, plan)) return;
      writeAttribute(zram, "writeback", "idle");
      writeAttribute(zram, "idle", "all");
    },
  };
}

/** Every way, the simplest first. */
export const WAYS: readonly Way[] = [
  { name: "zram alone, limited", isIn: always, start: startZram },
  { name: ZRAM_FIRST, isIn: always, start: startZramFirst },
  {
    name: ZRAM_IDLE_BACK,
    isIn: ({ zram }) => zram.writebackTypes.includes("idle"),
    start: startIdleWriteback,
  },
  { name: ZSWAP, isIn: always, start: (plan) => startZswap(plan, true) },
  { name: ZSWAP_STARVED, isIn: always, start: startStarved },
  {
    name: "zswap over a disk, shrinker on",
    isIn: ({ zswap }) => "shrinker_enabled" in zswap.parameters,
    start: startShrinker,
  },
  {
    name: "zswap over a disk, writeback off",
    isIn: always,
    start: (plan) => startZswap(plan, false),
  },
];
