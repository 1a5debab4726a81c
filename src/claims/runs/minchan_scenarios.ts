/**
 * Three scenarios of 2013: a kernel's tree untarred and built beside a hog of
 * random data, in a machine of 1 GiB, with swap on zram and with a dm-cache of
 * zram before a disk; and what came later. Scaled down by one factor.
 *
 * Source: Minchan Kim's letter on zram's promotion out of staging, August and
 * November 2013. It has them prove that with a dm-cache "zram can support
 * writeback into real swap storage so that zram-cache can always have a free
 * space". What decides that is what goes to zram there, and what leaves it.
 */
import { type DmCacheStatus, dmCacheStatus } from "../../dm_cache/status.ts";
import { randomFrom } from "../../programs/random.ts";
import { assertWhole } from "../../rules/argument.ts";
import { KernelBug } from "../../rules/kernel_bug.ts";
import type { Zram } from "../../zram/device.ts";
import {
  build,
  type Failure,
  scaledPages,
  untar,
  type Workplace,
} from "./kernel_build.ts";
import {
  filesOnTmpfs,
  filesOnZram,
  MINCHAN_KERNELS,
  MINCHAN_SIZES,
  type MinchanKernel,
  type MinchanSizes,
  type Setup,
  type SwapOn,
  swapOn,
  type SwapStack,
  zramOn,
} from "./minchan_setup.ts";
import { makePage } from "./page_lengths.ts";
import { SmallMachine } from "./small_machine.ts";

/** Where files are. */
export type FilesOn = "tmpfs" | "zram";

/** A scenario. */
export interface MinchanScenario {
  /** What it is called: "(2)". */
  readonly name: string;
  /** Where its files are. */
  readonly files: FilesOn;
  /** Where it swaps to. */
  readonly swap: SwapOn;
}

/** The scenarios, with the numbers of the letter, and two beside them. */
export const MINCHAN_SCENARIOS: readonly MinchanScenario[] = [
  { name: "(1)", files: "tmpfs", swap: "zram" },
  { name: "(2)", files: "zram", swap: "zram" },
  { name: "(3)", files: "zram", swap: "dm-cache" },
  { name: "(4)", files: "zram", swap: "zram with writeback" },
  { name: "(5)", files: "zram", swap: "disk" },
];

/** What the scenarios are run with. */
export interface MinchanOptions {
  /** What everything random is made from. */
  readonly seed: number;
  /** Frames of memory that stand for 1 GiB. Default 4096. */
  readonly frames?: number;
  /** Sizes that are not the usual ones, in MiB of 1 GiB. */
  readonly sizes?: Partial<MinchanSizes>;
  /** Kernels. Default: 3.12 and 6.18. */
  readonly kernels?: readonly MinchanKernel[];
  /** Which scenarios, by their names. Default: all. */
  readonly scenarios?: readonly string[];
  /**
   * Requests that the dm-cache's disk has at a time: as many as reclaim sends,
   * 32, where nobody says it. With one alone every request counts as a hit.
   */
  readonly requestsInFlight?: number;
}

/** How far a scenario came. */
export type Step = "hog" | "untar" | "build";

/** What came of a scenario. */
export interface MinchanRun extends MinchanScenario {
  /** The kernel. */
  readonly kernel: string;
  /** What failed at which step, and how; nothing where the build succeeded. */
  readonly failed?: {
    readonly step: Step;
    /** Or that the kernel would hang or stop, as a dm-cache without memory. */
    readonly errno: Failure | "stuck";
  };
  /** Frames that were free in the end, those of the reserve among them. */
  readonly freeFrames: number;
  /** Swap slots that were free then. */
  readonly freeSlots: number;
  /** Slots that there are. */
  readonly slots: number;
  /** Pages of the swap that zram had then. */
  readonly pagesInZram: number;
  /** Pages of the swap that are on the disk alone. */
  readonly pagesOnDisk: number;
  /** Pages that were written to the disk, over all. */
  readonly pagesToDisk: number;
  /** Frames that zram had for the swap. */
  readonly framesOfSwap: number;
  /** Frames that zram had for the file system. */
  readonly framesOfFiles: number;
  /** Pages that were to be swapped out and that the device refused. */
  readonly refused: number;
  /** The dm-cache's numbers, where there is one. */
  readonly dmCache?: DmCacheStatus;
}

/** The process that is the hog. */
const HOG = 1;

/** Fills the hog: whether there was memory for it. */
function fillHog({ machine, random }: Workplace, hog: number): boolean {
  const pages = scaledPages(machine.frames, hog);
  for (let number = 0; number < pages; number++) {
    if (!machine.write(HOG, number, makePage("random", random))) return false;
  }
  return true;
}

/** Does the work until something fails. */
function workOn(
  place: Workplace,
  sizes: MinchanSizes,
): MinchanRun["failed"] {
  return workAt("hog", () => fillHog(place, sizes.hog) ? undefined : "OOM") ??
    workAt("untar", () => untar(place, sizes)) ??
    workAt("build", () => build(place, sizes));
}

