/**
 * The LZ4 block format: sequences, each a token, literals and a match. The
 * token's high half is the number of literals, its low half the length of the
 * match less 4; 15 in either goes on in bytes of 255 and a last one below. The
 * last sequence has literals alone.
 *
 * Source: LZ4 Block Format Description, lz4.org.
 */
import { CorruptDataError } from "./codec.ts";

/** The shortest match that a sequence can hold. */
export const MIN_MATCH = 4;
/** A length of this many in a half token goes on in the bytes that follow. */
export const LENGTH_MASK = 15;

/** The sequence walk's place in the block. */
interface Walk {
  /** Next byte of the block to be read. */
  position: number;
  /** Bytes of the page that the sequences so far make. */
  made: number;
}

/**
 * Checks that `block` is a well-formed LZ4 block that makes exactly `length`
 * bytes, so that no decoder can read or write out of bounds on it. Throws a
 * {@linkcode CorruptDataError} that says where it is not.
 */
export function assertLz4Block(
  algorithm: string,
  block: Uint8Array,
  length: number,
): void {
  const refuse = (reason: string): never => {
    throw new CorruptDataError(algorithm, reason);
  };
  const walk: Walk = { position: 0, made: 0 };
  const extend = (half: number): number => {
    let extended = half;
    if (half !== LENGTH_MASK) return extended;
    for (let byte = 255; byte === 255; extended += byte) {
      if (walk.position >= block.length) refuse("it ends inside a length");
      byte = block[walk.position++];
    }
    return extended;
  };
  const make = (bytes: number): void => {
    walk.made += bytes;
    if (walk.made > length) {
      refuse(`byte ${walk.position} goes beyond the page's ${length} bytes`);
    }
  };
  for (;;) {
    if (walk.position >= block.length) {
      refuse("it ends without a last sequence");
    }
    const token = block[walk.position++];
    const literals = extend(token >>> 4);
    if (walk.position + literals > block.length) {
      refuse(
        `it ends inside the ${literals} literals at byte ${walk.position}`,
      );
    }
    walk.position += literals;
    make(literals);
    if (walk.position === block.length) break;
    if (walk.position + 2 > block.length) refuse("it ends inside an offset");
    const offset = block[walk.position] | (block[walk.position + 1] << 8);
    if (offset === 0 || offset > walk.made) {
      refuse(
        `the match at byte ${walk.position} goes back ${offset} of ${walk.made} bytes`,
      );
    }
    walk.position += 2;
    make(extend(token & LENGTH_MASK) + MIN_MATCH);
  }
  if (walk.made !== length) {
    refuse(`it makes ${walk.made} bytes of a page's ${length}`);
  }
}
