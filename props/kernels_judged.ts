/**
 * `deno task kernels [--images FOLDER] [--programs N] [RELEASE…]`: the table
 * "Kernels judged" of the README.
 *
 * Boots each release in QEMU, runs random programs of zram with a backing
 * device and of zswap in it, and compares every answer with the model at level
 * exact. FOLDER holds an image of each in a folder of its name, `FOLDER/6.12`;
 * one that is not there is fetched there by `zspec guest get`. Without FOLDER a
 * temporary one is made and goes. Exit status 1 where a kernel differs.
 */
import { parseOptions, UsageError, wholeOption } from "../src/cli/usage.ts";

/** Releases of Debian that are modelled, the oldest first. */
const RELEASES: readonly string[] = [
  "5.10",
  "6.1",
  "6.12",
  "6.16",
  "6.17",
  "6.18",
  "7.2",
  "7.3",
];
/** Programs of zram; of zswap, which are slower, a third of them. */
const PROGRAMS = 100;
const ZSPEC = [
  "run",
  "-A",
  new URL("../src/cli/main.ts", import.meta.url).href,
];

const USAGE = `deno task kernels [--images FOLDER] [--programs N] [RELEASE…]

Boots Debian's kernels in QEMU, runs random programs of zram and of zswap in
each, compares every answer with the model, and prints a table of it.

  --images FOLDER  has an image of each release in a folder of its name, such
                   as FOLDER/6.12; what is not there is fetched there
  --programs N     of zram, by default ${PROGRAMS}; of zswap a third of them

RELEASE is one of ${RELEASES.join(", ")}; by default all are judged.`;

const HEADER =
  "| release | kernel | target | programs | steps | rules | differences |\n" +
  "| --- | --- | --- | ---: | ---: | --- | --- |";

/** What came of one kernel under one kind of programs. */
interface Row {
  readonly release: string;
  readonly kernel: string;
  readonly target: string;
  readonly programs: number;
  readonly steps: number;
  readonly rules: string;
  readonly difference: string;
}

/** What `--json` answers, as far as the table has it. */
interface Judged {
  readonly programs: number;
  readonly steps: number;
  readonly machines: readonly {
    readonly reach: Readonly<Record<string, number>>;
  }[];
  readonly failure?: { readonly error: string; readonly command: string };
}

/** Runs the command; its words go to the terminal, its answer comes back. */
async function zspec(...args: readonly string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...ZSPEC, ...args],
    stdout: "piped",
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The name of the kernel that an image has. */
function kernelIn(folder: string): string | undefined {
  for (const path of [`${folder}/lib/modules`, `${folder}/usr/lib/modules`]) {
    try {
      for (const { name } of Deno.readDirSync(path)) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The folder of a release's image, fetched where it is not there. */
async function imageOf(images: string, release: string): Promise<string> {
  const folder = `${images}/${release}`;
  if (kernelIn(folder) !== undefined) return folder;
  const { code } = await zspec("guest", "get", release, folder);
  if (code !== 0) Deno.exit(2);
  return folder;
}

async function judge(
  images: string,
  release: string,
  target: string,
  programs: number,
): Promise<Row> {
  const image = await imageOf(images, release);
  const { text } = await zspec(
    ...["guest", "conform", target, "--image", image],
    ...["--seed", "1", "--runs", `${programs}`, "--json"],
  );
  // An answer that is not there is one that the command has explained.
  if (text === "") Deno.exit(2);
  const { machines, failure, ...judged }: Judged = JSON.parse(text);
  const reached = machines.flatMap(({ reach }) => Object.values(reach));
  if (failure !== undefined) console.error(failure.command);
  return {
    ...judged,
    release,
    kernel: kernelIn(image) ?? "",
    target,
    rules: `${
      reached.filter((times) => times > 0).length
    } of ${reached.length}`,
    difference: failure?.error.split("\n")[0] ?? "none",
  };
}

function line(row: Row): string {
  const steps = row.steps.toLocaleString("en");
  return `| ${row.release} | ${row.kernel} | ${row.target} | ${row.programs} | ${steps} | ${row.rules} | ${row.difference} |`;
}

/** Judges what is asked for, and says whether a kernel differs. */
async function judgeAll(): Promise<boolean> {
  const options = parseOptions(Deno.args, {
    string: ["images", "programs"],
    boolean: ["help"],
  });
  if (options.flag("help")) {
    console.log(USAGE);
    return false;
  }
  const unknown = options.paths.find((name) => !RELEASES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Unknown release '${unknown}': the releases are ${RELEASES.join(", ")}`,
    );
  }
  const programs = wholeOption(options, "programs", 1, 1_000_000) ?? PROGRAMS;
  const images = options.text("images");
  if (images !== undefined && isFile(images)) {
    throw new UsageError(
      `The option '--images' is '${images}': it is a file, and a folder is needed`,
    );
  }
  const folder = images ?? await Deno.makeTempDir({ prefix: "zspec-images-" });
  let hasDifference = false;
  console.log(HEADER);
  for (const release of options.paths.length ? options.paths : RELEASES) {
    for (const target of ["zram", "zswap"]) {
      const count = target === "zram" ? programs : Math.ceil(programs * 0.3);
      const row = await judge(folder, release, target, count);
      hasDifference ||= row.difference !== "none";
      console.log(line(row));
    }
  }
  if (images === undefined) await Deno.remove(folder, { recursive: true });
  return hasDifference;
}

try {
  Deno.exit(await judgeAll() ? 1 : 0);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`kernels: ${error.message}`);
  Deno.exit(2);
}
