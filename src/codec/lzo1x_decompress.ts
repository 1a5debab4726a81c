/**
 * The decoder of LZO1X streams of both versions. It checks every byte it
 * reads, writes or goes back to, so that no stream leads it out of bounds.
 *
 * Source: `Documentation/staging/lzo.rst`, `lib/lzo/lzo1x_decompress_safe.c`.
 */
import { CorruptDataError } from "./codec.ts";
import {
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
} from "./lzo1x.ts";

/** The shortest stream in bytes: its end alone. */
const MIN_BYTES = 3;
/** The length that the end's instruction has. */
const END_LENGTH = 3;
/** What the last instruction has copied: more literals than `SS` holds. */
const LONG_LITERALS = 4;

/** A stream being decoded. */
interface Decoding {
  readonly algorithm: string;
  readonly stream: Uint8Array;
  readonly page: Uint8Array;
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

/** The next byte, which is part of `what`. */
function take(decoding: Decoding, what: string): number {
  if (decoding.position >= decoding.stream.length) {
    refuse(decoding, `it ends inside ${what}`);
  }
  return decoding.stream[decoding.position++];
}

/** `length`, or what follows where an instruction holds none: 0 stands for that. */
function extend(decoding: Decoding, length: number, most: number): number {
  if (length !== 0) return length;
  let extended = most;
  for (;;) {
    const byte = take(decoding, "a length");
    if (byte !== 0) return extended + byte;
    extended += 255;
  }
}

/** Checks that there is room for `bytes` more, and returns where they go. */
function make(decoding: Decoding, bytes: number): number {
  const { page, made, position } = decoding;
  if (bytes > page.length - made) {
    refuse(
      decoding,
      `byte ${position} goes beyond the page's ${page.length} bytes`,
    );
  }
  decoding.made += bytes;
  return made;
}

/** Takes `count` literals from the stream. */
function copyLiterals(decoding: Decoding, count: number): void {
  const { stream, page, position } = decoding;
  if (count > stream.length - position) {
    refuse(
      decoding,
      `it ends inside the ${count} literals at byte ${position}`,
    );
  }
  let at = make(decoding, count);
  const end = position + count;
  for (let from = position; from < end; from++) page[at++] = stream[from];
  decoding.position = end;
}

/** Copies `length` bytes from `distance` bytes back, one after the other. */
function copyMatch(decoding: Decoding, distance: number, length: number): void {
  const { page, made, position } = decoding;
  if (distance > made) {
    refuse(
      decoding,
      `the match before byte ${position} goes back ${distance} of ${made} bytes`,
    );
  }
  const at = make(decoding, length);
  const end = at + length;
  for (let to = at; to < end; to++) page[to] = page[to - distance];
}

/** What {@linkcode copyFarMatch} answers at the stream's end. */
const END = -1;

/**
 * `0001HLLL`: a match 16 to 48 KiB back, a run of zeros or the end. Returns the
 * number of literals that follow, or {@linkcode END}.
 */
function copyFarMatch(decoding: Decoding, instruction: number): number {
  const { stream, position } = decoding;
  if (
    decoding.hasZeroRuns && (instruction & 0xf8) === ZERO_RUN_MARKER &&
    position + 1 < stream.length &&
    (stream[position] & ZERO_RUN_DISTANCE) === (ZERO_RUN_DISTANCE & 0xff) &&
    stream[position + 1] === ZERO_RUN_DISTANCE >>> 8
  ) {
    decoding.position += 2;
    const above = take(decoding, "a run of zeros") << 3;
    const run = (above | (instruction & 7)) + MIN_ZERO_RUN;
    const at = make(decoding, run);
    decoding.page.fill(0, at, at + run);
    return stream[position] & MAX_STATE_LITERALS;
  }
  const length = extend(decoding, instruction & 7, M4_MAX_LENGTH - 2) + 2;
  const low = take(decoding, "a distance");
  const back = ((instruction & 8) << 11) |
    (take(decoding, "a distance") << 6) | (low >>> 2);
  if (back === 0) {
    if (length === END_LENGTH) return END;
    refuse(
      decoding,
      `the end before byte ${decoding.position} has the length ${length}, not ${END_LENGTH}`,
    );
  }
  copyMatch(decoding, M3_MAX_OFFSET + back, length);
  return low & MAX_STATE_LITERALS;
}

/** `001LLLLL`: a match up to 16 KiB back. Returns the literals that follow. */
function copyNearMatch(decoding: Decoding, instruction: number): number {
  const length = extend(decoding, instruction & 31, M3_MAX_LENGTH - 2) + 2;
  const low = take(decoding, "a distance");
  const back = (take(decoding, "a distance") << 6) | (low >>> 2);
  copyMatch(decoding, back + 1, length);
  return low & MAX_STATE_LITERALS;
}

/** `LLLDDDSS`: a match up to 2 KiB back. Returns the literals that follow. */
function copyShortMatch(decoding: Decoding, instruction: number): number {
  const back = (take(decoding, "a distance") << 3) | ((instruction >>> 2) & 7);
  copyMatch(decoding, back + 1, (instruction >>> 5) + 1);
  return instruction & MAX_STATE_LITERALS;
}

/**
 * `0000DDSS`: a match of 2 bytes, or of 3 after many literals. Returns the
 * literals that follow.
 */
function copyTinyMatch(
  decoding: Decoding,
  instruction: number,
  state: number,
): number {
  const back = (take(decoding, "a distance") << 2) | (instruction >>> 2);
  if (state === LONG_LITERALS) {
    copyMatch(decoding, back + M2_MAX_OFFSET + 1, 3);
  } else {
    copyMatch(decoding, back + 1, 2);
  }
  return instruction & MAX_STATE_LITERALS;
}

/** The literals of the very first byte. Returns the state after them. */
function copyFirstLiterals(decoding: Decoding): number {
  const { stream, position } = decoding;
  if (stream[position] <= FIRST_BYTE) return 0;
  const count = stream[position] - FIRST_BYTE;
  decoding.position++;
  copyLiterals(decoding, count);
  return Math.min(count, LONG_LITERALS);
}

/** Runs instructions up to the stream's end. */
function decode(decoding: Decoding): void {
  // Literals copied by the last instruction: 0 to 3, or LONG_LITERALS.
  let state = copyFirstLiterals(decoding);
  for (;;) {
    const instruction = take(decoding, "the page, without its end");
    let literals: number;
    if (instruction >= M3_MARKER) {
      literals = instruction >= 2 * M3_MARKER
        ? copyShortMatch(decoding, instruction)
        : copyNearMatch(decoding, instruction);
    } else if (instruction >= M4_MARKER) {
      literals = copyFarMatch(decoding, instruction);
      if (literals === END) return;
    } else if (state === 0) {
      const most = MAX_SHORT_LITERALS - MAX_STATE_LITERALS;
      const count = extend(decoding, instruction, most) + MAX_STATE_LITERALS;
      copyLiterals(decoding, count);
      state = LONG_LITERALS;
      continue;
    } else {
      literals = copyTinyMatch(decoding, instruction, state);
    }
    if (literals > 0) copyLiterals(decoding, literals);
    state = literals;
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
  const hasVersion = stream.length >= MIN_VERSIONED_BYTES &&
    stream[0] === FIRST_BYTE;
  const decoding: Decoding = {
    algorithm,
    stream,
    page,
    hasZeroRuns: hasVersion && stream[1] !== 0,
    position: hasVersion ? 2 : 0,
    made: 0,
  };
  if (stream.length < MIN_BYTES) {
    refuse(decoding, `it has ${stream.length} bytes, not ${MIN_BYTES} or more`);
  }
  decode(decoding);
  if (decoding.position !== stream.length) {
    refuse(
      decoding,
      `it ends at byte ${decoding.position} of its ${stream.length}`,
    );
  }
  if (decoding.made !== page.length) {
    refuse(
      decoding,
      `it makes ${decoding.made} bytes of a page's ${page.length}`,
    );
  }
}
