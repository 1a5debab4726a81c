/** What is said of a table of zsmalloc's size classes. */
import { type Profile, PROFILES } from "../linux/profile.ts";
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import {
  brokenByClasses,
  type ClassCounts,
  classCounts,
} from "./classes_rules.ts";
import {
  type ClassesTable,
  classesTable,
  groupColumns,
  releasesOfColumns,
  summedColumns,
} from "./classes_table.ts";
import type {
  ExplainContext,
  Explanation,
  NumberMeaning,
} from "./explanation.ts";
import type { TableFacts } from "./facts.ts";
import { type ReleaseSpan, span } from "./release_span.ts";

/** What a column is, and which releases have it. */
const COLUMNS: Readonly<
  Record<string, readonly [string, string, ReleaseSpan]>
> = {
  class: ["", "the class's index; merged ones are left out", span("4.0")],
  size: ["bytes", "a chunk, with the handle's word in it", span("4.0")],
  almost_full: [
    "zspages",
    "more than 3/4 of the chunks used",
    span("4.1", "6.3"),
  ],
  almost_empty: ["zspages", "at most 3/4 of them used", span("4.1", "6.3")],
  obj_allocated: ["chunks", "of all zspages, used or not", span("4.0")],
  obj_used: ["objects", "that are stored", span("4.0")],
  pages_used: ["pages", "of all zspages", span("4.0")],
  pages_per_zspage: ["pages", "that a zspage chains", span("4.1")],
  freeable: ["pages", "that compaction can give back", span("4.6")],
};

/** The classes that are named. */
const NAMED = 3;

/** Explains a table; `undefined` where it has not one class. */
export function explainClasses(
  facts: TableFacts,
  context: ExplainContext,
): Explanation | undefined {
  const table = classesTable(facts);
  if (table.rows.length === 0) return undefined;
  const { device } = facts;
  return {
    kind: "classes",
    ...(device === undefined ? {} : { device }),
    line: facts.lines[0].line,
    title: `${counted(table.rows.length, "line")} of size classes`,
    numbers: table.columns.map((name) => columnMeaning(name, table)),
    follows: [...follows(table, context), ...geometryFollows(table, context)],
    broken: brokenByClasses(table, context.pageSize),
    mistaken: [
      "size is not what a page compressed to: objects of many lengths share a class, each a handle's word (8 bytes) more than its data.",
      "obj_allocated counts chunks, those without an object too; obj_used is what is stored.",
      "freeable is a whole number of zspages for each class: free chunks of different classes do not add up, so that a pool can have much room and nothing to give back.",
    ],
    releases: releasesOfColumns(table.columns),
  };
}

/** A column, and what it adds up to. */
function columnMeaning(name: string, table: ClassesTable): NumberMeaning {
  const group = /^([0-9]+)%$/.exec(name)?.[1];
  const [unit, meaning, releases] = group === undefined
    ? COLUMNS[name] ?? ["", "a column that no release up to 7.3 has", span("")]
    : ["zspages", groupMeaning(Number(group)), span("6.4")];
  const isSummed = summedColumns(table).includes(name);
  const sum = table.rows.reduce(
    (all, { numbers }) => all + (numbers.get(name) ?? 0),
    0,
  );
  return { name, value: isSummed ? grouped(sum) : "", unit, meaning, releases };
}

function groupMeaning(percent: number): string {
  if (percent === 100) return "all of the chunks used";
  const from = percent === 99 ? 90 : percent - 10;
  return `${from} to below ${
    percent === 99 ? 100 : percent
  }% of the chunks used`;
}

/** A class and its counts. */
interface Counted extends ClassCounts {
  readonly size: number;
}

const sum = (classes: readonly Counted[], of: (one: Counted) => number) =>
  classes.reduce((all, one) => all + of(one), 0);