/** Does a step; where the kernel would not go on, as nobody does, it is stuck. */
function workAt(
  step: Step,
  work: () => Failure | undefined,
): MinchanRun["failed"] {
  try {
    const errno = work();
    return errno === undefined ? undefined : { step, errno };
  } catch (error) {
    if (error instanceof KernelBug) return { step, errno: "stuck" };
    throw error;
  }
}

/** Pages of a zram device that take memory there, or would if they were not alike. */
function countPages({ slots }: Zram): number {
  let count = 0;
  for (let slot = 0; slot < slots.length; slot++) {
    if (slots.isAllocated(slot)) count++;
  }
  return count;
}

/** Pages in the swap's slots that are on the disk and nowhere else. */
function countOnDisk(
  { swap }: SmallMachine,
  { zram, dmCache, disk }: SwapStack,
): number {
  if (disk === undefined) return 0;
  if (dmCache === undefined && zram !== undefined) return zram.stats.bdCount;
  const cached = new Set<number>();
  for (const { oblock } of dmCache?.policy.mappings() ?? []) cached.add(oblock);
  const pagesPerBlock = dmCache?.pagesPerBlock ?? 1;
  let count = 0;
  for (const { onDevice } of swap.types.values()) {
    for (const slot of onDevice) {
      if (!cached.has(Math.floor(slot / pagesPerBlock))) count++;
    }
  }
  return count;
}

/** Runs a scenario with one kernel. */
function runScenario(
  scenario: MinchanScenario,
  run: Setup,
  seed: number,
): MinchanRun {
  // Reclaim asks for the zram device, which is there only after the machine.
  const stack: { swap: SwapStack } = { swap: {} };
  const writesBack = scenario.swap === "zram with writeback";
  const machine = new SmallMachine(run.kernel.profile, {
    frames: run.frames,
    newPages: run.kernel.newPages,
    afterReclaim: writesBack
      ? () => writeBack(machine, stack.swap.zram)
      : undefined,
  });
  machine.keep(scaledPages(run.frames, run.sizes.kernel));
  stack.swap = swapOn(machine, scenario.swap, run);
  const slots = machine.freeSlots;
  const disk = scenario.files === "zram"
    ? zramOn(machine, run.kernel, scaledPages(run.frames, run.sizes.disk))
    : undefined;
  const files = disk === undefined
    ? filesOnTmpfs(machine)
    : filesOnZram(machine, disk);
  const place = { machine, files, random: randomFrom(seed) };
  const failed = workOn(place, run.sizes);
  const { zram, dmCache, disk: swapDisk } = stack.swap;
  return {
    ...scenario,
    kernel: run.kernel.profile.name,
    failed,
    freeFrames: machine.freeFrames,
    freeSlots: machine.freeSlots,
    slots,
    pagesInZram: zram === undefined ? 0 : countPages(zram) - zram.stats.bdCount,
    pagesOnDisk: countOnDisk(machine, stack.swap),
    pagesToDisk: swapDisk?.writes ?? 0,
    framesOfSwap: zram?.initialisedPool.pagesAllocated ?? 0,
    framesOfFiles: disk?.initialisedPool.pagesAllocated ?? 0,
    refused: machine.swap.stats.failedWrites,
    dmCache: dmCache && dmCacheStatus(dmCache),
  };
}

/**
 * What somebody in user space does who watches memory: writes back what is
 * stored whole, and all the rest where that was not enough.
 */
function writeBack(machine: SmallMachine, zram: Zram | undefined): void {
  if (zram === undefined) return;
  zram.markIdle();
  zram.writeback("huge_idle");
  if (machine.freeFrames <= machine.reserved) zram.writeback("idle");
}

/**
 * Runs all scenarios with all kernels; (4) only where zram writes back. The
 * dm-cache is that of 3.12 with every kernel.
 *
 * @example
 * ```ts
 * import { minchanScenarios } from "./minchan_scenarios.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [first] = minchanScenarios({ seed: 1, frames: 1024 });
 * assertEquals(first.failed, { step: "untar", errno: "ENOSPC" });
 * ```
 */
export function minchanScenarios(
  {
    seed,
    frames = 4096,
    sizes,
    kernels = MINCHAN_KERNELS,
    scenarios,
    requestsInFlight = 32,
  }: MinchanOptions,
): readonly MinchanRun[] {
  assertWhole("run the scenarios", "frames", frames, 512);
  return kernels.flatMap((kernel) =>
    MINCHAN_SCENARIOS.filter(({ name, swap }) =>
      (scenarios?.includes(name) ?? true) &&
      (swap !== "zram with writeback" ||
        kernel.profile.zram.writebackTypes.length > 0)
    ).map((scenario) =>
      runScenario(
        scenario,
        {
          kernel,
          frames,
          requestsInFlight,
          sizes: { ...MINCHAN_SIZES, ...sizes },
        },
        seed,
      )
    )
  );
}
