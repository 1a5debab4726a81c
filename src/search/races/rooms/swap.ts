/** The swap path, to be explored: one process of several threads, one device. */
import { besideSwapoff, SWAPOFF } from "./beside_swapoff.ts";
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import type { Random } from "../../../programs/random.ts";
import type { Stop } from "../../../rules/stop.ts";
import { acquire, release } from "../../../rules/stop.ts";
import type { SwapDevice } from "../../../swap/device.ts";
import { checkSwap } from "../../../swap/invariants.ts";
import { Swap } from "../../../swap/swap.ts";
import { ANYTHING } from "../linearizable.ts";
import { type RaceProgram, raceRoom } from "../room.ts";
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
  const lock = swap.locks.swapon;
  yield acquire(lock, "swapoff, mm/swapfile.c");
  if (swap.types.has(0)) yield* swap.swapoffSteps(0);
  yield release(lock, "swapoff, mm/swapfile.c");
  return "done";
};

const OPERATIONS = [
  "write PAGE LETTER",
  "read PAGE",
  "out PAGE",
  "free PAGE",
  "reclaim",
  "exit",
  "swapoff",
];

/** Operations of one word. */
const OF_A_WORD: Readonly<Record<string, Operation>> = {
  reclaim,
  exit,
  swapoff,
};

/** Operations that say no more than a page. */
const OF_A_PAGE: Readonly<Record<string, (page: number) => Operation>> = {
  read,
  out,
  free,
};

function operationOf(words: readonly string[]): Operation | undefined {
  const [verb, first, second] = words;
  const isPage = /^\d$/.test(first) && Number(first) < PAGES;
  switch (words.length) {
    case 1:
      return Object.hasOwn(OF_A_WORD, verb) ? OF_A_WORD[verb] : undefined;
    case 2:
      return isPage && Object.hasOwn(OF_A_PAGE, verb)
        ? OF_A_PAGE[verb](Number(first))
        : undefined;
    case 3:
      return verb === "write" && isPage && /^[A-Za-z]$/.test(second)
        ? write(Number(first), second)
        : undefined;
  }
}

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
  operations: OPERATIONS,
  isIn: () => true,
  create(profile) {
    const { pageSize } = profile;
    const memory = new Memory({ pageSize, initialFrames: 8 });
    const swap = new Swap(profile, { memory });
    swap.swapon(device(pageSize));
    return swap;
  },
  lockdepOf: ({ locks }) => locks.lockdep,
  operationOf,
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
  const any = <One>(ones: readonly One[]) => ones[random(ones.length)];
  const page = () => any([0, 0, 1]);
  const steps: (() => string)[] = [
    () => `write ${page()} ${any(["A", "B", "C"])}`,
    () => `read ${page()}`,
    () => `read ${page()}`,
    () => `out ${page()}`,
    () => `out ${page()}`,
    () => any([`free ${page()}`, "reclaim"]),
    () => SWAPOFF,
  ];
  const drawn = Array.from(
    { length: threads },
    () => Array.from({ length: operations }, () => any(steps)()),
  );
  return { before: ["write 0 Z", "out 0"], threads: besideSwapoff(drawn) };
}