/** What the whole table comes to. */
function follows(table: ClassesTable, { pageSize }: ExplainContext): string[] {
  const classes = table.rows.map((row) => ({
    ...classCounts(row, pageSize),
    size: row.numbers.get("size") ?? 0,
  }));
  const pages = table.rows.reduce(
    (all, { numbers }) => all + (numbers.get("pages_used") ?? 0),
    0,
  );
  if (pages === 0) return ["The pool is empty."];
  const used = sum(classes, (one) => one.used);
  const free = sum(classes, (one) => (one.allocated - one.used) * one.size);
  const freeable = sum(classes, (one) => one.freeable);
  const memory = pages * pageSize;
  return [
    `${counted(used, "object")} in ${counted(pages, "page")} (${
      humanBytes(memory)
    }). Chunks without an object take ${humanBytes(free)}, ${
      percent(free, memory)
    } of the pool.`,
    freeable === 0
      ? "Compaction can give back nothing: no class has as many free chunks as a zspage has. pages_compacted will not rise, however often 1 is written to compact."
      : `Compaction can give back ${counted(freeable, "page")} (${
        humanBytes(freeable * pageSize)
      }), ${percent(freeable, pages)} of the pool: ${mostFreeable(classes)}.`,
    ...groupsFollow(table),
  ];
}

/** The classes with the most to give back. */
function mostFreeable(classes: readonly Counted[]): string {
  return classes.filter(({ freeable }) => freeable > 0)
    .toSorted((a, b) => b.freeable - a.freeable)
    .slice(0, NAMED)
    .map(({ size, freeable }) =>
      `${counted(freeable, "page")} of chunks of ${grouped(size)} bytes`
    )
    .join(", ");
}

/** How many zspages have room. */
function groupsFollow({ columns, rows }: ClassesTable): string[] {
  const groups = groupColumns(columns).filter((name) => name !== "100%");
  if (groups.length === 0) return [];
  const partly = rows.reduce(
    (all, { numbers }) =>
      groups.reduce((one, name) => one + (numbers.get(name) ?? 0), all),
    0,
  );
  return [
    `${counted(partly, "zspage")} partly used: new objects go there first.`,
  ];
}

/** Whether classes are those of a kernel. */
function isOf(profile: Profile, { rows }: ClassesTable): boolean {
  const { classes } = zsGeometry(profile);
  const byIndex = new Map(classes.map((one) => [one.index, one]));
  return rows.every(({ index, numbers }) => {
    const one = byIndex.get(index);
    return one !== undefined && one.size === numbers.get("size") &&
      one.pagesPerZspage === numbers.get("pages_per_zspage");
  });
}

const CHAIN_SIZES = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** Which kernels build such classes. */
function geometryFollows(
  table: ClassesTable,
  { pageSize, profile }: ExplainContext,
): string[] {
  if (!table.columns.includes("pages_per_zspage")) return [];
  if (profile !== undefined) {
    return [
      isOf(profile, table)
        ? `The classes are those of ${profile.name}.`
        : `The classes are not those of ${profile.name}: it has another chain size or page size, or it is another kernel.`,
    ];
  }
  const kernels = PROFILES.flatMap((one) =>
    (one.release.zsmalloc.classesTable === undefined ? [] : CHAIN_SIZES)
      .map((chainSize) => ({ ...one, pageSize, chainSize }))
  );
  const fitting = kernels.filter((one) => isOf(one, table));
  if (fitting.length === 0) {
    return [
      `No kernel with pages of ${
        grouped(pageSize)
      } bytes builds such classes: --page-size says another.`,
    ];
  }
  const chains = [...new Set(fitting.map(({ chainSize }) => chainSize))];
  return [
    chains.length === 1
      ? `A zspage chains at most ${
        chains[0]
      } pages (CONFIG_ZSMALLOC_CHAIN_SIZE, always 4 up to 6.2).`
      : `A zspage chains at most ${Math.min(...chains)} to ${
        Math.max(...chains)
      } pages: the classes do not tell which.`,
  ];
}
