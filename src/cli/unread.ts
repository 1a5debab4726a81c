/** What was passed over of the files that were asked for, and why. */
import { counted } from "../report/table.ts";
import { tell } from "./usage_error.ts";

/** Paths of which the reason is told. */
const TOLD = 3;

/** How many files were passed over, and the first few. */
export interface Unread {
  /** How many. */
  count: number;
  /** The first of them, each with its reason. */
  readonly first: string[];
}

/** Nothing was passed over. */
export function nothingUnread(): Unread {
  return { count: 0, first: [] };
}

/** A file is passed over. */
export function noteUnread(unread: Unread, path: string, why: string): void {
  unread.count++;
  if (unread.first.length < TOLD) unread.first.push(`'${path}' (${why})`);
}

/** Adds what others passed over. */
export function addUnread(to: Unread, { count, first }: Unread): void {
  to.count += count;
  to.first.push(...first.slice(0, TOLD - to.first.length));
}

/** What was passed over, in one line; nothing where all was read. */
export function unreadText({ count, first }: Unread): string {
  if (count === 0) return "";
  const more = count > first.length ? " and others" : "";
  return `Passed over ${counted(count, "file")}: ${first.join(", ")}${more}`;
}

/** Says on standard error what was passed over, if anything was. */
export function tellUnread(unread: Unread): void {
  if (unread.count > 0) tell(unreadText(unread));
}
