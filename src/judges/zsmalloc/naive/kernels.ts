/** What the second model knows of each kernel. */
import type { Profile } from "../../../linux/profile.ts";
import { factsByRelease } from "../../release_facts.ts";

/** The facts of one release. */
export interface KernelFacts {
  /** Whether a handle's cell lies outside, and its word in front of the object. */
  readonly hasCells: boolean;
  /** Steps from one size of chunks to the next in a page. */
  readonly steps: number;
  /** Bits below the index in a location. */
  readonly tagBits: number;
  /** Whether chains waste the fewest bytes, or use the highest whole per cent. */
  readonly chain: "least-waste" | "used-percent";
  /** Whether classes of equal zspages are one. */
  readonly merges: boolean;
  /** Groups of zspages, the empty and the full ones counted. */
  readonly groups: number;
  /** The group of a part-filled zspage, from 1. */
  group(inuse: number, objects: number): number;
  /** Whether a less used zspage goes behind its list's head. */
  readonly fullerStaysHead: boolean;
  /** How a class is compacted. */
  readonly compaction: "none" | "almost-empty" | "by-source" | "by-destination";
  /** Whether there is one compaction of a pool at a time. */
  readonly compactsAlone: boolean;
  /** Whether a compaction looks at who else wants the lock. */
  readonly seesContention: boolean;
  /** What a mapped object does to its zspage. */
  readonly mapped: "nothing" | "stays" | "waited-for" | "passed-over";
  /** Whether bytes that are read, and not the chunk, tell what crosses frames. */
  readonly spansWhatIsRead: boolean;
  /** What a migration answers where it does not wait. */
  readonly migrationRefused: "EAGAIN" | "EINVAL" | "EBUSY";
  /** Whether a zspage is off its list while a frame of it is isolated. */
  readonly isolatesZspage: boolean;
  /** Whether an object that is being freed is pinned before any lock is had. */
  readonly pinsToFree: boolean;
  /** Whether frames are given back once the class's lock is dropped. */
  readonly freesFramesLate: boolean;
  /** Whether frames can be replaced. */
  readonly movesFrames: boolean;
  /** Whether memory pressure compacts. */
  readonly shrinks: boolean;
  /** What a size of 0, and one above a page, is refused with. */
  readonly refusals: readonly [zero: string, tooLarge: string];
  /** Whether objects are mapped to be read alone. */
  readonly mapsToRead: boolean;
  /** Whether debugfs has `classes`, and pages that can be freed in it. */
  readonly classes: "none" | "without-freeable" | "with-freeable";
}

/** The facts of a profile's release. */
export const kernelFacts: (profile: Profile) => KernelFacts = factsByRelease<
  KernelFacts
>({
  "linux-3.12": {
    hasCells: false,
    steps: 256,
    tagBits: 0,
    chain: "used-percent",
    merges: false,
    groups: 4,
    group: (inuse, objects) => 4 * inuse <= objects ? 1 : 2,
    fullerStaysHead: false,
    compaction: "none",
    compactsAlone: false,
    seesContention: false,
    mapped: "nothing",
    spansWhatIsRead: false,
    migrationRefused: "EAGAIN",
    isolatesZspage: true,
    pinsToFree: false,
    freesFramesLate: false,
    movesFrames: false,
    shrinks: false,
    refusals: ["ENOMEM", "ENOMEM"],
    mapsToRead: false,
    classes: "none",
  },
  "linux-4.0": {
    hasCells: true,
    tagBits: 1,
    merges: true,
    group: (inuse, objects) => 4 * inuse <= 3 * objects ? 1 : 2,
    compaction: "almost-empty",
    mapped: "stays",
    pinsToFree: true,
    classes: "without-freeable",
  },
  "linux-5.10": {
    fullerStaysHead: true,
    compaction: "by-source",
    movesFrames: true,
    shrinks: true,
    classes: "with-freeable",
  },
  "linux-6.1": {
    compactsAlone: true,
    seesContention: true,
    mapped: "waited-for",
    migrationRefused: "EINVAL",
    isolatesZspage: false,
    pinsToFree: false,
    refusals: ["EINVAL", "EINVAL"],
  },
  "linux-6.12": {
    tagBits: 0,
    chain: "least-waste",
    groups: 12,
    group: (inuse, objects) => 1 + Math.floor(10 * inuse / objects),
    fullerStaysHead: false,
    compaction: "by-destination",
    refusals: ["EINVAL", "ENOSPC"],
  },
  "linux-6.16": { mapped: "passed-over", mapsToRead: true },
  "linux-7.1": { spansWhatIsRead: true, migrationRefused: "EBUSY" },
  "linux-7.3": { freesFramesLate: true },
});
