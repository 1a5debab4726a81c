/** `zspec run`: the pages of real files through a zram device. */
import { crc32 } from "node:zlib";
import { lz4Wasm } from "../codec/lz4_wasm.ts";
import { randomFrom, shuffle } from "../explore/random.ts";
import { LINUX_6_18, type Profile } from "../linux/profile.ts";
import { bar, stackedBar } from "../report/bars.ts";
import { type ClassReport, classReport, zspagesByUse } from "../report/pool.ts";
import { grouped, humanBytes, percent, table } from "../report/table.ts";
import { Zram } from "../zram/device.ts";
import { MM_STAT_FIELDS, type MmStat } from "../zram/stat.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { findFiles, forEachPage, type PageFile } from "./pages.ts";
import { progress } from "./progress.ts";
import {
  bytesOption,
  type Options,
  parseOptions,
  PROFILE_NAMES,
  profileOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** How `zspec run` is called. */
export const RUN_USAGE =
  `zspec run [PATH…] [--profile P] [--algorithm A] [--disksize SIZE] [--seed N] [--json]

Writes every page of the files (folders are walked) through a zram device,
frees a random half of them, compacts, and reads back what is left. Without a
PATH it takes the running Deno executable.

  --profile P     the kernel to be, by default ${LINUX_6_18.name}:
                  ${PROFILE_NAMES}
  --algorithm A   lz4 (default), lz4-wasm
  --disksize SIZE the disk, such as 512M; by default as large as the files
  --seed N        which half is freed; by default 1
  --json          the figures for machines
`;

/** A pool at one moment of a run. */
interface Snapshot {
  readonly mmStat: MmStat;
  readonly classes: readonly ClassReport[];
  readonly zspagesByUse: readonly number[];
}

/** A whole run. */
interface Run {
  readonly profile: string;
  readonly algorithm: string;
  readonly disksize: number;
  readonly seed: number;
  readonly files: number;
  readonly pages: number;
  readonly written: Snapshot;
  readonly freed: number;
  readonly aged: Snapshot;
  readonly pagesCompacted: number;
  readonly compacted: Snapshot;
  readonly intact: number;
}

/** A run in the making: the device, and what each page must read back as. */
interface Machine {
  readonly zram: Zram;
  readonly pool: ZsPool;
  readonly checksums: Uint32Array;
}

const CODECS = [lz4Wasm];

/** Runs the command and returns its exit status. */
export function runCommand(args: readonly string[]): number {
  const options = parseOptions(args, {
    string: ["profile", "algorithm", "disksize", "seed"],
    boolean: ["json"],
  });
  const profile = profileOption(options);
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1;
  const paths = options.paths.length > 0 ? options.paths : [Deno.execPath()];
  const files = findFiles(paths, profile.pageSize);
  const machine = initialise(profile, options, files);
  const result = measure(machine, files, seed);
  const text = options.flag("json")
    ? JSON.stringify(result, null, 2) + "\n"
    : render(result, files);
  console.log(text.trimEnd());
  return 0;
}

/** A device large enough for the files. */
function initialise(
  profile: Profile,
  options: Options,
  files: readonly PageFile[],
): Machine {
  const pages = files.reduce((sum, file) => sum + file.pages, 0);
  if (pages === 0) {
    throw new UsageError("Cannot run: the files hold no bytes");
  }
  const needed = pages * profile.pageSize;
  const disksize = bytesOption(options, "disksize") ?? needed;
  if (disksize < needed) {
    throw new UsageError(
      `The option '--disksize' is ${disksize} bytes, the files need ${needed}`,
    );
  }
  const zram = new Zram(profile, { codecs: CODECS });
  const algorithm = options.text("algorithm") ?? "lz4";
  const codecs = ["lz4", ...CODECS.map(({ name }) => name)];
  if (!codecs.includes(algorithm)) {
    throw new UsageError(
      `Unknown algorithm '${algorithm}': the algorithms are ${
        codecs.join(", ")
      }`,
    );
  }
  zram.setAlgorithm(algorithm);
  zram.setDisksize(disksize);
  if (zram.pool === undefined) throw new Error("the device has no pool");
  return { zram, pool: zram.pool, checksums: new Uint32Array(pages) };
}

function measure(
  machine: Machine,
  files: readonly PageFile[],
  seed: number,
): Run {
  const { zram, pool, checksums } = machine;
  writeFiles(machine, files);
  const written = snapshot(machine);
  const left = age(zram, checksums.length, seed);
  const aged = snapshot(machine);
  const pagesCompacted = pool.compact();
  return {
    profile: zram.profile.name,
    algorithm: zram.algorithm,
    disksize: zram.disksize,
    seed,
    files: files.length,
    pages: checksums.length,
    written,
    freed: checksums.length - left.length,
    aged,
    pagesCompacted,
    compacted: snapshot(machine),
    intact: readBack(machine, left),
  };
}

function snapshot({ zram, pool }: Machine): Snapshot {
  return {
    mmStat: zram.mmStat(),
    classes: classReport(pool),
    zspagesByUse: zspagesByUse(pool),
  };
}

function writeFiles(
  { zram, checksums }: Machine,
  files: readonly PageFile[],
): void {
  const shown = progress("writing", checksums.length);
  let page = 0;
  forEachPage(files, zram.profile.pageSize, (data) => {
    const stored = zram.write(page, data);
    if (typeof stored === "string") {
      throw new Error(`Cannot write page ${page}: ${stored}`);
    }
    checksums[page++] = crc32(data);
    shown.step(page);
  });
  shown.end();
}

/** Frees a random half of the pages; returns those that are left, in order. */
function age(zram: Zram, pages: number, seed: number): number[] {
  const order = shuffle([...Array(pages).keys()], randomFrom(seed));
  const half = Math.floor(pages / 2);
  for (const page of order.slice(0, half)) zram.discard(page, 1);
  return order.slice(half).sort((a, b) => a - b);
}

/** Reads pages back; throws at the first that is not what was written. */
function readBack(
  { zram, checksums }: Machine,
  pages: readonly number[],
): number {
  const shown = progress("reading", pages.length);
  const into = new Uint8Array(zram.profile.pageSize);
  pages.forEach((page, nth) => {
    zram.read(page, into);
    const sum = crc32(into);
    if (sum !== checksums[page]) {
      throw new Error(
        `Page ${page} is not what was written: its CRC-32 is ${sum}, not ${
          checksums[page]
        }`,
      );
    }
    shown.step(nth + 1);
  });
  shown.end();
  return pages.length;
}

const BAR_WIDTH = 60;

function render(run: Run, files: readonly PageFile[]): string {
  const what = files.length === 1 ? files[0].path : `${run.files} files`;
  return [
    `${what}: ${grouped(run.pages)} pages through zram of ${run.profile}\n`,
    renderZramctl(run),
    renderMmStat(run.written.mmStat),
    renderClasses(run.written),
    renderMemory(run),
    renderZspages(run),
    `${grouped(run.intact)} of ${
      grouped(run.pages)
    } pages were left (--seed ${run.seed}), read back, and are all intact.\n`,
  ].join("\n");
}

/** What `zramctl` would print of the device. */
function renderZramctl({ algorithm, disksize, written }: Run): string {
  const { orig_data_size, compr_data_size, mem_used_total } = written.mmStat;
  return table(
    [
      { title: "NAME", align: "left" },
      { title: "ALGORITHM", align: "left" },
      { title: "DISKSIZE" },
      { title: "DATA" },
      { title: "COMPR" },
      { title: "TOTAL" },
    ],
    [[
      "/dev/zram0",
      algorithm,
      ...[disksize, orig_data_size, compr_data_size, mem_used_total]
        .map(humanBytes),
    ]],
  );
}

/** `mm_stat` with each number named. */
function renderMmStat(stat: MmStat): string {
  const isBytes = (field: string) => /size$|total|limit|max$/.test(field);
  return table(
    [
      { title: "mm_stat", align: "left" },
      { title: "" },
      { title: "" },
    ],
    MM_STAT_FIELDS.map((field) => [
      `  ${field}`,
      grouped(stat[field]),
      isBytes(field) ? humanBytes(stat[field]) : "pages",
    ]),
  );
}

/** The classes that hold the most pages. */
function renderClasses({ classes, mmStat }: Snapshot): string {
  const pages = classes.reduce((sum, one) => sum + one.pages, 0);
  const rows = classes.slice(0, 8).map((one) => [
    one.size,
    one.pagesPerZspage,
    grouped(one.objectsUsed),
    grouped(one.objectsAllocated),
    grouped(one.pages),
    percent(one.pages, pages),
  ]);
  return `Size classes that hold most of ${
    humanBytes(mmStat.mem_used_total)
  }\n` + table(
    [
      { title: "size" },
      { title: "pages/zspage" },
      { title: "objects" },
      { title: "chunks" },
      { title: "pages" },
      { title: "of all" },
    ],
    rows,
  );
}

/** Memory before and after, drawn to one scale. */
function renderMemory(run: Run): string {
  const most = run.written.mmStat.mem_used_total;
  const line = (name: string, { mmStat }: Snapshot, note: string) => {
    const { compr_data_size: objects, mem_used_total: used } = mmStat;
    const picture = stackedBar([
      { fill: "█", length: objects },
      { fill: "▒", length: used - objects },
      { fill: "·", length: most - used },
    ], most / BAR_WIDTH);
    return `  ${name.padEnd(9)}  ${picture}  ${
      humanBytes(used).padStart(6)
    }  ${note}\n`;
  };
  const use = ({ mmStat }: Snapshot) =>
    `${percent(mmStat.compr_data_size, mmStat.mem_used_total)} objects`;
  const given = run.aged.mmStat.mem_used_total -
    run.compacted.mmStat.mem_used_total;
  return [
    "Memory: █ objects  ▒ room around them  · given back\n",
    line("written", run.written, use(run.written)),
    line("aged", run.aged, `${use(run.aged)}, half the pages freed`),
    line(
      "compacted",
      run.compacted,
      `${use(run.compacted)}, ${grouped(run.pagesCompacted)} pages (${
        humanBytes(given)
      }) given back`,
    ),
  ].join("");
}

/** Zspages by how full they are, before and after compaction. */
function renderZspages({ aged, compacted }: Run): string {
  const before = aged.zspagesByUse;
  const after = compacted.zspagesByUse;
  const most = Math.max(...before, ...after);
  const width = 24;
  const column = (count: number) =>
    bar(count, most, width).padEnd(width) + grouped(count).padStart(8);
  const rows = before.map((count, tenth) => {
    const range = `${10 * tenth}–${10 * tenth + 10}%`;
    return `  ${range.padStart(7)}  ${column(count)}   ${
      column(after[tenth])
    }\n`;
  });
  const title = `  chunks   ${"aged: zspages".padEnd(width + 8)}   compacted\n`;
  return "Zspages by the share of their chunks in use\n" + title +
    rows.reverse().join("");
}
