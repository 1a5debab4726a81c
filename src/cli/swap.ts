/** `zspec swap`: the pages of real files as the memory of a process under pressure. */
import { lz4 } from "../codec/lz4.ts";
import { LINUX_6_1, type Profile, PROFILES } from "../linux/profile.ts";
import { counted } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { type Input, inputPages, PATH_HELP, readInput } from "./pages.ts";
import { placeBars } from "./pictures.ts";
import { printResult } from "./print.ts";
import { progress } from "./progress.ts";
import { type SwapRun, swapThrough } from "../claims/runs/swap_run.ts";
import {
  type Size,
  storesOf,
  type SwapStore,
  ZRAM_ALONE,
} from "../claims/runs/swap_stores.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { renderSwap, type SwapReport } from "./swap_report.ts";
import { tableColumns } from "./terminal.ts";
import { tellUnread } from "./unread.ts";
import {
  bytesOption,
  namesOf,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  seedOption,
  UsageError,
} from "./usage.ts";

/** Every profile has zram; which has zswap over which allocator. */
const ZPOOL_NAMES = (["zbud", "z3fold", "zsmalloc"] as const).map((zpool) =>
  `${zpool} with ${
    namesOf(PROFILES.filter(({ zswap }) => zswap.zpools.includes(zpool)))
  }`
).join("; ");

/** How `zspec swap` is called. */
export const USAGE =
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

${wrap(`Every profile has zram; zswap is there on ${ZPOOL_NAMES}.`, 80)}
${PATH_HELP}`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size", "memory", "seed", "svg"],
    boolean: ["json"],
  });
  // 6.1 is the last kernel with a profile that has zbud and z3fold.
  const profile = withPageSize(profileOption(options, LINUX_6_1), options);
  const seed = seedOption(options) ?? 1;
  const svg = svgOption(options);
  const input = readInput(options.paths, profile.pageSize);
  const { fileCount, pages, title } = input;
  const third = Math.ceil(pages / 3) * profile.pageSize;
  const memory = bytesOption(options, "memory") ?? third;
  if (memory < profile.pageSize) {
    throw new UsageError(
      `The option '--memory' is ${
        counted(memory, "byte")
      }, not at least a page of ${profile.pageSize}`,
    );
  }
  const report: SwapReport = {
    profile: profile.name,
    files: fileCount,
    pages,
    memory,
    seed,
    runs: runAll(profile, input, { pages, memory, seed }),
  };
  printResult(
    options,
    report,
    () => renderSwap(report, title, tableColumns()),
  );
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
  const shown = progress(store.name, 2 * size.pages, "pages");
  const pages = inputPages(input, profile.pageSize);
  const run = swapThrough(store, profile, lz4, pages, size, (done) => {
    shown.step(done);
  });
  shown.end();
  return run;
}
