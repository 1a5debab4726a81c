/**
 * The encoder of 842 streams: block by block, the shortest template whose
 * indexes all lead to the bytes wanted.
 *
 * Source: `sw842_compress`, `lib/842/842_compress.c`.
 */
import {
  type ActionBytes,
  BLOCK,
  checksum,
  CRC_BITS,
  END,
  INDEX_BITS,
  MAX_REPEAT,
  PADDED_TO,
  REPEAT,
  REPEAT_BITS,
  SHORT_DATA,
  SHORT_DATA_BITS,
  TEMPLATE_BITS,
  TEMPLATES,
  ZEROS,
} from "./sw842_format.ts";
import { endBits, putBits, startBits } from "./sw842_bits.ts";
import { loadPage, pageBytes } from "./workspace.ts";

/** The most bytes that a page has. */
const MAX_PAGE_SIZE = 65536;
/** The number of slots of a hash table, as a power of two. */
const HASH_BITS = 11;
/** A unit that no ring holds: units are counted from the page's first. */
const NEVER = -(1 << 15);

const words = new DataView(
  pageBytes.buffer,
  pageBytes.byteOffset,
  pageBytes.byteLength,
);

/*
 * A ring holds the page's last units, of 2, 4 or 8 bytes. As units enter in the
 * page's order, one of them is there exactly if it is not too old; the kernel,
 * which deletes what leaves from its hash tables, finds the same.
 */
const UNITS_2 = 1 << INDEX_BITS[2];
const UNITS_4 = 1 << INDEX_BITS[4];
const UNITS_8 = 1 << INDEX_BITS[8];

/** The last unit of two bytes that has each value. */
const latest2 = new Int16Array(1 << 16);
/** The last unit of four bytes of each hash. */
const latest4 = new Int16Array(1 << HASH_BITS);
/** The unit of the same hash before each. */
const earlier4 = new Int16Array(MAX_PAGE_SIZE / 4);
/** The last unit of eight bytes of each hash. */
const latest8 = new Int16Array(1 << HASH_BITS);
/** The unit of the same hash before each. */
const earlier8 = new Int16Array(MAX_PAGE_SIZE / 8);

function hash(word: number): number {
  return Math.imul(word, 2654435761) >>> (32 - HASH_BITS);
}

function hash8(at: number): number {
  return hash(Math.imul(words.getInt32(at), 31) + words.getInt32(at + 4));
}

/** What finding answers where a ring does not hold the bytes. */
const NOT_FOUND = -1;

/** The index of the two bytes at `at`, in the block at `block`. */
function find2(block: number, at: number): number {
  const unit = latest2[words.getUint16(at)];
  return unit < (block >>> 1) - UNITS_2 ? NOT_FOUND : unit & (UNITS_2 - 1);
}

/** The index of the four bytes at `at`: of the last unit that has them. */
function find4(block: number, at: number): number {
  const word = words.getInt32(at);
  const oldest = (block >>> 2) - UNITS_4;
  let unit = latest4[hash(word)];
  while (unit >= oldest && words.getInt32(unit << 2) !== word) {
    unit = earlier4[unit];
  }
  return unit < oldest ? NOT_FOUND : unit & (UNITS_4 - 1);
}

/** Whether the eight bytes at both places are the same. */
function isSame8(one: number, other: number): boolean {
  return words.getInt32(one) === words.getInt32(other) &&
    words.getInt32(one + 4) === words.getInt32(other + 4);
}

/** The index of the block at `block`. */
function find8(block: number): number {
  const oldest = (block >>> 3) - UNITS_8;
  let unit = latest8[hash8(block)];
  while (unit >= oldest && !isSame8(unit << 3, block)) unit = earlier8[unit];
  return unit < oldest ? NOT_FOUND : unit & (UNITS_8 - 1);
}

function forgetUnits(): void {
  latest2.fill(NEVER);
  latest4.fill(NEVER);
  latest8.fill(NEVER);
}

/** Takes the block at `block` into all rings. Specifies `update_hashtables`. */
function enterUnits(block: number): void {
  for (let at = block; at < block + BLOCK; at += 2) {
    latest2[words.getUint16(at)] = at >>> 1;
  }
  for (let at = block; at < block + BLOCK; at += 4) {
    const slot = hash(words.getInt32(at));
    earlier4[at >>> 2] = latest4[slot];
    latest4[slot] = at >>> 2;
  }
  const slot = hash8(block);
  earlier8[block >>> 3] = latest8[slot];
  latest8[slot] = block >>> 3;
}

