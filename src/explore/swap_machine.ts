/** The state machine of the swap path: whatever keeps the pages below it. */
import { Memory } from "../memory/memory.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { Zram } from "../zram/device.ts";
import { checkZram } from "../zram/invariants.ts";
import {
  blockSwapDevice,
  pseudoSwapDevice,
  type SwapDevice,
  zramSwapDevice,
} from "../swap/device.ts";
import { checkSwap } from "../swap/invariants.ts";
import { Swap } from "../swap/swap.ts";
import { agree, agreeBytes } from "./agree.ts";
import { type Contents, expandContents } from "../programs/contents.ts";
import type { Machine } from "./machine.ts";
import { runSteps, type StepTable } from "./steps.ts";
import { swapProfile } from "./swap_kernels.ts";
import {
  type PageChoice,
  type SwapProgram,
  swapPrograms,
  type SwapSteps,
} from "./swap_programs.ts";

interface State {
  readonly program: SwapProgram;
  readonly swap: Swap;
  readonly zrams: Zram[];
  readonly backings: RamBackingDevice[];
  /** What each page holds, by process and number; of a lost one, nothing. */
  readonly pages: Map<string, Uint8Array | "lost">;
}

const everyNth = (each: number, from = 1) => (nth: number): boolean =>
  each > 0 && nth % each === each - from;

function ramDevice(program: SwapProgram, pages: number): RamBackingDevice {
  const { failReads, failWrites, kernel } = program;
  const fails = {
    read: everyNth(failReads),
    write: everyNth(failWrites),
  };
  const counts = { read: 0, write: 0 };
  return new RamBackingDevice(pages, kernel.pageSize, {
    failRequest: (kind) => fails[kind](counts[kind]++),
  });
}

/** A zram device to swap to, with as much memory as zswap would have. */
function zramDevice(state: State): SwapDevice {
  const { program, zrams, backings } = state;
  const { kernel, slots, poolPages, below, failAllocations } = program;
  const profile = swapProfile(kernel);
  const backing = ramDevice(program, 12);
  const zram = new Zram(profile, {
    memory: new Memory({
      pageSize: kernel.pageSize,
      failPageAlloc: everyNth(failAllocations),
    }),
    backingDevices: new Map([["/dev/backing", backing]]),
  });
  zram.setAlgorithm("lz4");
  if (below === "zram-backing") {
    zram.setBackingDev("/dev/backing");
    backings.push(backing);
  }
  zram.setDisksize(slots * kernel.pageSize);
  zram.limitPages = poolPages;
  zrams.push(zram);
  return zramSwapDevice(zram);
}

function newDevice(state: State): SwapDevice {
  const { program } = state;
  const { below, slots } = program;
  if (below === "zram" || below === "zram-backing") return zramDevice(state);
  if (below === "zswap-pseudo") return pseudoSwapDevice(slots);
  return blockSwapDevice(
    ramDevice(program, slots),
    below === "zswap-ram-disk",
  );
}

function start(program: SwapProgram): State {
  const { kernel, below, frames, poolPages, failAllocations } = program;
  const swap = new Swap(swapProfile(kernel), {
    memory: new Memory({
      pageSize: kernel.pageSize,
      maxPages: frames ?? Infinity,
      failPageAlloc: everyNth(failAllocations),
    }),
    zswap: below.startsWith("zswap")
      ? {
        totalRamPages: poolPages,
        zpool: kernel.zpool,
        writeback: below !== "zswap-pseudo",
        failEntry: everyNth(failAllocations, 2),
        failNode: everyNth(failAllocations, 3),
        failslab: everyNth(failAllocations, 4),
      }
      : undefined,
  });
  if (swap.zswap !== undefined) {
    swap.zswap.parameters.maxPoolPercent = 100;
    swap.zswap.parameters.shrinkerEnabled = true;
  }
  const state: State = {
    program,
    swap,
    zrams: [],
    backings: [],
    pages: new Map(),
  };
  swap.swapon(newDevice(state));
  swap.swapon(newDevice(state));
  return state;
}

const keyOf = ({ process, number }: PageChoice): string =>
  `${process}:${number}`;

/** Whether an errno is one that what fails in a program can bring about. */
function expectAllowed(
  { program }: State,
  what: string,
  errno: string | undefined,
  isLost: boolean,
): void {
  const { frames, failAllocations, failReads } = program;
  const isScarce = frames !== null || failAllocations > 0;
  const allowed = errno === undefined
    ? !isLost
    : errno === "ENOMEM"
    ? isScarce
    : errno === "EIO" && (isLost || failReads > 0);
  if (!allowed) agree(what, errno, isLost ? "EIO" : undefined);
}

function writePage(state: State, choice: PageChoice, contents: Contents): void {
  const { swap, pages, program } = state;
  const { process, number } = choice;
  const data = expandContents(contents, program.kernel.pageSize);
  const isLost = pages.get(keyOf(choice)) === "lost";
  const errno = swap.write(process, number, data);
  expectAllowed(state, `writing page ${keyOf(choice)}`, errno, isLost);
  if (errno === undefined) pages.set(keyOf(choice), data);
}

