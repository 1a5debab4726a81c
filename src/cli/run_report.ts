/** What `zspec run` shows of a run. */
import { bar } from "../report/bars.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { memoryPicture, type MemoryStage } from "../report/memory.ts";
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import { BD_STAT_FIELDS, MM_STAT_FIELDS, type MmStat } from "../zram/stat.ts";
import { wrap } from "../report/wrap.ts";
import { namedIn } from "./algorithms.ts";
import type { Run, Snapshot } from "./aging.ts";
import { proseColumns } from "./terminal.ts";

/**
 * The run for people, in lines of at most `width` characters; `title` says what
 * was stored.
 */
export function renderRun(
  run: Run,
  title: string,
  width: number = Infinity,
): string {
  const isTold = run.algorithm !== namedIn(run.algorithm);
  const told = isTold ? `, ${run.algorithm}` : "";
  return [
    wrap(
      `${title}: ${
        counted(run.pages, "page")
      } through zram of ${run.profile}${told}`,
      width,
    ),
    ...renderAbsent(run, width),
    renderZramctl(run, width),
    ...renderRefused(run, width),
    renderMmStat(run.written.mmStat, width),
    renderClasses(run.written, width),
    memoryPicture(memoryStages(run), undefined, width),
    ...renderBdStat(run, width),
    renderZspages(run, width),
    renderEnd(run, width),
  ].join("\n");
}

/** That the kernel has not got what pages are compressed with. */
function renderAbsent({ absent }: Run, width: number): string[] {
  return absent.map((text) => wrap(text, proseColumns(width)));
}

function renderEnd(
  { intact, freed, seed, bdStat }: Run,
  width: number,
): string {
  const back = bdStat === undefined
    ? "read back, and are all intact"
    : `read back, ${
      grouped(bdStat.bd_reads)
    } of them from the backing device, and are all intact`;
  return wrap(
    `${grouped(intact)} of ${
      counted(intact + freed, "page")
    } were left (--seed ${seed}), ${back}.`,
    width,
  );
}

/** What `zramctl` would print of the device. */
function renderZramctl(
  { algorithm, disksize, written }: Run,
  width: number,
): string {
  const { orig_data_size, compr_data_size, mem_used_total } = written.mmStat;
  return fittedTable(
    [
      { title: "NAME", align: "left" },
      { title: "ALGORITHM", align: "left", importance: 2 },
      { title: "DISKSIZE", importance: 1 },
      { title: "DATA", importance: 3 },
      { title: "COMPR", importance: 4 },
      { title: "TOTAL" },
    ],
    [[
      "/dev/zram0",
      namedIn(algorithm),
      ...[disksize, orig_data_size, compr_data_size, mem_used_total]
        .map(humanBytes),
    ]],
    width,
  );
}

/** The page that was refused, if one was. */
function renderRefused(
  { refused, pages, written, disksize }: Run,
  width: number,
): string[] {
  if (refused === undefined) return [];
  const { page, errno, by } = refused;
  const why = {
    disksize: `the disk of ${humanBytes(disksize)} ends before it`,
    mem_limit: `with its object the pool would be above the mem_limit of ${
      humanBytes(written.mmStat.mem_limit)
    }: zram frees it again, and ends the request`,
  };
  const rest = pages - page - 1;
  return [wrap(
    `Page ${grouped(page)} is refused with ${errno}: ${why[by]}. ${
      grouped(page)
    } pages are stored${
      rest === 0 ? "" : `, and ${grouped(rest)} behind it were not tried`
    }.`,
    proseColumns(width),
  )];
}

/** `mm_stat` with each number named. */
function renderMmStat(stat: MmStat, width: number): string {
  const isBytes = (field: string) => /size$|total|limit|max$/.test(field);
  return renderStat(
    "mm_stat",
    MM_STAT_FIELDS.map((field) => [
      field,
      stat[field],
      isBytes(field) ? humanBytes(stat[field]) : "pages",
    ]),
    width,
  );
}

/** `bd_stat` likewise, where there is a backing device. */
function renderBdStat({ bdStat }: Run, width: number): string[] {
  if (bdStat === undefined) return [];
  const rows = BD_STAT_FIELDS.map((field) =>
    [field, bdStat[field], humanBytes(4096 * bdStat[field])] as const
  );
  return [renderStat("bd_stat, all being read back", rows, width)];
}

