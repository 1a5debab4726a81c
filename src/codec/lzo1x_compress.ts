/**
 * The encoder of LZO1X-1 as Linux has it. zram's statistics depend on its
 * choices to the byte, so they are specified here.
 *
 * Source: `lib/lzo/lzo1x_compress.c`, as in Linux 5.10 to 7.3 on 64-bit
 * machines.
 */
import {
  FIRST_BYTE,
  type Lzo1xVersion,
  M2_MAX_LENGTH,
  M2_MAX_OFFSET,
  M3_MARKER,
  M3_MAX_LENGTH,
  M3_MAX_OFFSET,
  M4_MARKER,
  M4_MAX_LENGTH,
  M4_MAX_OFFSET,
  MAX_FIRST_LITERALS,
  MAX_SHORT_LITERALS,
  MAX_STATE_LITERALS,
  MAX_ZERO_RUN,
  MIN_ZERO_RUN,
  ZERO_RUN_DISTANCE,
  ZERO_RUN_MARKER,
} from "./lzo1x.ts";
import * as workspace from "./workspace.ts";

/** The last bytes of a page that no match is searched in. */
const TAIL_BYTES = 20;
/**
 * Fewer bytes without an instruction are not searched: the kernel's check that
 * the search's greatest step wraps no address wants a step of one at least.
 */
const MIN_SEARCHED_BYTES = 1 << 5;
/** Bytes that a position is looked up by, and so the shortest match. */
const MIN_MATCH = 4;
/** Bytes that a match is then extended by at a time. */
const MATCH_WORD_BYTES = 8;
/** The step grows by one after this many bytes without a match, as a power of 2. */
const SKIP_TRIGGER = 5;
/** The dictionary's size as a power of two (`D_BITS`). */
const DICTIONARY_BITS = 13;
/** The dictionary's multiplier. */
const HASH_MULTIPLIER = 0x1824429d;

// V8 compiles a module's own constants in, but looks imported ones up.
const {
  copyLiterals,
  loadPage,
  read32,
  sameBytes,
  pageBytes,
  storeCode,
  codeBytes,
} = workspace;

/**
 * Where each hash of four bytes was seen last: 16-bit positions in the window,
 * all zero at first, so that its start is everything's first candidate.
 */
const dictionary = new Uint16Array(1 << DICTIONARY_BITS);

/** A page being encoded. */
interface Encoding {
  readonly version: Lzo1xVersion;
  /** Bytes of the page. */
  readonly pageLength: number;
  /** Bytes of the stream so far. */
  length: number;
  /** First byte of the page that no instruction covers yet. */
  anchor: number;
  /** The byte of the stream that has the last instruction's bits `SS`. */
  stateAt: number;
}

/** Writes a length beyond what an instruction's bits hold; returns the end. */
function putLongLength(at: number, beyond: number): number {
  for (; beyond > 255; beyond -= 255) codeBytes[at++] = 0;
  codeBytes[at++] = beyond;
  return at;
}

/** Puts the literals from the anchor up to `end` into the stream. */
function putLiterals(encoding: Encoding, end: number): void {
  const { anchor } = encoding;
  const count = end - anchor;
  if (count === 0) return;
  let at = encoding.length;
  if (count <= MAX_STATE_LITERALS) {
    codeBytes[encoding.stateAt] |= count;
  } else if (count <= MAX_SHORT_LITERALS) {
    codeBytes[at++] = count - MAX_STATE_LITERALS;
  } else {
    codeBytes[at++] = 0;
    at = putLongLength(at, count - MAX_SHORT_LITERALS);
  }
  encoding.length = copyLiterals(anchor, count, at);
}

/** Puts a run of zeros into the stream. */
function putZeroRun(encoding: Encoding, bytes: number): void {
  const beyond = bytes - MIN_ZERO_RUN;
  let at = encoding.length;
  codeBytes[at++] = ZERO_RUN_MARKER | (beyond & 7);
  encoding.stateAt = at;
  codeBytes[at++] = ZERO_RUN_DISTANCE & 0xff;
  codeBytes[at++] = ZERO_RUN_DISTANCE >>> 8;
  codeBytes[at++] = beyond >>> 3;
  encoding.length = at;
}

/** Puts a match into the stream, in the shortest form that holds it. */
function putMatch(encoding: Encoding, distance: number, length: number): void {
  let at = encoding.length;
  if (length <= M2_MAX_LENGTH && distance <= M2_MAX_OFFSET) {
    const back = distance - 1;
    codeBytes[at++] = ((length - 1) << 5) | ((back & 7) << 2);
    codeBytes[at++] = back >>> 3;
  } else {
    const near = distance <= M3_MAX_OFFSET;
    const back = distance - (near ? 1 : M3_MAX_OFFSET);
    const marker = near ? M3_MARKER : M4_MARKER | ((back >>> 11) & 8);
    const most = near ? M3_MAX_LENGTH : M4_MAX_LENGTH;
    if (length <= most) {
      codeBytes[at++] = marker | (length - 2);
    } else {
      codeBytes[at++] = marker;
      at = putLongLength(at, length - most);
    }
    codeBytes[at++] = back << 2;
    codeBytes[at++] = back >>> 6;
  }
  encoding.stateAt = at - 2;
  encoding.length = at;
}

