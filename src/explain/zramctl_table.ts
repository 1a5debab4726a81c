/** The table that `zramctl` prints, read by its heading. */
import type { PasteLine } from "./paste.ts";
import type { TableFacts } from "./facts.ts";

/** A row: what stands under each heading. */
export interface ZramctlRow {
  /** Where it is, from 1. */
  readonly line: number;
  /** Its cells by their headings; one that is empty is left out. */
  readonly cells: ReadonlyMap<string, string>;
}

/** What is shown without `--output` (zramctl.c, util-linux). */
const DEFAULT_COLUMNS: readonly string[] = [
  "NAME",
  "ALGORITHM",
  "DISKSIZE",
  "DATA",
  "COMPR",
  "TOTAL",
  "STREAMS",
  "MOUNTPOINT",
];

/** A word and where it stands. */
interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function wordsOf(line: string): Word[] {
  return Array.from(line.matchAll(/\S+/g), ({ 0: text, index }) => ({
    text,
    start: index,
    end: index + text.length,
  }));
}

/** The rows of a table. */
export function zramctlRows({ lines }: TableFacts): ZramctlRow[] {
  const headings = wordsOf(lines[0].text);
  const hasHeading = headings[0]?.text === "NAME";
  const rows = hasHeading ? lines.slice(1) : lines;
  return rows.map((row) => ({
    line: row.line,
    cells: hasHeading ? cellsUnder(headings, row) : cellsInOrder(
      DEFAULT_COLUMNS,
      wordsOf(row.text).map(({ text }) => text),
    ),
  }));
}

/**
 * Cells by where they stand: numbers end where their heading ends, names begin
 * where it begins. Where a paste has lost its blanks, by their order.
 */
function cellsUnder(headings: readonly Word[], { text }: PasteLine) {
  const cells = new Map<string, string>();
  const words = wordsOf(text);
  for (const { text, start, end } of words) {
    const heading = headings.find((one) =>
      (one.start === start || one.end === end) && !cells.has(one.text)
    );
    if (heading !== undefined) cells.set(heading.text, text);
  }
  return cells.size === words.length ? cells : cellsInOrder(
    headings.map(({ text }) => text),
    words.map(({ text }) => text),
  );
}

/** Cells one after another; STREAMS is empty in kernels without it. */
function cellsInOrder(
  columns: readonly string[],
  words: readonly string[],
): Map<string, string> {
  const streams = words[columns.indexOf("STREAMS")];
  const hasStreams = streams === undefined || /^[0-9]+$/.test(streams);
  const filled = hasStreams
    ? columns
    : columns.filter((name) => name !== "STREAMS");
  return new Map(
    filled.slice(0, words.length).map((name, nth) => [name, words[nth]]),
  );
}
