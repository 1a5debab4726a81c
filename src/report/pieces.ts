/** Short texts beside each other, in lines of a width. */
import { wrap } from "./wrap.ts";

/**
 * Pieces with two spaces between them, in lines of at most `width` characters,
 * each after `indent`; no piece is broken but one that is longer than a line.
 */
export function wrapPieces(
  pieces: readonly string[],
  width: number,
  indent = "",
): string {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    const longer = line === "" ? indent + piece : `${line}  ${piece}`;
    if (longer.length <= width || line === "") {
      line = longer;
      continue;
    }
    lines.push(line);
    line = indent + piece;
  }
  return [...lines, line]
    .map((one) =>
      one.length <= width ? `${one}\n` : wrap(one.trim(), width, indent)
    )
    .join("");
}
