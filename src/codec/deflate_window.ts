/**
 * Deflate's window, and the search for what stands there once more: chains of
 * positions whose three bytes have the same hash.
 *
 * zlib reads the page piece by piece into a buffer of two windows, and moves the
 * upper one down when it comes to the end. Here positions are the page's own, and
 * `base` is where the buffer starts in it: nothing is found there or before it,
 * and a block that began before it cannot be stored.
 *
 * Source: `fill_window` and `longest_match`, `lib/zlib_deflate/deflate.c`, the
 * same in 5.10 to 7.3.
 */
import { MAX_MATCH, MIN_MATCH } from "./deflate_format.ts";
import * as workspace from "./workspace.ts";

/** Bytes that are read ahead, as long as there are any (`MIN_LOOKAHEAD`). */
const MIN_LOOKAHEAD = MAX_MATCH + MIN_MATCH + 1;
/** Bits of a hash: the memory level, 8, and 7 (`hash_bits`). */
const HASH_BITS = 15;
/** By how many bits a byte is shifted when the next one comes (`hash_shift`). */
const HASH_SHIFT = 5;
const HASH_MASK = (1 << HASH_BITS) - 1;

// V8 compiles a module's own constants in, but looks imported ones up.
const { pageBytes } = workspace;

/** How a level searches. */
export interface Search {
  /** From this length on of the match before, a quarter of a chain is enough (`good_match`). */
  readonly goodLength: number;
  /** A match of this length is enough (`nice_match`). */
  readonly niceLength: number;
  /** How many positions are tried (`max_chain_length`). */
  readonly maxChain: number;
}

/** The latest position of each hash; at first the page's start, which is none. */
const heads = new Uint16Array(1 << HASH_BITS);
/** The position before, of the same hash (`prev`). */
const previous = new Uint16Array(1 << 16);

/** Bytes of a window (`w_size`). */
let windowSize = 0;
/** How far back a match can be (`MAX_DIST`). */
let maxDistance = 0;
/** Where the window starts in the page. */
let base = 0;
/** Where what was read of the page ends. */
let filled = 0;
let pageSize = 0;

/** Starts with a page and a window of 2 to the power of `bits` (`lm_init`). */
export function startWindow(bytes: number, bits: number): void {
  heads.fill(0);
  windowSize = 1 << bits;
  maxDistance = windowSize - MIN_LOOKAHEAD;
  base = 0;
  filled = 0;
  pageSize = bytes;
}

/** How far back a match can be. */
export function farthest(): number {
  return maxDistance;
}

/** Whether a byte of the page has left the window. */
export function isLost(position: number): boolean {
  return position < base;
}

/**
 * Reads ahead of `position`, sliding the window where it is at its end; returns
 * how far is read (`fill_window`).
 */
export function fillWindow(position: number): number {
  do {
    if (position - base >= windowSize + maxDistance) base += windowSize;
    filled = Math.min(base + 2 * windowSize, pageSize);
  } while (filled - position < MIN_LOOKAHEAD && filled < pageSize);
  return filled;
}

/** Reads ahead where less than a match's longest is known; returns how far is read. */
export function readAhead(position: number): number {
  return filled - position < MIN_LOOKAHEAD ? fillWindow(position) : filled;
}

/**
 * Enters a position into the chain of its three bytes; returns the latest
 * before it (`INSERT_STRING`).
 */
export function enter(position: number): number {
  const hash = ((pageBytes[position] << (2 * HASH_SHIFT)) ^
    (pageBytes[position + 1] << HASH_SHIFT) ^ pageBytes[position + 2]) &
    HASH_MASK;
  const head = heads[hash];
  previous[position] = head;
  heads[hash] = position;
  return head;
}

/** Whether a match can start there: in the window, and not at its start. */
export function isNear(position: number, head: number): boolean {
  return head > base && position - head <= maxDistance;
}

/** What {@linkcode longestMatch} answers where there is no longer match. */
export const NO_MATCH = 0;

/** How many bytes from `a` and from `b` on are the same, up to `limit`. */
function countEqual(a: number, b: number, limit: number): number {
  let length = 0;
  while (length < limit && pageBytes[a + length] === pageBytes[b + length]) {
    length++;
  }
  return length;
}

/**
 * The longest match of what stands at `position` that is longer than `before`,
 * from the position `head` on: the latest of equally long ones. Returns the
 * length in the high 16 bits and where it stands in the low ones, or
 * {@linkcode NO_MATCH} (`longest_match`).
 */
export function longestMatch(
  search: Search,
  position: number,
  head: number,
  before: number,
): number {
  const { goodLength, niceLength, maxChain } = search;
  const lookahead = Math.min(pageSize - position, MAX_MATCH);
  const enough = Math.min(niceLength, lookahead);
  const limit = Math.max(base, position - maxDistance);
  let best = before;
  if (best >= lookahead) return NO_MATCH;
  let start = -1;
  let chain = before >= goodLength ? maxChain >>> 2 : maxChain;
  let last = pageBytes[position + best];
  let candidate = head;
  do {
    // A longer match has this byte as well.
    if (pageBytes[candidate + best] === last) {
      const length = countEqual(position, candidate, lookahead);
      if (length > best) {
        best = length;
        start = candidate;
        if (length >= enough) break;
        last = pageBytes[position + best];
      }
    }
    candidate = previous[candidate];
  } while (candidate > limit && --chain !== 0);
  return start < 0 ? NO_MATCH : (best << 16) | start;
}