function renderStat(
  title: string,
  rows: readonly (readonly [string, number, string])[],
  width: number,
): string {
  return fittedTable(
    [
      { title, align: "left" },
      { title: "" },
      { title: "", importance: 1 },
    ],
    rows.map(([name, value, note]) => [`  ${name}`, grouped(value), note]),
    width,
  );
}

/** The classes that hold the most pages. */
function renderClasses(
  { classes, mmStat }: Snapshot,
  width: number,
): string {
  const pages = classes.reduce((sum, one) => sum + one.pages, 0);
  const rows = classes.slice(0, 8).map((one) => [
    one.size,
    one.pagesPerZspage,
    grouped(one.objectsUsed),
    grouped(one.objectsAllocated),
    grouped(one.pages),
    percent(one.pages, pages),
  ]);
  return wrap(
    `Size classes that hold most of ${humanBytes(mmStat.mem_used_total)}`,
    width,
  ) + fittedTable(
    [
      { title: "size" },
      { title: "pages/zspage", importance: 1 },
      { title: "objects", importance: 3 },
      { title: "chunks", importance: 2 },
      { title: "pages" },
      { title: "of all" },
    ],
    rows,
    width,
  );
}

/** One line of the picture of memory. */
interface Stage {
  readonly name: string;
  readonly after: Snapshot;
  readonly note: string;
}

/** Memory after each step of the run. */
export function memoryStages(run: Run): MemoryStage[] {
  return stagesOf(run).map(({ name, after: { mmStat }, note }) => {
    const { compr_data_size: objectBytes, mem_used_total: bytesUsed } = mmStat;
    const share = percent(objectBytes, bytesUsed);
    return { name, objectBytes, bytesUsed, note: `${share} objects${note}` };
  });
}

/** The steps of a run, each with what it did. */
function stagesOf(run: Run): Stage[] {
  const { written, aged, writtenBack, recompressed, compacted } = run;
  const read = writtenBack ?? recompressed
    ? ", half of the rest read again"
    : "";
  const stages: Stage[] = [
    { name: "written", after: written, note: "" },
    { name: "aged", after: aged, note: `, half the pages freed${read}` },
  ];
  const change = (after: Snapshot) =>
    describeChange(stages[stages.length - 1].after, after);
  if (writtenBack !== undefined) {
    const { idle, pages, after } = writtenBack;
    const note = `, ${grouped(pages)} of ${
      grouped(idle)
    } idle pages on the backing device, ${change(after)}`;
    stages.push({ name: "written back", after, note });
  }
  if (recompressed !== undefined) {
    const { algorithm, pages, incompressible, after } = recompressed;
    const note = `, ${counted(pages, "page")} smaller by ${algorithm}, ${
      grouped(incompressible)
    } not, ${change(after)}`;
    stages.push({ name: "recompressed", after, note });
  }
  const note = `, ${counted(run.pagesCompacted, "page")} (${
    humanBytes(run.pagesCompacted * run.pageSize)
  }) given back`;
  return [...stages, { name: "compacted", after: compacted, note }];
}

/** How a step changed the memory in use. */
function describeChange(before: Snapshot, after: Snapshot): string {
  const given = before.mmStat.mem_used_total - after.mmStat.mem_used_total;
  return given >= 0
    ? `${humanBytes(given)} given back`
    : `${humanBytes(-given)} more`;
}

/** Columns of the bars of zspages, and of what is beside both of them. */
const [ZSPAGE_BARS, BESIDE_BARS] = [24, 30];

/** Zspages by how full they are, before and after compaction. */
function renderZspages({ aged, compacted }: Run, width: number): string {
  const before = aged.zspagesByUse;
  const after = compacted.zspagesByUse;
  const most = Math.max(...before, ...after);
  const room = Math.floor((width - BESIDE_BARS) / 2);
  const columns = Math.min(ZSPAGE_BARS, room);
  const column = (count: number) =>
    bar(count, most, columns).padEnd(columns) + grouped(count).padStart(8);
  const rows = before.map((count, tenth) => {
    const range = `${10 * tenth}–${10 * tenth + 10}%`;
    return `  ${range.padStart(7)}  ${column(count)}   ${
      column(after[tenth])
    }\n`;
  });
  const title = `  chunks   ${
    "aged: zspages".padEnd(columns + 8)
  }   compacted\n`;
  return wrap("Zspages by the share of their chunks in use", width) + title +
    rows.reverse().join("");
}
