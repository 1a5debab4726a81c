/** `zspec size`: how large a zram device may be, for data like this. */
import type { Profile } from "../linux/profile.ts";
import { humanBytes } from "../report/table.ts";
import {
  ALGORITHM_NAMES,
  algorithmsOption,
  algorithmText,
  hasAlgorithm,
} from "./algorithms.ts";
import { backingOption, featuredProfile } from "./features.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { codecFor } from "./measuring.ts";
import { PATH_HELP, readInput } from "./pages.ts";
import { measureFor } from "./prediction.ts";
import { sizeBars } from "./pictures.ts";
import { printResult } from "./print.ts";
import { progress } from "./progress.ts";
import { ROUNDS } from "./size_aging.ts";
import {
  describe,
  isDescribed,
  percentOption,
  type SizeData,
} from "./size_described.ts";
import { sampleOf } from "./size_mix.ts";
import { planSize, type SizeRequest } from "./size_plan.ts";
import { renderSizes, type Sized } from "./size_report.ts";
import { generatorText, settingsOf } from "./size_settings.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { proseColumns, tableColumns } from "./terminal.ts";
import { tellUnread } from "./unread.ts";
import {
  bytesOption,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  refuseOptions,
  seedOption,
  UsageError,
} from "./usage.ts";

/** How `zspec size` is called. */
export const USAGE =
  `zspec size [PATH…] --ram SIZE [--share N%] [--algorithm A[,A…]]
           [--backing SIZE] [--profile P] [--config FILE] [--page-size N]
           [--seed N] [--svg FILE] [--json]
zspec size --ratio N [--huge N%] --ram SIZE …
zspec size --histogram FILE --ram SIZE …

Says how large a zram device may be for data like the files' (folders are
walked) on a machine with so much RAM, and what happens when it is full; and
prints the settings. The data may be described instead. Without a PATH it takes
the running Deno executable.

The rule: disksize is the most that leaves zram within a share of RAM once all
of the disk is written with such data; zram is the pool, aged, and the table of
slots. mem_limit is what the table leaves of that share, for other data.

  --ram SIZE           the machine's RAM, such as 8G
  --share N%           what zram may take of it, by default 50%
  --algorithm A[,A…]   as for predict: by default those that the kernel has, of
                       ${ALGORITHM_NAMES};
                       as in zstd:level=3. Of data that is described: the one to
                       set, by default the kernel's
  --ratio N            data that compresses so, as DATA by COMPR of zramctl
  --huge N%            the share of its pages that does not, by default 0%;
                       of a ratio of 1 all of them
  --histogram FILE     data by lines with the bytes of a compressed page and how
                       many pages have them; 0 bytes are pages of one word
  --backing SIZE       a backing device for writeback, such as 4G
${
    profileHelp(
      23,
      "the kernel to be, by default linux-6.18, or with '--backing' linux-6.18-full",
    )
  }${pageSizeHelp(23)}  --seed N             how the pool ages; by default 1
${svgHelp(23)}  --json               the figures for machines

${PATH_HELP}`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [
      ...PROFILE_OPTIONS,
      ...["page-size", "ram", "share", "algorithm", "ratio", "huge"],
      ...["histogram", "backing", "seed", "svg"],
    ],
    boolean: ["json"],
  });
  const profile = withPageSize(featuredProfile(options), options);
  const request = readRequest(options, profile);
  const svg = svgOption(options);
  const data = isDescribed(options)
    ? describe(options, profile)
    : await measure(options, profile);
  const shown = progress("aging", ROUNDS * data.algorithms.length, "rounds");
  const sized = data.algorithms.map((algorithm, nth): Sized => ({
    algorithm,
    near: codecFor(profile.zram, algorithm).near,
    plan: planSize(
      request,
      sampleOf(profile, data.measured, nth),
      (rounds) => shown.step(ROUNDS * nth + rounds),
    ),
  }));
  shown.end();
  const best = bestOf(profile, sized);
  printResult(
    options,
    resultOf(request, data, sized, best),
    () => renderSizes(request, data, sized, best, tableColumns()),
  );
  const title = `${data.title}: disks for ${
    humanBytes(request.ram * request.share)
  } of memory, ${profile.name}`;
  await writeSvg(svg, () => sizeBars(title, sized));
  data.tell();
  return 0;
}

/** The one that holds the most of those that the kernel has, or else of all. */
function bestOf(profile: Profile, sized: readonly Sized[]): Sized {
  const there = sized.filter(({ algorithm }) =>
    hasAlgorithm(profile, algorithm.name)
  );
  return (there.length > 0 ? there : sized).reduce((most, one) =>
    one.plan.disksize > most.plan.disksize ? one : most
  );
}

function readRequest(options: Options, profile: Profile): SizeRequest {
  const ram = bytesOption(options, "ram");
  if (ram === undefined) {
    throw new UsageError("The option '--ram' is needed, such as --ram 8G");
  }
  return {
    profile,
    ram,
    share: percentOption(options, "share") ?? 0.5,
    backing: backingOption(options, profile),
    seed: seedOption(options) ?? 1,
  };
}

/** Data of files. */
async function measure(options: Options, profile: Profile): Promise<SizeData> {
  refuseOptions(options, ["huge"], "is only for '--ratio'");
  const algorithms = algorithmsOption(options, profile);
  const input = readInput(options.paths, profile.pageSize);
  return {
    title: input.title,
    measured: await measureFor(profile, input, algorithms),
    algorithms,
    tell: () => tellUnread(input.unread),
  };
}

/** The sizes for machines. */
function resultOf(
  request: SizeRequest,
  { measured: { pages } }: SizeData,
  sized: readonly Sized[],
  { algorithm, plan }: Sized,
) {
  const { profile, ...asked } = request;
  const columns = proseColumns(Infinity);
  return {
    profile: profile.name,
    pageSize: profile.pageSize,
    ...asked,
    pages,
    plans: sized.map(({ algorithm, near, plan }) => ({
      algorithm: algorithmText(algorithm),
      near,
      ...plan,
    })),
    settings: {
      algorithm: algorithmText(algorithm),
      ...settingsOf(request, algorithm, plan),
      zramGenerator: generatorText(request, algorithm, plan, columns),
    },
  };
}
