/**
 * LZ4 as Linux encodes it: the greedy encoder of LZ4 1.7 at acceleration 1,
 * which every kernel since 4.11 has. zram's statistics depend on its choices
 * to the byte, so they are specified here; the decoder is lz4-wasm's.
 *
 * Source: `LZ4_compress_generic`, `lib/lz4/lz4_compress.c`.
 */
import type { Codec } from "./codec.ts";
import { LENGTH_MASK, MIN_MATCH } from "./lz4_block.ts";
import { decompressLz4 } from "./lz4_wasm.ts";
import * as workspace from "./workspace.ts";

/** No match starts in this many bytes at the page's end (`MFLIMIT`). */
const MATCH_START_MARGIN = 12;
/** The last bytes are always literals (`LASTLITERALS`). */
const LAST_LITERALS = 5;
/** After this many failed searches, as a power of two, the step grows by one. */
const SKIP_TRIGGER = 6;
/** The hash table's size as a power of two, for inputs below 64 KiB. */
const HASH_LOG = 13;

// V8 compiles a module's own constants in, but looks imported ones up.
const {
  copyLiterals,
  loadPage,
  read32,
  sameBytes,
  source,
  storeEncoded,
  target,
} = workspace;

/**
 * Where each hash of four bytes was seen last: 16-bit positions, all zero at
 * first, so that the page's start is everything's first candidate.
 */
const table = new Uint16Array(1 << HASH_LOG);

function hash(word: number): number {
  return Math.imul(word, 2654435761) >>> (32 - HASH_LOG);
}

/** How many bytes from `a` and from `b` on are the same, up to `limit`. */
function countEqual(a: number, b: number, limit: number): number {
  const start = a;
  for (; a < limit; a += 4, b += 4) {
    const difference = read32(a) ^ read32(b);
    if (difference !== 0) {
      a += sameBytes(difference);
      break;
    }
  }
  return Math.min(a, limit) - start;
}

/** Writes what of a length is beyond its half token; returns the new end. */
function putLength(at: number, length: number): number {
  let rest = length - LENGTH_MASK;
  if (rest < 0) return at;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}

/**
 * Writes a token and `count` literals from `anchor` on; returns the new end.
 * The token's low half is left at zero.
 */
function putLiterals(anchor: number, count: number, at: number): number {
  target[at++] = Math.min(count, LENGTH_MASK) << 4;
  at = putLength(at, count);
  return copyLiterals(anchor, count, at);
}

/** What {@linkcode findMatch} answers where there is no match. */
const NO_MATCH = -1;

/**
 * The first position from `from` on whose four bytes stand at the position
 * the table has for them, stepping faster the longer there is none. Returns
 * the former in the high 16 bits and the latter in the low ones, or
 * {@linkcode NO_MATCH} where the search comes to `limit`. Every position tried
 * enters the table.
 */
function findMatch(from: number, limit: number): number {
  let searches = 1 << SKIP_TRIGGER;
  let position = from;
  let next = from + 1;
  while (next <= limit) {
    const word = read32(position);
    const slot = hash(word);
    const candidate = table[slot];
    table[slot] = position;
    if (read32(candidate) === word) return (position << 16) | candidate;
    position = next;
    next += searches++ >>> SKIP_TRIGGER;
  }
  return NO_MATCH;
}

function compress(page: Uint8Array, into: Uint8Array): number {
  const end = page.length;
  const startLimit = end - MATCH_START_MARGIN;
  const matchLimit = end - LAST_LITERALS;
  let anchor = 0;
  let at = 0;
  loadPage(page);
  table.fill(0);
  // The first byte enters the table and is never searched for.
  let found = findMatch(1, startLimit);
  while (found !== NO_MATCH) {
    let position = found >>> 16;
    let match = found & 0xffff;
    while (
      position > anchor && match > 0 &&
      source[position - 1] === source[match - 1]
    ) {
      position--;
      match--;
    }
    let token = at;
    at = putLiterals(anchor, position - anchor, at);
    for (;;) {
      const offset = position - match;
      target[at++] = offset;
      target[at++] = offset >>> 8;
      const extra = countEqual(
        position + MIN_MATCH,
        match + MIN_MATCH,
        matchLimit,
      );
      target[token] |= Math.min(extra, LENGTH_MASK);
      at = putLength(at, extra);
      position += MIN_MATCH + extra;
      anchor = position;
      if (position > startLimit) break;
      table[hash(read32(position - 2))] = position - 2;
      const word = read32(position);
      const slot = hash(word);
      match = table[slot];
      table[slot] = position;
      if (read32(match) !== word) break;
      token = at;
      target[at++] = 0;
    }
    found = position > startLimit
      ? NO_MATCH
      : findMatch(position + 1, startLimit);
  }
  at = putLiterals(anchor, end - anchor, at);
  return storeEncoded(into, at);
}

/**
 * LZ4 with the kernel's own lengths: what `compr_data_size` counts for a page
 * on a device whose algorithm is `lz4`. Takes pages of 4 KiB to 64 KiB.
 *
 * Specifies `LZ4_compress_default` and, by lz4-wasm, `LZ4_decompress_safe`,
 * `lib/lz4/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lz4 } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * assertEquals(lz4.compress(page, new Uint8Array(2 * 4096)), 33);
 * ```
 */
export const lz4: Codec = {
  name: "lz4",
  compress,
  decompress(compressed, page) {
    decompressLz4("lz4", compressed, page);
  },
};
