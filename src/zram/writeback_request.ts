/** What is written to the attribute `writeback` since 6.16. */
import type { Errno } from "../linux/errno.ts";
import { kstrtoull, nextArgs } from "../linux/kstrtox.ts";
import { ZRAM_HUGE, ZRAM_IDLE, ZRAM_INCOMPRESSIBLE } from "./slots.ts";

/** A range of page numbers, `end` not included, and what a page must be. */
export interface Selection {
  /** The first page. */
  readonly start: number;
  /** One more than the last. */
  readonly end: number;
  /** Flags that a page must have, all of them. */
  readonly flags: readonly number[];
}

/** The flags that pages of each type have, all of them. */
export const WRITEBACK_TYPES: Readonly<Record<string, readonly number[]>> = {
  idle: [ZRAM_IDLE],
  huge: [ZRAM_HUGE],
  huge_idle: [ZRAM_IDLE, ZRAM_HUGE],
  incompressible: [ZRAM_INCOMPRESSIBLE],
};

/** What a page's number is held against. */
export interface Disk {
  /** Bits of a word. */
  readonly wordBits: number;
  /** How many pages there are, or were when that was looked at. */
  readonly pages: number;
}

/** A page's number: EINVAL for no number, ERANGE beyond the disk. */
function parsePage({ wordBits, pages }: Disk, text: string): number | Errno {
  const page = kstrtoull(text, wordBits);
  if (typeof page === "string") return page;
  return page < BigInt(pages) ? Number(page) : "ERANGE";
}

/** Specifies `parse_page_index`. */
function parsePageIndex(
  disk: Disk,
  text: string,
): { start: number; end: number } | Errno {
  const start = parsePage(disk, text);
  return typeof start === "string" ? start : { start, end: start + 1 };
}

/** Specifies `parse_page_indexes`: two pages, the last included. */
function parsePageIndexes(
  disk: Disk,
  text: string,
): { start: number; end: number } | Errno {
  const dash = text.indexOf("-");
  if (dash < 0) return "EINVAL";
  const start = parsePage(disk, text.slice(0, dash));
  if (typeof start === "string") return start;
  const last = parsePage(disk, text.slice(dash + 1));
  if (typeof last === "string") return last;
  return last < start ? "ERANGE" : { start, end: last + 1 };
}

const RANGES: Readonly<Record<string, typeof parsePageIndex>> = {
  page_index: parsePageIndex,
  page_indexes: parsePageIndexes,
};

/**
 * The selections that the text asks for, in order: any number of `page_index=N`
 * and `page_indexes=A-B`, then at most one type, which holds within the last
 * of those. An unknown parameter with a value is passed over; an unknown type
 * is EINVAL. Specifies the parsing in `writeback_store`, since 6.16.
 */
export function parseWriteback(disk: Disk, text: string): Selection[] | Errno {
  const selections: Selection[] = [];
  let range = { start: 0, end: disk.pages };
  for (const { param, value = "" } of nextArgs(text)) {
    // Without a value a parameter is a type, as before 6.16.
    const type = value === "" ? param : param === "type" ? value : undefined;
    if (type !== undefined) {
      if (!Object.hasOwn(WRITEBACK_TYPES, type)) return "EINVAL";
      selections.push({ ...range, flags: WRITEBACK_TYPES[type] });
      return selections;
    }
    if (!Object.hasOwn(RANGES, param)) continue;
    const parsed = RANGES[param](disk, value);
    if (typeof parsed === "string") return parsed;
    range = parsed;
    selections.push({ ...range, flags: [] });
  }
  return selections;
}
