/**
 * The decoder of LZ4 blocks, in one pass: it checks every length and distance
 * before it copies, so that no block leads it out of bounds.
 *
 * Source: LZ4 Block Format Description, lz4.org; `LZ4_decompress_safe`,
 * `lib/lz4/lz4_decompress.c`.
 */
import { CorruptDataError } from "./codec.ts";
import * as format from "./lz4_block.ts";
import * as workspace from "./workspace.ts";

/** A byte of a length after which it goes on. */
const MORE = 255;

// V8 compiles a module's own constants in, but looks imported ones up.
const { LENGTH_MASK, MIN_MATCH } = format;
const {
  codeBytes,
  copyMatch,
  lengthEnd,
  loadCode,
  pageBytes,
  readCode16,
  storePage,
  takeLiterals,
} = workspace;

function refuse(algorithm: string, reason: string): never {
  throw new CorruptDataError(algorithm, reason);
}

const IN_LENGTH = "it ends inside a length";

function refuseBeyond(algorithm: string, at: number, size: number): never {
  refuse(algorithm, `byte ${at} goes beyond the page's ${size} bytes`);
}

/** What bytes of a length from `at` up to `stop` add to its half token. */
function beyondMask(at: number, stop: number): number {
  return MORE * (stop - 1 - at) + codeBytes[stop - 1];
}

/**
 * A match of itself: the format has none, but the kernel's decoder makes zeros
 * of it, as it writes the distance where the match is to be before it copies.
 */
function putZeros(count: number, to: number): number {
  pageBytes.fill(0, to, to + count);
  return to + count;
}

/**
 * Decodes the block in the workspace, of `end` bytes, and returns the number of
 * bytes that it makes: at most `size`.
 */
function decode(algorithm: string, end: number, size: number): number {
  let at = 0;
  let made = 0;
  while (at < end) {
    const token = codeBytes[at++];
    let literals = token >>> 4;
    if (literals === LENGTH_MASK) {
      const stop = lengthEnd(at, end, MORE);
      if (stop > end) refuse(algorithm, IN_LENGTH);
      literals += beyondMask(at, stop);
      at = stop;
    }
    if (literals > end - at) {
      refuse(
        algorithm,
        `it ends inside the ${literals} literals at byte ${at}`,
      );
    }
    if (literals > size - made) refuseBeyond(algorithm, at + literals, size);
    made = takeLiterals(at, literals, made);
    at += literals;
    if (at === end) return made;
    if (at + 2 > end) refuse(algorithm, "it ends inside an offset");
    const distance = readCode16(at);
    if (distance > made) {
      refuse(
        algorithm,
        `the match at byte ${at} goes back ${distance} of ${made} bytes`,
      );
    }
    at += 2;
    let length = (token & LENGTH_MASK) + MIN_MATCH;
    if (length === LENGTH_MASK + MIN_MATCH) {
      const stop = lengthEnd(at, end, MORE);
      if (stop > end) refuse(algorithm, IN_LENGTH);
      length += beyondMask(at, stop);
      at = stop;
    }
    if (length > size - made) refuseBeyond(algorithm, at, size);
    made = distance === 0
      ? putZeros(length, made)
      : copyMatch(distance, length, made);
  }
  return refuse(algorithm, "it ends without a last sequence");
}

/**
 * Fills `page` from an LZ4 block. Throws a {@linkcode CorruptDataError} that
 * says where, for a block that is not well-formed or makes another number of
 * bytes. Specifies `LZ4_decompress_safe`.
 */
export function decompressLz4(
  algorithm: string,
  block: Uint8Array,
  page: Uint8Array,
): void {
  if (!loadCode(block, page)) {
    refuse(algorithm, `its ${block.length} bytes are more than any page's`);
  }
  const made = decode(algorithm, block.length, page.length);
  if (made !== page.length) {
    refuse(algorithm, `it makes ${made} bytes of a page's ${page.length}`);
  }
  storePage(page);
}
