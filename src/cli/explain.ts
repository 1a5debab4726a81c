/** `zspec explain`: what people paste of compressed memory, number by number. */
import { explainPaste } from "../explain/explain.ts";
import { PROFILES } from "../linux/profile.ts";
import { readExplained } from "./explain_input.ts";
import { renderExplanation } from "./explain_report.ts";
import { printResult } from "./print.ts";
import { proseColumns, tableColumns } from "./terminal.ts";
import {
  bytesOption,
  namedProfile,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  UsageError,
} from "./usage.ts";

/** How `zspec explain` is called. */
export const USAGE =
  `zspec explain [FILE] [--profile P] [--config FILE] [--page-size SIZE] [--json]

Says what each number of a text is, what follows from it, which rules it breaks,
which releases it can be of, and what people mistake it for. FILE is a text, or
a folder such as /sys/block/zram0, /sys/kernel/debug/zswap or
/sys/kernel/debug/zsmalloc/zram0; without it the text comes from a pipe:

  zspec explain /sys/block/zram0
  grep . /sys/block/zram0/* /sys/kernel/debug/zswap/* | zspec explain
  zramctl | zspec explain

It reads mm_stat, bd_stat, io_stat, debug_stat and the other files of a zram
device, with their names in front or, where the count of numbers tells them,
without; zramctl's table; zsmalloc's classes; zswap's counters and parameters;
and the lines of /proc/meminfo and /proc/vmstat that are about zswap.

${
    profileHelp(
      20,
      "the kernel that the text is of, which decides what it cannot show; by default any",
    )
  }  --page-size SIZE  bytes of its page, by default the profile's or 4096
  --json            the same for machines

The exit status is 1 where a rule is broken, 2 where nothing could be read.
`;

/** Page sizes that Linux has. */
const PAGE_SIZES: readonly number[] = [4096, 8192, 16384, 32768, 65536];

/** Runs the command and returns its exit status. */
export function command(args: readonly string[]): number {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size"],
    boolean: ["json"],
  });
  const { profile } = namedProfile(options);
  const pageSize = pageSizeOption(options) ?? profile?.pageSize ?? 4096;
  const { name, text } = readExplained(options.paths);
  const explained = explainPaste(text, {
    pageSize,
    ...(profile === undefined ? {} : { profile: { ...profile, pageSize } }),
  });
  if (explained.explanations.length === 0) {
    const why = explained.unread.find((line) => line.why !== undefined)?.why;
    throw new UsageError(
      `Cannot explain ${name}: ${
        why ?? "no line of it is one that zspec knows"
      }; it reads the files of /sys/block/zramN, zramctl's table, zsmalloc's classes, and zswap's counters`,
    );
  }
  printResult(
    options,
    { pageSize, ...explained },
    () => renderExplanation(explained, PROFILES, proseColumns(tableColumns())),
  );
  return explained.explanations.some(({ broken }) => broken.length > 0) ? 1 : 0;
}

function pageSizeOption(options: Options): number | undefined {
  const pageSize = bytesOption(options, "page-size");
  if (pageSize === undefined || PAGE_SIZES.includes(pageSize)) return pageSize;
  throw new UsageError(
    `The option '--page-size' is ${pageSize}, not one of ${
      PAGE_SIZES.join(", ")
    }`,
  );
}
