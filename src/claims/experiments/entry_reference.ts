/** What a zswap entry's count of references is for: every schedule with it and without. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { Lockdep } from "../../rules/lockdep.ts";
import { LINUX_3_13, PROPOSED_2012 } from "../../search/races/known/zswap.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import { fillPage } from "../../search/races/rooms/zswap_slots.ts";
import type { RaceTrial } from "../../search/races/trial.ts";
import { checkZswap } from "../../zswap/invariants.ts";
import { NO_SWAP_LAYER } from "../../zswap/swap_layer.ts";
import { Zswap } from "../../zswap/zswap.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  storedForWriteback,
  toldOf,
} from "../runs/explored.ts";

/** What nobody writes back meanwhile. */
const WITHOUT_WRITEBACK = [
  "store 0 A / load 0 | invalidate 0",
  "store 0 A; store 1 B / load 0; invalidate 0 | load 1; store 1 C",
  "store 0 A / load 0 | store 1 B; load 1; invalidate 1",
];

/** What a page is written back beside. */
const withWriteback = (profile: Profile): readonly string[] =>
  ["load 0 | writeback", "invalidate 0 | writeback"]
    .map((threads) => `${storedForWriteback(profile)} / ${threads}`);

interface Found {
  /** Whether entries have a count. */
  readonly isCounted: boolean;
  readonly withoutWriteback: readonly Overlap[];
  /** A load and an invalidate of a slot that nobody keeps apart. */
  readonly freely: Overlap;
  /** As the kernel is, and with entries that have no count. */
  readonly withWriteback: readonly Overlap[];
  readonly uncounted: readonly Overlap[];
}

/** Whether entries of a kernel have a count of references. */
const counts = ({ zswap: { entries } }: Profile): boolean =>
  entries === "counted" || entries === "counted-by-caller";

/** A kernel less the count of its entries, if they have one. */
const lessCount = (profile: Profile): Profile =>
  counts(profile)
    ? { ...profile, zswap: { ...profile.zswap, entries: "unreferenced" } }
    : profile;

/** A load and an invalidate of one slot, with nothing above zswap. */
function freely(profile: Profile): RaceTrial<Zswap> {
  const page = new Uint8Array(profile.pageSize);
  fillPage(page, 1);
  return {
    threads: [
      [{
        text: "load 0",
        *begin(zswap) {
          const into = new Uint8Array(profile.pageSize);
          return (yield* zswap.loadSteps(0, 0, into)) ?? into[0];
        },
      }],
      [{
        text: "invalidate 0",
        begin: (zswap) => zswap.invalidateSteps(0, 0),
      }],
    ],
    create() {
      const zswap = new Zswap(profile, {
        totalRamPages: 1000,
        memory: new Memory({ pageSize: profile.pageSize, initialFrames: 8 }),
        swap: NO_SWAP_LAYER,
        lockdep: new Lockdep(),
      });
      zswap.swapon(0);
      zswap.store(0, 0, [page]);
      return zswap;
    },
    lockdepOf: ({ locks }) => locks.lockdep,
    atRest(zswap) {
      checkZswap(zswap);
      return zswap.counters.stored_pages;
    },
  };
}

function run({ profile, sizes: { preemptions } }: Given<"preemptions">): Found {
  const less = lessCount(profile);
  const each = (kernel: Profile, programs: readonly string[]) =>
    programs.map((one) => overlapIn(ZSWAP_RACES, kernel, one, preemptions));
  return {
    isCounted: counts(profile),
    withoutWriteback: each(less, WITHOUT_WRITEBACK),
    freely: overlap(
      "load 0 | invalidate 0, with no swap layer above",
      freely(less),
      preemptions,
    ),
    withWriteback: each(profile, withWriteback(profile)),
    uncounted: each(less, withWriteback(less)),
  };
}

function figures(found: Found): readonly Figures[] {
  const { withoutWriteback, freely, withWriteback, uncounted } = found;
  return [
    overlapFigures("Without writeback and without a count of references", [
      ...withoutWriteback,
      freely,
    ]),
    overlapFigures("With writeback, as the kernel is", withWriteback),
    overlapFigures("With writeback, without a count", uncounted),
  ];
}

/** What the swap layer keeps apart zswap need not. */
function decideTreeLock({ withoutWriteback, freely }: Found): Verdict {
  const evidence = `${
    toldOf(...withoutWriteback)
  }; with nobody above who keeps them apart, ${toldOf(freely)}`;
  return isSound(freely)
    ? holds(isSound(...withoutWriteback), evidence)
    : holdsIf(
      isSound(...withoutWriteback),
      "the swap layer keeps a slot's load and invalidate apart",
      evidence,
    );
}

/** The experiment. */
export const ENTRY_REFERENCE = experiment<"preemptions", Found>({
  name: "entry-reference",
  theme: "locks",
  method:
    "Operations on zswap overlap in every way up to some preemptions, with a page that is written back meanwhile and without: as it was proposed in 2012, with a lock for the tree and no count of references; as it was merged; as it was after 3.13, where whoever drops the last reference frees the entry; as it is today. Each with its count, and less it.",
  sizes: { preemptions: preemptionsSize(2) },
  kernels: [PROPOSED_2012, LINUX_3_12, LINUX_3_13, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "tree-lock-suffices-without-writeback",
      says:
        "As long as nothing is written back, a lock around the tree is all that zswap needs, and its entries need no count.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "004", at: "a simple lock guarding the tree" }],
      disputed:
        "Dan Magenheimer: zcache had to change a page and what is known of it in one step.",
      decide: decideTreeLock,
    },
    {
      name: "writeback-needs-a-count-of-references",
      says:
        "Once a full zswap frees entries to make room, each needs a count of references, or it is freed under somebody who is at it.",
      who: "Seth Jennings, 2013",
      passages: [
        { thread: "004", at: "it became necessary to add a per-entry" },
      ],
      decide({ isCounted, withWriteback, uncounted }) {
        const without = `without one ${toldOf(...uncounted)}`;
        return holds(
          !isSound(...uncounted),
          isCounted
            ? `${without}; with the kernel's ${toldOf(...withWriteback)}`
            : without,
        );
      },
    },
  ],
});
