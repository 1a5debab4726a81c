/** `zspec swap`: the pages of real files as the memory of a process under pressure. */
import { lz4 } from "../codec/lz4.ts";
import { LINUX_6_1, type Profile } from "../linux/profile.ts";
import { stackedBar } from "../report/bars.ts";
import { counted, grouped, humanBytes, table } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { type Input, inputPages, readInput } from "./pages.ts";
import { placeBars } from "./pictures.ts";
import { print } from "./print.ts";
import { progress } from "./progress.ts";
import { type Place, PLACES } from "../claims/runs/swap_places.ts";
import { type SwapRun, swapThrough } from "../claims/runs/swap_run.ts";
import {
  type Size,
  storesOf,
  type SwapStore,
  ZRAM_ALONE,
} from "../claims/runs/swap_stores.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { tellUnread } from "./unread.ts";
import {
  bytesOption,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** How `zspec swap` is called. */
export const SWAP_USAGE =
  `zspec swap [PATH…] [--profile P] [--config FILE] [--page-size N]
           [--memory SIZE] [--seed N] [--svg FILE] [--json]

Takes every page of the files (folders are walked) as the memory of a process,
swaps them all out, touches a random tenth of them, swaps those out again, and
reads everything back: through zram, alone, before a disk and with writeback,
and through zswap over each allocator that the kernel has, above a disk that has
room for all, or above zram. Each may take the same memory. Without a PATH it
takes the running Deno executable.

${profileHelp(17, `the kernel to be, by default ${LINUX_6_1.name}`)}${
    pageSizeHelp(17)
  }  --memory SIZE  what zram or zswap's pools may take, such as 32M; by default
                 a third of the files' pages
  --seed N       which tenth is touched; by default 1
${svgHelp(17)}  --json         the figures for machines
`;

/** Every run over the same files. */
interface Report {
  readonly profile: string;
  readonly files: number;
  readonly pages: number;
  readonly memory: number;
  readonly seed: number;
  readonly runs: readonly SwapRun[];
}

/** Runs the command and returns its exit status. */
export async function swapCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size", "memory", "seed", "svg"],
    boolean: ["json"],
  });
  // 6.1 is the last kernel with a profile that has zbud and z3fold.
  const profile = withPageSize(profileOption(options, LINUX_6_1), options);
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1;
  const svg = svgOption(options);
  const input = readInput(options.paths, profile.pageSize);
  const { fileCount, pages, title } = input;
  const third = Math.ceil(pages / 3) * profile.pageSize;
  const memory = bytesOption(options, "memory") ?? third;
  if (memory < profile.pageSize) {
    throw new UsageError(
      `The option '--memory' is ${memory} bytes, not at least a page of ${profile.pageSize}`,
    );
  }
  const report = {
    profile: profile.name,
    files: fileCount,
    pages,
    memory,
    seed,
    runs: runAll(profile, input, { pages, memory, seed }),
  };
  const text = options.flag("json")
    ? JSON.stringify(report, null, 2) + "\n"
    : render(report, title);
  print(text);
  const caption = `${title} under pressure, ${profile.name}: where pages are`;
  await writeSvg(svg, () => placeBars(caption, report.runs));
  tellUnread(input.unread);
  return 0;
}

/** Every way that the kernel has; what zram held alone is its size before a disk. */
function runAll(
  profile: Profile,
  input: Input,
  asked: Omit<Size, "zramSlots">,
): SwapRun[] {
  const runs: SwapRun[] = [];
  let zramSlots = asked.pages;
  for (const store of storesOf(profile)) {
    const run = runThrough(store, profile, input, { ...asked, zramSlots });
    if (store === ZRAM_ALONE) zramSlots = Math.max(1, run.held);
    runs.push(run);
  }
  return runs;
}

function runThrough(
  store: SwapStore,
  profile: Profile,
  input: Input,
  size: Size,
): SwapRun {
  const shown = progress(store.name, 2 * size.pages);
  const pages = inputPages(input, profile.pageSize);
  const run = swapThrough(store, profile, lz4, pages, size, (done) => {
    shown.step(done);
  });
  shown.end();
  return run;
}

/** What the columns and the ways are. */
function renderLegend({ runs }: Report): string {
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
    80,
  );
}

/** Pages held for each page of memory. */
const ratio = (held: number, memory: number, pageSize: number): string =>
  memory === 0 ? "-" : (held * pageSize / memory).toFixed(2);

function render(report: Report, title: string): string {
  const { profile, pages, memory, seed } = report;
  return [
    `${title}: ${counted(pages, "page")} under pressure, ${profile}, ${
      humanBytes(memory)
    } of memory each\n`,
    renderTable(report),
    renderPlaces(report),
    renderLegend(report),
    `Every page was read back (--seed ${seed}) and is what it was.\n`,
  ].join("\n");
}

function renderTable({ runs }: Report): string {
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
  return table(
    [
      { title: "", align: "left" },
      { title: "held" },
      { title: "memory" },
      { title: "ratio" },
      { title: "back" },
      { title: "refused" },
      { title: "reads" },
      { title: "writes" },
    ],
    rows,
  );
}

const BAR_WIDTH = 11;

/** What draws each place. */
const FILLS: Readonly<Record<Place, string>> = {
  zswap: "█",
  zram: "▓",
  disk: "░",
  memory: "·",
};

/** Where the pages of each quarter are, drawn to one scale. */
function renderPlaces({ runs }: Report): string {
  const width = Math.max(...runs.map(({ name }) => name.length));
  const lines = runs.map(({ name, inMemory, places }) => {
    const bars = places.map((quarter) => {
      const pages = PLACES.reduce((sum, place) => sum + quarter[place], 0);
      return stackedBar(
        PLACES.map((place) => ({ fill: FILLS[place], length: quarter[place] })),
        Math.max(1, pages) / BAR_WIDTH,
      ).padEnd(BAR_WIDTH);
    });
    return `  ${name.padEnd(width)}  ${bars.join(" ")} ${
      grouped(inMemory).padStart(7)
    }\n`;
  });
  const bars = "oldest quarter".padEnd(3 * (BAR_WIDTH + 1)) + "newest";
  const legend = PLACES.map((place) => `${FILLS[place]} ${place}`).join("  ");
  return `Pages by when they were used: ${legend}\n  ${" ".repeat(width)}  ${
    bars.padEnd(4 * BAR_WIDTH + 3)
  }    left\n${lines.join("")}`;
}
