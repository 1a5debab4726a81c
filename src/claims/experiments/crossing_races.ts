/** What can happen at once to an object that lies in two frames. */
import { LINUX_6_1, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { createLock, type Lock } from "../../rules/lock.ts";
import { acquire, release, type Stop } from "../../rules/stop.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { ZSMALLOC_RACES } from "../../search/races/rooms/zsmalloc.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
} from "../runs/explored.ts";

/** Three objects in two frames: the second one crosses. */
const [SIZE, NAMES] = [2000, ["a", "b", "c"]];
const BEFORE = NAMES.map((name) => `malloc ${SIZE} ${name}`).join("; ");

/** What is done at once, to an object and to the frame of one. */
const programsOf = (name: string, profile: Profile): readonly string[] =>
  [
    `read ${name} | migrate a`,
    `read ${name} | migrate c`,
    `write ${name} A | migrate a`,
    `write ${name} A | migrate c`,
    `free ${name} | migrate a`,
    `free ${name} | migrate c`,
    `write ${name} A | compact`,
    ...profile.deferredHandle === "none" ? [] : [`free ${name} | reclaim a`],
  ].map((threads) => `${BEFORE} / ${threads}`);

/** Frames with a lock each, and what is in them of one object. */
interface Frames {
  readonly locks: readonly Lock[];
  readonly bytes: string[];
}

/** Reads an object or writes to it, one frame after the other under its lock. */
function touch(text: string, letter?: string): RaceOperation<Frames> {
  return {
    text,
    *begin({ locks, bytes }): Generator<Stop, string> {
      let found = "";
      for (const [nth, lock] of locks.entries()) {
        yield acquire(lock, text);
        if (letter !== undefined) bytes[nth] = letter;
        found += bytes[nth];
        yield release(lock, text);
      }
      return letter === undefined ? found : "done";
    },
  };
}

/** A read and a write of an object in so many frames. */
const inFrames = (frames: number): RaceTrial<Frames> => ({
  threads: [[touch("read")], [touch("write", "B")]],
  create: () => ({
    locks: Array.from(
      { length: frames },
      (_, nth) => createLock("frame->lock", "spinlock", `of frame ${nth}`),
    ),
    bytes: Array<string>(frames).fill("A"),
  }),
  atRest: ({ bytes }) => bytes.join(""),
});

interface Found {
  /** Frames in which each object lies. */
  readonly frames: readonly number[];
  /** What meets each object, in zsmalloc. */
  readonly zsmalloc: readonly (readonly Overlap[])[];
  /** An object of one frame and of two, were there a lock for each frame. */
  readonly whole: Overlap;
  readonly crossing: Overlap;
}

/** Frames in which each of the objects lies. */
function framesOf(profile: Profile): number[] {
  const pool = new ZsPool({ ...profile, classBits: 1, chainSize: 2 });
  return NAMES.map(() => {
    const handle = pool.malloc(SIZE);
    if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
    const { offset, size } = pool.chunkOf(handle, "find");
    return offset + size > profile.pageSize ? 2 : 1;
  });
}

function run({ profile, sizes: { preemptions } }: Given<"preemptions">): Found {
  return {
    frames: framesOf(profile),
    zsmalloc: NAMES.map((name) =>
      programsOf(name, profile)
        .map((one) => overlapIn(ZSMALLOC_RACES, profile, one, preemptions))
    ),
    whole: overlap("an object of one frame", inFrames(1), preemptions),
    crossing: overlap("an object of two frames", inFrames(2), preemptions),
  };
}

const total = (overlaps: readonly Overlap[]) =>
  overlaps.reduce((sum, { schedules }) => sum + schedules, 0);

/** The experiment. */
export const CROSSING_RACES = experiment<"preemptions", Found>({
  name: "crossing-races",
  theme: "locks",
  method:
    "Three objects lie in two frames, the second one in both. Each is read, written and freed while either frame is migrated, the class compacted, the zspage reclaimed, in every way up to some preemptions, and the schedules are counted. Beside it a read and a write of an object, were there a lock for each frame in place of zsmalloc's for the zspage or the pool.",
  sizes: { preemptions: preemptionsSize(3) },
  kernels: [LINUX_6_1, LINUX_6_2, LINUX_7_3],
  run,
  figures: ({ zsmalloc, whole, crossing }) => [
    {
      title: "Schedules of each of the objects, the second one in two frames",
      columns: ["", ...NAMES],
      rows: zsmalloc[0].map(({ of }, nth) => [
        of.slice(BEFORE.length + " / ".length).replace(" a ", " X "),
        ...zsmalloc.map((overlaps) => overlaps[nth].schedules),
      ]),
    },
    overlapFigures("With a lock for each frame: read | write", [
      whole,
      crossing,
    ]),
  ],
  claims: [
    {
      name: "crossing-objects-complicate-races",
      says: "Objects that cross frames make the set of races larger.",
      who: "Dan Magenheimer, 2013",
      passages: [{
        thread: "004",
        at: "is does complicate the set of race conditions",
      }],
      decide({ frames, zsmalloc, whole, crossing }) {
        const of = (count: number) =>
          zsmalloc.filter((_, nth) => frames[nth] === count);
        const [inOne, inTwo] = [of(1), of(2)]
          .map((some) => some.map(total));
        const broken = zsmalloc.flat().some((one) => !isSound(one));
        const isMore = Math.max(...inTwo) > Math.max(...inOne) || broken;
        const evidence = `${
          Math.max(...inTwo)
        } schedules of the object in two frames, ${
          inOne.join(" and ")
        } of those in one; were there a lock a frame, ${
          crossing.broken ?? "nothing"
        } would be broken of it, ${whole.broken ?? "nothing"} of those`;
        return isMore ? holds(true, evidence) : holdsIf(
          !isSound(crossing) && isSound(whole),
          "locks are of frames, not of zspages",
          evidence,
        );
      },
    },
  ],
});
