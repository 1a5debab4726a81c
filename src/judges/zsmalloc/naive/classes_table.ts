/** The numbers that debugfs should show, beside those that it shows. */
import type { NaivePool } from "./pool.ts";
import type { Placement } from "./placement.ts";

/** Columns before the zspages' numbers: the class and its size. */
const NAMED = 2;

/** A class's line: its numbers in order. */
function rowOf({ facts }: NaivePool, one: Placement): number[] {
  const { index, size, pages, objects } = one.sizeClass;
  // Up to 6.3 the fuller ones stand first, full and empty ones nowhere.
  const byUse = facts.groups > 4
    ? [...one.counts.subarray(1)]
    : [one.counts[2], one.counts[1]];
  const freeable = facts.classes === "with-freeable" ? [one.freeable] : [];
  return [
    index,
    size,
    ...byUse,
    one.zspages * objects,
    one.used,
    one.zspages * pages,
    pages,
    ...freeable,
  ];
}

/** All numbers of the table, a line for each class, and the sums in the last. */
export function expectedClasses(pool: NaivePool): string[] {
  const rows = pool.placements.map((one) => rowOf(pool, one));
  const width = rows[0].length;
  const ofChain = pool.facts.classes === "with-freeable"
    ? width - 2
    : width - 1;
  const sums: number[] = [];
  for (let nth = NAMED; nth < width; nth++) {
    if (nth !== ofChain) {
      sums.push(rows.reduce((sum, row) => sum + row[nth], 0));
    }
  }
  return [...rows, sums].map((row) => row.join(" "));
}

/** The same of what debugfs shows. */
export function shownClasses(text: string): string[] {
  return text.split("\n")
    .map((line) => line.trim().replace(/^Total\s+/, "").replace(/\s+/g, " "))
    .filter((line) => /^\d/.test(line));
}
