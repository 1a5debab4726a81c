/** Small memory without swap: what fills it, and what can be had back of it. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { grouped } from "../../report/table.ts";
import { blockSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { RamBackingDevice } from "../../zram/backing.ts";
import { type Claim, holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { zramOn } from "../runs/minchan_setup.ts";
import { newPagesOf } from "../runs/new_pages.ts";
import { makePage } from "../runs/page_lengths.ts";
import { SmallMachine } from "../runs/small_machine.ts";
import { Tmpfs } from "../runs/tmpfs.ts";

/** What came of a tmpfs that is filled, whoever is killed for it. */
export interface Filled {
  /** Pages that it had in the end. */
  readonly pages: number;
  /** Processes that were killed for want of memory. */
  readonly killed: number;
  /** Frames that are free then. */
  readonly freeFrames: number;
  /** Whether a new process gets a page then. */
  readonly goesOn: boolean;
}

/** What came of a process that fills memory. */
export interface Grown {
  /** Pages that it had when there was no memory for one more, or all. */
  readonly pages: number;
  /** Whether there was none. */
  readonly isOutOfMemory: boolean;
  /** Of its pages, those that could be reclaimed then. */
  readonly reclaimed: number;
}

/** What came of one kernel. */
export interface SmallMemory {
  readonly frames: number;
  /** Processes that there are beside tmpfs. */
  readonly processes: number;
  /** A tmpfs of more than memory, and one of half of it. */
  readonly unlimited: Filled;
  readonly limited: Filled;
  /** A process, and the same with zram as its swap. */
  readonly plain: Grown;
  readonly onZram: Grown;
}

type Sizes = "frames" | "slots";

/** Processes beside tmpfs, which have a quarter of memory together. */
const PROCESSES = 4;
/** One that comes when tmpfs is full. */
const NEWCOMER = PROCESSES + 1;
/** So many times its memory is more than a machine can hold. */
const BEYOND = 4;

/** A machine, with a disk to swap to where there are slots. */
function machineOf({ profile, sizes: { frames, slots } }: Given<Sizes>) {
  const newPages = newPagesOf(profile);
  const machine = new SmallMachine(profile, { frames, newPages });
  if (slots > 0) {
    // The first page of a swap device is its header.
    const disk = new RamBackingDevice(slots + 1, profile.pageSize);
    machine.swap.swapon(blockSwapDevice(disk));
  }
  return machine;
}

/** Processes that have a quarter of memory together: their numbers. */
function startProcesses(machine: SmallMachine, random: Random): number[] {
  const pages = Math.floor(machine.frames / 4 / PROCESSES);
  return Array.from({ length: PROCESSES }, (_, nth) => {
    for (let page = 0; page < pages; page++) {
      const data = makePage("object", random);
      if (!machine.write(nth + 1, page, data)) throw new Error("no memory");
    }
    return nth + 1;
  });
}

/** Fills a tmpfs beside processes, one of which is killed wherever memory is out. */
function fillTmpfs(given: Given<Sizes>, mostPages?: number): Filled {
  const machine = machineOf(given);
  const random = randomFrom(given.seed);
  const processes = startProcesses(machine, random);
  const tmpfs = new Tmpfs(machine, mostPages);
  let killed = 0;
  for (;;) {
    const failure = tmpfs.append([makePage("object", random)]);
    if (failure === "ENOSPC") break;
    if (failure === undefined) continue;
    if (killed === processes.length) break;
    machine.exit(processes[killed++]);
  }
  const { freeFrames } = machine;
  const goesOn = machine.write(NEWCOMER, 0, makePage("object", random));
  return { pages: tmpfs.pages, killed, freeFrames, goesOn };
}

/** A process grows until there is no memory; then all its pages are tried. */
function grow(machine: SmallMachine, seed: number): Grown {
  const random = randomFrom(seed);
  const most = BEYOND * machine.frames;
  let pages = 0;
  while (pages < most) {
    if (!machine.write(1, pages, makePage("object", random))) break;
    pages++;
  }
  const reclaimed = Array.from({ length: pages }, (_, page) => page)
    .filter((page) => machine.swap.swapOut(1, page) === "swapped-out").length;
  return { pages, isOutOfMemory: pages < most, reclaimed };
}