/**
 * The indexes of a block's parts, by {@linkcode partOf}: of four parts of two
 * bytes, two of four and one of eight.
 */
const indexes = new Int16Array(7);

/** The part of a block that has `bytes` from `at` on. */
function partOf(bytes: ActionBytes, at: number): number {
  if (bytes === 2) return at / 2;
  return bytes === 4 ? 4 + at / 4 : 6;
}

/** The bits of a template's arguments. */
function argumentBits(template: number): number {
  return TEMPLATES[template].reduce((sum, { bits }) => sum + bits, 0);
}

/**
 * All templates with actions in the order in which they are tried: the shorter
 * first, and of equally short ones the one with the higher code.
 *
 * Specifies `comp_ops`, `lib/842/842_compress.c`.
 */
export const PREFERENCE: readonly number[] = [...TEMPLATES.keys()].sort(
  (one, other) => argumentBits(one) - argumentBits(other) || other - one,
);

/** The template to use, by the parts that are found: a bit for each. */
const preferred = Uint8Array.from(
  { length: 1 << indexes.length },
  (_, found) =>
    PREFERENCE.find((template) =>
      TEMPLATES[template].every(({ isIndex, bytes, at }) =>
        !isIndex || (found >>> partOf(bytes, at) & 1) === 1
      )
    ) ?? 0,
);

/** Looks for a block's parts in the rings, and chooses its template. */
function chooseTemplate(block: number): number {
  for (let part = 0; part < 4; part++) {
    indexes[part] = find2(block, block + 2 * part);
  }
  indexes[4] = find4(block, block);
  indexes[5] = find4(block, block + 4);
  indexes[6] = find8(block);
  let found = 0;
  for (let part = 0; part < indexes.length; part++) {
    if (indexes[part] !== NOT_FOUND) found |= 1 << part;
  }
  return preferred[found];
}

/** Specifies `add_template`. */
function putTemplate(template: number, block: number): void {
  putBits(template, TEMPLATE_BITS);
  for (const { isIndex, bytes, at, bits } of TEMPLATES[template]) {
    if (isIndex) putBits(indexes[partOf(bytes, at)], bits);
    else if (bytes === 2) putBits(words.getUint16(block + at), bits);
    else {
      putBits(words.getInt32(block + at), 32);
      if (bytes === 8) putBits(words.getInt32(block + at + 4), 32);
    }
  }
}

/** Whether the block at `block` is zeros alone. */
function isZeros(block: number): boolean {
  return words.getInt32(block) === 0 && words.getInt32(block + 4) === 0;
}

/** Writes `count` repeats, where there are any. */
function putRepeat(count: number): void {
  if (count === 0) return;
  putBits(REPEAT, TEMPLATE_BITS);
  putBits(count - 1, REPEAT_BITS);
}

/** Writes all whole blocks, of which there are bytes up to `end`. */
function putBlocks(end: number): void {
  let repeats = 0;
  for (let block = 0; block < end; block += BLOCK) {
    if (block > 0 && isSame8(block - BLOCK, block)) {
      repeats++;
    } else {
      putRepeat(repeats);
      repeats = 0;
      if (isZeros(block)) putBits(ZEROS, TEMPLATE_BITS);
      else putTemplate(chooseTemplate(block), block);
    }
    if (repeats === MAX_REPEAT) {
      putRepeat(repeats);
      repeats = 0;
    }
    enterUnits(block);
  }
  putRepeat(repeats);
}

/** Writes what is less than a block at the page's end. */
function putShortData(from: number, end: number): void {
  if (from === end) return;
  putBits(SHORT_DATA, TEMPLATE_BITS);
  putBits(end - from, SHORT_DATA_BITS);
  for (let at = from; at < end; at++) putBits(pageBytes[at], 8);
}

/**
 * Encodes a page of up to 64 KiB; returns the stream's length, a multiple of
 * eight.
 *
 * Specifies `sw842_compress` with `strict` off, as it is by default.
 */
export function compressSw842(page: Uint8Array, into: Uint8Array): number {
  const { length } = page;
  const wholeBlocks = length - length % BLOCK;
  loadPage(page);
  startBits(into);
  forgetUnits();
  putBlocks(wholeBlocks);
  putShortData(wholeBlocks, length);
  putBits(END, TEMPLATE_BITS);
  putBits(checksum(pageBytes, length), CRC_BITS);
  return endBits(PADDED_TO);
}
