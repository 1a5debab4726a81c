/**
 * LZ4HC's choice of matches: of those that overlap, up to three are weighed
 * against each other before the first is written.
 *
 * Source: `LZ4HC_compress_generic`, `lib/lz4/lz4hc_compress.c`.
 */
import { LENGTH_MASK, MIN_MATCH } from "./lz4_block.ts";
import {
  type Block,
  LAST_LITERALS,
  type Match,
  MATCH_START_MARGIN,
  putLastLiterals,
  putSequence,
} from "./lz4_sequences.ts";
import type { Extent } from "./lz4_window.ts";
import { findBestMatch, findWiderMatch, type Search } from "./lz4hc_matches.ts";

/** The longest match that its token holds alone (`OPTIMAL_ML`). */
const OPTIMAL_LENGTH = LENGTH_MASK - 1 + MIN_MATCH;

/** A page that is being encoded. */
interface Encoding {
  readonly block: Block;
  readonly search: Search;
  /** Matches start before this. */
  readonly startLimit: number;
}

function noMatch(): Match {
  return { start: 0, offset: 0, length: 0 };
}

/** Matches that are weighed, each beginning after the one before. */
const first = noMatch();
const second = noMatch();
const third = noMatch();
/** What was the first match, in case it was given up too soon (`start0`). */
const earlier = noMatch();

function copy(into: Match, from: Match): void {
  into.start = from.start;
  into.offset = from.offset;
  into.length = from.length;
}

function endOf(match: Match): number {
  return match.start + match.length;
}

/** Takes bytes off a match's front. */
function dropFront(match: Match, bytes: number): void {
  match.start += bytes;
  match.length -= bytes;
}

/**
 * A match in `found` that is longer than `match` and has bytes from some before
 * its end on.
 */
function findLonger(
  { search, startLimit }: Encoding,
  match: Match,
  beforeEnd: number,
  found: Match,
): boolean {
  const end = endOf(match);
  return end < startLimit &&
    findWiderMatch(search, end - beforeEnd, match.start, match.length, found);
}

/** The length of the first match that leaves the second one something to hold. */
function optimalLength(): number {
  const length = Math.min(first.length, OPTIMAL_LENGTH);
  return Math.min(length, endOf(second) - MIN_MATCH - first.start);
}

/** Moves the second match's start to `bytes` after the first one's, if before. */
function startSecondAfter(bytes: number): void {
  const correction = bytes - (second.start - first.start);
  if (correction > 0) dropFront(second, correction);
}

/** Where the second match begins within the first, one gives way to the other. */
function settleOverlap(): void {
  const distance = second.start - first.start;
  if (distance >= first.length) return;
  if (distance >= LENGTH_MASK) {
    first.length = distance;
  } else {
    first.length = optimalLength();
    startSecondAfter(first.length);
  }
}

/**
 * Writes the first match, which the third follows: the second is given up but
 * for the case that the third is too.
 */
function writeFirstBeforeThird(block: Block): void {
  if (second.start < endOf(first)) {
    startSecondAfter(first.length);
    if (second.length < MIN_MATCH) copy(second, third);
  }
  putSequence(block, first);
  copy(first, third);
  copy(earlier, second);
}

/**
 * With a first and a second match, looks for a third (`_Search3`). Whether the
 * search goes on from a first match alone, or all that was found is written.
 */
function weighThree(encoding: Encoding): boolean {
  const { block } = encoding;
  for (;;) {
    if (second.start - first.start < OPTIMAL_LENGTH) {
      startSecondAfter(optimalLength());
    }
    if (!findLonger(encoding, second, 3, third)) {
      first.length = Math.min(first.length, second.start - first.start);
      putSequence(block, first);
      putSequence(block, second);
      return false;
    }
    if (third.start >= endOf(first) + 3) {
      settleOverlap();
      putSequence(block, first);
      copy(first, second);
    } else if (third.start >= endOf(first)) {
      writeFirstBeforeThird(block);
      return true;
    }
    copy(second, third);
  }
}

/** Writes the first match, or better ones that overlap it (`_Search2`). */
function writeMatches(encoding: Encoding): void {
  copy(earlier, first);
  for (;;) {
    if (!findLonger(encoding, first, 2, second)) {
      putSequence(encoding.block, first);
      return;
    }
    if (
      earlier.start < first.start &&
      second.start < first.start + earlier.length
    ) {
      copy(first, earlier);
    }
    if (second.start - first.start < 3) copy(first, second);
    else if (!weighThree(encoding)) return;
  }
}

/**
 * Encodes the page in the window, whose tables are ready; returns the length.
 * `attempts` is how many places each search looks at.
 */
export function compressWindow(
  { start, end }: Extent,
  attempts: number,
  into: Uint8Array,
): number {
  const block: Block = { into, length: 0, anchor: start };
  const search: Search = { start, matchLimit: end - LAST_LITERALS, attempts };
  const startLimit = end - MATCH_START_MARGIN;
  const encoding: Encoding = { block, search, startLimit };
  // The page's first byte is never searched for.
  let at = start + 1;
  while (at < startLimit) {
    if (findBestMatch(search, at, first)) {
      writeMatches(encoding);
      at = block.anchor;
    } else {
      at++;
    }
  }
  return putLastLiterals(block, end);
}
