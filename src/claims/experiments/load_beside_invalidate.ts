/** Whether a slot of zswap's is ever loaded and invalidated at once. */
import {
  LINUX_3_12,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { Lockdep } from "../../rules/lockdep.ts";
import type { Rule } from "../../rules/rule.ts";
import type { Stop } from "../../rules/stop.ts";
import { fillPage } from "../../search/races/rooms/zswap_slots.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { Swap } from "../../swap/swap.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";

/** A process whose threads meet at one page, which is in zswap. */
const [PROCESS, PAGE] = [1, 0];

const APART: Rule = {
  id: "zswap/load-beside-invalidate",
  sentence: "No slot is loaded and invalidated at once.",
  source: "do_swap_page, mm/memory.c; swap_entry_free, mm/swapfile.c",
};

/** Says when something begins and ends that is done to a slot. */
type Watch = <Result>(
  does: "load" | "invalidate",
  offset: number,
  steps: Generator<Stop, Result>,
) => Generator<Stop, Result>;

/** Throws as soon as one of the two begins beside the other. */
function watching({ locks }: Zswap): Watch {
  const underWay = { load: new Map(), invalidate: new Map() } as const;
  return function* (does, offset, steps) {
    const other = does === "load" ? "invalidate" : "load";
    // The order of all of these is what is looked at.
    const state = `users of slot ${offset}`;
    locks.touch(state, true);
    if ((underWay[other].get(offset) ?? 0) > 0) {
      throw new InvariantError(APART, {
        where: `slot ${offset}`,
        expected: `no ${other} under way as a ${does} begins`,
        found: "one",
      });
    }
    const count = (change: number) =>
      underWay[does].set(offset, (underWay[does].get(offset) ?? 0) + change);
    count(1);
    const result = yield* steps;
    count(-1);
    locks.touch(state, true);
    return result;
  };
}

/** A swap path whose zswap is watched. */
function watchedSwap(profile: Profile, synchronous: boolean): Swap {
  const { pageSize } = profile;
  const swap = new Swap(profile, {
    memory: new Memory({ pageSize, initialFrames: 8 }),
    zswap: { totalRamPages: 1000, lockdep: new Lockdep() },
  });
  const { zswap } = swap;
  if (zswap === undefined) throw new Error("the swap path has no zswap");
  const watch = watching(zswap);
  const load = zswap.loadSteps.bind(zswap);
  const invalidate = zswap.invalidateSteps.bind(zswap);
  zswap.loadSteps = (type, offset, ...rest) =>
    watch("load", offset, load(type, offset, ...rest));
  zswap.invalidateSteps = (type, offset) =>
    watch("invalidate", offset, invalidate(type, offset));
  swap.swapon({
    pages: 9,
    synchronous,
    stableWrites: true,
    readPage: () => undefined,
    writePage: () => undefined,
  });
  return swap;
}

const READ: RaceOperation<Swap> = {
  text: "read",
  *begin(swap) {
    const into = new Uint8Array(swap.profile.pageSize);
    return (yield* swap.readSteps(PROCESS, PAGE, into)) ?? into[0];
  },
};

const FREE: RaceOperation<Swap> = {
  text: "free",
  *begin(swap) {
    yield* swap.freeSteps(PROCESS, PAGE);
    return "done";
  },
};

/** Two threads of a process at a page that zswap has. */
function trialOf(
  profile: Profile,
  synchronous: boolean,
  other: RaceOperation<Swap>,
): RaceTrial<Swap> {
  const page = new Uint8Array(profile.pageSize);
  fillPage(page, 1);
  return {
    threads: [[READ], [other]],
    create() {
      const swap = watchedSwap(profile, synchronous);
      swap.write(PROCESS, PAGE, page);
      swap.swapOut(PROCESS, PAGE);
      return swap;
    },
    lockdepOf: ({ locks }) => locks.lockdep,
    atRest(swap) {
      const into = new Uint8Array(profile.pageSize);
      return swap.read(PROCESS, PAGE, into) ?? into[0];
    },
  };
}

interface Found {
  /** On a device that takes its time, and on one as fast as memory. */
  readonly slow: readonly Overlap[];
  readonly synchronous: readonly Overlap[];
}

function run(
  { profile, sizes: { preemptions } }: Given<"preemptions">,
): Found {
  const each = (synchronous: boolean) => {
    const device = synchronous ? "a synchronous device" : "another device";
    return [
      overlap(
        `two reads, ${device}`,
        trialOf(profile, synchronous, READ),
        preemptions,
      ),
      overlap(
        `a read and a free, ${device}`,
        trialOf(profile, synchronous, FREE),
        preemptions,
      ),
    ];
  };
  return { slow: each(false), synchronous: each(true) };
}

/** The experiment. */
export const LOAD_BESIDE_INVALIDATE = experiment<"preemptions", Found>({
  name: "load-beside-invalidate",
  theme: "locks",
  method:
    "Two threads of a process read the same page that zswap has, or one reads and the other frees it, in every way up to some preemptions, above a device as fast as memory (SWP_SYNCHRONOUS_IO, as zram is) and above another. A schedule in which zswap is asked for a slot while it is told that the slot is free ends the search.",
  sizes: { preemptions: preemptionsSize(1) },
  kernels: [LINUX_3_12, LINUX_5_10, LINUX_6_1, LINUX_6_18, LINUX_7_3],
  run,
  figures: ({ slow, synchronous }) => [
    overlapFigures("A page that zswap has", [...slow, ...synchronous]),
  ],
  claims: [
    {
      name: "no-load-beside-invalidate-of-an-entry",
      says:
        "The swap layer never has zswap load an entry and invalidate it at once.",
      who: "Seth Jennings, 2013",
      passages: [{
        thread: "004",
        at: "never get a load and invalidate concurrently",
      }],
      decide({ slow, synchronous }) {
        const evidence = `a synchronous device: ${
          toldOf(...synchronous)
        }; another: ${toldOf(...slow)}`;
        return isSound(...slow, ...synchronous)
          ? holds(true, evidence)
          : holdsIf(
            isSound(...slow),
            "reads go through the swap cache",
            evidence,
          );
      },
    },
  ],
});
