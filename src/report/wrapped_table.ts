/** Tables whose last column is a sentence, in lines of a width. */
import { type Column, table } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Columns of a terminal, and of what is pasted on. */
const WIDTH = 80;
/** The fewest columns for the sentence, whatever stands before it. */
const LEAST = 24;

/**
 * Rows under headings, the last column wrapped to what the others leave of
 * `width` columns.
 */
export function wrappedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = WIDTH,
): string {
  const last = columns.length - 1;
  const cells = [columns.map(({ title }) => title), ...rows];
  const widths = columns.slice(0, last).map((_, nth) =>
    Math.max(...cells.map((row) => row[nth].length))
  );
  const before = widths.reduce((sum, one) => sum + one + 2, 0);
  const left = Math.max(LEAST, width - before);
  const lines = rows.flatMap((row) =>
    wrap(row[last], left).trimEnd().split("\n").map((line, nth) => [
      ...columns.slice(0, last).map((_, at) => nth === 0 ? row[at] : ""),
      line,
    ])
  );
  return table(columns, lines);
}
