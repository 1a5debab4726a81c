/**
 * A block of deflate: literals and matches are collected, and when it ends the
 * shortest of the three kinds of block is written.
 *
 * Source: `zlib_tr_tally`, `zlib_tr_flush_block` and `compress_block`,
 * `lib/zlib_deflate/deftree.c`, the same in 5.10 to 7.3.
 */
import { alignBits, putBits, putBytes } from "./deflate_bits.ts";
import {
  DISTANCE_BASE,
  DISTANCE_CODES,
  DISTANCE_EXTRA,
  DYNAMIC_TREES,
  END_BLOCK,
  FIRST_LENGTH_CODE,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LITERAL_CODES,
  MAX_BITS,
  MAX_MATCH,
  MIN_MATCH,
  STATIC_DISTANCE_BITS,
  STATIC_LITERAL_BITS,
  STATIC_TREES,
  STORED_BLOCK,
} from "./deflate_format.ts";
import { prepareLengths, putLengths } from "./deflate_lengths.ts";
import { bitsTaken, buildTree, newTree, numberCodes } from "./deflate_tree.ts";
import { pageBytes } from "./workspace.ts";

/** Literals and matches that a block has room for (`lit_bufsize`). */
const BLOCK_SYMBOLS = 1 << 14;
/** After so many of them each time, it is asked whether the block should end. */
const ASKED_EACH = 0x1000;

/** The code of each length from the shortest match on (`length_code`). */
const lengthCodes = new Uint8Array(MAX_MATCH - MIN_MATCH + 1);
LENGTH_BASE.forEach((base, code) => lengthCodes.fill(code, base - MIN_MATCH));

/** The code of each distance from 1 on, and of each 128th from 257 on (`dist_code`). */
const nearCodes = new Uint8Array(256);
const farCodes = new Uint8Array(256);
DISTANCE_BASE.forEach((base, code) => {
  nearCodes.fill(code, base - 1);
  farCodes.fill(code, (base - 1) >>> 7);
});

function distanceCode(distance: number): number {
  const before = distance - 1;
  return before < 256 ? nearCodes[before] : farCodes[before >>> 7];
}

/** The extra bits of literals and lengths: those of lengths. */
const LITERAL_EXTRA = new Uint8Array(LITERAL_CODES);
LITERAL_EXTRA.set(LENGTH_EXTRA, FIRST_LENGTH_CODE);

const literals = newTree(LITERAL_EXTRA, MAX_BITS);
const distances = newTree(DISTANCE_EXTRA, MAX_BITS);

const staticLiteralCodes = new Uint16Array(STATIC_LITERAL_BITS.length);
const staticDistanceCodes = new Uint16Array(STATIC_DISTANCE_BITS.length);
numberCodes(
  STATIC_LITERAL_BITS,
  staticLiteralCodes,
  STATIC_LITERAL_BITS.length,
);
numberCodes(
  STATIC_DISTANCE_BITS,
  staticDistanceCodes,
  STATIC_DISTANCE_BITS.length,
);

/** Of each match its distance, of each literal 0. */
const distanceOf = new Uint16Array(BLOCK_SYMBOLS);
/** Of each match its length from the shortest on, of each literal its byte. */
const valueOf = new Uint8Array(BLOCK_SYMBOLS);
let count = 0;
let matches = 0;

/** Starts a block with nothing in it (`init_block`). */
export function startBlock(): void {
  literals.frequencies.fill(0, 0, LITERAL_CODES);
  distances.frequencies.fill(0, 0, DISTANCE_CODES);
  literals.frequencies[END_BLOCK] = 1;
  count = 0;
  matches = 0;
}

/** Adds a literal; returns how many literals and matches there are. */
export function addLiteral(byte: number): number {
  distanceOf[count] = 0;
  valueOf[count] = byte;
  literals.frequencies[byte]++;
  return ++count;
}

/** Adds a match; returns how many literals and matches there are. */
export function addMatch(distance: number, length: number): number {
  const value = length - MIN_MATCH;
  distanceOf[count] = distance;
  valueOf[count] = value;
  literals.frequencies[FIRST_LENGTH_CODE + lengthCodes[value]]++;
  distances.frequencies[distanceCode(distance)]++;
  matches++;
  return ++count;
}

