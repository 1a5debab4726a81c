/** `zspec classes`: the size classes of a kernel, or of two side by side. */
import { LINUX_6_18 } from "../linux/profile.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { type GeometryReport, geometryReport } from "../report/geometry.ts";
import { grouped } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  ALGORITHM_NAMES,
  algorithmNamed,
  DEFAULT_ALGORITHM,
} from "./algorithms.ts";
import { compare, renderComparison } from "./compare.ts";
import { GEOMETRY_NAMES, geometryHelp, withGeometry } from "./geometry.ts";
import { wasteLines } from "./pictures.ts";
import { print } from "./print.ts";
import { svgHelp, svgOption, writeSvg } from "./svg.ts";
import { tableColumns } from "./terminal.ts";
import {
  findProfile,
  type Options,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
  profileOption,
  refuseArguments,
  refused,
  refuseOptions,
  UsageError,
} from "./usage.ts";

/** How `zspec classes` is called. */
export const USAGE =
  `zspec classes [--profile P] [--config FILE] [GEOMETRY…] [--json]
zspec classes --compare A B [--on PATH… [--algorithm A]] [--svg FILE]
              [--json]

Prints the size classes as Linux would build them; merged ones are left out.

${profileHelp(18, `the kernel to be, by default ${LINUX_6_18.name}`)}${
    geometryHelp("--")
  }  --compare A B   two kernels side by side, each a profile's name and what is
                  another of its configuration, as in
                  ${LINUX_6_18.name},chain-size=16,page-size=16384
  --on PATH…      and what each needs for every page of the files (folders are
                  walked), written to a zram device
  --algorithm A   which compresses them:
                  ${ALGORITHM_NAMES};
                  by default ${DEFAULT_ALGORITHM}
${svgHelp(18)}  --json          the classes for machines
`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...PROFILE_OPTIONS, ...GEOMETRY_NAMES, "algorithm", "svg"],
    list: ["compare", "on"],
    boolean: ["json"],
  });
  refuseArguments(options, "zspec classes takes options alone");
  const names = options.list("compare");
  const text = names === undefined
    ? oneKernel(options)
    : await twoKernels(options, names);
  print(text);
  return 0;
}

function oneKernel(options: Options): string {
  refuseOptions(options, ["on", "algorithm", "svg"], "is only for '--compare'");
  const profile = withGeometry(profileOption(options), options);
  const { hugeClassSize, classes } = refused(() => zsGeometry(profile));
  return options.flag("json")
    ? JSON.stringify({ hugeClassSize, classes })
    : renderClasses(geometryReport(profile), tableColumns());
}

async function twoKernels(
  options: Options,
  names: readonly string[],
): Promise<string> {
  refuseOptions(
    options,
    [...PROFILE_OPTIONS, ...GEOMETRY_NAMES],
    "is not for '--compare', whose names say it, as in " +
      `${LINUX_6_18.name},chain-size=16`,
  );
  if (names.length !== 2) {
    throw new UsageError(
      `The option '--compare' needs two names, not ${names.length}`,
    );
  }
  const paths = options.list("on");
  if (paths === undefined) {
    refuseOptions(options, ["algorithm"], "is only for '--on'");
  }
  const algorithm = options.text("algorithm") ?? DEFAULT_ALGORITHM;
  const { name } = algorithmNamed(algorithm);
  const svg = svgOption(options);
  const comparison = await compare(names.map(findProfile), paths, name);
  const title = "Bytes that an object loses, by its size";
  await writeSvg(svg, () => wasteLines(title, comparison.kernels));
  return options.flag("json")
    ? JSON.stringify(comparison, null, 2)
    : renderComparison(comparison, tableColumns());
}

/** The classes for people, in lines of at most `width` characters. */
export function renderClasses(
  report: GeometryReport,
  width: number = Infinity,
): string {
  const { name, pageSize, wordBits, chainSize } = report;
  const { classes, hugeClassSize, sizeClasses } = report;
  const rows = classes.map((one) => [
    one.index,
    one.size,
    one.pagesPerZspage,
    one.objectsPerZspage,
    one.waste,
    one.crossing,
  ]);
  return wrap(
    `${name}, pages of ${
      grouped(pageSize)
    } bytes, ${wordBits}-bit words, at most ${chainSize} pages a zspage`,
    width,
  ) + "\n" +
    fittedTable(
      [
        { title: "index" },
        { title: "size" },
        { title: "pages/zspage", importance: 4 },
        { title: "objects/zspage", importance: 3 },
        { title: "waste", importance: 2 },
        { title: "crossing", importance: 1 },
      ],
      rows,
      width,
    ) + "\n" +
    wrap(
      `${classes.length} classes serve ${sizeClasses} sizes. An object of ${
        grouped(hugeClassSize)
      } bytes or more gets a page of its own.`,
      width,
    ) +
    wrap(
      "waste: bytes of a zspage that no object has; crossing: objects that lie in two pages.",
      width,
    );
}
