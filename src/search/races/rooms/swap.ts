/** The swap path, to be explored: one process of several threads, one device. */
import { besideSwapoff, SWAPOFF } from "./beside_swapoff.ts";
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import { pick, type Random } from "../../../programs/random.ts";
import { type Stop, underSteps } from "../../../rules/stop.ts";
import type { SwapDevice } from "../../../swap/device.ts";
import { checkSwap } from "../../../swap/invariants.ts";
import { Swap } from "../../../swap/swap.ts";
import { ANYTHING } from "../linearizable.ts";
import { type RaceProgram, raceRoom } from "../room.ts";
import { roomWords } from "./words.ts";
import { fillPage, letterOf } from "./zswap_slots.ts";

/** The process whose threads run. */
const PROCESS = 1;

/** Pages that a program can name, from 0 on. */
const PAGES = 4;

/** Slots, with the header's. */
const DEVICE_PAGES = 9;

/** A device as fast as memory that frees what it is told nobody needs, as zram. */
function device(pageSize: number): SwapDevice {
  const pages = new Map<number, Uint8Array>();
  return {
    pages: DEVICE_PAGES,
    synchronous: true,
    stableWrites: true,
    readPage(offset, into) {
      const page = pages.get(offset);
      if (page === undefined) into.fill(0);
      else into.set(page);
      return undefined;
    },
    writePage(offset, data) {
      pages.set(offset, data.slice(0, pageSize));
      return undefined;
    },
    slotFreeNotify: (offset) => void pages.delete(offset),
  };
}

type Operation = (subject: Swap) => Generator<Stop, unknown>;

const write = (page: number, letter: string): Operation =>
  function* (swap) {
    const data = new Uint8Array(swap.profile.pageSize);
    fillPage(data, letter.charCodeAt(0));
    return (yield* swap.writeSteps(PROCESS, page, data)) ?? "done";
  };

const read = (page: number): Operation =>
  function* (swap) {
    const into = new Uint8Array(swap.profile.pageSize);
    return (yield* swap.readSteps(PROCESS, page, into)) ?? contentOf(into);
  };

/** A page's letter; a page that was never written is zeros. */
function contentOf(page: Uint8Array): string {
  return page[0] === 0 ? "zeros" : letterOf(page);
}

const out = (page: number): Operation =>
  function* (swap) {
    yield* swap.swapOutSteps(PROCESS, page);
    return ANYTHING;
  };

const free = (page: number): Operation =>
  function* (swap) {
    yield* swap.freeSteps(PROCESS, page);
    return "done";
  };

const exit: Operation = function* (swap) {
  // Who exits is the last one: nobody else may be in its page tables.
  yield* swap.exitSteps(PROCESS);
  return "done";
};

const reclaim: Operation = function* (swap) {
  yield* swap.reclaimSteps();
  return ANYTHING;
};

const swapoff: Operation = function* (swap) {
  yield* underSteps(swap.locks.swapon, "swapoff, mm/swapfile.c", function* () {
    if (swap.types.has(0)) yield* swap.swapoffSteps(0);
  });
  return "done";
};

const WORDS = roomWords<Swap>({
  "write PAGE LETTER": ([page, letter]) => write(Number(page), letter),
  "read PAGE": ([page]) => read(Number(page)),
  "out PAGE": ([page]) => out(Number(page)),
  "free PAGE": ([page]) => free(Number(page)),
  reclaim: () => reclaim,
  exit: () => exit,
  swapoff: () => swapoff,
}, {
  PAGE: [`[0-${PAGES - 1}]`, `0 to ${PAGES - 1}`],
  LETTER: ["[A-Za-z]", "a letter"],
});

/** Throws where something is broken; answers what is in each page. */
function atRest(swap: Swap): unknown {
  // What nobody needs any more goes at the next reclaim.
  swap.reclaim();
  checkSwap(swap);
  const into = new Uint8Array(swap.profile.pageSize);
  return Array.from(
    { length: PAGES },
    (_, page) => swap.read(PROCESS, page, into) ?? contentOf(into),
  );
}

/** The swap path. */
export const SWAP_RACES = raceRoom<Swap>({
  name: "swap",
  ...WORDS,
  isIn: () => true,
  create(profile) {
    const { pageSize } = profile;
    const memory = new Memory({ pageSize, initialFrames: 8 });
    const swap = new Swap(profile, { memory });
    swap.swapon(device(pageSize));
    return swap;
  },
  lockdepOf: ({ locks }) => locks.lockdep,
  atRest,
  random: randomProgram,
});

/** Threads that meet at two pages, of which one is out before they begin. */
function randomProgram(
  random: Random,
  _profile: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const page = () => pick(random, 0, 0, 1);
  const steps = [
    () => `write ${page()} ${pick(random, "A", "B", "C")}`,
    () => `read ${page()}`,
    () => `read ${page()}`,
    () => `out ${page()}`,
    () => `out ${page()}`,
    () => pick(random, `free ${page()}`, "reclaim"),
    () => SWAPOFF,
  ];
  return {
    before: ["write 0 Z", "out 0"],
    threads: besideSwapoff(random, steps, threads, operations),
  };
}
