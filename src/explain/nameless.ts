/** Lines of numbers without a name: which file they are of, by how many there are. */
import { numeralsOf, outOfRange } from "./numeral.ts";
import type { PasteLine } from "./paste.ts";
import { VERSION } from "./forms.ts";

/** Which file so many numbers are. */
const BY_COUNT: Readonly<Record<number, string>> = {
  3: "bd_stat",
  4: "io_stat",
  7: "mm_stat",
  8: "mm_stat",
  9: "mm_stat",
  10: "mm_stat",
};

const COUNT_WORDS: Readonly<Record<number, string>> = {
  3: "three",
  4: "four",
  7: "seven",
  8: "eight",
  9: "nine",
  10: "ten",
};

/** Counts of numbers of a block device's own `stat`. */
const BLOCK_STAT_COUNTS: readonly number[] = [11, 15, 17];

/** Lines that one `mm_stat` may be wrapped into. */
const MOST_LINES = 3;

const countOf = (text: string) => numeralsOf(text)?.length ?? 0;

/** The file that a line of numbers most likely is, and why, if any. */
export function guessedFile(
  text: string,
): { readonly name: string; readonly guess: string } | undefined {
  const count = countOf(text);
  const name = BY_COUNT[count];
  if (name === undefined) return undefined;
  const lines = text.split("\n").length;
  const wrapped = lines === 1 ? "" : ` on ${lines} lines`;
  return {
    name,
    guess: `no name: ${
      COUNT_WORDS[count]
    } numbers${wrapped} are most likely ${name}`,
  };
}

/**
 * The lines, a wrapped `mm_stat` put together: neighbours without a name that
 * have 7 to 9 numbers between them, where one of them alone is no file.
 */
export function unwrapped(lines: readonly PasteLine[]): PasteLine[] {
  const joined: PasteLine[] = [];
  for (let nth = 0; nth < lines.length;) {
    const parts = wrappedFrom(lines, nth);
    const text = parts.map((part) => part.text).join("\n");
    joined.push({ ...lines[nth], text });
    nth += parts.length;
  }
  return joined;
}

/** The lines from one on that are one text: it alone where it is not wrapped. */
function wrappedFrom(lines: readonly PasteLine[], nth: number): PasteLine[] {
  const before = lines[nth - 1];
  const isVersioned = before !== undefined && VERSION.test(before.text);
  for (let size = MOST_LINES; size > 1 && !isVersioned; size--) {
    const parts = lines.slice(nth, nth + size);
    if (parts.length === size && isWrapped(parts)) return parts;
  }
  return [lines[nth]];
}

function isWrapped(parts: readonly PasteLine[]): boolean {
  const counts = parts.map(({ text }) => countOf(text));
  const isWhole = parts.every(({ name, line }, nth) =>
    name === undefined && counts[nth] > 0 && line === parts[0].line + nth
  );
  const sum = counts.reduce((one, other) => one + other, 0);
  return isWhole && sum >= 7 && sum <= 9 &&
    counts.some((count) => BY_COUNT[count] === undefined);
}

/** What a line of numbers would need to be read. */
export function whyUnread(text: string): { why?: string } {
  const count = countOf(text);
  if (count === 0) {
    const name = BY_COUNT[text.trim().split(/\s+/).length];
    const why = outOfRange(
      name === undefined ? "the number" : `${name}'s number`,
      text,
    );
    return why === undefined ? {} : { why };
  }
  if (BLOCK_STAT_COUNTS.includes(count)) {
    return {
      why: `${count} numbers are the 'stat' of a block device, not zram's own`,
    };
  }
  return {
    why: count === 1
      ? "one number needs its file's name in front, as in 'disksize: 4294967296'"
      : `no file that zspec explains has ${count} numbers without a name`,
  };
}
