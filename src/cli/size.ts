/** `zspec size`: how large a zram device may be, for data like this. */
import type { Profile } from "../linux/profile.ts";
import { humanBytes } from "../report/table.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  ALGORITHM_NAMES,
  algorithmsOption,
  algorithmText,
  hasAlgorithm,
  toldAlgorithm,
} from "./algorithms.ts";
import { featuredProfile } from "./features.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { type Algorithm, codecFor, type Measured } from "./measuring.ts";
import { PATH_HELP, readInput } from "./pages.ts";
import { measureFor } from "./prediction.ts";
import { sizeBars } from "./pictures.ts";
import { print } from "./print.ts";
import { progress } from "./progress.ts";
import { ROUNDS } from "./size_aging.ts";
import { describedData, histogramData } from "./size_data.ts";
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
  UsageError,
  wholeOption,
} from "./usage.ts";

/** How `zspec size` is called. */
export const SIZE_USAGE =
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
  --huge N%            the share of its pages that does not, by default 0%
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

/** Data, and what says its algorithms. */
interface Data {
  readonly title: string;
  readonly measured: Measured;
  readonly algorithms: readonly Algorithm[];
  /** Says what was passed over. */
  tell(): void;
}

/** Runs the command and returns its exit status. */
export async function sizeCommand(args: readonly string[]): Promise<number> {
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
  print(
    options.flag("json")
      ? jsonOf(request, data, sized, best)
      : renderSizes(request, data, sized, best, tableColumns()),
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
  const backing = bytesOption(options, "backing");
  if (backing !== undefined && backing < 2 * profile.pageSize) {
    throw new UsageError(
      `The option '--backing' is ${backing} bytes, a page and block 0 need ${
        2 * profile.pageSize
      }`,
    );
  }
  return {
    profile,
    ram,
    share: percentOption(options, "share") ?? 0.5,
    backing,
    seed: wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1,
  };
}

/** A share that an option gives, such as `50%` or `2.5%`. */
function percentOption(options: Options, name: string): number | undefined {
  const value = options.text(name);
  if (value === undefined) return undefined;
  const share = /^[0-9]+(\.[0-9]+)?%$/.test(value)
    ? Number(value.slice(0, -1)) / 100
    : NaN;
  if (share >= 0 && share <= 1) return share;
  throw new UsageError(
    `The option '--${name}' is '${value}', not a share such as 50%`,
  );
}

const isDescribed = (options: Options) =>
  ["ratio", "histogram"].some((name) => options.text(name) !== undefined);

/** Data by what options say of it, of one algorithm. */
function describe(options: Options, profile: Profile): Data {
  const { pageSize, zram } = profile;
  const name = options.text("algorithm") ?? zram.defaultAlgorithm;
  const histogram = options.text("histogram");
  const ratio = options.text("ratio");
  if (options.paths.length > 0) {
    throw new UsageError(
      `Unknown argument '${
        options.paths[0]
      }': the data is described by options`,
    );
  }
  if (histogram !== undefined && ratio !== undefined) {
    throw new UsageError(
      "The options '--ratio' and '--histogram' both describe the data",
    );
  }
  return {
    title: histogram ??
      `${ratio}:1, ${options.text("huge") ?? "0%"} huge`,
    measured: histogram === undefined
      ? describedData(
        ratioOf(ratio ?? ""),
        percentOption(options, "huge") ?? 0,
        pageSize,
        zram.wholeFrom(pageSize, zsGeometry(profile).hugeClassSize),
      )
      : histogramData(histogram, pageSize),
    algorithms: [toldAlgorithm(name, profile)],
    tell() {},
  };
}

function ratioOf(text: string): number {
  const ratio = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
  if (ratio >= 1) return ratio;
  throw new UsageError(
    `The option '--ratio' is '${text}', not a number from 1 on, such as 2.8`,
  );
}

/** Data of files. */
async function measure(options: Options, profile: Profile): Promise<Data> {
  if (options.text("huge") !== undefined) {
    throw new UsageError("The option '--huge' is only for '--ratio'");
  }
  const algorithms = algorithmsOption(options, profile);
  const input = readInput(options.paths, profile.pageSize);
  return {
    title: input.title,
    measured: await measureFor(profile, input, algorithms),
    algorithms,
    tell: () => tellUnread(input.unread),
  };
}

function jsonOf(
  request: SizeRequest,
  { measured: { pages } }: Data,
  sized: readonly Sized[],
  best: Sized,
): string {
  const { profile, ...asked } = request;
  return JSON.stringify(
    {
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
        algorithm: algorithmText(best.algorithm),
        ...settingsOf(request, best.algorithm, best.plan),
        zramGenerator: generatorText(
          request,
          best.algorithm,
          best.plan,
          proseColumns(Infinity),
        ),
      },
    },
    null,
    2,
  );
}
