/**
 * Deflate's format (RFC 1951): what there is to encode and to decode, and how
 * lengths and distances become codes and extra bits.
 */

/** The shortest match (`MIN_MATCH`). */
export const MIN_MATCH = 3;
/** The longest match (`MAX_MATCH`). */
export const MAX_MATCH = 258;

/** Of the literal and length codes, the one that ends a block (`END_BLOCK`). */
export const END_BLOCK = 256;
/** The first code of a length. */
export const FIRST_LENGTH_CODE = 257;
/** Literals, the end of a block, and lengths (`L_CODES`). */
export const LITERAL_CODES = 286;
/** Distances (`D_CODES`). */
export const DISTANCE_CODES = 30;
/** Codes of the codes' own lengths (`BL_CODES`). */
export const BIT_LENGTH_CODES = 19;

/** The longest code of literals and distances, in bits (`MAX_BITS`). */
export const MAX_BITS = 15;
/** The longest code of a code's length (`MAX_BL_BITS`). */
export const MAX_BIT_LENGTH_BITS = 7;

/** Repeats the length before, 3 to 6 times in two bits (`REP_3_6`). */
export const REPEAT_LENGTH = 16;
/** Repeats a length of zero, 3 to 10 times in three bits (`REPZ_3_10`). */
export const REPEAT_ZERO = 17;
/** Repeats it 11 to 138 times in seven bits (`REPZ_11_138`). */
export const REPEAT_ZERO_LONG = 18;

/** In which order the lengths of those codes are written (`bl_order`). */
export const BIT_LENGTH_ORDER: Uint8Array = Uint8Array.of(
  ...[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15],
);

/** The kinds of block, in the two bits after the one of the last block. */
export const STORED_BLOCK = 0;
export const STATIC_TREES = 1;
export const DYNAMIC_TREES = 2;

/** Bits that follow a length's code (`extra_lbits`). */
export const LENGTH_EXTRA: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
  ...[3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
/** Bits that follow a distance's code (`extra_dbits`). */
export const DISTANCE_EXTRA: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8],
  ...[9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

/** The first value of each code, where a code has a value for all its extra bits. */
function bases(extra: Uint8Array, first: number): Uint16Array {
  const base = new Uint16Array(extra.length);
  let value = first;
  extra.forEach((bits, code) => {
    base[code] = value;
    value += 1 << bits;
  });
  return base;
}

/** The shortest length of each code; the longest match has a code of its own. */
export const LENGTH_BASE: Uint16Array = bases(LENGTH_EXTRA, MIN_MATCH);
LENGTH_BASE[LENGTH_BASE.length - 1] = MAX_MATCH;
/** The shortest distance of each code. */
export const DISTANCE_BASE: Uint16Array = bases(DISTANCE_EXTRA, 1);

/** Bits of the codes of literals and lengths in a block of fixed codes. */
export const STATIC_LITERAL_BITS: Uint8Array = new Uint8Array(288)
  .fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
/** Bits of the codes of distances in such a block; two of them mean nothing. */
export const STATIC_DISTANCE_BITS: Uint8Array = new Uint8Array(32).fill(5);

/**
 * The sums that a zlib stream ends with. Specifies `zlib_adler32`,
 * `include/linux/zutil.h`.
 */
export function adler32(bytes: Uint8Array): number {
  const prime = 65521;
  // So many bytes can be added before the second sum leaves 32 bits.
  const run = 5552;
  let first = 1;
  let second = 0;
  for (let start = 0; start < bytes.length; start += run) {
    const end = Math.min(start + run, bytes.length);
    for (let at = start; at < end; at++) {
      first += bytes[at];
      second += first;
    }
    first %= prime;
    second %= prime;
  }
  return ((second << 16) | first) >>> 0;
}
