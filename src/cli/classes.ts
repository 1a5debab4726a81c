/** `zspec classes`: the size classes of a kernel. */
import { LINUX_6_18, type Profile } from "../linux/profile.ts";
import { grouped, table } from "../report/table.ts";
import {
  type Geometry,
  objectsCrossingPages,
  zsGeometry,
  zspageWaste,
} from "../zsmalloc/geometry.ts";
import {
  type Options,
  parseOptions,
  PROFILE_NAMES,
  profileOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** How `zspec classes` is called. */
export const CLASSES_USAGE =
  `zspec classes [--profile P] [--page-size N] [--word-bits N] [--phys-bits N] [--chain-size N] [--json]

Prints the size classes as Linux would build them; merged ones are left out.

  --profile P     the kernel to be, by default ${LINUX_6_18.name}:
                  ${PROFILE_NAMES}
  --page-size N   bytes per page: a power of two from 4096 to 65536
  --word-bits N   bits per unsigned long: 32 or 64
  --phys-bits N   bits of a physical address: by default 52, or 32 on 32-bit
  --chain-size N  the most pages of a zspage: 1 to 16
  --json          the classes for machines
`;

/** Runs the command and returns its exit status. */
export function classesCommand(args: readonly string[]): number {
  const options = parseOptions(args, {
    string: ["profile", "page-size", "word-bits", "phys-bits", "chain-size"],
    boolean: ["json"],
  });
  if (options.paths.length > 0) {
    throw new UsageError(
      `Unknown argument '${
        options.paths[0]
      }': zspec classes takes options alone`,
    );
  }
  const profile = withGeometry(profileOption(options), options);
  const geometry = geometryOf(profile);
  console.log(
    options.flag("json")
      ? JSON.stringify({
        hugeClassSize: geometry.hugeClassSize,
        classes: geometry.classes,
      })
      : render(profile, geometry).trimEnd(),
  );
  return 0;
}

/** The profile with the geometry that the options give. */
function withGeometry(profile: Profile, options: Options): Profile {
  const wordBits = wholeOption(options, "word-bits", 32, 64) ??
    profile.wordBits;
  return {
    ...profile,
    wordBits,
    pageSize: wholeOption(options, "page-size", 4096, 65536) ??
      profile.pageSize,
    physBits: wholeOption(options, "phys-bits", 13, 64) ??
      (wordBits === profile.wordBits ? profile.physBits : wordBits),
    chainSize: wholeOption(options, "chain-size", 1, 16) ?? profile.chainSize,
  };
}

function geometryOf(profile: Profile): Geometry {
  try {
    return zsGeometry(profile);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function render(profile: Profile, geometry: Geometry): string {
  const { pageSize, wordBits, chainSize, name } = profile;
  const { classes, hugeClassSize, sizeClasses } = geometry;
  const rows = classes.map((one) => [
    one.index,
    one.size,
    one.pagesPerZspage,
    one.objectsPerZspage,
    zspageWaste(one, pageSize),
    objectsCrossingPages(one, pageSize),
  ]);
  return `${name}, pages of ${
    grouped(pageSize)
  } bytes, ${wordBits}-bit words, at most ${chainSize} pages a zspage\n\n` +
    table(
      [
        { title: "index" },
        { title: "size" },
        { title: "pages/zspage" },
        { title: "objects/zspage" },
        { title: "waste" },
        { title: "crossing" },
      ],
      rows,
    ) +
    `\n${classes.length} classes serve ${sizeClasses} sizes. An object of ${
      grouped(hugeClassSize)
    } bytes or more gets a page of its own.\n` +
    "waste: bytes of a zspage that no object has; crossing: objects that lie in two pages.\n";
}
