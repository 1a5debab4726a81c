/** The table of zsmalloc's size classes in debugfs, read by its heading. */
import type { TableFacts } from "./facts.ts";
import { isNumeral } from "./numeral.ts";
import { type ReleaseSpan, span } from "./release_span.ts";

/** One class: its numbers by the names of their columns. */
export interface ClassRow {
  /** Where it is, from 1. */
  readonly line: number;
  /** The class's index. */
  readonly index: number;
  /** Its numbers. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** A table of classes. */
export interface ClassesTable {
  /** The columns, in order. */
  readonly columns: readonly string[];
  /** The classes that are there. */
  readonly rows: readonly ClassRow[];
  /** The numbers of the last line, where it is there. */
  readonly totals?: readonly number[];
}

/** Columns that the last line does not add up. */
const WITHOUT_TOTAL: readonly string[] = [
  "class",
  "size",
  "order",
  "pages_per_zspage",
  "objs_per_zspage",
];

/** The columns that the last line adds up. */
export function summedColumns({ columns }: ClassesTable): string[] {
  return columns.filter((name) => !WITHOUT_TOTAL.includes(name));
}

/** The columns that count zspages by how full they are. */
export function groupColumns(columns: readonly string[]): string[] {
  return columns.filter((name) =>
    /^[0-9]+%$/.test(name) || name.startsWith("almost_")
  );
}

/** Reads a table; a line with too few or too many numbers is left out. */
export function classesTable({ lines }: TableFacts): ClassesTable {
  const columns = lines[0].text.trim().split(/\s+/);
  const rows: ClassRow[] = [];
  let totals: number[] | undefined;
  for (const { line, text } of lines.slice(1)) {
    const words = text.trim().split(/\s+/);
    if (words[0] === "Total") totals = words.slice(1).map(Number);
    if (words.length !== columns.length || !words.every(isNumeral)) continue;
    const numbers = new Map(
      columns.map((name, nth) => [name, Number(words[nth])]),
    );
    rows.push({ line, index: Number(words[0]), numbers });
  }
  return { columns, rows, ...(totals === undefined ? {} : { totals }) };
}

/** Which releases have such columns. */
export function releasesOfColumns(columns: readonly string[]): ReleaseSpan {
  if (columns.includes("10%")) return span("6.4");
  if (columns.includes("freeable")) return span("4.6", "6.3");
  return columns.includes("almost_empty")
    ? span("4.1", "4.5")
    : span("4.0", "4.0");
}
