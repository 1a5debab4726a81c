/** What the files of a device look like: which lines make up one, and which do not. */
import { numeralsOf } from "./numeral.ts";

/** What each file of numbers looks like. */
export const FORMS: Readonly<Record<string, string>> = {
  mm_stat: "7, 8 or 9 whole numbers",
  bd_stat: "three whole numbers",
  io_stat: "four whole numbers",
  debug_stat: "'version: 1' and two whole numbers",
};

/** The most numbers that a release shows in each. */
const MOST_NUMBERS: Readonly<Record<string, number>> = {
  mm_stat: 9,
  bd_stat: 3,
  io_stat: 4,
  debug_stat: 2,
};

/** The first line of `debug_stat`. */
export const VERSION = /^\s*version:\s*[0-9]+\s*$/;
/** A line of `recomp_algorithm`, one for each priority. */
export const PRIORITY = /^\s*#([0-9]):/;

/**
 * Whether a line goes on with what is there of a file: numbers that a mail has
 * wrapped, the numbers behind a version, the next priority. Whatever else
 * follows is of something else.
 */
export function goesOn(name: string, before: string, text: string): boolean {
  if (name === "recomp_algorithm") {
    const [priority] = priorityOf(text);
    const last = before.split("\n").flatMap(priorityOf).at(-1);
    return priority !== undefined && last !== undefined && priority > last;
  }
  if (!Object.hasOwn(MOST_NUMBERS, name)) return false;
  const lines = before.split("\n").filter((line) => !VERSION.test(line));
  const there = lines.length === 0 ? [] : numeralsOf(lines.join(" "));
  const more = numeralsOf(text);
  return there !== undefined && more !== undefined &&
    there.length + more.length <= MOST_NUMBERS[name];
}

const priorityOf = (text: string) =>
  (PRIORITY.exec(text) ?? []).slice(1).map(Number);
