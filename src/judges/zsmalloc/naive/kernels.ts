/**
 * What the second model knows of each kernel: written down once more, from the
 * kernels' sources and not from the profiles, so that one may be held against
 * the other.
 */
import type { Profile } from "../../../linux/profile.ts";

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

const LINUX_7_3: KernelFacts = {
  hasCells: true,
  steps: 256,
  tagBits: 0,
  chain: "least-waste",
  merges: true,
  groups: 12,
  group: (inuse, objects) => 1 + Math.floor(10 * inuse / objects),
  fullerStaysHead: false,
  compaction: "by-destination",
  compactsAlone: true,
  seesContention: true,
  mapped: "passed-over",
  spansWhatIsRead: true,
  migrationRefused: "EBUSY",
  isolatesZspage: false,
  pinsToFree: false,
  freesFramesLate: true,
  movesFrames: true,
  shrinks: true,
  refusals: ["EINVAL", "ENOSPC"],
  mapsToRead: true,
  classes: "with-freeable",
};

const LINUX_7_1: KernelFacts = { ...LINUX_7_3, freesFramesLate: false };

const LINUX_6_18: KernelFacts = {
  ...LINUX_7_1,
  spansWhatIsRead: false,
  migrationRefused: "EINVAL",
};

const LINUX_6_12: KernelFacts = {
  ...LINUX_6_18,
  mapped: "waited-for",
  mapsToRead: false,
};

const LINUX_6_1: KernelFacts = {
  ...LINUX_6_12,
  tagBits: 1,
  chain: "used-percent",
  groups: 4,
  group: (inuse, objects) => 4 * inuse <= 3 * objects ? 1 : 2,
  fullerStaysHead: true,
  compaction: "by-source",
  refusals: ["EINVAL", "EINVAL"],
};

const LINUX_5_10: KernelFacts = {
  ...LINUX_6_1,
  compactsAlone: false,
  seesContention: false,
  mapped: "stays",
  migrationRefused: "EAGAIN",
  isolatesZspage: true,
  pinsToFree: true,
  refusals: ["ENOMEM", "ENOMEM"],
};

const LINUX_4_0: KernelFacts = {
  ...LINUX_5_10,
  fullerStaysHead: false,
  compaction: "almost-empty",
  movesFrames: false,
  shrinks: false,
  classes: "without-freeable",
};

const LINUX_3_12: KernelFacts = {
  ...LINUX_4_0,
  hasCells: false,
  tagBits: 0,
  merges: false,
  group: (inuse, objects) => 4 * inuse <= objects ? 1 : 2,
  compaction: "none",
  mapped: "nothing",
  pinsToFree: false,
  classes: "none",
};

const KERNELS: Readonly<Record<string, KernelFacts>> = {
  "linux-7.3": LINUX_7_3,
  "linux-7.2": LINUX_7_1,
  "linux-7.1": LINUX_7_1,
  "linux-7.0": LINUX_6_18,
  "linux-6.19": LINUX_6_18,
  "linux-6.18": LINUX_6_18,
  "linux-6.17": LINUX_6_18,
  "linux-6.16": LINUX_6_18,
  "linux-6.12": LINUX_6_12,
  "linux-6.1": LINUX_6_1,
  "linux-5.10": LINUX_5_10,
  "linux-4.0": LINUX_4_0,
  "linux-3.12": LINUX_3_12,
};

/** The facts of a profile's release. Throws where it is none of the known. */
export function kernelFacts({ release: { name } }: Profile): KernelFacts {
  if (Object.hasOwn(KERNELS, name)) return KERNELS[name];
  throw new RangeError(
    `Cannot judge by a second model: the release is '${name}', not ${
      Object.keys(KERNELS).join(" or ")
    }`,
  );
}
