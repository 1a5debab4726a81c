/** Text for people, line by line. */

/** `text` behind `head`, its further lines where it begins. */
export function hanging(head: string, text: string, width: number): string {
  const indent = " ".repeat(head.length);
  return head + wrap(text, width, indent).slice(head.length);
}

/**
 * `text` in lines of at most `width` characters, each after `indent`; a longer
 * word has a line of its own.
 */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? indent + word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((one) => `${one}\n`).join("");
}
