/** Bits of an 842 stream, most significant first, as they are written and read. */

/** Where a stream is written to; one at a time. */
let into: Uint8Array = new Uint8Array(0);
/** The bytes that are written. */
let written = 0;
/** The last bits that were put, of which `waiting` are not written yet. */
let held = 0;
let waiting = 0;

function writeWord(word: number): void {
  into[written] = word >>> 24;
  into[written + 1] = word >>> 16;
  into[written + 2] = word >>> 8;
  into[written + 3] = word;
  written += 4;
}

/** Starts a stream at the first byte of `target`. */
export function startBits(target: Uint8Array): void {
  into = target;
  written = held = waiting = 0;
}

/** Adds the `count` low bits of `bits`, 1 to 32; those above must be zero. */
export function putBits(bits: number, count: number): void {
  const rest = waiting + count - 32;
  if (rest < 0) {
    held = (held << count) | bits;
    waiting += count;
    return;
  }
  writeWord((held << (count - rest)) | (bits >>> rest));
  // Older bits above those that wait are shifted out; where none wait, they
  // would not be, as a shift by 32 is none.
  held = rest === 0 ? 0 : bits;
  waiting = rest;
}

/**
 * Ends the stream with zeros up to a multiple of `multiple` bytes, itself one
 * of four; returns its length.
 */
export function endBits(multiple: number): number {
  if (waiting > 0) putBits(0, 32 - waiting);
  while (written % multiple !== 0) writeWord(0);
  return written;
}

/**
 * The `count` bits, 1 to 32, from bit `at` of a stream that has so many, as an
 * unsigned number.
 */
export function bitsAt(stream: Uint8Array, at: number, count: number): number {
  const byte = at >>> 3;
  const skipped = at & 7;
  const word = (stream[byte] << 24) | (stream[byte + 1] << 16) |
    (stream[byte + 2] << 8) | stream[byte + 3];
  const bits = (word << skipped) | (stream[byte + 4] >>> (8 - skipped));
  return bits >>> (32 - count);
}
