/**
 * The decoder of LZO1X streams of both versions. It checks every length and
 * distance before it copies, so that no stream leads it out of bounds.
 *
 * Source: `Documentation/staging/lzo.rst`, `lib/lzo/lzo1x_decompress_safe.c`.
 */
import { CorruptDataError } from "./codec.ts";
import * as format from "./lzo1x.ts";
import * as workspace from "./workspace.ts";

/** The shortest stream in bytes: its end alone. */
const MIN_BYTES = 3;
/** The length that the end's instruction has. */
const END_LENGTH = 3;
/** What the last instruction has copied: more literals than `SS` holds. */
const LONG_LITERALS = 4;
/** What a byte of 0 adds to a length, which then goes on. */
const MORE = 255;

// V8 compiles a module's own constants in, but looks imported ones up.
const {
  FIRST_BYTE,
  M2_MAX_OFFSET,
  M3_MARKER,
  M3_MAX_LENGTH,
  M3_MAX_OFFSET,
  M4_MARKER,
  M4_MAX_LENGTH,
  MAX_SHORT_LITERALS,
  MAX_STATE_LITERALS,
  MIN_VERSIONED_BYTES,
  MIN_ZERO_RUN,
  ZERO_RUN_DISTANCE,
  ZERO_RUN_MARKER,
} = format;
const {
  codeBytes,
  copyMatch,
  lengthEnd,
  loadCode,
  pageBytes,
  storePage,
  takeLiterals,
} = workspace;

/** A stream being decoded, in the workspace. */
interface Decoding {
  readonly algorithm: string;
  /** Bytes of the stream. */
  readonly end: number;
  /** Bytes of the page. */
  readonly size: number;
  /** Whether the stream can have runs of zeros: it has a version. */
  readonly hasZeroRuns: boolean;
  /** Next byte of the stream to be read. */
  position: number;
  /** Bytes of the page that are there. */
  made: number;
}

function refuse({ algorithm }: Decoding, reason: string): never {
  throw new CorruptDataError(algorithm, reason);
}

function refuseBeyond(decoding: Decoding, at: number): never {
  refuse(
    decoding,
    `byte ${at} goes beyond the page's ${decoding.size} bytes`,
  );
}

/** Where a length ends that goes on at `at`. */
function longLengthEnd(decoding: Decoding, at: number): number {
  const stop = lengthEnd(at, decoding.end, 0);
  if (stop > decoding.end) refuse(decoding, "it ends inside a length");
  return stop;
}

/** What the bytes from `at` up to `stop` add to a length. */
function longLength(at: number, stop: number): number {
  return MORE * (stop - 1 - at) + codeBytes[stop - 1];
}

/** Takes `count` literals from `at` on; returns the new end of the page. */
function copyLiterals(
  decoding: Decoding,
  at: number,
  count: number,
  made: number,
): number {
  const { end, size } = decoding;
  if (count > end - at) {
    refuse(decoding, `it ends inside the ${count} literals at byte ${at}`);
  }
  if (count > size - made) refuseBeyond(decoding, at);
  return takeLiterals(at, count, made);
}

/** What {@linkcode copyFarMatch} answers at the stream's end. */
const END = -1;

/**
 * `0001HLLL`: a match 16 to 48 KiB back, a run of zeros or the end. Returns the
 * number of literals that follow, or {@linkcode END}.
 */
function copyFarMatch(decoding: Decoding, instruction: number): number {
  const { end, position } = decoding;
  if (
    decoding.hasZeroRuns && (instruction & 0xf8) === ZERO_RUN_MARKER &&
    position + 1 < end &&
    (codeBytes[position] & ZERO_RUN_DISTANCE) === (ZERO_RUN_DISTANCE & 0xff) &&
    codeBytes[position + 1] === ZERO_RUN_DISTANCE >>> 8
  ) {
    copyZeroRun(decoding, instruction & 7);
    return codeBytes[position] & MAX_STATE_LITERALS;
  }
  let at = position;
  let length = instruction & 7;
  if (length === 0) {
    at = longLengthEnd(decoding, at);
    length = M4_MAX_LENGTH - 2 + longLength(position, at);
  }
  length += 2;
  const low = codeBytes[at];
  const back = ((instruction & 8) << 11) | (codeBytes[at + 1] << 6) |
    (low >>> 2);
  at += 2;
  if (at > end) refuse(decoding, "it ends inside a distance");
  decoding.position = at;
  if (back === 0) {
    if (length === END_LENGTH) return END;
    refuse(
      decoding,
      `the end before byte ${at} has the length ${length}, not ${END_LENGTH}`,
    );
  }
  decoding.made = copyBack(
    decoding,
    at,
    M3_MAX_OFFSET + back,
    length,
    decoding.made,
  );
  return low & MAX_STATE_LITERALS;
}

