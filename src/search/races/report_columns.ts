/** Columns of text, one for each CPU. */

/** What stands in one column of a line. */
export interface ColumnLine {
  /** Which column; none for what stands across all. */
  readonly column?: number;
  /** How far it is indented. */
  readonly depth?: number;
  /** The number before the line. */
  readonly number?: number;
  /** What it says. */
  readonly text: string;
}

/** Characters of the numbers before a line. */
const GUTTER = 5;
/** Characters between two columns. */
const GAP = 2;
/** A narrower column cannot be read. */
const NARROWEST = 34;

/** Lines under headings, in a text of `width` or as wide as columns must be. */
export function columns(
  headings: readonly string[],
  lines: readonly ColumnLine[],
  width: number,
): string {
  const count = headings.length;
  const wide = Math.floor((width - GUTTER - GAP * (count - 1)) / count);
  const room = Math.max(wide, NARROWEST);
  const at = (column: number) => GUTTER + column * (room + GAP);
  const heading = headings
    .reduce((line, one, nth) => line.padEnd(at(nth)) + one, "");
  const rows = lines.flatMap(({ column = 0, depth = 0, number, text }) =>
    broken(text, room - 2 * depth).map((part, nth) => {
      const mark = nth === 0 && number !== undefined
        ? String(number).padStart(GUTTER - 2)
        : "";
      const hanging = nth === 0 ? 0 : 2;
      return mark.padEnd(at(column) + 2 * depth + hanging) + part;
    })
  );
  return [heading, ...rows].map((row) => `${row.trimEnd()}\n`).join("");
}

/** A text in parts of at most `room` characters, all but the first two fewer. */
function broken(text: string, room: number): string[] {
  const parts = [""];
  for (const word of text.split(" ")) {
    const last = parts.length - 1;
    const longer = parts[last] === "" ? word : `${parts[last]} ${word}`;
    const most = last === 0 ? room : room - 2;
    if (parts[last] === "" || longer.length <= most) parts[last] = longer;
    else parts.push(word);
  }
  return parts.flatMap((part, nth) => cut(part, nth === 0 ? room : room - 2));
}

/** A word that is too long for a column goes on in the next line. */
function cut(part: string, room: number): string[] {
  if (part.length <= room) return [part];
  return [part.slice(0, room), ...cut(part.slice(room), room - 2)];
}
