/** What is free in a machine's zones, and what both compactions make of it. */
import { compactMemory } from "../../memory/memory_compaction.ts";
import type { Given } from "../experiment.ts";
import { FragmentedMachine, takeBlocks } from "./fragmented_machine.ts";
import { ratio } from "./aging_runs.ts";
import { storedPages } from "./stored_pages.ts";

/** The order that fork asks for on ARM: a pgd of 16 KiB (`pgd_alloc`). */
export const PGD_ORDER = 2;

/** A zone's line of `/proc/buddyinfo`, in numbers. */
export interface ZoneFree {
  readonly name: string;
  /** Free blocks by order. */
  readonly blocks: readonly number[];
}

/** A machine at one moment. */
export interface Moment {
  readonly name: string;
  readonly zones: readonly ZoneFree[];
  /** Frames of zram's pool. */
  readonly poolFrames: number;
  /** Percent of these that is objects. */
  readonly ratio: number;
  /** Free frames of the zone that fork's pgd is of. */
  readonly lowFree: number;
  /** Forks until one fails. */
  readonly forks: number;
  /** The zone's free frames then. */
  readonly leftFree: number;
}

/** What memory compaction did to zram's frames. */
export interface Migration {
  /** Frames that were others afterwards. */
  readonly moved: number;
  /** Objects that were not what was stored. */
  readonly wrong: number;
}

/** All that comes of one kernel. */
export interface PageFrames {
  /** After little aging, and when zsmalloc was compacted then. */
  readonly used: Moment;
  readonly usedPacked: Moment;
  /** When a half of the processes has gone. */
  readonly aged: Moment;
  readonly agedPacked: Moment;
  /** When memory was compacted instead, and what that did. */
  readonly agedCompacted: Moment;
  readonly migration: Migration;
  /** The same without zram. */
  readonly plain: Moment;
  readonly plainCompacted: Moment;
}

function poolFramesOf({ pool }: FragmentedMachine): Set<number> {
  const { zspages } = pool;
  return new Set([...zspages.live()].flatMap((one) => zspages.pagesOf(one)));
}

function momentOf(machine: FragmentedMachine, name: string): Moment {
  const { memory, pool, objectBytes } = machine;
  const zones = memory.buddy?.zones ?? [];
  const before = {
    name,
    zones: zones.map(({ name, nrFree }) => ({ name, blocks: [...nrFree] })),
    poolFrames: pool.pagesAllocated,
    ratio: ratio(objectBytes, pool.pagesAllocated * memory.pageSize),
    lowFree: zones[0].freePages,
  };
  const restore = machine.remember();
  const forks = takeBlocks(memory, PGD_ORDER);
  const leftFree = zones[0].freePages;
  restore();
  return { ...before, forks, leftFree };
}

/** A moment after something was done, which is undone then. */
function momentAfter(
  machine: FragmentedMachine,
  name: string,
  task: () => void,
): Moment {
  const restore = machine.remember();
  task();
  const moment = momentOf(machine, name);
  restore();
  return moment;
}

/** Runs the machine with zram and without. */
export function runPageFrames(
  given: Given<"frames" | "touches">,
): PageFrames {
  const { profile, seed, sizes: { frames, touches }, realPages } = given;
  const real = realPages(Math.ceil(frames / 8), profile.pageSize);
  const pages = storedPages(profile, real);
  const start = (hasZram: boolean) => {
    const plan = { profile, seed, frames, pages, hasZram };
    const machine = new FragmentedMachine(plan);
    machine.use(touches);
    return machine;
  };
  const machine = start(true);
  const pack = () => machine.pool.compact();
  const used = momentOf(machine, "used");
  const usedPacked = momentAfter(machine, "used, zs_compact", pack);
  machine.exitHalf();
  const aged = momentOf(machine, "half gone");
  const agedPacked = momentAfter(machine, "half gone, zs_compact", pack);
  const before = poolFramesOf(machine);
  compactMemory(machine.memory);
  const migration = {
    moved: [...poolFramesOf(machine)].filter((pfn) => !before.has(pfn)).length,
    wrong: machine.wrongObjects,
  };
  const agedCompacted = momentOf(machine, "half gone, compact_memory");
  const plainMachine = start(false);
  plainMachine.exitHalf();
  const plain = momentOf(plainMachine, "no zram, half gone");
  compactMemory(plainMachine.memory);
  const plainCompacted = momentOf(
    plainMachine,
    "no zram, compact_memory",
  );
  return {
    used,
    usedPacked,
    aged,
    agedPacked,
    agedCompacted,
    migration,
    plain,
    plainCompacted,
  };
}
