/** What `zspec swap` shows. */
import { type Place, PLACES } from "../claims/runs/swap_places.ts";
import type { SwapRun } from "../claims/runs/swap_run.ts";
import { stackedBar } from "../report/bars.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { wrapPieces } from "../report/pieces.ts";
import { counted, grouped, humanBytes } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { proseColumns } from "./terminal.ts";

/** Every run over the same files. */
export interface SwapReport {
  /** The profile's name. */
  readonly profile: string;
  /** How many files there are. */
  readonly files: number;
  /** Their pages. */
  readonly pages: number;
  /** Bytes that may hold pages. */
  readonly memory: number;
  /** Which pages were touched. */
  readonly seed: number;
  /** What each way came to. */
  readonly runs: readonly SwapRun[];
}

/** The runs for people, in lines of at most `width` characters. */
export function renderSwap(
  report: SwapReport,
  title: string,
  width: number = Infinity,
): string {
  const { profile, pages, memory, seed } = report;
  return [
    wrap(
      `${title}: ${counted(pages, "page")} under pressure, ${profile}, ${
        humanBytes(memory)
      } of memory each`,
      width,
    ),
    renderTable(report, width),
    renderPlaces(report, width),
    renderLegend(report, width),
    wrap(
      `Every page was read back (--seed ${seed}) and is what it was.`,
      width,
    ),
  ].join("\n");
}

/** What the columns and the ways are. */
function renderLegend({ runs }: SwapReport, width: number): string {
  const isThere = (part: string) => runs.some(({ name }) => name === part);
  return wrap(
    [
      "held: pages in compressed memory. back: written back to the disk by zswap or zram. refused: not taken by zswap, or else by zram. reads, writes: of the disk. left: in memory as they are.",
      "zram, then a disk: a disk of lower priority, behind a zram with as many slots as zram held alone.",
      ...isThere("zram, written back")
        ? [
          "zram, written back: when zram refuses a page, a sixteenth of the limit's pages are written back and the pool is compacted.",
        ]
        : [],
      ...isThere("zswap above zram")
        ? [
          "zswap above zram: a half of the memory each; zram gets what zswap refused.",
        ]
        : [],
    ].join(" "),
    proseColumns(width),
  );
}

/** Pages held for each page of memory. */
const ratio = (held: number, memory: number, pageSize: number): string =>
  memory === 0 ? "-" : (held * pageSize / memory).toFixed(2);

function renderTable({ runs }: SwapReport, width: number): string {
  const pageSize = runs[0].pageSize;
  const rows = runs.map((run) => [
    run.name,
    grouped(run.held),
    humanBytes(run.memory),
    ratio(run.held - run.heldWithoutMemory, run.memory, pageSize),
    grouped(run.writtenBack),
    grouped(run.refused),
    grouped(run.deviceReads),
    grouped(run.deviceWrites),
  ]);
  return fittedTable(
    [
      { title: "", align: "left" },
      { title: "held" },
      { title: "memory", importance: 6 },
      { title: "ratio", importance: 5 },
      { title: "back", importance: 3 },
      { title: "refused", importance: 4 },
      { title: "reads", importance: 1 },
      { title: "writes", importance: 2 },
    ],
    rows,
    width,
  );
}

/** Columns of a quarter's bar: where there is room, and beside a name at least. */
const [BAR_WIDTH, LEAST_BAR] = [11, 6];
/** Columns of how many pages are left. */
const LEFT_WIDTH = 7;

/** What draws each place. */
const FILLS: Readonly<Record<Place, string>> = {
  zswap: "█",
  zram: "▓",
  disk: "░",
  memory: "·",
};

/**
 * Where the pages of each quarter are, drawn to one scale. In a narrow `width`
 * bars are shorter, and below the name of what they are of.
 */
function renderPlaces({ runs }: SwapReport, width: number): string {
  const names = Math.max(...runs.map(({ name }) => name.length));
  const quarterOf = (before: number) =>
    Math.min(
      BAR_WIDTH,
      Math.floor((width - before - LEFT_WIDTH - 1 - 3) / 4),
    );
  const isBeside = quarterOf(names + 4) >= LEAST_BAR;
  const quarter = quarterOf(isBeside ? names + 4 : 4);
  const before = (name: string) =>
    isBeside ? `  ${name.padEnd(names)}  ` : "    ";
  const lines = runs.map(({ name, inMemory, places }) => {
    const bars = places.map((all) => {
      const pages = PLACES.reduce((sum, place) => sum + all[place], 0);
      return stackedBar(
        PLACES.map((place) => ({ fill: FILLS[place], length: all[place] })),
        Math.max(1, pages) / quarter,
      ).padEnd(quarter);
    });
    return `${isBeside ? "" : `  ${name}\n`}${before(name)}${bars.join(" ")} ${
      grouped(inMemory).padStart(LEFT_WIDTH)
    }\n`;
  });
  const heading = "oldest quarter".padEnd(3 * (quarter + 1)) + "newest";
  const legend = PLACES.map((place) => `${FILLS[place]} ${place}`);
  const [first, ...rest] = legend;
  return wrapPieces(
    [`Pages by when they were used: ${first}`, ...rest],
    width,
  ) +
    `${before("")}${heading.padEnd(4 * quarter + 3)}${
      "left".padStart(LEFT_WIDTH + 1)
    }\n${lines.join("")}`;
}
