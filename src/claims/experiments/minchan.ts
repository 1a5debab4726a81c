/** Minchan Kim's three tests of 2013, scaled down, and what came of zram since. */
import type { Profile } from "../../linux/profile.ts";
import { grouped } from "../../report/table.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  type MinchanRun,
  minchanScenarios,
} from "../runs/minchan_scenarios.ts";
import { MINCHAN_KERNELS, MINCHAN_SIZES } from "../runs/minchan_setup.ts";

interface Found {
  /** The scenarios, as reclaim sends pages: many at a time. */
  readonly runs: readonly MinchanRun[];
  /** The third, where every request counts, so that the cache does fill. */
  readonly filled: MinchanRun;
}

const CACHED = "(3)";

function kernelOf(profile: Profile) {
  const kernel = MINCHAN_KERNELS.find((one) => one.profile === profile);
  if (kernel === undefined) throw new Error(`no machine of ${profile.name}`);
  return kernel;
}

function named(runs: readonly MinchanRun[], name: string): MinchanRun {
  const run = runs.find((one) => one.name === name);
  if (run === undefined) throw new Error(`there is no scenario ${name}`);
  return run;
}

function run({ profile, seed, sizes }: Given<"frames" | "hog">): Found {
  const { frames, hog } = sizes;
  const options = {
    seed,
    frames,
    sizes: { hog },
    kernels: [kernelOf(profile)],
  };
  const runs = minchanScenarios(options);
  const [filled] = minchanScenarios({
    ...options,
    scenarios: [CACHED],
    requestsInFlight: 1,
  });
  return { runs, filled };
}

const endOf = ({ failed }: MinchanRun) =>
  failed === undefined ? "done" : `${failed.step}: ${failed.errno}`;

const SWAPS = {
  "zram": "zram",
  "dm-cache": "dm-cache of zram, disk",
  "zram with writeback": "zram that writes back",
  "disk": "the disk alone",
} as const;

function figures({ runs, filled }: Found): readonly Figures[] {
  const row = (one: MinchanRun, note = "") => [
    `${one.name} files on ${one.files}, swap: ${SWAPS[one.swap]}${note}`,
    endOf(one),
    one.freeFrames,
    one.freeSlots,
    one.pagesInZram,
    one.pagesOnDisk,
  ];
  return [{
    title: "What failed, and what was free then",
    columns: ["", "end", "frames", "slots", "in zram", "on disk"],
    rows: [
      ...runs.map((one) => row(one)),
      row(filled, ", the cache filled"),
    ],
  }];
}

/** Where swap is full first, tmpfs has not come to its limit. */
function decideTmpfs({ runs }: Found): Verdict {
  const { failed, freeFrames, freeSlots, slots } = named(runs, "(1)");
  if (failed === undefined) return holds(false, "it was untarred and built");
  const evidence =
    `${failed.step} failed, ${failed.errno}, ${freeFrames} frames and ${
      grouped(freeSlots)
    } of ${grouped(slots)} slots being free`;
  if (failed.step !== "build" && failed.errno === "OOM" && freeSlots === 0) {
    return {
      ruling: "not decided here",
      evidence: `${evidence}: swap was full before tmpfs was`,
    };
  }
  return holdsIf(
    failed.step === "untar" && failed.errno === "ENOSPC",
    "the tree takes more than half of memory",
    evidence,
  );
}

/** The experiment. */
export const MINCHAN = experiment<"frames" | "hog", Found>({
  name: "minchan",
  theme: "limits",
  method:
    "Beside a hog of random data a kernel's tree is untarred and built, with swap on zram: (1) in tmpfs, (2) in a file system on zram, (3) there, with a dm-cache of zram before a disk as swap, its policy mq; then (4) zram's own writeback, where the kernel has it, and (5) the disk alone. Last (3) again with the cache filled: with one request at a time each counts as a hit for mq, so that a block is promoted at its 8th write; the cache, as large as its origin, is never full, and nothing has to be demoted. Sizes are those of the letter, or what such work takes; 1 GiB is scaled down.",
  sizes: {
    frames: {
      usual: 4096,
      least: 1024,
      most: 65536,
      means: "frames that stand for 1 GiB",
    },
    hog: {
      usual: MINCHAN_SIZES.hog,
      least: 0,
      most: 960,
      means: "MiB of 1 GiB that are full of random data",
    },
  },
  kernels: MINCHAN_KERNELS.map(({ profile }) => profile),
  run,
  figures,
  claims: [
    {
      name: "tmpfs-default-limit-fails-untar",
      says:
        "On 1 GiB of memory a kernel's tree does not fit a tmpfs of default size, whatever swap there is.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "000", at: "lines 117-118" },
        {
          thread: "001",
          at:
            "Fail to untar due to shortage of memory space by tmpfs default size limit",
        },
      ],
      decide: decideTmpfs,
    },
    {
      name: "zram-swap-oom-with-free-slots",
      says:
        "With 800 MB of random data in 1 GiB and swap on zram the build runs out of memory while swap has free slots.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "000", at: "lines 120-123" },
        { thread: "001", at: "although empty swap space is still enough" },
      ],
      decide({ runs }) {
        const { failed, freeSlots, slots } = named(runs, "(2)");
        return holds(
          failed?.step === "build" && failed.errno === "OOM" && freeSlots > 0,
          failed === undefined
            ? "it was built"
            : `${failed.step} failed, ${failed.errno}; of ${
              grouped(slots)
            } slots ${grouped(freeSlots)} were free`,
        );
      },
    },
    {
      name: "dm-cache-of-zram-and-disk-avoids-oom",
      says:
        "With a dm-cache of zram before a disk as swap the same load does not run out of memory.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "000", at: "lines 124-126" },
        { thread: "001", at: "No OOM happens and successfully building done" },
      ],
      decide({ runs, filled }) {
        const cached = named(runs, CACHED);
        return holdsIf(
          cached.failed === undefined,
          "the disk takes the pages, not the cache",
          `${cached.pagesInZram} pages in zram, ${cached.pagesOnDisk} on the disk; with the cache filled: ${
            endOf(filled)
          }`,
        );
      },
    },
    {
      name: "zram-cache-always-has-free-space",
      says:
        "So zram can write back, and the cache in zram always has free space.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "000", at: "lines 127-128" },
        {
          thread: "001",
          at: "so that zram-cache can always have a free space",
        },
      ],
      decide: ({ filled }) =>
        holds(
          filled.failed === undefined,
          `once filled it keeps ${filled.dmCache?.dirty ?? 0} dirty blocks, ${
            filled.dmCache?.demotions ?? 0
          } were demoted: ${endOf(filled)}`,
        ),
    },
  ],
});
