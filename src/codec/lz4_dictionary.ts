/**
 * LZ4 with a dictionary, as Linux encodes it: the greedy encoder of LZ4 1.7,
 * whose first matches stand in the dictionary. zram has it since 6.12.
 *
 * Source: `LZ4_loadDict`, `LZ4_compress_fast_continue` and
 * `LZ4_compress_generic` with `usingExtDict` and `byU32`,
 * `lib/lz4/lz4_compress.c`, as 64-bit machines have them.
 */
import type { Codec } from "./codec.ts";
import { MIN_MATCH } from "./lz4_block.ts";
import { decompressLz4Block } from "./lz4_dictionary_decompress.ts";
import {
  type Block,
  LAST_LITERALS,
  type Match,
  MATCH_START_MARGIN,
  putLastLiterals,
  putSequence,
} from "./lz4_sequences.ts";
import * as windowed from "./lz4_window.ts";
import type { Extent } from "./lz4_window.ts";

// V8 compiles a module's own constants in, but looks imported ones up.
const { countEqual, loadWindow, MAX_DISTANCE, read32, window } = windowed;

/** The bytes of a machine word: what a dictionary has at least (`HASH_UNIT`). */
const HASH_UNIT = 8;
/** What a dictionary has at most. */
const MOST_DICTIONARY = MAX_DISTANCE + 1;
/** Of the dictionary, each third place enters the table. */
const DICTIONARY_STEP = 3;
/** After this many failed searches, as a power of two, the step grows by one. */
const SKIP_TRIGGER = 6;
/** The hash table's size as a power of two (`LZ4_HASHLOG`). */
const HASH_LOG = 12;
/** What the table holds where no place has that hash: too far back for any. */
const NOWHERE = -1 - MAX_DISTANCE;

/** Where each hash of five bytes was seen last. */
const table = new Int32Array(1 << HASH_LOG);

/** The multiplier 889523592379 in halves of 20 bits. */
const PRIME_LOW = 0xcdcbb;
const PRIME_HIGH = 0xcf1bb;

/**
 * The hash of the five bytes at `place`: the highest bits of their product
 * with a prime, modulo 2^40 (`LZ4_hash5`).
 */
function hashAt(place: number): number {
  const word = read32(place);
  const low = word & 0xfffff;
  const high = (word >>> 20) | (window[place + 4] << 12);
  const carried = Math.floor(low * PRIME_LOW / 0x100000);
  const product = carried + Math.imul(low, PRIME_HIGH) +
    Math.imul(high, PRIME_LOW);
  return (product & 0xfffff) >>> (20 - HASH_LOG);
}

/** The table as a dictionary leaves it. Specifies `LZ4_loadDict`. */
function tableOf(dictionary: Uint8Array): Int32Array {
  window.set(dictionary);
  table.fill(NOWHERE);
  const last = dictionary.length - HASH_UNIT;
  for (let place = 0; place <= last; place += DICTIONARY_STEP) {
    table[hashAt(place)] = place;
  }
  return table.slice();
}

/** What the table has for a place's hash; from now on, that place. */
function exchange(place: number): number {
  const slot = hashAt(place);
  const candidate = table[slot];
  table[slot] = place;
  return candidate;
}

/** Whether the four bytes at both places are the same, and not too far apart. */
function isMatch(place: number, candidate: number): boolean {
  return candidate >= 0 && candidate + MAX_DISTANCE >= place &&
    read32(candidate) === read32(place);
}

/**
 * The first match that begins at `from` or later, stepping faster the longer
 * there is none; whether there is one before the search comes to `limit`.
 */
function findMatch(
  from: number,
  limit: number,
  acceleration: number,
  found: Match,
): boolean {
  let searches = acceleration << SKIP_TRIGGER;
  let place = from;
  let next = from + 1;
  while (next <= limit) {
    const candidate = exchange(place);
    if (isMatch(place, candidate)) {
      found.start = place;
      found.offset = place - candidate;
      return true;
    }
    place = next;
    next += searches++ >>> SKIP_TRIGGER;
  }
  return false;
}

/**
 * Lets a match begin as much earlier as bytes before it are the same: not
 * before `anchor`, nor beyond the start of the page or dictionary it is in.
 */
function extendBackwards(found: Match, anchor: number, start: number): void {
  const candidate = found.start - found.offset;
  const lowest = candidate >= start ? start : 0;
  const most = Math.max(anchor, lowest + found.offset);
  while (
    found.start > most &&
    window[found.start - 1] === window[found.start - 1 - found.offset]
  ) {
    found.start--;
  }
}

/** Gives a match the length that it has, up to `limit`. */
function extendForwards(found: Match, limit: number): void {
  const from = found.start + MIN_MATCH;
  found.length = MIN_MATCH + countEqual(from, from - found.offset, limit);
}

/** Encodes the page in the window, whose table is ready; returns the length. */
function compressWindow(
  { start, end }: Extent,
  acceleration: number,
  into: Uint8Array,
): number {
  const startLimit = end - MATCH_START_MARGIN;
  const matchLimit = end - LAST_LITERALS;
  const block: Block = { into, length: 0, anchor: start };
  const found: Match = { start, offset: 0, length: 0 };
  exchange(start);
  let from = start + 1;
  while (findMatch(from, startLimit, acceleration, found)) {
    extendBackwards(found, block.anchor, start);
    for (let isFound = true; isFound;) {
      extendForwards(found, matchLimit);
      putSequence(block, found);
      const { anchor } = block;
      if (anchor > startLimit) break;
      exchange(anchor - 2);
      const candidate = exchange(anchor);
      isFound = isMatch(anchor, candidate);
      found.start = anchor;
      found.offset = anchor - candidate;
    }
    if (block.anchor > startLimit) break;
    from = block.anchor + 1;
  }
  return putLastLiterals(block, end);
}

/**
 * LZ4 with a dictionary and an acceleration, of which any below 1 is 1: with the
 * kernel's own lengths. As there, with a dictionary of less than 8 bytes or more
 * than 64 KiB nothing is compressed, and the length is 0. Without one it is
 * `lz4`.
 *
 * Specifies `lz4_compress` and `lz4_decompress` with `params->dict`,
 * `drivers/block/zram/backend_lz4.c`, since 6.12.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lz4WithDictionary } from "zspec";
 *
 * const dictionary = new TextEncoder().encode("zspages hold chunks");
 * const codec = lz4WithDictionary(1, dictionary);
 * const page = new TextEncoder().encode("chunks and zspages".repeat(228));
 * const into = new Uint8Array(2 * page.length);
 * assertEquals(codec.compress(page, into), 39);
 * ```
 */
export function lz4WithDictionary(
  acceleration: number,
  dictionary: Uint8Array,
): Codec {
  const kept = dictionary.slice();
  const isLoaded = kept.length >= HASH_UNIT && kept.length <= MOST_DICTIONARY;
  const loaded = isLoaded ? tableOf(kept) : undefined;
  return {
    name: "lz4",
    compress(page, into) {
      if (loaded === undefined) return 0;
      const extent = loadWindow(kept, page);
      table.set(loaded);
      return compressWindow(extent, Math.max(acceleration, 1), into);
    },
    decompress(compressed, page) {
      decompressLz4Block("lz4", compressed, kept, page);
    },
  };
}
