/**
 * The encoder of LZO1X-1 as Linux has it. zram's statistics depend on its
 * choices to the byte, so they are specified here.
 *
 * Source: `lib/lzo/lzo1x_compress.c`, as in Linux 5.10 to 7.3 on 64-bit
 * machines.
 */
import * as format from "./lzo1x.ts";
import type { Lzo1xVersion } from "./lzo1x.ts";
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

/** How far before the end of a match its bits `SS` are. */
const MATCH_STATE = 2;
/** How far before the end of a run of zeros its bits `SS` are. */
const ZERO_RUN_STATE = 3;

// V8 compiles a module's own constants in, but looks imported ones up.
const {
  FIRST_BYTE,
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
} = format;
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
 * Where each hash of four bytes was seen last: 16-bit positions, at first that
 * of the window's start, so that it is everything's first candidate.
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

/** `bytes` as a multiple of `unit`, a power of two. */
function roundUp(bytes: number, unit: number): number {
  return (bytes + unit - 1) & -unit;
}

/** Writes a length beyond what an instruction's bits hold; returns the end. */
function putLongLength(at: number, beyond: number): number {
  for (; beyond > 255; beyond -= 255) codeBytes[at++] = 0;
  codeBytes[at++] = beyond;
  return at;
}

/**
 * Puts `count` literals from `anchor` on into the stream at `at`, fewer than
 * four into the instruction whose bits `SS` are at `stateAt`; returns the end.
 */
function putLiterals(
  anchor: number,
  count: number,
  at: number,
  stateAt: number,
): number {
  if (count <= MAX_STATE_LITERALS) {
    codeBytes[stateAt] |= count;
  } else if (count <= MAX_SHORT_LITERALS) {
    codeBytes[at++] = count - MAX_STATE_LITERALS;
  } else {
    codeBytes[at++] = 0;
    at = putLongLength(at, count - MAX_SHORT_LITERALS);
  }
  return copyLiterals(anchor, count, at);
}

/**
 * Puts a run of zeros into the stream; returns the end, which is
 * `ZERO_RUN_STATE` bytes after the bits `SS`.
 */
function putZeroRun(bytes: number, at: number): number {
  const beyond = bytes - MIN_ZERO_RUN;
  codeBytes[at] = ZERO_RUN_MARKER | (beyond & 7);
  codeBytes[at + 1] = ZERO_RUN_DISTANCE & 0xff;
  codeBytes[at + 2] = ZERO_RUN_DISTANCE >>> 8;
  codeBytes[at + 3] = beyond >>> 3;
  return at + 4;
}

/**
 * Puts a match into the stream, in the shortest form that holds it; returns the
 * end, which is `MATCH_STATE` bytes after the bits `SS`.
 */
function putMatch(distance: number, length: number, at: number): number {
  const back = distance - 1;
  if (length <= M2_MAX_LENGTH && distance <= M2_MAX_OFFSET) {
    codeBytes[at] = ((length - 1) << 5) | ((back & 7) << 2);
    codeBytes[at + 1] = back >>> 3;
    return at + 2;
  }
  if (length <= M3_MAX_LENGTH && distance <= M3_MAX_OFFSET) {
    codeBytes[at] = M3_MARKER | (length - 2);
    codeBytes[at + 1] = back << 2;
    codeBytes[at + 2] = back >>> 6;
    return at + 3;
  }
  return putFarMatch(distance, length, at);
}

/** {@linkcode putMatch} for what is long or far. */
function putFarMatch(distance: number, length: number, at: number): number {
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
  codeBytes[at] = back << 2;
  codeBytes[at + 1] = back >>> 6;
  return at + 2;
}

/**
 * How many bytes from `position` and from `match` on are the same, as eight at
 * a time find out: one that comes to `limit` is cut there, at a whole number of
 * eights after the first four.
 */
function matchLength(position: number, match: number, limit: number): number {
  let at = position + MIN_MATCH;
  let from = match + MIN_MATCH;
  const end = at + roundUp(Math.max(limit - at, 1), MATCH_WORD_BYTES);
  for (; at < end; at += 4, from += 4) {
    const difference = read32(at) ^ read32(from);
    if (difference !== 0) {
      at += sameBytes(difference);
      break;
    }
  }
  return at - position;
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

/** What {@linkcode findMatch} answers where there is none. */
const NO_MATCH = -1;

/**
 * The first position, from `position` on, that begins a run of zeros, where
 * `zeroRuns` are looked for, or whose four bytes stand at the position the
 * dictionary has for them. Returns the former in the high 16
 * bits and the latter in the low ones, which a run has as well; or
 * {@linkcode NO_MATCH} where the search comes to `limit`. The step is one in
 * the first 32 bytes after `from`, and grows by one with every 32. Every
 * position tried enters the dictionary.
 */
function findMatch(
  position: number,
  from: number,
  limit: number,
  zeroRuns: boolean,
): number {
  while (position < limit) {
    const step = 1 + ((position - from) >>> SKIP_TRIGGER);
    const end = Math.min(limit, from + (step << SKIP_TRIGGER));
    for (; position < end; position += step) {
      const word = read32(position);
      if (word === 0 && zeroRuns) return (position << 16) | position;
      const slot = Math.imul(word, HASH_MULTIPLIER) >>> (32 - DICTIONARY_BITS);
      const match = dictionary[slot];
      dictionary[slot] = position;
      if (read32(match) === word) return (position << 16) | match;
    }
  }
  return NO_MATCH;
}

/**
 * Encodes the window of the page from `start` to `end`, all but its tail.
 * Specifies `lzo1x_1_do_compress`.
 */
function encodeWindow(encoding: Encoding, start: number, end: number): void {
  const hasRuns = encoding.version === 1;
  let { anchor, length: at, stateAt } = encoding;
  const limit = end - TAIL_BYTES;
  // The first match has four literals or more before it: no earlier
  // instruction's bits `SS` could count fewer.
  let position = start + Math.max(0, MIN_MATCH - (start - anchor)) + 1;
  let searchedFrom = start;
  dictionary.fill(start);
  for (;;) {
    const found = findMatch(position, searchedFrom, limit, hasRuns);
    if (found === NO_MATCH) break;
    position = found >>> 16;
    const distance = position - (found & 0xffff);
    at = putLiterals(anchor, position - anchor, at, stateAt);
    if (distance === 0) {
      const run = zeroRunLength(position, limit);
      at = putZeroRun(run, at);
      stateAt = at - ZERO_RUN_STATE;
      position += run;
    } else {
      let length = matchLength(position, position - distance, limit);
      if (hasRuns) length = unambiguousLength(distance, length);
      at = putMatch(distance, length, at);
      stateAt = at - MATCH_STATE;
      position += length;
    }
    anchor = position;
    searchedFrom = position;
  }
  encoding.anchor = anchor;
  encoding.length = at;
  encoding.stateAt = stateAt;
}

/** Puts the page's last literals into the stream, and its end. */
function finish(encoding: Encoding, headerBytes: number): void {
  const { anchor, pageLength, stateAt } = encoding;
  const count = pageLength - anchor;
  let at = encoding.length;
  if (at === headerBytes && count > 0 && count <= MAX_FIRST_LITERALS) {
    codeBytes[at++] = FIRST_BYTE + count;
    at = copyLiterals(anchor, count, at);
  } else {
    at = putLiterals(anchor, count, at, stateAt);
  }
  codeBytes[at++] = M4_MARKER | 1;
  codeBytes[at++] = 0;
  codeBytes[at++] = 0;
  encoding.length = at;
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
