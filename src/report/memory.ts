/** A pool's memory from stage to stage, drawn to one scale. */
import { stackedBar } from "./bars.ts";
import { wrapPieces } from "./pieces.ts";
import { humanBytes } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Columns of the longest bar, where nobody says it. */
const BAR_WIDTH = 60;
/** Columns that bars have at least where notes stand behind them. */
const LEAST_BAR = 24;

/** A pool at one moment. */
export interface MemoryStage {
  /** What the moment is called. */
  readonly name: string;
  /** Bytes of the objects. */
  readonly objectBytes: number;
  /** Bytes of the frames that hold them. */
  readonly bytesUsed: number;
  /** What else there is to say. */
  readonly note: string;
}

/** What draws the parts of a bar. */
const LEGEND = ["Memory: █ objects", "▒ room around them", "· given back"];

/** Objects, the room around them, and what is left of the most, in columns. */
export function memoryBar(
  { objectBytes, bytesUsed, most }: {
    readonly objectBytes: number;
    readonly bytesUsed: number;
    readonly most: number;
  },
  columns: number,
): string {
  return stackedBar([
    { fill: "█", length: objectBytes },
    { fill: "▒", length: bytesUsed - objectBytes },
    { fill: "·", length: most - bytesUsed },
  ], most / columns);
}

/**
 * The stages as bars, one a line, the longest of them the most memory used. In
 * a narrow `width` bars are shorter, and notes that have no room stand below.
 */
export function memoryPicture(
  stages: readonly MemoryStage[],
  barWidth: number = BAR_WIDTH,
  width: number = Infinity,
): string {
  const most = Math.max(...stages.map(({ bytesUsed }) => bytesUsed));
  const longest = (texts: readonly string[]) =>
    Math.max(...texts.map(({ length }) => length));
  const names = longest(stages.map(({ name }) => name));
  const used = stages.map(({ bytesUsed }) => humanBytes(bytesUsed));
  const figures = Math.max(6, longest(used));
  const room = width - names - figures - 6;
  const notes = longest(stages.map(({ note }) => note)) + 2;
  const isBelow = room - notes < Math.min(barWidth, LEAST_BAR);
  const columns = Math.min(barWidth, isBelow ? room : room - notes);
  const lines = stages.map(({ name, objectBytes, bytesUsed, note }, nth) => {
    const picture = memoryBar({ objectBytes, bytesUsed, most }, columns);
    const line = `  ${name.padEnd(names)}  ${picture}  ${
      used[nth].padStart(figures)
    }`;
    if (!isBelow) return `${line}  ${note}`.trimEnd() + "\n";
    return `${line}\n${note === "" ? "" : wrap(note, width, "    ")}`;
  });
  return wrapPieces(LEGEND, width) + lines.join("");
}
