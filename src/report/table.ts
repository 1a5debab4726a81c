/** Tables and numbers for people. */

/** A column of a {@linkcode table}. */
export interface Column {
  /** Its heading. */
  readonly title: string;
  /** Numbers stand right, names left. */
  readonly align?: "left" | "right";
}

/** Rows under headings, columns as wide as they need to be. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [columns.map(({ title }) => title), ...rows]
    .map((row) => row.map(String));
  const widths = columns.map((_, nth) =>
    Math.max(...cells.map((row) => row[nth].length))
  );
  return cells.map((row) =>
    row.map((cell, nth) =>
      columns[nth].align === "left"
        ? cell.padEnd(widths[nth])
        : cell.padStart(widths[nth])
    ).join("  ").trimEnd() + "\n"
  ).join("");
}

/** Bytes as `zramctl` shows them: one decimal and a binary suffix. */
export function humanBytes(bytes: number): string {
  const suffixes = ["B", "K", "M", "G", "T", "P"];
  let power = 0;
  let value = bytes;
  while (value >= 1024 && power + 1 < suffixes.length) {
    value /= 1024;
    power++;
  }
  const digits = Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)}${suffixes[power]}`;
}

/** A share in percent with one decimal or more; of nothing, it is 0. */
export function percent(part: number, whole: number, decimals = 1): string {
  return `${(whole === 0 ? 0 : 100 * part / whole).toFixed(decimals)}%`;
}

/** How many times as large the data is as its memory. */
export function ratio(data: number, memory: number): string {
  return memory === 0 ? "∞" : (data / memory).toFixed(2);
}

/** How many of what `jobs` did in so many milliseconds all together, a second. */
export function perSecond(done: number, busy: number, jobs = 1): number {
  return busy === 0 ? 0 : Math.round(1000 * done * jobs / busy);
}

/** A whole number with thousands apart. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** How many there are of something, in the plural where that is right. */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}
