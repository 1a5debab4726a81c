/** Freeing a frame with its objects in it, while others are at them. */
import { LINUX_3_12, LINUX_6_1, type Profile } from "../../linux/profile.ts";
import { buddyRoom } from "../../search/races/rooms/buddy_room.ts";
import { ZBUD_KIND, ZBUD_RACES } from "../../search/races/rooms/zbud.ts";
import { ZSMALLOC_RACES } from "../../search/races/rooms/zsmalloc.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { replayRace } from "../../search/races/explore.ts";
import type { Transition } from "../../search/races/execution.ts";
import { type RaceRoom, readRaceProgram } from "../../search/races/room.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";
import { RECLAIM_PROGRAMS } from "./reclaim_zspage.ts";

/** What meets the reclaim of a page of zbud's, of two objects. */
const OF_ZBUD = [
  "alloc 900 a; alloc 900 b / free a | reclaim",
  "alloc 900 a; alloc 900 b / free a | free b | reclaim",
  "alloc 900 a / alloc 900 b | reclaim",
  "alloc 900 a; alloc 900 b / read a; free a | reclaim",
];

/** zbud whose reclaim does not mark the page that it empties. */
const UNMARKED_ZBUD: RaceRoom = buddyRoom({
  ...ZBUD_KIND,
  create(profile, options) {
    const pool = new ZbudPool(profile, options);
    pool.pages.underReclaim = () => false;
    return pool;
  },
});

/** An allocator that reclaims, and its reclaim less a part of it. */
interface Reclaims {
  readonly allocator: string;
  readonly asItIs: readonly Overlap[];
  readonly less: string;
  readonly without: readonly Overlap[];
  /** Objects, and locks of objects that are held at once to reclaim alone. */
  readonly objects: number;
  readonly objectsLocked: number;
}

/** Locks that keep others from one object alone. */
const LOCKS_OF_OBJECTS = ["folio", "HANDLE_PIN_BIT"];

/** The most locks of objects that a thread holds at once. */
function mostObjectsLocked(trace: readonly Transition[]): number {
  let held = 0;
  let most = 0;
  for (const { stop, isTaken } of trace) {
    if (typeof stop === "string" || !("lock" in stop)) continue;
    if (!LOCKS_OF_OBJECTS.includes(stop.lock.name)) continue;
    if (stop.does === "release") held--;
    else if (stop.does === "acquire" || isTaken) held++;
    most = Math.max(most, held);
  }
  return most;
}

const lockedAlone = (room: RaceRoom, profile: Profile, program: string) =>
  room.explore(
    profile,
    readRaceProgram(program),
    (trial) => mostObjectsLocked(replayRace(trial, "A99").trace),
  );

function zbud(profile: Profile, preemptions: number): Reclaims {
  const each = (room: RaceRoom) =>
    OF_ZBUD.map((one) => overlapIn(room, profile, one, preemptions));
  return {
    allocator: "zbud",
    asItIs: each(ZBUD_RACES),
    less: "without its mark of a page under reclaim",
    without: each(UNMARKED_ZBUD),
    objects: 2,
    objectsLocked: lockedAlone(
      ZBUD_RACES,
      profile,
      "alloc 900 a; alloc 900 b / reclaim",
    ),
  };
}

function zsmalloc(profile: Profile, preemptions: number): Reclaims {
  const each = (kernel: Profile) =>
    RECLAIM_PROGRAMS.map((one) =>
      overlapIn(ZSMALLOC_RACES, kernel, one, preemptions)
    );
  return {
    allocator: "zsmalloc",
    asItIs: each(profile),
    less: "without keeping handles that are freed meanwhile",
    without: each({ ...profile, deferredHandle: "in-cell" }),
    objects: 3,
    objectsLocked: lockedAlone(
      ZSMALLOC_RACES,
      profile,
      "malloc 2000 a; malloc 2000 b; malloc 2000 c / reclaim a",
    ),
  };
}

function run(
  { profile, sizes: { preemptions } }: Given<"preemptions">,
): Reclaims {
  return profile.deferredHandle === "none"
    ? zbud(profile, preemptions)
    : zsmalloc(profile, preemptions);
}

/** The experiment. */
export const FRAME_RACES = experiment<"preemptions", Reclaims>({
  name: "frame-races",
  theme: "locks",
  method:
    "A page of zbud's is reclaimed, and in 6.2 a zspage, while others allocate, read and free objects of it and reclaim it as well, in every way up to some preemptions: as it is, and without what keeps the page for whoever reclaims it. The locks of single objects that a reclaim holds at once are counted.",
  sizes: { preemptions: preemptionsSize(2) },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_6_2],
  run,
  figures: ({ allocator, asItIs, less, without }) => [
    overlapFigures(`${allocator} as it is`, asItIs),
    overlapFigures(`${allocator}, ${less}`, without),
  ],
  claims: [
    {
      name: "freeing-a-frame-locks-all-its-objects",
      says:
        "To free a page frame all objects in it must be locked and removed in one step; zbud needed that.",
      who: "Dan Magenheimer, 2013",
      passages: [{ thread: "004", at: 'somehow "lock" all the zpages' }],
      decide: (
        { allocator, asItIs, objects, objectsLocked, less, without },
      ) =>
        holds(
          !isSound(...asItIs) || objectsLocked === objects,
          `${allocator} locks ${objectsLocked} of ${objects} objects at once: ${
            toldOf(...asItIs)
          }; ${less}: ${toldOf(...without)}`,
        ),
    },
  ],
});
