/**
 * Tables in the width that there is: bars become shorter, and then the least
 * important columns move to lines below their row.
 */
import { wrapPieces } from "./pieces.ts";
import { type Column, table } from "./table.ts";
import { wrap } from "./wrap.ts";

/** A column of a {@linkcode fittedTable}. */
export interface FittedColumn extends Column {
  /** Those with the least move below first; one without it never does. */
  readonly importance?: number;
  /** Of a column of bars: how many columns of text one has. */
  readonly bars?: { readonly least: number; readonly most: number };
}

/** What draws a bar in so many columns. */
export type BarCell = (width: number) => string;

/** A cell: in a column of bars what draws one. */
export type FittedCell = string | number | BarCell;

/** What stands before what is below a row. */
const INDENT = "    ";

/**
 * Rows under headings in lines of at most `width` characters, where names are
 * not longer than that. Where not all columns have room, the heading of bars
 * and a long one of names go above the table, and what moves below has its
 * column's heading before it.
 */
export function fittedTable(
  columns: readonly FittedColumn[],
  rows: readonly (readonly FittedCell[])[],
  width: number = Infinity,
): string {
  const whole = draw(columns, rows, ({ most }) => most);
  if (widest(whole) <= width) return whole;
  const isLong = (column: FittedColumn, nth: number) =>
    column.bars !== undefined ||
    nth === 0 && column.title.length > width / 2;
  const legends = columns.filter(isLong)
    .map(({ title }) => wrapPieces(title.split("  "), width));
  const bare = columns.map((one, nth) =>
    isLong(one, nth) ? { ...one, title: "" } : one
  );
  const { beside, below } = split(bare, rows, width);
  const room = width - widest(draw(beside, pick(bare, rows, beside), leastOf));
  const kept = pick(bare, rows, beside);
  const lines = draw(
    beside,
    kept,
    ({ least, most }) => Math.min(most, least + room),
  ).split("\n");
  const [heading] = lines;
  const body = rows.map((row, nth) => {
    const line = lines[nth + 1];
    return (line.length <= width ? `${line}\n` : wrap(line, width)) +
      belowText(below.map((one) => [one, row[bare.indexOf(one)]]), width);
  });
  return `${legends.join("")}${heading === "" ? "" : `${heading}\n`}${
    body.join("")
  }`;
}

const leastOf = ({ least }: { readonly least: number }) => least;

const widest = (text: string) =>
  Math.max(...text.split("\n").map(({ length }) => length));

/** The columns that have room beside each other, and those that have not. */
function split(
  columns: readonly FittedColumn[],
  rows: readonly (readonly FittedCell[])[],
  width: number,
): Readonly<Record<"beside" | "below", readonly FittedColumn[]>> {
  const importances = columns.flatMap(({ importance }) => importance ?? []);
  let beside = columns;
  for (const least of [...new Set(importances)].sort((a, b) => a - b)) {
    if (widest(draw(beside, pick(columns, rows, beside), leastOf)) <= width) {
      break;
    }
    beside = beside.filter(({ importance }) => importance !== least);
  }
  return { beside, below: columns.filter((one) => !beside.includes(one)) };
}

/** The cells of some of the columns. */
function pick(
  all: readonly FittedColumn[],
  rows: readonly (readonly FittedCell[])[],
  some: readonly FittedColumn[],
): FittedCell[][] {
  return rows.map((row) => some.map((one) => row[all.indexOf(one)]));
}

/** A table whose bars have as many columns as `widthOf` says. */
function draw(
  columns: readonly FittedColumn[],
  rows: readonly (readonly FittedCell[])[],
  widthOf: (bars: { readonly least: number; readonly most: number }) => number,
): string {
  return table(
    columns,
    rows.map((row) =>
      row.map((cell, nth) => {
        if (typeof cell !== "function") return cell;
        const { bars } = columns[nth];
        return bars === undefined ? "" : cell(widthOf(bars));
      })
    ),
  );
}

/** What moved below a row: bars in lines of their own, then the rest. */
function belowText(
  cells: readonly (readonly [FittedColumn, FittedCell])[],
  width: number,
): string {
  const room = width - INDENT.length;
  const bars = cells.map(([{ bars }, cell]) =>
    typeof cell === "function" && bars !== undefined
      ? `${INDENT}${cell(Math.min(bars.most, room))}`.trimEnd() + "\n"
      : ""
  );
  const pieces = cells.flatMap(([{ title }, cell]) =>
    typeof cell === "function" || cell === ""
      ? []
      : [title === "" ? `${cell}` : `${title} ${cell}`]
  );
  const rest = pieces.length === 0 ? "" : wrapPieces(pieces, width, INDENT);
  return bars.join("") + rest;
}
