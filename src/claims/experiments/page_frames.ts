/** How zram's frames lie among others, and what compaction makes of them. */
import { LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { percent } from "../../report/table.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type Moment,
  type PageFrames,
  PGD_ORDER,
  runPageFrames,
} from "../runs/page_frames_runs.ts";

const PGD_FRAMES = 2 ** PGD_ORDER;

/**
 * The report's /proc/buddyinfo, what was more after compaction: by order from 0
 * on, of Normal and HighMem (thread 003).
 */
const REPORTED = [[434, 180, 10, 4], [438, 21]];

/**
 * Percent of the gained frames in blocks of four or more up to which it is like
 * the report, which has 5.3: they are single frames then, and pairs.
 */
const MOST_LARGE = 25;

/** Blocks of each order that are more after something, zone by zone. */
function gains(before: Moment, after: Moment): number[][] {
  return after.zones.map(({ blocks }, zone) =>
    blocks.map((count, order) => count - before.zones[zone].blocks[order])
  );
}

/** Frames in gained blocks of an order or more. */
const framesFrom = (zones: readonly (readonly number[])[], least: number) =>
  zones.flatMap((blocks) =>
    blocks.map((count, order) => order >= least ? count * 2 ** order : 0)
  ).reduce((sum, frames) => sum + frames, 0);

/** Percent of the gained frames that are in blocks of four and more. */
const largeShare = (zones: readonly (readonly number[])[]) =>
  100 * framesFrom(zones, PGD_ORDER) / framesFrom(zones, 0);

const momentsOf = (found: PageFrames): readonly Moment[] => [
  found.used,
  found.usedPacked,
  found.aged,
  found.agedPacked,
  found.agedCompacted,
  found.plain,
  found.plainCompacted,
];

function figures(found: PageFrames): readonly Figures[] {
  const moments = momentsOf(found);
  const orders = found.used.zones[0].blocks.map((_, order) => String(order));
  return [
    {
      title: "/proc/buddyinfo: free blocks by order",
      columns: ["", ...orders],
      rows: moments.flatMap(({ name, zones }) =>
        zones.map((zone) => [`${name}: ${zone.name}`, ...zone.blocks])
      ),
    },
    {
      title: "zram's frames, and forks that find 16 KiB in a row in Normal",
      columns: ["", "zram's", "objects", "free", "forks", "would fit", "left"],
      rows: moments.map((one) => [
        one.name,
        one.poolFrames,
        one.poolFrames === 0 ? "" : percent(one.ratio, 100),
        one.lowFree,
        one.forks,
        Math.floor(one.lowFree / PGD_FRAMES),
        one.leftFree,
      ]),
    },
  ];
}

/** Of the frames that were free, so many are left where fork fails early. */
const MUCH_FREE = 1 / 4;

/** Whether fork fails with more than a quarter left of what was free. */
const failsWithMuchFree = ({ lowFree, leftFree }: Moment) =>
  leftFree > MUCH_FREE * lowFree;

/** "1624 of 2448 frames free, after compact_memory 1372". */
const leftFreeText = (before: Moment, compacted: Moment) =>
  `${before.leftFree} of ${before.lowFree} frames free, after compact_memory ${compacted.leftFree}`;

/**
 * Memory is compacted before fork fails, directly by who asks for an order of
 * 2: what is left free then decides.
 */
function decideScatter(found: PageFrames): Verdict {
  const { aged, agedCompacted, plain, plainCompacted } = found;
  return holds(
    failsWithMuchFree(agedCompacted) && !failsWithMuchFree(plainCompacted),
    `fork fails with ${leftFreeText(aged, agedCompacted)}; without zram ${
      leftFreeText(plain, plainCompacted)
    }; more than a quarter left after it is much`,
  );
}

function decideGains(found: PageFrames): Verdict {
  const { used, usedPacked, aged, agedPacked } = found;
  const little = gains(used, usedPacked);
  const pages = framesFrom(little, 0);
  if (pages <= 0) return holds(false, "compaction gave no frame back");
  const share = largeShare(little);
  const agedShare = largeShare(gains(aged, agedPacked));
  return holdsIf(
    framesFrom(little, 1) > 0 && share <= MOST_LARGE,
    "the swap has aged little",
    `${percent(used.ratio, 100)} to ${
      percent(usedPacked.ratio, 100)
    } objects: ${
      percent(share, 100)
    } of ${pages} frames in blocks of 4 or more, reported ${
      percent(largeShare(REPORTED), 100)
    }; aged ${percent(agedShare, 100)}`,
  );
}

/** The experiment. */
export const PAGE_FRAMES = experiment<"frames" | "touches", PageFrames>({
  name: "page-frames",
  theme: "page frames",
  method:
    "A 32-bit machine with a zone Normal and high memory swaps to zram until three quarters of its frames hold pages that are out. Its pages are used at random, then half of its processes exit. At each moment forks take 16 KiB in a row each until one fails, after zs_compact or compact_memory too; and all again with a disk in zram's place. Whether fork fails with much free is judged after compact_memory, as direct compaction does the same before an allocation of 16 KiB fails, and much is more than a quarter of what was free.",
  sizes: {
    frames: {
      usual: 8192,
      least: 4096,
      most: 65536,
      means: "frames of the machine",
    },
    touches: {
      usual: 16384,
      least: 0,
      most: 1000000,
      means: "pages that are used at random",
    },
  },
  kernels: [LINUX_4_0, LINUX_7_3],
  run: runPageFrames,
  figures,
  claims: [
    {
      name: "zram-scatters-unmovable-pages",
      says:
        "zram's frames fragment memory, so that fork finds no 16 KiB in a row while many frames are free.",
      who: "Juneho Choi, reported by Minchan Kim, 2015",
      passages: [
        {
          thread: "003",
          at: "fork failed although there are plenty of free pages",
        },
        {
          thread: "003",
          at: "zram is one of the culprit to make heavy fragmentation",
        },
        { thread: "003", at: "no more contiguous 16K page for pgd to fork" },
      ],
      decide: decideScatter,
    },
    {
      name: "compaction-buddyinfo-gains",
      says:
        "Compacting zsmalloc adds free blocks of higher orders, though far fewer than single frames.",
      who: "Juneho Choi, reported by Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "In buddy info, Normal 2^3: 4, 2^2: 1: 2^1 increased",
      }],
      decide: decideGains,
    },
    {
      name: "generic-compaction-moves-zsmalloc-pages",
      says:
        "Memory compaction is to move zsmalloc's frames by itself (planned).",
      who: "Minchan Kim, 2015: as the next step",
      passages: [
        { thread: "003", at: "to make VM aware of zsmalloc" },
        {
          thread: "003",
          at: "generic compaction will move zsmalloced-pages automatically",
        },
      ],
      decide: ({ migration: { moved, wrong }, aged, agedCompacted }) =>
        holdsIf(
          moved > 0 && wrong === 0,
          "frames are meant, not the objects in them",
          `it moved ${moved} of ${agedCompacted.poolFrames} frames, ${wrong} objects read wrong; objects are ${
            percent(aged.ratio, 100)
          } of them before, ${percent(agedCompacted.ratio, 100)} after`,
        ),
    },
  ],
});
