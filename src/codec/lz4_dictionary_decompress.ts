/**
 * The decoder of LZ4 blocks whose matches may begin in a dictionary.
 *
 * Source: `LZ4_decompress_safe_usingDict`, `lib/lz4/lz4_decompress.c`. As there,
 * a match of offset 0 is of zeros; a block that makes less than a page is
 * refused here, where the kernel leaves the rest of the page as it was.
 */
import { CorruptDataError } from "./codec.ts";
import { LENGTH_MASK, MIN_MATCH } from "./lz4_block.ts";
import { LAST_LITERALS, MATCH_START_MARGIN } from "./lz4_sequences.ts";

/** Where a walk through a block is. */
interface Walk {
  readonly algorithm: string;
  readonly block: Uint8Array;
  /** Next byte of the block to be read. */
  at: number;
  /** Bytes of the page that are made. */
  made: number;
}

function refuse({ algorithm }: Walk, reason: string): never {
  throw new CorruptDataError(algorithm, reason);
}

/** A length that begins in a half token; never above 255 times the block's. */
function lengthFrom(walk: Walk, half: number): number {
  let length = half;
  if (half !== LENGTH_MASK) return length;
  for (let byte = 255; byte === 255; length += byte) {
    if (walk.at >= walk.block.length) refuse(walk, "it ends inside a length");
    byte = walk.block[walk.at++];
  }
  return length;
}

function takeLiterals(walk: Walk, length: number, page: Uint8Array): void {
  const { block, at } = walk;
  if (length > block.length - at) {
    refuse(walk, `it ends inside the ${length} literals at byte ${at}`);
  }
  if (length > page.length - walk.made) {
    refuse(walk, `byte ${at} goes beyond the page's ${page.length} bytes`);
  }
  const end = at + length;
  let to = walk.made;
  for (let from = at; from < end; from++) page[to++] = block[from];
  walk.at = end;
  walk.made = to;
}

function offsetFrom(walk: Walk, most: number): number {
  const { block, at } = walk;
  if (at + 2 > block.length) refuse(walk, "it ends inside an offset");
  const offset = block[at] | (block[at + 1] << 8);
  if (offset > most) {
    refuse(
      walk,
      `the match at byte ${at} goes back ${offset} of ${most} bytes`,
    );
  }
  walk.at += 2;
  return offset;
}

/** Makes `length` bytes, as they stand `offset` before. */
function copyMatch(
  walk: Walk,
  offset: number,
  length: number,
  dictionary: Uint8Array,
  page: Uint8Array,
): void {
  let to = walk.made;
  const end = to + length;
  if (offset === 0) page.fill(0, to, end);
  let from = to - offset;
  while (from < 0 && to < end) {
    page[to++] = dictionary[dictionary.length + from++];
  }
  while (to < end) page[to++] = page[from++];
  walk.made = end;
}

/** Makes what the rest of a sequence says: a match, not too near the page's end. */
function takeMatch(
  walk: Walk,
  half: number,
  dictionary: Uint8Array,
  page: Uint8Array,
): void {
  const { at, made } = walk;
  const offset = offsetFrom(walk, made + dictionary.length);
  const length = lengthFrom(walk, half) + MIN_MATCH;
  if (
    made > page.length - MATCH_START_MARGIN ||
    length > page.length - LAST_LITERALS - made
  ) {
    refuse(
      walk,
      `the match at byte ${at} has bytes ${made} to ${
        made + length
      } of the page's ${page.length}, whose last are literals`,
    );
  }
  copyMatch(walk, offset, length, dictionary, page);
}

/**
 * Fills `page` from `block`, an LZ4 block made with `dictionary`. Throws a
 * {@linkcode CorruptDataError} that names `algorithm` where it does not make
 * exactly the page.
 */
export function decompressLz4Block(
  algorithm: string,
  block: Uint8Array,
  dictionary: Uint8Array,
  page: Uint8Array,
): void {
  const walk: Walk = { algorithm, block, at: 0, made: 0 };
  for (;;) {
    if (walk.at >= block.length) {
      refuse(walk, "it ends without a last sequence");
    }
    const token = block[walk.at++];
    takeLiterals(walk, lengthFrom(walk, token >>> 4), page);
    if (walk.at === block.length) break;
    takeMatch(walk, token & LENGTH_MASK, dictionary, page);
  }
  if (walk.made !== page.length) {
    refuse(walk, `it makes ${walk.made} bytes of a page's ${page.length}`);
  }
}
