/** What swapping in and out leaves of a pool, and what compaction gives back. */
import { LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import type { AgedSwap } from "../../programs/age.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type Aging,
  ratio,
  runAging,
  SEEDS,
  type Tried,
  TURNOVERS,
} from "../runs/aging_runs.ts";

/** What the mail reports of the heavy run: percent before and after. */
const HEAVY = { before: 42.98, after: 79.03 };
/** What it reports of the device with little aging. */
const LITTLE = {
  before: 100 * 156677 / 166092,
  after: 100 * 156673 / 160564,
  pages: (166092 - 160564) / 4,
  moved: 23630,
};
/** Percentage points by which a run may differ from a report. */
const TOLERANCE = 1;
/** By how much the mean must have grown at twice the age: it is no better known. */
const GROWTH = 1.05;
/** Of the reported moves a page, a pool like the reported one has this part. */
const LIKE_REPORTED = 1 / 2;

const heavyRatios = ({ aged, compacted }: AgedSwap) => ({
  before: ratio(aged.objectBytes, aged.bytesUsed),
  after: ratio(compacted.objectBytes, compacted.bytesUsed),
});

const percent = (number: number) => `${number.toFixed(2)} %`;

const each = (moved: number, freed: number) =>
  freed === 0 ? "" : (moved / freed).toFixed(1);

function figures(
  { heavy, heavyByQuarter, little: [little], meanFreed, indirection }: Aging,
): readonly Figures[] {
  const columns = ["", "before", "after", "pages freed", "moved", "a page"];
  const heavyRow = (name: string, swap: AgedSwap) => {
    const { before, after } = heavyRatios(swap);
    const { pagesCompacted, objectsMigrated } = swap.pool;
    return [
      name,
      percent(before),
      percent(after),
      pagesCompacted,
      objectsMigrated,
      each(objectsMigrated, pagesCompacted),
    ];
  };
  return [
    {
      title: "Objects' share of the pool, and what compaction makes of it",
      columns,
      rows: [
        ["reported", percent(HEAVY.before), percent(HEAVY.after), "", "", ""],
        heavyRow("heavy swapping", heavy),
        heavyRow("almost empty up to a quarter", heavyByQuarter),
        [
          "reported, little aging",
          percent(LITTLE.before),
          percent(LITTLE.after),
          LITTLE.pages,
          LITTLE.moved,
          each(LITTLE.moved, LITTLE.pages),
        ],
        ...little.map((one) => [
          `all came and went ${one.turnovers} times`,
          percent(one.before),
          percent(one.after),
          one.pagesFreed,
          one.objectsMoved,
          each(one.objectsMoved, one.pagesFreed),
        ]),
      ],
    },
    {
      title: `Pages freed of that swap, on average of ${SEEDS} seeds`,
      columns: ["all came and went", "pages freed"],
      rows: meanFreed.map((freed, nth) => [
        `${TURNOVERS[nth]} times`,
        freed.toFixed(1),
      ]),
    },
    {
      title: "What the layer between handle and object takes",
      columns: ["objects", "cells", "frames", "frames without it"],
      rows: [[
        indirection.objects,
        `${indirection.cellBytes} bytes`,
        indirection.frames,
        indirection.framesWithout,
      ]],
    },
  ];
}

const isNear = (found: number, reported: number) =>
  Math.abs(found - reported) <= TOLERANCE;

/** The try whose ratio before compaction is nearest to the report's. */
function nearestToReport(little: readonly Tried[]): Tried {
  const far = ({ before }: Tried) => Math.abs(before - LITTLE.before);
  return little.toSorted((one, other) => far(one) - far(other))[0];
}

/** The last age up to which each doubling gives back more, if the first does. */
function growsUpTo(meanFreed: readonly number[]): number | undefined {
  const end = meanFreed.findIndex((freed, nth) =>
    nth > 0 && (freed === 0 || freed < GROWTH * meanFreed[nth - 1])
  );
  const last = end < 0 ? meanFreed.length - 1 : end - 1;
  return last === 0 ? undefined : TURNOVERS[last];
}

function decideGrowth({ meanFreed }: Aging): Verdict {
  const evidence = `${
    meanFreed.map((freed) => freed.toFixed(0)).join(", ")
  } pages given back once all had come and gone ${
    TURNOVERS.join(", ")
  } times, on average of ${SEEDS} seeds; it grows as long as twice the age gives back a twentieth more`;
  const last = growsUpTo(meanFreed);
  if (last === TURNOVERS.at(-1)) return holds(true, evidence);
  return holdsIf(
    last !== undefined,
    `all of swap has come and gone at most ${last} times`,
    evidence,
  );
}

