/**
 * Deflate as Linux encodes it: zlib 1.1 with changes of its own, at memory
 * level 8 (`MAX_MEM_LEVEL`). zram's statistics depend on its choices to the
 * byte, so they are specified here; today's zlib makes others.
 *
 * Source: `deflate_stored`, `deflate_fast`, `deflate_slow` and `zlib_deflate`,
 * `lib/zlib_deflate/deflate.c`, the same in 5.10 to 7.3.
 */
import { alignBits, bytesWritten, putBits, startBits } from "./deflate_bits.ts";
import {
  addLiteral,
  addMatch,
  endBlock,
  mustEnd,
  putStored,
  startBlock,
} from "./deflate_block.ts";
import { adler32, MIN_MATCH } from "./deflate_format.ts";
import {
  enter,
  farthest,
  fillWindow,
  isLost,
  isNear,
  longestMatch,
  NO_MATCH,
  readAhead,
  type Search,
  startWindow,
} from "./deflate_window.ts";
import { loadPage, pageBytes } from "./workspace.ts";

/** The most bytes of a stored block (`deflate_stored`). */
const MAX_STORED = 65536 - 5;
/** Matches of the shortest length are not worth more than this (`TOO_FAR`). */
const TOO_FAR = 4096;

/** What a level does (`configuration_table`). */
interface Level extends Search {
  readonly level: number;
  /**
   * Up to which length of a match a better one is looked for, or, where none
   * is looked for, all positions in a match enter the table (`max_lazy`).
   */
  readonly maxLazy: number;
  /** Encodes a page of so many bytes. */
  readonly encode: (pageSize: number, level: Level) => void;
}

/** Where the block that is being collected begins. */
let blockStart = 0;

/** Writes the block up to `position`. */
function endBlockAt(position: number, isLast: boolean): void {
  endBlock(blockStart, position, isLost(blockStart), isLast);
  blockStart = position;
}

/** Copies the page, by blocks as long as what is read at once (`deflate_stored`). */
function encodeStored(pageSize: number): void {
  let position = 0;
  let filled = 0;
  const put = (to: number, isLast: boolean) => {
    putStored(blockStart, to, isLast);
    blockStart = to;
  };
  for (;;) {
    if (filled - position <= 1) {
      filled = fillWindow(position);
      if (filled === position) break;
    }
    position = Math.min(filled, blockStart + MAX_STORED);
    if (position - blockStart === MAX_STORED) put(position, false);
    if (position - blockStart >= farthest()) put(position, false);
  }
  put(pageSize, true);
}

/** Takes every match as it comes (`deflate_fast`). */
function encodeFast(pageSize: number, search: Level): void {
  let position = 0;
  while (readAhead(position) > position) {
    const canMatch = pageSize - position >= MIN_MATCH;
    const head = canMatch ? enter(position) : 0;
    const found = canMatch && isNear(position, head)
      ? longestMatch(search, position, head, MIN_MATCH - 1)
      : NO_MATCH;
    const at = position;
    let symbols: number;
    if (found === NO_MATCH) {
      symbols = addLiteral(pageBytes[position++]);
    } else {
      const length = found >>> 16;
      symbols = addMatch(position - (found & 0xffff), length);
      const end = position + length;
      if (length <= search.maxLazy && pageSize - end >= MIN_MATCH) {
        for (position++; position < end; position++) enter(position);
      }
      position = end;
    }
    if (mustEnd(symbols, at - blockStart, search.level)) {
      endBlockAt(position, false);
    }
  }
  endBlockAt(pageSize, true);
}

/** Enters the positions of a match; the page's last two have no three bytes. */
function enterAll(from: number, end: number, pageSize: number): void {
  const to = Math.min(end, pageSize - MIN_MATCH + 1);
  for (let position = from; position < to; position++) enter(position);
}

/**
 * Takes a match only where the next position has none that is longer
 * (`deflate_slow`).
 */
