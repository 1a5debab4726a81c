/**
 * The LZO1X stream format: instructions, each of which copies bytes made
 * before (a match) or takes literals from the stream.
 *
 * | first byte | instruction |
 * | --- | --- |
 * | `0000LLLL` | after no literals: 4 to 18 literals, or more by a long length |
 * | `0000DDSS` | after 1 to 3 literals: a match of 2 bytes, up to 1 KiB back |
 * | `0000DDSS` | after 4 or more: a match of 3 bytes, 2 to 3 KiB back |
 * | `0001HLLL` | a match 16 to 48 KiB back; a run of zeros; the end |
 * | `001LLLLL` | a match up to 16 KiB back |
 * | `LLLDDDSS` | a match of 3 to 8 bytes, up to 2 KiB back |
 *
 * Every instruction but the first kind says in two bits, `SS`, how many
 * literals from 0 to 3 follow it. A length whose bits are all zero goes on in
 * bytes of 0, each 255 more, and a last one above 0. The very first
 * instruction can be a byte above 17: that many literals more than 17.
 *
 * Version 1, `lzo-rle`, starts with the bytes 17 and 1. There the longest
 * distance is taken from matches and stands for a run of zeros.
 *
 * Source: `Documentation/staging/lzo.rst`, `lib/lzo/lzodefs.h`.
 */

/** The format's versions: what Linux calls `lzo` and `lzo-rle`. */
export type Lzo1xVersion = 0 | 1;

/** A first byte of this is followed by the version; above it are literals. */
export const FIRST_BYTE = 17;
/** The fewest bytes that a stream with a version has. */
export const MIN_VERSIONED_BYTES = 5;

/** Most literals that the bits `SS` of an instruction can hold. */
export const MAX_STATE_LITERALS = 3;
/** Most literals that `0000LLLL` holds without a long length. */
export const MAX_SHORT_LITERALS = 18;
/** Most literals that the very first byte can hold. */
export const MAX_FIRST_LITERALS = 255 - FIRST_BYTE;

/** `LLLDDDSS` (M2): longest match in bytes. */
export const M2_MAX_LENGTH = 8;
/** `LLLDDDSS` (M2): farthest match in bytes. */
export const M2_MAX_OFFSET = 0x0800;
/** `001LLLLL` (M3): the instruction's fixed bits. */
export const M3_MARKER = 32;
/** `001LLLLL` (M3): longest match without a long length. */
export const M3_MAX_LENGTH = 33;
/** `001LLLLL` (M3): farthest match in bytes. */
export const M3_MAX_OFFSET = 0x4000;
/** `0001HLLL` (M4): the instruction's fixed bits. */
export const M4_MARKER = 16;
/** `0001HLLL` (M4): longest match without a long length. */
export const M4_MAX_LENGTH = 9;
/** `0001HLLL` (M4): farthest match in bytes, by version. */
export const M4_MAX_OFFSET: Readonly<Record<Lzo1xVersion, number>> = {
  0: 0xbfff,
  1: 0xbffe,
};

/** Bytes of the shortest run of zeros. */
export const MIN_ZERO_RUN = 4;
/** Bytes of the longest run of zeros: 11 bits hold what is above the least. */
export const MAX_ZERO_RUN = 2047 + MIN_ZERO_RUN;
/** The instruction of a run of zeros: `0001HLLL` with H set, less its length. */
export const ZERO_RUN_MARKER = 0x18;
/** The two bytes of distance that make it a run of zeros, their `SS` empty. */
export const ZERO_RUN_DISTANCE = 0xfffc;