/** The swap at that of its ages which is nearest to the report. */
function decideLittle({ little: [little] }: Aging): Verdict {
  const one = nearestToReport(little);
  const { before, after, turnovers, pagesFreed, objectsMoved } = one;
  const isSo = isNear(before, LITTLE.before) && isNear(after, LITTLE.after);
  const reported = LITTLE.moved / LITTLE.pages;
  const isOther = objectsMoved < LIKE_REPORTED * reported * pagesFreed;
  return holdsIf(
    isSo,
    "as many pages go out as come in, and compress as these do",
    `${percent(before)} before and ${
      percent(after)
    } after, all having come and gone ${turnovers} times, the age of ${little.length} that is nearest to the report; ${
      each(objectsMoved, pagesFreed) || "no"
    } objects moved a page, reported ${each(LITTLE.moved, LITTLE.pages)}${
      isOther ? ", so the reported pool was another" : ""
    }${
      isSo
        ? ""
        : `; the report's ${percent(LITTLE.before)} and ${
          percent(LITTLE.after)
        } are not both within ${TOLERANCE} point`
    }`,
  );
}

/** The experiment. */
export const AGING = experiment<"processes" | "pages", Aging>({
  name: "aging",
  theme: "compaction",
  method:
    "A zram-swap is filled, shrinks half by processes that exit and half by faults, and is compacted. In another, of real pages compressed by lzo, as many go out as come in, and compaction is tried now and then; all that from several seeds. The same real pages are stored with handles that are locations, as up to 3.19.",
  sizes: {
    processes: {
      usual: 16,
      least: 1,
      most: 256,
      means: "processes that swap heavily, 12,288 pages each",
    },
    pages: {
      usual: 8192,
      least: 64,
      most: 65536,
      means: "real pages in the other swap, an eighth of them different",
    },
  },
  kernels: [LINUX_4_0, LINUX_7_3],
  run: runAging,
  figures,
  claims: [
    {
      name: "compaction-42-98-to-79-03",
      says:
        "After heavy swapping of data that compress very well, compaction raises the objects' share of the memory from 42.98 to 79.03 percent.",
      who: "Minchan Kim, 2015",
      passages: [
        { thread: "003", at: "140103680 bytes ratio: 42.98 percent" },
        { thread: "003", at: "76185600 bytes ratio: 79.03 percent" },
      ],
      decide({ heavy }) {
        const { before, after } = heavyRatios(heavy);
        return holdsIf(
          isNear(before, HEAVY.before) && isNear(after, HEAVY.after),
          "the swap has shrunk to half of its objects, by exits and by faults",
          `${percent(before)} before and ${
            percent(after)
          } after, ${TOLERANCE} point either way allowed`,
        );
      },
    },
    {
      name: "compacted-pages-are-free-memory",
      says: "What compaction frees in the pool is free memory afterwards.",
      who: "Minchan Kim, 2015",
      passages: [
        { thread: "003", at: "MemFree: 840192 kB Compaction" },
        { thread: "003", at: "MemFree: 901932 kB" },
      ],
      decide({ heavy: { pool }, heavyFramesBack }) {
        return holds(
          pool.pagesCompacted > 0 && heavyFramesBack === pool.pagesCompacted,
          `${heavyFramesBack} frames more are free, ${pool.pagesCompacted} pages were compacted`,
        );
      },
    },
    {
      name: "light-aging-gains-3-percent",
      says:
        "After little aging compaction raises the share from 94 to 97 percent.",
      who: "Juneho Choi, reported by Minchan Kim, 2015",
      passages: [
        { thread: "003", at: "frag_ratio increased 3% (ie, higher is better)" },
        { thread: "003", at: "num_migrated : 23630 compaction done" },
      ],
      decide: decideLittle,
    },
    {
      name: "benefit-grows-with-age",
      says: "The longer a system ages, the more compaction gives back.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "the benefit would be bigger in real aging system for a long time",
      }],
      decide: decideGrowth,
    },
    {
      name: "almost-full-threshold-to-be-adjusted",
      says:
        "For compaction a zspage must count as almost empty up to another share of it than a quarter.",
      who: "Minchan Kim, 2015",
      passages: [{ thread: "003", at: "zsmalloc: adjust ZS_ALMOST_FULL" }],
      decide({ heavy, heavyByQuarter }) {
        const [own, byQuarter] = [heavy.pool, heavyByQuarter.pool];
        return holds(
          own.pagesCompacted > byQuarter.pagesCompacted,
          `${own.pagesCompacted} pages given back by ${own.objectsMigrated} objects moved, with the border at a quarter ${byQuarter.pagesCompacted} by ${byQuarter.objectsMigrated}`,
        );
      },
    },
    {
      name: "indirection-costs-marginally",
      says:
        "The layer between handle and object, and compaction, slow swapping down only marginally.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "the regression for swapin/out speed is marginal",
      }],
      decide({ indirection: { objects, cellBytes, frames, framesWithout } }) {
        return {
          ruling: "not decided here",
          evidence:
            `its time is the machine's; in memory, ${objects} objects take ${frames} frames and ${cellBytes} bytes of cells, ${framesWithout} frames without the layer`,
        };
      },
    },
  ],
});
