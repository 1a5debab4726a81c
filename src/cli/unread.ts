/** What was passed over of the files that were asked for, and why. */
import { counted } from "../report/table.ts";
import { tell } from "./usage_error.ts";

/** Paths of which the reason is told. */
const TOLD = 3;

/** How much was passed over, and the first of it. */
export interface Unread {
  /** How many files. */
  count: number;
  /** How many pages of files that were read otherwise. */
  pages: number;
  /** The first of them, each with its reason. */
  readonly first: string[];
}

/** Nothing was passed over. */
export function nothingUnread(): Unread {
  return { count: 0, pages: 0, first: [] };
}

/** A file is passed over. */
export function noteUnread(unread: Unread, path: string, why: string): void {
  unread.count++;
  tellFirst(unread, path, why);
}

/** Pages of a file are passed over. */
export function noteUnreadPages(
  unread: Unread,
  path: string,
  pages: number,
  why: string,
): void {
  unread.pages += pages;
  tellFirst(unread, path, why);
}

function tellFirst({ first }: Unread, path: string, why: string): void {
  if (first.length < TOLD) first.push(`'${path}' (${why})`);
}

/** Adds what others passed over. */
export function addUnread(to: Unread, { count, pages, first }: Unread): void {
  to.count += count;
  to.pages += pages;
  to.first.push(...first.slice(0, TOLD - to.first.length));
}

/** What was passed over, in one line; nothing where all was read. */
export function unreadText({ count, pages, first }: Unread): string {
  if (count + pages === 0) return "";
  const more = count > first.length ? " and others" : "";
  const what = [
    ...count === 0 ? [] : [counted(count, "file")],
    ...pages === 0 ? [] : [counted(pages, "page")],
  ].join(" and ");
  return `Passed over ${what}: ${first.join(", ")}${more}`;
}

/** Says on standard error what was passed over, if anything was. */
export function tellUnread(unread: Unread): void {
  const text = unreadText(unread);
  if (text !== "") tell(text);
}
