/**
 * Where LZ4HC looks for matches: every place of the window with the same hash
 * of four bytes, the last one first.
 *
 * Source: `LZ4HC_Insert`, `LZ4HC_InsertAndFindBestMatch`,
 * `LZ4HC_InsertAndGetWiderMatch`, `lib/lz4/lz4hc_compress.c`.
 */
import { MIN_MATCH } from "./lz4_block.ts";
import type { Match } from "./lz4_sequences.ts";
import * as windowed from "./lz4_window.ts";

// V8 compiles a module's own constants in, but looks imported ones up.
const { countEqual, MAX_DISTANCE, read32, window } = windowed;

/** The hash table's size as a power of two (`LZ4HC_HASH_LOG`). */
const HASH_LOG = 15;
/** What the hash table holds where no place has that hash. */
const NOWHERE = -1;

/** The last place of each hash. */
const heads = new Int32Array(1 << HASH_LOG);
/** How far before each place the one before of its hash is; places modulo 64 KiB. */
const chain = new Uint16Array(MAX_DISTANCE + 1);
/** Every place before this one is in the tables (`nextToUpdate`). */
let nextToUpdate = 0;

/** The tables as a dictionary leaves them. */
export interface Lz4hcTables {
  readonly heads: Int32Array;
  readonly chain: Uint16Array;
}

function hash(word: number): number {
  return Math.imul(word, 2654435761) >>> (32 - HASH_LOG);
}

/** Enters every place before `target`. Specifies `LZ4HC_Insert`. */
function insert(target: number): void {
  for (let place = nextToUpdate; place < target; place++) {
    const slot = hash(read32(place));
    chain[place & MAX_DISTANCE] = Math.min(place - heads[slot], MAX_DISTANCE);
    heads[slot] = place;
  }
  nextToUpdate = target;
}

/**
 * The tables of a dictionary, which the window begins with: its last three
 * places have no word of their own. Specifies `LZ4HC_init`, `LZ4_loadDictHC`.
 */
export function tablesOf(dictionary: Uint8Array): Lz4hcTables {
  heads.fill(NOWHERE);
  nextToUpdate = 0;
  window.set(dictionary);
  insert(Math.max(0, dictionary.length - (MIN_MATCH - 1)));
  return { heads: heads.slice(), chain: chain.slice(0, dictionary.length) };
}

/**
 * Begins a page at `start`, behind the dictionary of these tables. Specifies
 * `LZ4HC_setExternalDict`.
 */
export function beginPage(tables: Lz4hcTables, start: number): void {
  heads.set(tables.heads);
  chain.set(tables.chain);
  nextToUpdate = start;
}

/** What a search may do. */
export interface Search {
  /** Where the page begins: matches in it do not reach back beyond. */
  readonly start: number;
  /** Matches end here at the latest. */
  readonly matchLimit: number;
  /** How many places it looks at. */
  readonly attempts: number;
}

/** The longest match that begins at `at`, in `found`; whether there is one. */
export function findBestMatch(
  { matchLimit, attempts }: Search,
  at: number,
  found: Match,
): boolean {
  insert(at);
  const lowest = Math.max(0, at - MAX_DISTANCE);
  const word = read32(at);
  let longest = 0;
  let place = heads[hash(word)];
  for (let left = attempts; place >= lowest && left > 0; left--) {
    if (
      window[place + longest] === window[at + longest] &&
      read32(place) === word
    ) {
      const length = MIN_MATCH +
        countEqual(at + MIN_MATCH, place + MIN_MATCH, matchLimit);
      if (length > longest) {
        longest = length;
        found.offset = at - place;
      }
    }
    place -= chain[place & MAX_DISTANCE];
  }
  found.start = at;
  found.length = longest;
  return longest > 0;
}

/** How many bytes before `at` and before `place` are the same. */
function countEqualBefore(
  at: number,
  low: number,
  place: number,
  lowest: number,
): number {
  const most = Math.min(at - low, place - lowest);
  let count = 0;
  while (count < most && window[at - count - 1] === window[place - count - 1]) {
    count++;
  }
  return count;
}

/**
 * The longest match that has the bytes from `at` on and begins at `low` or
 * later, in `found`; whether there is one longer than `longest`.
 */
export function findWiderMatch(
  { start, matchLimit, attempts }: Search,
  at: number,
  low: number,
  longest: number,
  found: Match,
): boolean {
  insert(at);
  const lowest = Math.max(0, at - MAX_DISTANCE);
  const word = read32(at);
  let isFound = false;
  let place = heads[hash(word)];
  for (let left = attempts; place >= lowest && left > 0; left--) {
    if (
      window[place - at + low + longest] === window[low + longest] &&
      read32(place) === word
    ) {
      const before = countEqualBefore(
        at,
        low,
        place,
        place >= start ? start : lowest,
      );
      const length = before + MIN_MATCH +
        countEqual(at + MIN_MATCH, place + MIN_MATCH, matchLimit);
      if (length > longest) {
        longest = length;
        found.start = at - before;
        found.offset = at - place;
        found.length = length;
        isFound = true;
      }
    }
    place -= chain[place & MAX_DISTANCE];
  }
  return isFound;
}
