/** What comes back of a process's swapped pages when it ends, with zram as the swap. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import { percent } from "../../report/table.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import { type Claim, holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { type Allocator, zsmallocOf } from "../runs/freed_objects.ts";
import { drawLength } from "../runs/page_lengths.ts";

/** What came of processes whose pages went out in bursts of one length. */
export interface Quit {
  /** Pages of one process that went out together. */
  readonly burst: number;
  /** Frames that the first one's compressed pages fill. */
  readonly framesFilled: number;
  /** Those of its pages that are stored whole, each in a frame of its own. */
  readonly framesWhole: number;
  /** Frames that came back when it ended. */
  readonly framesBack: number;
  /** With compaction after that, less what compaction gives without its end. */
  readonly framesCompacted: number;
  /** Processes that ended, one after the other, until its frames were back. */
  readonly kills: number;
}

/** What came of one kernel. */
export interface Quitting {
  readonly processes: number;
  /** From the shortest bursts to a process in one. */
  readonly quits: readonly Quit[];
}

type Sizes = "processes" | "pages";

/** Pages of a process that go out together: reclaim takes SWAP_CLUSTER_MAX. */
const BURSTS = [1, 32, 1024];
/** Less than this share is as good as nothing. */
const NOTHING = 0.1;
/** More than this share is most of it. */
const MOST = 0.5;

/** What is in zram of a page that goes out. */
interface StoredPage {
  readonly process: number;
  readonly length: number;
}

/** What zram stores of pages of some processes, in the order in which they go out. */
function storedPages(
  { profile, seed, sizes: { processes, pages } }: Given<Sizes>,
  burst: number,
): StoredPage[] {
  const { pageSize, zram } = profile;
  const wholeFrom = zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize);
  const random = randomFrom(seed);
  const bursts = Array.from(
    { length: processes * Math.ceil(pages / burst) },
    (_, nth) => ({
      process: nth % processes,
      first: burst * Math.floor(nth / processes),
    }),
  );
  return shuffle(bursts, random).flatMap(({ process, first }) =>
    Array.from({ length: Math.min(burst, pages - first) }, () => {
      const length = drawLength("object", random);
      return { process, length: length < wholeFrom ? length : pageSize };
    })
  );
}

/** All pages are out: the pool, and the objects of each process. */
function swapOut(profile: Profile, stored: readonly StoredPage[]) {
  const pool = zsmallocOf(profile);
  const handles: number[][] = [];
  for (const { process, length } of stored) {
    const handle = pool.malloc(length);
    if (handle === undefined) throw new Error(`no object of ${length} bytes`);
    (handles[process] ??= []).push(handle);
  }
  return { pool, handles };
}

/** Frees objects, and answers how many frames came back. */
function free(pool: Allocator, handles: readonly number[]): number {
  const before = pool.frames;
  for (const handle of handles) pool.free(handle);
  return before - pool.frames;
}

/** Frames that compaction gives back once a process has ended, and not before. */
function compactedBy(profile: Profile, stored: readonly StoredPage[]): number {
  const before = swapOut(profile, stored).pool.compact();
  const { pool, handles: [first] } = swapOut(profile, stored);
  free(pool, first);
  return pool.compact() - before;
}

/** One process after the other ends. */
function quit(given: Given<Sizes>, burst: number): Quit {
  const { profile } = given;
  const stored = storedPages(given, burst);
  const lengths = stored.filter(({ process }) => process === 0)
    .map(({ length }) => length);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const framesFilled = Math.ceil(bytes / profile.pageSize);
  const { pool, handles } = swapOut(profile, stored);
  const framesBack = free(pool, handles[0]);
  let kills = 1;
  for (let back = framesBack; back < framesFilled; kills++) {
    if (kills === handles.length) break;
    back += free(pool, handles[kills]);
  }
  return {
    burst,
    framesFilled,
    framesWhole: lengths.filter((length) => length === profile.pageSize).length,
    framesBack,
    framesCompacted: framesBack + compactedBy(profile, stored),
    kills,
  };
}

function run(given: Given<Sizes>): Quitting {
  const { processes, pages } = given.sizes;
  const bursts = [...BURSTS.filter((burst) => burst < pages), pages];
  return { processes, quits: bursts.map((burst) => quit(given, burst)) };
}

const shareBack = ({ framesBack, framesFilled }: Quit) =>
  framesBack / framesFilled;
const shareCompacted = ({ framesCompacted, framesFilled }: Quit) =>
  framesCompacted / framesFilled;
