/**
 * Sequences of the LZ4 block format, as encoders write them one after another
 * (`lz4_block.ts` tells the format).
 */
import { LENGTH_MASK, MIN_MATCH } from "./lz4_block.ts";
import { window } from "./lz4_window.ts";

/** No match starts in this many bytes at the page's end (`MFLIMIT`). */
export const MATCH_START_MARGIN = 12;
/** The last bytes are always literals (`LASTLITERALS`). */
export const LAST_LITERALS = 5;

/** Bytes that stand further back too. */
export interface Match {
  /** Where in the window they begin. */
  start: number;
  /** How far back they stand. */
  offset: number;
  /** How many they are: at least 4. */
  length: number;
}

/** A block that is being written. */
export interface Block {
  /** Where it is written to. */
  readonly into: Uint8Array;
  /** Its length so far. */
  length: number;
  /** The first byte of the page that it does not hold yet. */
  anchor: number;
}

/** Writes what of a length is beyond its half token. */
function putLength(block: Block, length: number): void {
  let rest = length - LENGTH_MASK;
  if (rest < 0) return;
  for (; rest >= 255; rest -= 255) block.into[block.length++] = 255;
  block.into[block.length++] = rest;
}

/** Writes a token and the literals from the anchor up to `end`. */
function putLiterals(block: Block, end: number, matchHalf: number): void {
  const { into, anchor } = block;
  const count = end - anchor;
  into[block.length++] = Math.min(count, LENGTH_MASK) << 4 | matchHalf;
  putLength(block, count);
  let at = block.length;
  for (let from = anchor; from < end; from++) into[at++] = window[from];
  block.length = at;
}

/**
 * Writes the bytes up to a match, and the match. Specifies
 * `LZ4HC_encodeSequence`, `lib/lz4/lz4hc_compress.c`.
 */
export function putSequence(block: Block, match: Match): void {
  const { start, offset, length } = match;
  const extra = length - MIN_MATCH;
  putLiterals(block, start, Math.min(extra, LENGTH_MASK));
  block.into[block.length++] = offset;
  block.into[block.length++] = offset >>> 8;
  putLength(block, extra);
  block.anchor = start + length;
}

/** Writes the last sequence, which ends the block; returns its length. */
export function putLastLiterals(block: Block, end: number): number {
  putLiterals(block, end, 0);
  return block.length;
}
