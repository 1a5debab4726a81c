/** A pool's memory from stage to stage, drawn to one scale. */
import { stackedBar } from "./bars.ts";
import { humanBytes } from "./table.ts";

/** Columns of the longest bar, where nobody says it. */
const BAR_WIDTH = 60;

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

/** The stages as bars, one a line, the longest of them the most memory used. */
export function memoryPicture(
  stages: readonly MemoryStage[],
  barWidth: number = BAR_WIDTH,
): string {
  const most = Math.max(...stages.map(({ bytesUsed }) => bytesUsed));
  const width = Math.max(...stages.map(({ name }) => name.length));
  const lines = stages.map(({ name, objectBytes, bytesUsed, note }) => {
    const picture = stackedBar([
      { fill: "█", length: objectBytes },
      { fill: "▒", length: bytesUsed - objectBytes },
      { fill: "·", length: most - bytesUsed },
    ], most / barWidth);
    const used = humanBytes(bytesUsed).padStart(6);
    return `  ${name.padEnd(width)}  ${picture}  ${used}  ${note}`.trimEnd() +
      "\n";
  });
  return "Memory: █ objects  ▒ room around them  · given back\n" +
    lines.join("");
}
