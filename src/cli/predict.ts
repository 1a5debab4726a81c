/** `zspec predict`: what a kernel would show for files, without booting it. */
import type { Codec } from "../codec/codec.ts";
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { LINUX_6_18 } from "../linux/profile.ts";
import { ALGORITHM_NAMES, algorithmNamed } from "./algorithms.ts";
import { readInput } from "./pages.ts";
import { renderPredictions } from "./predict_report.ts";
import { predict } from "./prediction.ts";
import {
  listOption,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  wholesOption,
} from "./usage.ts";

const DEFAULT_ALGORITHMS = ["lz4", "lzo", "lzo-rle", "deflate", "zstd"];

/** How `zspec predict` is called. */
export const PREDICT_USAGE =
  `zspec predict [PATH…] [--profile P] [--algorithm A[,A…]] [--chain-size N[,N…]]
              [--config FILE] [--json]

Shows what mm_stat would show if every page of the files (folders are walked)
were written to a zram device, for each algorithm and chain size. Without a PATH
it takes the running Deno executable.

${
    profileHelp(23, `the kernel to be, by default ${LINUX_6_18.name}`)
  }  --algorithm A[,A…]   by default ${DEFAULT_ALGORITHMS.join(",")}; of
                       ${ALGORITHM_NAMES}
  --chain-size N[,N…]  the most pages of a zspage, 1 to 16; by default the
                       profile's (CONFIG_ZSMALLOC_CHAIN_SIZE)
  --json               the figures for machines

The lengths that ${
    KERNEL_CODECS.map(({ name }) => name).join(", ")
  } compress to are the kernel's own, so that
mm_stat is to the byte; those of other algorithms are near the kernel's.
`;

/** Runs the command and returns its exit status. */
export function predictCommand(args: readonly string[]): number {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "algorithm", "chain-size"],
    boolean: ["json"],
  });
  const profile = profileOption(options);
  const chainSizes = wholesOption(options, "chain-size", 1, 16) ??
    [profile.chainSize];
  const codecs: Codec[] = (listOption(options, "algorithm") ??
    DEFAULT_ALGORITHMS).map(algorithmNamed);
  const input = readInput(options.paths, profile.pageSize);
  const predictions = predict(profile, input, codecs, chainSizes);
  console.log(
    options.flag("json")
      ? JSON.stringify(
        {
          profile: profile.name,
          files: input.files.length,
          pages: input.pages,
          predictions,
        },
        null,
        2,
      )
      : renderPredictions(profile, input, predictions).trimEnd(),
  );
  return 0;
}
