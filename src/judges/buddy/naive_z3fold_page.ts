/** A page of the second model of z3fold, for itself. */
import { CHUNKS, type NaiveObject, type NaivePage } from "./naive_pages.ts";

/** Chunks that a move of the middle object has to win. */
const GAP = 3;
/** Bytes to which a structure of slots is aligned. */
export const SLOTS_ALIGN = 64;

/** A structure of slots: which of its four are in use. */
export interface Structure {
  /** Its address, 0 until the first handle in it is known. */
  address: number;
  /** The indices of those that are. */
  readonly used: Set<number>;
}

/** A page with what z3fold knows of it besides. */
export interface Page extends NaivePage {
  /** Its objects by their places. */
  readonly objects: Map<string, Z3foldObject>;
  /** Whether it is one object without a header. */
  readonly isHeadless: boolean;
  /** The structure of the handles made for it, if it has one. */
  slots: Structure | undefined;
  /** How often its middle object became its first. */
  shifts: number;
  /** The chunk where its middle object starts. */
  start: number;
  /** Whether the middle object is pinned. */
  isPinned: boolean;
  /** Whether its compaction waits for the worker. */
  isQueued: boolean;
}

/** An object with the slot that its handle leads to. */
export interface Z3foldObject extends NaiveObject {
  /** Its page. */
  page: Page;
  /** The structure that its slot is in; none for a headless page's. */
  readonly slots: Structure | undefined;
  /** Which slot of that. */
  readonly index: number;
}

/** The number of a place in `enum buddy`, to which a slot's index is near. */
const NUMBERS: Readonly<Record<string, number>> = {
  HEADLESS: 0,
  FIRST: 1,
  MIDDLE: 2,
  LAST: 3,
};

/** Chunks of one of a page's objects, 0 where there is none. */
export function chunksOf(page: Page, buddy: string): number {
  return page.objects.get(buddy)?.chunks ?? 0;
}

/** Whether a page has an object whose handle was made for another. */
export function hasForeign(page: Page): boolean {
  for (const { slots } of page.objects.values()) {
    if (slots !== page.slots) return true;
  }
  return false;
}

/** The slot of a place: its number, moved on by each shift. */
export function indexOf({ shifts }: Page, buddy: string): number {
  return (NUMBERS[buddy] + shifts) & 3;
}

/** The first where it has room, else the last, else the middle. */
export function freeBuddy(
  { objects, start }: Page,
  chunks: number,
  headerChunks: number,
): string {
  if (!objects.has("MIDDLE")) {
    if (!objects.has("FIRST")) return "FIRST";
    return objects.has("LAST") ? "MIDDLE" : "LAST";
  }
  const hasRoom = chunks <= start - headerChunks;
  return !objects.has("FIRST") && hasRoom ? "FIRST" : "LAST";
}

/** Free chunks that one object more can have. */
export function roomOf(page: Page, headerChunks: number): number {
  const first = chunksOf(page, "FIRST");
  const middle = chunksOf(page, "MIDDLE");
  const last = chunksOf(page, "LAST");
  if (middle === 0) return CHUNKS - headerChunks - first - last;
  const before = first === 0 ? page.start - headerChunks : 0;
  const behind = last === 0 ? CHUNKS - page.start - middle : 0;
  return Math.max(before, behind);
}

/**
 * A middle object goes beside the other, where that wins enough, or is the
 * first where it is alone; answers whether it moved.
 */
export function moveMiddle(page: Page, headerChunks: number): boolean {
  const middle = page.objects.get("MIDDLE");
  if (middle === undefined || page.isPinned) return false;
  const first = chunksOf(page, "FIRST");
  const last = chunksOf(page, "LAST");
  if (first > 0 && last > 0) return false;
  if (first === 0 && last === 0) {
    page.objects.delete("MIDDLE");
    middle.buddy = "FIRST";
    page.objects.set("FIRST", middle);
    page.shifts++;
    return true;
  }
  const start = first > 0
    ? headerChunks + first
    : CHUNKS - last - middle.chunks;
  if (Math.abs(start - page.start) < GAP) return false;
  page.start = start;
  return true;
}
