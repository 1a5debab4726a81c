/** `zspec age`: a zram-swap, aged, and what compaction makes of it. */
import { ageSwap, type SwapUse } from "../programs/age.ts";
import { LINUX_4_0, PROFILES } from "../linux/profile.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { memoryPicture } from "../report/memory.ts";
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { pageSizeHelp, withPageSize } from "./geometry.ts";
import { memoryBars } from "./pictures.ts";
import { printResult } from "./print.ts";
import { progress } from "./progress.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { tableColumns } from "./terminal.ts";
import {
  namesOf,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  refuseArguments,
  seedOption,
} from "./usage.ts";

/** The profiles that do all of it but the last step. */
const UNCOMPACTED_NAMES = namesOf(
  PROFILES.filter(({ compaction }) => compaction === "none"),
);

/** How `zspec age` is called. */
export const USAGE =
  `zspec age [--profile P] [--config FILE] [--page-size N] [--seed N]
          [--svg FILE] [--json]

Ages a zram-swap of 8G and compacts it: the experiment of the patches by which
zsmalloc got compaction (2015), where 60,212,066 bytes of objects took
140,103,680 bytes before it (42.98%) and 76,185,600 after (79.03%).

256 processes have pages of zeros but for a few bytes. Reclaim swaps them out in
bursts of 128, a process at a time, and a quarter as many are faulted in again
one here and one there, until 7.5G are in swap. Then half of what is freed goes
with processes that exit and half with single faults, until exactly that many
bytes of objects are left; on pages of another size, 54.3% of the fullest's.

${
    profileHelp(
      18,
      `the kernel to be, by default ${LINUX_4_0.name}, that of the patches`,
    )
  }${
    pageSizeHelp(18)
  }  --seed N        which pages, processes and faults; by default 1
${svgHelp(18)}  --json          the figures for machines

Every profile works; without compaction, which gives nothing back, is
${UNCOMPACTED_NAMES}.
`;

/** One run of the experiment. */
export interface Experiment {
  readonly profile: string;
  readonly pageSize: number;
  readonly seed: number;
  readonly grown: SwapUse;
  readonly aged: SwapUse;
  readonly compacted: SwapUse;
  readonly objectsMigrated: number;
  readonly pagesCompacted: number;
}

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, "page-size", "seed", "svg"],
    boolean: ["json"],
  });
  refuseArguments(options, "zspec age takes options alone");
  const profile = withPageSize(profileOption(options, LINUX_4_0), options);
  const seed = seedOption(options) ?? 1;
  const svg = svgOption(options);
  const shown = progress("aging", 100);
  const { pool, grown, aged, compacted } = ageSwap(
    profile,
    seed,
    undefined,
    (share) => shown.step(100 * share),
  );
  shown.end();
  const experiment: Experiment = {
    profile: profile.name,
    pageSize: profile.pageSize,
    seed,
    grown,
    aged,
    compacted,
    objectsMigrated: pool.objectsMigrated,
    pagesCompacted: pool.pagesCompacted,
  };
  printResult(
    options,
    experiment,
    () => renderAge(experiment, tableColumns()),
  );
  await writeSvg(
    svg,
    () => memoryBars(titleOf(experiment), stagesOf(experiment)),
  );
  return 0;
}

/** What was done. */
const titleOf = ({ profile, pageSize, grown, seed }: Experiment) =>
  `${profile}: a zram-swap that held ${
    humanBytes(grown.objects * pageSize)
  }, aged and compacted (--seed ${seed})`;

/** The swap at each moment. */
const stagesOf = ({ grown, aged, compacted }: Experiment) => [
  { name: "fullest", ...grown, note: "" },
  { name: "aged", ...aged, note: "" },
  { name: "compacted", ...compacted, note: "" },
];

/** The experiment for people, in lines of at most `width` characters. */
export function renderAge(
  experiment: Experiment,
  width: number = Infinity,
): string {
  const { pageSize } = experiment;
  const stages = stagesOf(experiment);
  const figures = fittedTable(
    [
      { title: "", align: "left" },
      { title: "objects", importance: 1 },
      { title: "objects' bytes", importance: 2 },
      { title: "bytes used" },
      { title: "ratio" },
    ],
    stages.map(({ name, objects, objectBytes, bytesUsed }) => [
      `  ${name}`,
      grouped(objects),
      grouped(objectBytes),
      grouped(bytesUsed),
      percent(objectBytes, bytesUsed, 2),
    ]),
    width,
  );
  const { objectsMigrated, pagesCompacted } = experiment;
  return [
    wrap(titleOf(experiment), width),
    figures,
    memoryPicture(stages, undefined, width),
    wrap(
      `${counted(objectsMigrated, "object")} were moved, ${
        counted(pagesCompacted, "page")
      } (${
        humanBytes(pagesCompacted * pageSize)
      }) given back; every page in swap is intact.`,
      width,
    ),
  ].join("\n");
}