function readPage(state: State, choice: PageChoice): void {
  const { swap, pages, program } = state;
  const { process, number } = choice;
  const key = keyOf(choice);
  const into = new Uint8Array(program.kernel.pageSize).fill(85);
  const expected = pages.get(key) ?? new Uint8Array(into.length);
  const errno = swap.read(process, number, into);
  expectAllowed(state, `reading page ${key}`, errno, expected === "lost");
  if (errno === undefined && expected !== "lost") {
    agreeBytes(`page ${key}`, into, expected);
  }
}

/** A swapped-out page has no frame; any other outcome must have a reason. */
function swapOut({ swap, program }: State, { process, number }: PageChoice) {
  const page = swap.pageOf(process, number);
  const outcome = swap.swapOut(process, number);
  const { below, failWrites } = program;
  if (outcome === "swapped-out") agree("the frame", page?.pfn, -1);
  if (outcome === "no-slot") {
    const inUse = [...swap.types.values()]
      .every((swapType) => swapType.inUse === swapType.slots);
    agree("all slots in use", inUse, true);
  }
  const refuses = failWrites > 0 || below === "zswap-pseudo" ||
    below.startsWith("zram");
  if (outcome === "refused" && !refuses) {
    agree("outcome", outcome, "swapped-out");
  }
}

const STEPS: StepTable<State, SwapSteps> = {
  write(state, { contents, ...choice }) {
    writePage(state, choice, contents);
  },

  read: readPage,

  swapOut,

  swapOutAll(state, { process }) {
    for (const number of state.swap.processes.get(process)?.keys() ?? []) {
      swapOut(state, { process, number });
    }
  },

  writeUnderWriteback(state, { contents, ...choice }) {
    const { swap, program } = state;
    // A kernel that writes such a page in place stores it at the same offset
    // again; up to 3.17 a failure of that leaves the older one in zswap, which
    // can then come over the newer one.
    if (program.kernel.release === "3.12") return;
    const out = swap.swapOutSteps(choice.process, choice.number);
    let at = out.next();
    while (!at.done && !at.value.includes("under writeback")) at = out.next();
    writePage(state, choice, contents);
    while (!at.done) at = out.next();
    swap.zswap?.shrinkWork();
  },

  free({ swap, pages }, choice) {
    swap.free(choice.process, choice.number);
    pages.delete(keyOf(choice));
  },

  exit({ swap, pages }, { process }) {
    swap.exit(process);
    for (const key of [...pages.keys()]) {
      if (key.startsWith(`${process}:`)) pages.delete(key);
    }
  },

  shrink({ swap }, { nr }) {
    const { zswap } = swap;
    if (zswap?.profile.zswap.shrink === "entries-in-worker") {
      zswap.shrinkerScan(nr);
    }
  },

  zramWriteback({ zrams }, { type }) {
    for (const zram of zrams) {
      if (zram.backing === undefined) continue;
      if (type === "idle") zram.markIdle("all");
      zram.writeback(type);
    }
  },

  swapoff(state) {
    const { swap, pages } = state;
    const [type] = swap.types.keys();
    const errno = swap.swapoff(type);
    expectAllowed(state, "swapoff", errno, false);
    for (const [process, own] of swap.processes) {
      for (const [number, page] of own) {
        if (!page.lost) continue;
        agree("reads that fail", state.program.failReads > 0, true);
        pages.set(keyOf({ process, number }), "lost");
      }
    }
    if (errno === undefined) swap.swapon(newDevice(state));
  },
};

function check({ swap, zrams }: State): void {
  checkSwap(swap);
  for (const zram of zrams) checkZram(zram);
}

/** Nothing is left where there is no process any more. */
function checkEnd(state: State): void {
  const { swap, zrams } = state;
  for (const process of [...swap.processes.keys()]) swap.exit(process);
  check(state);
  const inUse = [...swap.types.values()]
    .reduce((sum, swapType) => sum + swapType.inUse, 0);
  agree("slots in use at the end", inUse, 0);
  const { counters, pools } = swap.zswap ?? {};
  agree("entries at the end", counters?.stored_pages ?? 0, 0);
  agree("pages of pools at the end", pools?.totalPages ?? 0, 0);
  agree("frames at the end", swap.memory.allocatedPages, 0);
  for (const zram of zrams) {
    agree("zram's frames at the end", zram.memory.allocatedPages, 0);
    agree("zram's blocks at the end", zram.backing?.used ?? 0, 0);
  }
}

/** The operations of {@linkcode swapMachine}. */
export const SWAP_OPS: readonly string[] = Object.keys(STEPS);

/** A page read back is the page last written, wherever it has been. */
export const swapMachine: Machine<SwapProgram> = {
  name: "swap",
  sentence:
    "A page read back is the page last written, wherever it has been, and no slot, entry, object, block or frame is lost.",
  programs: swapPrograms,
  run(program) {
    const state = start(program);
    runSteps(STEPS, state, program.steps, check);
    // Where reads do not fail, every page can be had back.
    if (program.failReads === 0 && program.failAllocations === 0) {
      for (const key of state.pages.keys()) {
        const [process, number] = key.split(":").map(Number);
        readPage(state, { process, number });
      }
    }
    checkEnd(state);
  },
};
