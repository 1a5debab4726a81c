/** Whether an object and its entry have to be changed in one step. */
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import type { Stop } from "../../rules/stop.ts";
import { replayRace } from "../../search/races/explore.ts";
import { readRaceProgram } from "../../search/races/room.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  storedForWriteback,
  toldOf,
} from "../runs/explored.ts";

/** What meets a page that is written back. */
const programsOf = (profile: Profile): readonly string[] =>
  [
    "store 1 B | writeback",
    "store 0 B | writeback",
    "invalidate 0 | writeback",
    "invalidate 0; store 0 B; load 0 | writeback",
  ].map((threads) => `${storedForWriteback(profile)} / ${threads}`);

interface Found {
  /** Stops of a store between its object and its entry. */
  readonly between: number;
  readonly asItIs: readonly Overlap[];
  /** Without the look whether the slot is still the entry's, if there is one. */
  readonly withoutLook: readonly Overlap[] | undefined;
}

/** The schedule of a thread that is alone. */
const ALONE = "A99";

/** Stops at which others may run once a store has its object and no entry yet. */
function stopsBetween(profile: Profile): number {
  const store = readRaceProgram("store 0 A");
  const { trace } = ZSWAP_RACES.explore(
    profile,
    store,
    (trial) => replayRace(trial, ALONE),
  );
  const locks = (stop: Stop, does: string, name: string) =>
    typeof stop !== "string" && "lock" in stop && stop.does === does &&
    stop.lock.name === name;
  const { compressor, tree } = profile.zswap.locks;
  const stops = trace.map(({ stop }) => stop);
  const object = stops.findIndex((one) =>
    locks(one, "release", compressor.name)
  );
  const entry = stops.findIndex((one, nth) =>
    nth > object && locks(one, "acquire", tree)
  );
  if (object < 0 || entry < 0) {
    throw new Error("a store has no object, or no entry");
  }
  return entry - object;
}

function run({ profile, sizes: { preemptions } }: Given<"preemptions">): Found {
  const each = (kernel: Profile) =>
    programsOf(kernel)
      .map((one) => overlapIn(ZSWAP_RACES, kernel, one, preemptions));
  const { zswap } = profile;
  const asItIs = each(profile);
  return {
    between: stopsBetween(profile),
    asItIs,
    withoutLook: zswap.writebackLooksAgain && isSound(...asItIs)
      ? each({ ...profile, zswap: { ...zswap, writebackLooksAgain: false } })
      : undefined,
  };
}

/** The experiment. */
export const OBJECT_AND_ENTRY = experiment<"preemptions", Found>({
  name: "object-and-entry",
  theme: "locks",
  method:
    "A store writes its object first and puts its entry into the tree later, each under a lock of its own. Stores and invalidates overlap with the writeback of a page in every way up to some preemptions; where writeback looks whether the slot is still its entry's, without that look as well.",
  sizes: { preemptions: preemptionsSize(2) },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_7_3],
  run,
  figures: ({ asItIs, withoutLook }) => [
    overlapFigures("As it is", asItIs),
    ...withoutLook === undefined
      ? []
      : [overlapFigures("Without the second look", withoutLook)],
  ],
  claims: [
    {
      name: "data-and-metadata-must-change-together",
      says:
        "To avoid races a compressed page and what is known of it must be changed in one atomic step.",
      who: "Dan Magenheimer, 2013",
      passages: [{
        thread: "004",
        at: "update both the data (zpage) and meta-data",
      }],
      disputed:
        "Seth Jennings: a lock around the tree and a count of references are enough.",
      decide({ between, asItIs, withoutLook }) {
        const apart = `${between} ${
          between === 1 ? "stop" : "stops"
        } between object and entry`;
        const told = `${apart}: ${toldOf(...asItIs)}`;
        if (!isSound(...asItIs)) {
          return holdsIf(
            between > 0,
            "an eviction finds the entry by its slot alone",
            told,
          );
        }
        return holds(
          between === 0,
          withoutLook === undefined
            ? told
            : `${told}; without a second look at the slot, ${
              toldOf(...withoutLook)
            }`,
        );
      },
    },
  ],
});