/** A run of zeros, whose length has the bits `low` of its instruction. */
function copyZeroRun(decoding: Decoding, low: number): void {
  const { end, size, made } = decoding;
  const at = decoding.position + 2;
  if (at >= end) refuse(decoding, "it ends inside a run of zeros");
  const run = ((codeBytes[at] << 3) | low) + MIN_ZERO_RUN;
  if (run > size - made) refuseBeyond(decoding, at + 1);
  pageBytes.fill(0, made, made + run);
  decoding.made = made + run;
  decoding.position = at + 1;
}

/**
 * Copies `length` bytes from `distance` bytes back, for the instruction before
 * `at`; returns the new end of the page.
 */
function copyBack(
  decoding: Decoding,
  at: number,
  distance: number,
  length: number,
  made: number,
): number {
  if (distance > made) {
    refuse(
      decoding,
      `the match before byte ${at} goes back ${distance} of ${made} bytes`,
    );
  }
  if (length > decoding.size - made) refuseBeyond(decoding, at);
  return copyMatch(distance, length, made);
}

/** The literals of the very first byte. Returns the state after them. */
function copyFirstLiterals(decoding: Decoding): number {
  const { position, made } = decoding;
  if (codeBytes[position] <= FIRST_BYTE) return 0;
  const count = codeBytes[position] - FIRST_BYTE;
  decoding.made = copyLiterals(decoding, position + 1, count, made);
  decoding.position += 1 + count;
  return Math.min(count, LONG_LITERALS);
}

/** Runs instructions up to the stream's end. */
function decode(decoding: Decoding): void {
  // Literals copied by the last instruction: 0 to 3, or LONG_LITERALS.
  let state = copyFirstLiterals(decoding);
  const { end } = decoding;
  let { position: at, made } = decoding;
  for (;;) {
    if (at >= end) {
      refuse(decoding, "it ends inside the page, without its end");
    }
    const instruction = codeBytes[at++];
    if (instruction < M4_MARKER && state === 0) {
      let count = instruction;
      if (count === 0) {
        const stop = longLengthEnd(decoding, at);
        count = MAX_SHORT_LITERALS - MAX_STATE_LITERALS + longLength(at, stop);
        at = stop;
      }
      count += MAX_STATE_LITERALS;
      made = copyLiterals(decoding, at, count, made);
      at += count;
      state = LONG_LITERALS;
      continue;
    }
    if (instruction >= M4_MARKER && instruction < M3_MARKER) {
      decoding.position = at;
      decoding.made = made;
      state = copyFarMatch(decoding, instruction);
      if (state === END) return;
      at = decoding.position;
      made = decoding.made;
    } else {
      let low = instruction;
      let length: number;
      let back: number;
      if (instruction >= 2 * M3_MARKER) {
        length = (instruction >>> 5) + 1;
        back = (codeBytes[at++] << 3) | ((instruction >>> 2) & 7);
      } else if (instruction >= M3_MARKER) {
        length = instruction & 31;
        if (length === 0) {
          const stop = longLengthEnd(decoding, at);
          length = M3_MAX_LENGTH - 2 + longLength(at, stop);
          at = stop;
        }
        length += 2;
        low = codeBytes[at];
        back = (codeBytes[at + 1] << 6) | (low >>> 2);
        at += 2;
      } else {
        // A match of 2 bytes, or of 3 after many literals.
        const isFar = state === LONG_LITERALS;
        length = isFar ? 3 : 2;
        back = (codeBytes[at++] << 2) | (instruction >>> 2);
        if (isFar) back += M2_MAX_OFFSET;
      }
      if (at > end) refuse(decoding, "it ends inside a distance");
      made = copyBack(decoding, at, back + 1, length, made);
      state = low & MAX_STATE_LITERALS;
    }
    made = copyLiterals(decoding, at, state, made);
    at += state;
  }
}

/**
 * Fills `page` from a stream of either version. Throws a
 * {@linkcode CorruptDataError} that says where, for a stream that is not
 * well-formed, makes another number of bytes, or goes on after its end.
 *
 * Specifies `lzo1x_decompress_safe`.
 */
export function decompressLzo1x(
  algorithm: string,
  stream: Uint8Array,
  page: Uint8Array,
): void {
  const end = stream.length;
  const size = page.length;
  const hasVersion = end >= MIN_VERSIONED_BYTES && stream[0] === FIRST_BYTE;
  const decoding: Decoding = {
    algorithm,
    end,
    size,
    hasZeroRuns: hasVersion && stream[1] !== 0,
    position: hasVersion ? 2 : 0,
    made: 0,
  };
  if (end < MIN_BYTES) {
    refuse(decoding, `it has ${end} bytes, not ${MIN_BYTES} or more`);
  }
  if (!loadCode(stream, page)) {
    refuse(decoding, `its ${end} bytes are more than any page's`);
  }
  decode(decoding);
  if (decoding.position !== end) {
    refuse(
      decoding,
      `it ends at byte ${decoding.position} of its ${end}`,
    );
  }
  if (decoding.made !== size) {
    refuse(
      decoding,
      `it makes ${decoding.made} bytes of a page's ${size}`,
    );
  }
  storePage(page);
}
