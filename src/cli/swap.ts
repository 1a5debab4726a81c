/** `zspec swap`: the pages of real files as the memory of a process under pressure. */
import { LINUX_6_1, type Profile } from "../linux/profile.ts";
import { bar } from "../report/bars.ts";
import {
  counted,
  grouped,
  humanBytes,
  percent,
  table,
} from "../report/table.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { type Input, readInput } from "./pages.ts";
import { print } from "./print.ts";
import { progress } from "./progress.ts";
import {
  SWAP_STORES,
  type SwapRun,
  type SwapStore,
  swapThrough,
} from "./swap_run.ts";
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
           [--memory SIZE] [--seed N] [--json]

Takes every page of the files (folders are walked) as the memory of a process,
swaps them all out, touches a random tenth of them, swaps those out again, and
reads everything back: through zram, and through zswap over each allocator that
the kernel has, above a disk that has room for all. Each may take the same
memory. Without a PATH it takes the running Deno executable.

${profileHelp(17, `the kernel to be, by default ${LINUX_6_1.name}`)}${
    pageSizeHelp(17)
  }  --memory SIZE  what zram or zswap's pools may take, such as 32M; by default
                 a third of the files' pages
  --seed N       which tenth is touched; by default 1
  --json         the figures for machines
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
export function swapCommand(args: readonly string[]): number {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size", "memory", "seed"],
    boolean: ["json"],
  });
  // 6.1 is the last kernel with a profile that has zbud and z3fold.
  const profile = withPageSize(profileOption(options, LINUX_6_1), options);
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1;
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
    runs: storesOf(profile).map((store) =>
      runThrough(store, profile, input, { pages, memory, seed })
    ),
  };
  const text = options.flag("json")
    ? JSON.stringify(report, null, 2) + "\n"
    : render(report, title);
  print(text);
  tellUnread(input.unread);
  return 0;
}

/** zram, and zswap over the allocators that a kernel has. */
function storesOf({ zswap }: Profile): SwapStore[] {
  return SWAP_STORES.filter(({ zpool }) =>
    zpool === undefined || zswap.zpools.includes(zpool)
  );
}

function runThrough(
  store: SwapStore,
  profile: Profile,
  input: Input,
  size: { pages: number; memory: number; seed: number },
): SwapRun {
  const shown = progress(store.name, 2 * size.pages);
  const run = swapThrough(store, profile, input, size, (done) => {
    shown.step(done);
  });
  shown.end();
  return run;
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
    renderBars(report),
    `Every page was read back (--seed ${seed}) and is what it was.\n`,
  ].join("\n");
}

function renderTable({ runs, pages }: Report): string {
  const pageSize = runs[0].pageSize;
  const rows = runs.map((run) => [
    run.name,
    grouped(run.held),
    percent(run.held, pages),
    humanBytes(run.memory),
    ratio(run.held - run.heldWithoutMemory, run.memory, pageSize),
    grouped(run.writtenBack),
    grouped(run.refused),
    grouped(run.decompressions),
    grouped(run.deviceReads),
    grouped(run.deviceWrites),
  ]);
  return table(
    [
      { title: "", align: "left" },
      { title: "held" },
      { title: "of all" },
      { title: "memory" },
      { title: "ratio" },
      { title: "written back" },
      { title: "refused" },
      { title: "decompressed" },
      { title: "disk reads" },
      { title: "disk writes" },
    ],
    rows,
  );
}

const BAR_WIDTH = 48;

/** Pages held, drawn to one scale. */
function renderBars({ runs, pages }: Report): string {
  const width = Math.max(...runs.map(({ name }) => name.length));
  const lines = runs.map(({ name, held, inMemory }) => {
    const drawn = bar(held, pages, BAR_WIDTH);
    const rest = "·".repeat(BAR_WIDTH - drawn.length);
    const onDisk = pages - held - inMemory;
    return `  ${name.padEnd(width)}  ${drawn}${rest}  ${
      grouped(onDisk)
    } on disk, ${grouped(inMemory)} left in memory\n`;
  });
  return `Pages: █ held compressed  · elsewhere\n${lines.join("")}`;
}