/**
 * Whether a block of so many literals and matches has to end: where it is full,
 * and where it seems that `bytes` bytes have become less than half as many by
 * few matches, as the next ones may be of another kind. The latter is asked of
 * levels above 2 alone.
 */
export function mustEnd(
  symbols: number,
  bytes: number,
  level: number,
): boolean {
  if (symbols === BLOCK_SYMBOLS - 1) return true;
  if (symbols % ASKED_EACH !== 0 || level <= 2) return false;
  let bits = symbols * 8;
  for (let code = 0; code < DISTANCE_CODES; code++) {
    bits += distances.frequencies[code] * (5 + DISTANCE_EXTRA[code]);
  }
  return matches < symbols >>> 1 && bits >>> 3 < bytes >>> 1;
}

/** Lengths and values of a pair of codes. */
interface Codes {
  readonly bits: Uint8Array;
  readonly codes: Uint16Array;
}

const STATIC_LITERALS: Codes = {
  bits: STATIC_LITERAL_BITS,
  codes: staticLiteralCodes,
};
const STATIC_DISTANCES: Codes = {
  bits: STATIC_DISTANCE_BITS,
  codes: staticDistanceCodes,
};

/** Writes all literals and matches, and the block's end (`compress_block`). */
function putSymbols(ofLiterals: Codes, ofDistances: Codes): void {
  const { bits, codes } = ofLiterals;
  for (let nth = 0; nth < count; nth++) {
    const distance = distanceOf[nth];
    const value = valueOf[nth];
    if (distance === 0) {
      putBits(codes[value], bits[value]);
      continue;
    }
    const length = lengthCodes[value];
    const symbol = FIRST_LENGTH_CODE + length;
    const more = value + MIN_MATCH - LENGTH_BASE[length];
    putBits(
      codes[symbol] | (more << bits[symbol]),
      bits[symbol] + LENGTH_EXTRA[length],
    );
    const code = distanceCode(distance);
    putBits(ofDistances.codes[code], ofDistances.bits[code]);
    putBits(distance - DISTANCE_BASE[code], DISTANCE_EXTRA[code]);
  }
  putBits(codes[END_BLOCK], bits[END_BLOCK]);
}

/** Writes bytes of the page as they are (`zlib_tr_stored_block`). */
export function putStored(from: number, to: number, isLast: boolean): void {
  const length = to - from;
  putBits((STORED_BLOCK << 1) | (isLast ? 1 : 0), 3);
  alignBits();
  putBits(length, 16);
  putBits(length ^ 0xffff, 16);
  putBytes(pageBytes.subarray(from, to));
}

/** Whole bytes that a block takes, with the bits of its kind. */
function bytesOf(bits: number): number {
  return (bits + 3 + 7) >>> 3;
}

/**
 * Ends the block of the page's bytes from `from` to `to`: writes it in the
 * shortest way, and starts the next (`zlib_tr_flush_block`). Bytes that are no
 * longer in the window, `isLost`, cannot be stored.
 */
export function endBlock(
  from: number,
  to: number,
  isLost: boolean,
  isLast: boolean,
): void {
  buildTree(literals);
  buildTree(distances);
  const staticBytes = bytesOf(
    bitsTaken(literals, STATIC_LITERAL_BITS) +
      bitsTaken(distances, STATIC_DISTANCE_BITS),
  );
  const dynamicBytes = bytesOf(
    bitsTaken(literals, literals.bits) +
      bitsTaken(distances, distances.bits) +
      prepareLengths(literals, distances),
  );
  const last = isLast ? 1 : 0;
  if (!isLost && to - from + 4 <= Math.min(staticBytes, dynamicBytes)) {
    putStored(from, to, isLast);
  } else if (staticBytes <= dynamicBytes) {
    putBits((STATIC_TREES << 1) | last, 3);
    putSymbols(STATIC_LITERALS, STATIC_DISTANCES);
  } else {
    putBits((DYNAMIC_TREES << 1) | last, 3);
    putLengths(literals, distances);
    putSymbols(literals, distances);
  }
  startBlock();
}