function encodeSlow(pageSize: number, search: Level): void {
  let position = 0;
  // The match of the position before, and whether that is still to be added.
  let length = MIN_MATCH - 1;
  let start = 0;
  let isWaiting = false;
  while (readAhead(position) > position) {
    const head = pageSize - position >= MIN_MATCH ? enter(position) : 0;
    const before = length;
    const startBefore = start;
    length = MIN_MATCH - 1;
    if (before < search.maxLazy && isNear(position, head)) {
      const found = longestMatch(search, position, head, before);
      if (found !== NO_MATCH) {
        length = found >>> 16;
        start = found & 0xffff;
        if (length === MIN_MATCH && position - start > TOO_FAR) length--;
      }
    }
    if (before >= MIN_MATCH && length <= before) {
      const symbols = addMatch(position - 1 - startBefore, before);
      const isEnd = mustEnd(symbols, position - blockStart, search.level);
      const end = position - 1 + before;
      enterAll(position + 1, end, pageSize);
      position = end;
      length = MIN_MATCH - 1;
      isWaiting = false;
      if (isEnd) endBlockAt(position, false);
      continue;
    }
    if (isWaiting) {
      const symbols = addLiteral(pageBytes[position - 1]);
      if (mustEnd(symbols, position - blockStart, search.level)) {
        endBlockAt(position, false);
      }
    }
    isWaiting = true;
    position++;
  }
  if (isWaiting) addLiteral(pageBytes[pageSize - 1]);
  endBlockAt(pageSize, true);
}

/** One row of {@linkcode LEVELS}. */
type Row = readonly [
  goodLength: number,
  maxLazy: number,
  niceLength: number,
  maxChain: number,
  encode: Level["encode"],
];

const ROWS: readonly Row[] = [
  [0, 0, 0, 0, encodeStored],
  [4, 4, 8, 4, encodeFast],
  [4, 5, 16, 8, encodeFast],
  [4, 6, 32, 32, encodeFast],
  [4, 4, 16, 16, encodeSlow],
  [8, 16, 32, 32, encodeSlow],
  [8, 16, 128, 128, encodeSlow],
  [8, 32, 128, 256, encodeSlow],
  [32, 128, 258, 1024, encodeSlow],
  [32, 258, 258, 4096, encodeSlow],
];

/** Levels 0 to 9. */
const LEVELS: readonly Level[] = ROWS.map(
  ([goodLength, maxLazy, niceLength, maxChain, encode], level) => ({
    level,
    goodLength,
    maxLazy,
    niceLength,
    maxChain,
    encode,
  }),
);

/** Z_DEFAULT_COMPRESSION stands for this level. */
const DEFAULT_LEVEL = 6;

/** Writes 16 bits, the high byte first (`putShortMSB`). */
function putShort(value: number): void {
  putBits(value >>> 8, 8);
  putBits(value & 0xff, 8);
}

/** Writes the method, the window and the level, of which a decoder needs the second. */
function putHeader(level: number, windowBits: number): void {
  const flags = Math.min((level - 1) >>> 1, 3);
  const header = ((8 + ((windowBits - 8) << 4)) << 8) | (flags << 6);
  putShort(header + 31 - header % 31);
}

/**
 * Encodes a page; returns how many bytes it becomes, in the workspace. `level`
 * is -1 to 9; `winbits` 9 to 15, below zero without zlib's header and sum.
 */
export function deflatePage(
  page: Uint8Array,
  level: number,
  winbits: number,
): number {
  const search = LEVELS[level === -1 ? DEFAULT_LEVEL : level];
  const windowBits = Math.abs(winbits);
  const hasHeader = winbits > 0;
  loadPage(page);
  startBits();
  startBlock();
  startWindow(page.length, windowBits);
  blockStart = 0;
  if (hasHeader) putHeader(search.level, windowBits);
  search.encode(page.length, search);
  alignBits();
  if (hasHeader) {
    const sum = adler32(page);
    putShort(sum >>> 16);
    putShort(sum & 0xffff);
  }
  return bytesWritten();
}