/** The same with zram, the disk of which is large enough for all of it. */
function growOnZram({ profile, seed, sizes: { frames } }: Given<Sizes>): Grown {
  const newPages = newPagesOf(profile);
  const machine = new SmallMachine(profile, { frames, newPages });
  const zram = zramOn(machine, { profile, newPages }, BEYOND * frames);
  machine.swap.swapon(zramSwapDevice(zram));
  return grow(machine, seed);
}

function run(given: Given<Sizes>): SmallMemory {
  const { frames } = given.sizes;
  return {
    frames,
    processes: PROCESSES,
    unlimited: fillTmpfs(given, BEYOND * frames),
    limited: fillTmpfs(given),
    plain: grow(machineOf(given), given.seed),
    onZram: growOnZram(given),
  };
}

function figures(found: SmallMemory): readonly Figures[] {
  const filled = (name: string, one: Filled) => [
    ...[name, one.pages, one.killed, one.freeFrames],
    one.goesOn ? "yes" : "no",
  ];
  const grown = (name: string, one: Grown) => [
    ...[name, one.pages, one.isOutOfMemory ? "yes" : "no", one.reclaimed],
  ];
  return [
    {
      title: `tmpfs is filled in ${grouped(found.frames)} frames`,
      columns: ["", "its pages", "killed", "free frames", "goes on"],
      rows: [
        filled("without limit", found.unlimited),
        filled("limited to half of memory", found.limited),
      ],
    },
    {
      title: `A process grows in ${grouped(found.frames)} frames`,
      columns: ["", "its pages", "out of memory", "reclaimable"],
      rows: [grown("as it is", found.plain), grown("on zram", found.onZram)],
    },
  ];
}

/** The claims. */
export const SMALL_MEMORY_CLAIMS: readonly Claim<SmallMemory>[] = [
  {
    name: "tmpfs-without-swap-locks-up",
    says:
      "A tmpfs that may fill all memory locks a machine without swap up; one with a sane limit does not.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 7970-7971" }],
    disputed:
      'Minchan Kim: "should have sane configuration to limit memory space so it\'s not only zram problem" (002, lines 8751-8753)',
    decide({ frames, processes, unlimited, limited }) {
      return holds(
        !unlimited.goesOn && limited.goesOn,
        `it grows to ${unlimited.pages} pages in ${frames} frames, ${unlimited.killed} of ${processes} processes are killed, and a new one gets ${
          unlimited.goesOn ? "a page" : "none"
        }; limited, ${limited.pages} and ${limited.killed} killed`,
      );
    },
  },
  {
    name: "anonymous-pages-stay-without-swap",
    says:
      "Without a swap anonymous pages cannot be reclaimed, so that memory ends in an OOM kill.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 221-224" }],
    decide({ frames, plain, onZram }) {
      const isStuck = plain.reclaimed === 0 && plain.pages <= frames;
      return holds(
        plain.isOutOfMemory && isStuck,
        `of ${plain.pages} pages in ${frames} frames reclaim takes ${plain.reclaimed}, and ${
          plain.isOutOfMemory ? "the next finds none" : "there is room"
        }; with zram there are ${grouped(onZram.pages)}`,
      );
    },
  },
];

/** The experiment. */
export const SMALL_MEMORY = experiment<Sizes, SmallMemory>({
  name: "small-memory",
  theme: "freeing",
  method:
    "A machine without swap: tmpfs is filled beside four processes, one of which is killed wherever memory is out, with and without a limit; and a process grows until memory is out, whereupon each of its pages is tried to be reclaimed. It grows once more with zram as its swap.",
  sizes: {
    frames: { usual: 512, least: 128, most: 16384, means: "frames of memory" },
    slots: {
      usual: 0,
      least: 0,
      most: 65536,
      means: "slots of a disk to swap to",
    },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: SMALL_MEMORY_CLAIMS,
});
