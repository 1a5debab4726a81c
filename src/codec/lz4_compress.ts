/**
 * The greedy encoder of LZ4 1.7, which every kernel since 4.11 has. zram's
 * statistics depend on its choices to the byte, so they are specified here.
 *
 * Source: `LZ4_compress_generic`, `lib/lz4/lz4_compress.c`.
 */
import * as block from "./lz4_block.ts";
import * as workspace from "./workspace.ts";

/** No match starts in this many bytes at the page's end (`MFLIMIT`). */
const MATCH_START_MARGIN = 12;
/** The last bytes are always literals (`LASTLITERALS`). */
const LAST_LITERALS = 5;
/** After this many failed searches the step grows by one (`LZ4_SKIPTRIGGER`). */
const SEARCHES_OF_STEP = 1 << 6;
/** Bits that the kernel keeps of the acceleration, as it counts searches. */
const ACCELERATION_MASK = 2 ** 26 - 1;
/** Bytes of a match's offset. */
const OFFSET_BYTES = 2;
/** The hash table's size as a power of two, for inputs below 64 KiB. */
const HASH_LOG = 13;

// V8 compiles a module's own constants in, but looks imported ones up.
const { LENGTH_MASK, MIN_MATCH } = block;
const {
  codeBytes,
  copyLiterals,
  loadPage,
  pageBytes,
  read32,
  sameBytes,
  storeCode,
  writeCode16,
} = workspace;

/**
 * Where each hash of four bytes was seen last: 16-bit positions, all zero at
 * first, so that the page's start is everything's first candidate.
 */
const table = new Uint16Array(1 << HASH_LOG);

function hash(word: number): number {
  return Math.imul(word, 2654435761) >>> (32 - HASH_LOG);
}

/** Where the bytes from `a` and from `b` on differ first, up to `limit` of `a`. */
function equalEnd(a: number, b: number, limit: number): number {
  for (; a < limit; a += 4, b += 4) {
    const difference = read32(a) ^ read32(b);
    if (difference !== 0) {
      a += sameBytes(difference);
      break;
    }
  }
  return a > limit ? limit : a;
}

/** Writes what of a length is beyond its half token; returns the new end. */
function putLength(at: number, beyond: number): number {
  for (; beyond >= 255; beyond -= 255) codeBytes[at++] = 255;
  codeBytes[at++] = beyond;
  return at;
}

/**
 * Writes a token and `count` literals from `anchor` on; returns the new end.
 * The token's low half is left at zero.
 */
function putLiterals(anchor: number, count: number, at: number): number {
  if (count < LENGTH_MASK) codeBytes[at++] = count << 4;
  else {
    codeBytes[at++] = LENGTH_MASK << 4;
    at = putLength(at, count - LENGTH_MASK);
  }
  return copyLiterals(anchor, count, at);
}

/**
 * Writes the length of a match, less `MIN_MATCH`: into the token, and beyond it
 * to `at`; returns the new end.
 */
function putMatchLength(token: number, at: number, length: number): number {
  if (length < LENGTH_MASK) {
    codeBytes[token] |= length;
    return at;
  }
  codeBytes[token] |= LENGTH_MASK;
  return putLength(at, length - LENGTH_MASK);
}

/** What {@linkcode findMatch} answers where there is no match. */
const NO_MATCH = -1;

/**
 * The first position from `position` on whose four bytes stand at the position
 * the table has for them. Returns the former in the high 16 bits and the latter
 * in the low ones, or {@linkcode NO_MATCH} where the search comes to `limit`.
 * Every position tried enters the table.
 *
 * The first step is one; then there are SEARCHES_OF_STEP of `acceleration`, as
 * many of one more, and so on.
 */
function findMatch(
  position: number,
  limit: number,
  acceleration: number,
): number {
  let step = 1;
  let last = position + (acceleration === 1 ? SEARCHES_OF_STEP : 0);
  let nextStep = acceleration === 1 ? 2 : acceleration;
  for (;;) {
    const end = Math.min(last, limit - step);
    for (; position <= end; position += step) {
      const word = read32(position);
      const slot = hash(word);
      const candidate = table[slot];
      table[slot] = position;
      if (read32(candidate) === word) return (position << 16) | candidate;
    }
    if (position <= last) return NO_MATCH;
    step = nextStep++;
    last = position + (SEARCHES_OF_STEP - 1) * step;
  }
}

/**
 * Compresses `page` into `into` and returns the length in bytes. The page has
 * at most 64 KiB. `acceleration`, from 1 on, is how far the search steps.
 *
 * Specifies `LZ4_compress_fast`.
 */
export function compressLz4(
  page: Uint8Array,
  into: Uint8Array,
  acceleration: number,
): number {
  const end = page.length;
  const startLimit = end - MATCH_START_MARGIN;
  const matchLimit = end - LAST_LITERALS;
  const firstStep = acceleration & ACCELERATION_MASK;
  let anchor = 0;
  let at = 0;
  // The first byte enters the table, as zero, and is never searched for.
  let position = 1;
  loadPage(page);
  table.fill(0);
  while (position <= startLimit) {
    const found = findMatch(position, startLimit, firstStep);
    if (found === NO_MATCH) break;
    position = found >>> 16;
    let match = found & 0xffff;
    while (
      position > anchor && match > 0 &&
      pageBytes[position - 1] === pageBytes[match - 1]
    ) {
      position--;
      match--;
    }
    let token = at;
    at = putLiterals(anchor, position - anchor, at);
    for (;;) {
      writeCode16(at, position - match);
      const start = position + MIN_MATCH;
      position = equalEnd(start, match + MIN_MATCH, matchLimit);
      at = putMatchLength(token, at + OFFSET_BYTES, position - start);
      anchor = position;
      if (position > startLimit) break;
      table[hash(read32(position - 2))] = position - 2;
      const word = read32(position);
      const slot = hash(word);
      match = table[slot];
      table[slot] = position;
      if (read32(match) !== word) break;
      token = at;
      codeBytes[at++] = 0;
    }
    position++;
  }
  at = putLiterals(anchor, end - anchor, at);
  return storeCode(into, at);
}