/** The share of those frames that it may have with others: of no whole page's. */
const shareOfShared = ({ framesBack, framesFilled, framesWhole }: Quit) =>
  framesFilled === framesWhole
    ? 1
    : (framesBack - framesWhole) / (framesFilled - framesWhole);

function figures({ processes, quits }: Quitting): readonly Figures[] {
  return [{
    title:
      `One of ${processes} processes ends: frames back, of those that its compressed pages fill`,
    columns: [
      ...["went out by", "fill", "back", "share", "compacted"],
      ...["whole aside", "kills for as many"],
    ],
    rows: quits.map((one) => [
      one.burst,
      one.framesFilled,
      one.framesBack,
      percent(shareBack(one), 1),
      percent(shareCompacted(one), 1),
      percent(shareOfShared(one), 1),
      one.kills,
    ]),
  }];
}

/** "26.0% by 1, 95.0% by 4096 pages": shares, and how the pages went out. */
const byBurst = (
  quits: readonly Quit[],
  shareOf: (one: Quit) => number,
): string =>
  `${
    quits.map((one) => `${percent(shareOf(one), 1)} by ${one.burst}`).join(", ")
  } pages`;

/** Whether compaction gives most back, however the pages went out. */
const isMendedByCompaction = (quits: readonly Quit[]) =>
  quits.every((one) => shareCompacted(one) > MOST);

/** The claims. */
export const QUITTING_CLAIMS: readonly Claim<Quitting>[] = [
  {
    name: "killing-processes-may-free-nothing",
    says:
      "With zram as the swap it is not sure that killing processes frees memory, and more and more may be killed for it.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 7961-7963" }],
    disputed:
      'Luigi Semenzato: "haven\'t seen this problem" (002, lines 8043-8051); Minchan Kim: no big problem in a well-controlled system (002, lines 8149-8156)',
    decide({ processes, quits }) {
      const poor = quits.filter((one) => shareOfShared(one) < NOTHING);
      const isMended = isMendedByCompaction(quits);
      const kills = Math.max(...quits.map((one) => one.kills));
      const evidence =
        `of what its data alone fill, whole pages aside, came back ${
          byBurst(quits, shareOfShared)
        }; up to ${kills} of ${processes} processes end before as many are back`;
      if (poor.length === quits.length && !isMended) {
        return holds(true, evidence);
      }
      return holdsIf(
        poor.length > 0,
        `its pages compress and went out by ${poor.at(-1)?.burst} or fewer${
          isMended ? ", and nothing compacts" : ""
        }`,
        evidence,
      );
    },
  },
  {
    name: "quitting-process-memory-mostly-reclaimed",
    says:
      "When processes quit most of what their swapped pages took comes back in practice, if not all.",
    who: "Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 8048-8051" }],
    disputed:
      'Mel Gorman: "no guarantee that killing processes frees memory" (002, lines 7961-7963)',
    decide({ quits }) {
      const most = quits.filter((one) => shareBack(one) > MOST);
      const compacted = quits.map((one) => percent(shareCompacted(one), 1));
      const isMended = isMendedByCompaction(quits);
      const evidence = `of what its data alone fill came back ${
        byBurst(quits, shareBack)
      }${isMended ? `, with compaction ${compacted.join(", ")}` : ""}`;
      if (most.length === quits.length) return holds(true, evidence);
      const conditions = [
        ...(most.length > 0
          ? [`a process's pages went out by ${most[0].burst} or more`]
          : []),
        ...(isMended ? ["the pool is compacted"] : []),
      ];
      return holdsIf(conditions.length > 0, conditions.join(" or "), evidence);
    },
  },
  {
    name: "compaction-mitigates-kill-and-oom",
    says:
      "Compaction helps where the end of processes gives no memory back, as their frames are shared.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "002", at: "lines 8169-8172" },
      { thread: "002", at: "lines 8199-8200" },
    ],
    decide: ({ quits }) =>
      holds(
        isMendedByCompaction(quits),
        `with it ${byBurst(quits, shareCompacted)} come back, without ${
          byBurst(quits, shareBack)
        }`,
      ),
  },
];

/** The experiment. */
export const QUITTING = experiment<Sizes, Quitting>({
  name: "quitting",
  theme: "freeing",
  method:
    "Processes swap all their pages out to zram, in bursts of one page, of 32 as reclaim takes them, of 1024 and of a whole process, in any order. Then one after the other ends, and what comes back is held against what its compressed pages fill; and once more with compaction.",
  sizes: {
    processes: { usual: 8, least: 2, most: 64, means: "processes" },
    pages: { usual: 2048, least: 64, most: 65536, means: "pages of each" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: QUITTING_CLAIMS,
});
