/** `zspec run`: the pages of real files through a zram device. */
import { LINUX_6_18, LINUX_6_18_FULL, type Profile } from "../linux/profile.ts";
import { measure } from "./aging.ts";
import {
  ALGORITHM_NAMES,
  algorithmNamed,
  DEFAULT_ALGORITHM,
  tellAlgorithm,
} from "./algorithms.ts";
import { backingOption, featuredProfile } from "./features.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import type { Algorithm } from "./measuring.ts";
import { type Input, PATH_HELP, readInput } from "./pages.ts";
import { memoryBars } from "./pictures.ts";
import { printResult } from "./print.ts";
import type { RunRequest } from "./run_device.ts";
import { memoryStages, renderRun } from "./run_report.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { tableColumns } from "./terminal.ts";
import { tellUnread } from "./unread.ts";
import {
  bytesOption,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  seedOption,
  UsageError,
} from "./usage.ts";

/** How `zspec run` is called. */
export const USAGE =
  `zspec run [PATH…] [--profile P] [--config FILE] [--page-size N]
          [--algorithm A] [--level N] [--dict FILE] [--disksize SIZE]
          [--mem-limit SIZE] [--backing SIZE] [--recompress A] [--seed N]
          [--svg FILE] [--json]

Writes every page of the files (folders are walked) through a zram device,
frees a random half of them, compacts, and reads back what is left. Without a
PATH it takes the running Deno executable. Where the disk or the limit is too
small, it writes until the kernel refuses a page, and goes on with the others.

${profileHelp(18, `the kernel to be, by default ${LINUX_6_18.name}`)}${
    pageSizeHelp(18)
  }  --algorithm A   what pages are compressed with, by default ${DEFAULT_ALGORITHM}:
                  ${ALGORITHM_NAMES}
  --level N       its level, and
  --dict FILE     its dictionary, as algorithm_params tells them (since 6.12)
  --disksize SIZE the disk, such as 512M; by default as large as the files
  --mem-limit SIZE what the pool may take, as mem_limit says it; by default
                  there is no limit
  --seed N        which half is freed; by default 1
  --backing SIZE  a backing device, in memory: once half the pages are freed and
                  half of the others read again, the rest, which are idle, are
                  written back until it is full, huge ones first
  --recompress A  a second algorithm: then what is idle or huge and in memory is
                  recompressed with it
${svgHelp(18)}  --json          the figures for machines

Writeback and recompression need a kernel that is configured with them, so the
profile is then ${LINUX_6_18_FULL.name} where none is given.

${PATH_HELP}`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [
      ...PROFILE_OPTIONS,
      "page-size",
      "algorithm",
      "level",
      "dict",
      "disksize",
      "mem-limit",
      "svg",
      "seed",
      "backing",
      "recompress",
    ],
    boolean: ["json"],
  });
  const profile = withPageSize(featuredProfile(options), options);
  const svg = svgOption(options);
  const input = readInput(options.paths, profile.pageSize);
  const run = measure(readRequest(options, profile, input), input);
  printResult(
    options,
    run,
    () => renderRun(run, input.title, tableColumns()),
  );
  const title = `${input.title} through zram of ${run.profile}`;
  await writeSvg(svg, () => memoryBars(title, memoryStages(run)));
  tellUnread(input.unread);
  return 0;
}

/** What the options ask for. */
function readRequest(
  options: Options,
  profile: Profile,
  { pages }: Input,
): RunRequest {
  const { pageSize } = profile;
  const memLimit = bytesOption(options, "mem-limit");
  if (memLimit !== undefined && !("mem_limit" in profile.zram.attributes)) {
    throw new UsageError(
      `Cannot use '--mem-limit': ${profile.name} has no mem_limit, which came with 3.18`,
    );
  }
  const backing = backingOption(options, profile);
  const recompressor = options.text("recompress");
  return {
    profile,
    algorithm: runAlgorithm(options, profile),
    disksize: bytesOption(options, "disksize") ?? pages * pageSize,
    memLimit,
    seed: seedOption(options) ?? 1,
    backingPages: backing && Math.floor(backing / pageSize),
    recompressor: recompressor === undefined
      ? undefined
      : algorithmNamed(recompressor),
  };
}

/** The algorithm, with what it is told. */
function runAlgorithm(options: Options, profile: Profile): Algorithm {
  const told = (["level", "dict"] as const).flatMap((param) => {
    const value = options.text(param);
    return value === undefined ? [] : [`${param}=${value}`];
  });
  const name = options.text("algorithm") ?? DEFAULT_ALGORITHM;
  return tellAlgorithm(name, told, profile);
}