/**
 * How many bytes from `position` and from `match` on are the same, as eight at
 * a time find out: one that comes to `limit` is cut there, at a whole number of
 * eights after the first four.
 */
function matchLength(
  position: number,
  match: number,
  limit: number,
): number {
  let length = MIN_MATCH;
  for (;;) {
    const at = position + length;
    const from = match + length;
    const low = read32(at) ^ read32(from);
    if (low !== 0) return length + sameBytes(low);
    const high = read32(at + 4) ^ read32(from + 4);
    if (high !== 0) return length + 4 + sameBytes(high);
    length += MATCH_WORD_BYTES;
    if (position + length >= limit) return length;
  }
}

/** How many zeros stand at `position`, four of them known; at most `limit`. */
function zeroRunLength(position: number, limit: number): number {
  const end = Math.min(limit, position + MAX_ZERO_RUN);
  let at = position + MIN_ZERO_RUN;
  while (at + 4 <= end && read32(at) === 0) at += 4;
  while (at < end && pageBytes[at] === 0) at++;
  return at - position;
}

/**
 * Shortens a match that `lzo-rle`'s decoder would take for a run of zeros: the
 * byte of its length and the first of its distance would be a run's distance.
 */
function unambiguousLength(distance: number, length: number): number {
  return (distance & 0x803f) === 0x803f && length >= 261 && length <= 264
    ? 260
    : length;
}

/**
 * Encodes the window of the page from `start` to `end`, all but its tail.
 * Specifies `lzo1x_1_do_compress`.
 */
function encodeWindow(encoding: Encoding, start: number, end: number): void {
  const { version } = encoding;
  const limit = end - TAIL_BYTES;
  // The first match has four literals or more before it: no earlier
  // instruction's bits `SS` could count fewer.
  const pending = start - encoding.anchor;
  let position = start + Math.max(0, MIN_MATCH - pending) + 1;
  let searchedFrom = start;
  dictionary.fill(0);
  while (position < limit) {
    const word = read32(position);
    if (word === 0 && version === 1) {
      const run = zeroRunLength(position, limit);
      putLiterals(encoding, position);
      putZeroRun(encoding, run);
      position += run;
    } else {
      const slot = Math.imul(word, HASH_MULTIPLIER) >>> (32 - DICTIONARY_BITS);
      const match = start + dictionary[slot];
      dictionary[slot] = position - start;
      if (read32(match) !== word) {
        position += 1 + ((position - searchedFrom) >>> SKIP_TRIGGER);
        continue;
      }
      putLiterals(encoding, position);
      const distance = position - match;
      let length = matchLength(position, match, limit);
      if (version === 1) length = unambiguousLength(distance, length);
      putMatch(encoding, distance, length);
      position += length;
    }
    encoding.anchor = position;
    searchedFrom = position;
  }
}

/** Puts the page's last literals into the stream, and its end. */
function finish(encoding: Encoding, headerBytes: number): void {
  const { anchor, pageLength } = encoding;
  const count = pageLength - anchor;
  if (
    encoding.length === headerBytes && count > 0 && count <= MAX_FIRST_LITERALS
  ) {
    codeBytes[encoding.length++] = FIRST_BYTE + count;
    encoding.length = copyLiterals(anchor, count, encoding.length);
  } else {
    putLiterals(encoding, pageLength);
  }
  codeBytes[encoding.length++] = M4_MARKER | 1;
  codeBytes[encoding.length++] = 0;
  codeBytes[encoding.length++] = 0;
}

/**
 * Compresses `page` into `into` and returns the length in bytes. The page
 * has at most 64 KiB; `into` needs a sixteenth more and 67 bytes.
 *
 * Specifies `lzo1x_1_compress` (version 0) and `lzorle1x_1_compress` (1).
 */
export function compressLzo1x(
  page: Uint8Array,
  into: Uint8Array,
  version: Lzo1xVersion,
): number {
  loadPage(page);
  const headerBytes = version === 0 ? 0 : 2;
  if (version !== 0) {
    codeBytes[0] = FIRST_BYTE;
    codeBytes[1] = version;
  }
  const encoding: Encoding = {
    version,
    pageLength: page.length,
    length: headerBytes,
    anchor: 0,
    stateAt: 0,
  };
  // A window is as long as the farthest match reaches.
  const windowBytes = M4_MAX_OFFSET[version] + 1;
  for (let start = 0; page.length - start > TAIL_BYTES;) {
    const end = Math.min(page.length, start + windowBytes);
    if (end - encoding.anchor < MIN_SEARCHED_BYTES) break;
    encodeWindow(encoding, start, end);
    start = end;
  }
  finish(encoding, headerBytes);
  return storeCode(into, encoding.length);
}
