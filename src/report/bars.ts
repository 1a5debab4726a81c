/** Pictures of memory in a terminal. */

/** One part of a {@linkcode stackedBar}. */
export interface Part {
  /** The character it is drawn with. */
  readonly fill: string;
  /** Its length, in the same unit as the bar's scale. */
  readonly length: number;
}

/** The parts of a bar one behind the other, `perColumn` units a column. */
export function stackedBar(parts: readonly Part[], perColumn: number): string {
  let drawn = 0;
  let total = 0;
  return parts.map(({ fill, length }) => {
    total += length;
    const columns = Math.round(total / perColumn) - drawn;
    drawn += columns;
    return fill.repeat(columns);
  }).join("");
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of up to `width` columns, in eighths, for `value` of `most`. */
export function bar(value: number, most: number, width: number): string {
  if (value === 0 || most === 0) return "";
  const eighths = Math.max(1, Math.round(8 * width * value / most));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
