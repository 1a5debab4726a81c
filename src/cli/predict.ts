/** `zspec predict`: what a kernel would show for files, without booting it. */
import { LINUX_6_18 } from "../linux/profile.ts";
import { ALGORITHM_NAMES, algorithmsOption } from "./algorithms.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { PATH_HELP, readInput } from "./pages.ts";
import { predictionBars } from "./pictures.ts";
import { renderPredictions } from "./predict_report.ts";
import { predict } from "./prediction.ts";
import { printResult } from "./print.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { tableColumns } from "./terminal.ts";
import { tellUnread } from "./unread.ts";
import {
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  wholesOption,
} from "./usage.ts";

/** How `zspec predict` is called. */
export const USAGE =
  `zspec predict [PATH…] [--profile P] [--algorithm A[,A…]] [--chain-size N[,N…]]
              [--config FILE] [--page-size N] [--svg FILE] [--json]

Shows what mm_stat would show if every page of the files (folders are walked)
were written to a zram device, for each algorithm and chain size. Without a PATH
it takes the running Deno executable. It uses every core, and no more memory for
more pages.

${profileHelp(23, `the kernel to be, by default ${LINUX_6_18.name}`)}${
    pageSizeHelp(23)
  }  --algorithm A[,A…]   by default those that the kernel has; of
                       ${ALGORITHM_NAMES};
                       behind colons what algorithm_params would tell it:
                       zstd:level=15, lz4:dict=FILE, deflate:winbits=-15
  --chain-size N[,N…]  the most pages of a zspage, 1 to 16; by default the
                       profile's (CONFIG_ZSMALLOC_CHAIN_SIZE)
${svgHelp(23)}  --json               the figures for machines

An algorithm behind which ≈ stands has lengths near the kernel's; those of all
others are the kernel's own, so that mm_stat is to the byte.

${PATH_HELP}`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size", "algorithm", "chain-size", "svg"],
    boolean: ["json"],
  });
  const profile = withPageSize(profileOption(options), options);
  const chainSizes = wholesOption(options, "chain-size", 1, 16) ??
    [profile.chainSize];
  const algorithms = algorithmsOption(options, profile);
  const svg = svgOption(options);
  const input = readInput(options.paths, profile.pageSize);
  const predictions = await predict(profile, input, algorithms, chainSizes);
  const { fileCount: files, pages } = input;
  printResult(
    options,
    { profile: profile.name, files, pages, predictions },
    () => renderPredictions(profile, input, predictions, tableColumns()),
  );
  const title = `${input.title} as zram of ${profile.name} would store it`;
  await writeSvg(svg, () => predictionBars(title, predictions));
  tellUnread(input.unread);
  return 0;
}
