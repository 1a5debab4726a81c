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
import { loadPage, source } from "./workspace.ts";

/** The most bytes that a page has. */
const MAX_PAGE_SIZE = 65536;
/** The number of slots of a ring's hash table, as a power of two. */
const HASH_BITS = 11;
/** A unit that no ring holds: units are counted from the page's first. */
const NEVER = -(1 << 15);

const words = new DataView(source.buffer, source.byteOffset, source.byteLength);

/**
 * The ring of one kind of index: the page's last `units` of `bytes` each. As
 * units enter in the page's order, one of them is there exactly if it is none
 * older than that; the kernel, which deletes what leaves from its hash table,
 * finds the same.
 */
interface Ring {
  readonly bytes: ActionBytes;
  readonly units: number;
  /** The last unit of each hash. */
  readonly latest: Int16Array;
  /** The unit of the same hash before each. */
  readonly earlier: Int16Array;
}

function ringOf(bytes: ActionBytes): Ring {
  return {
    bytes,
    units: 1 << INDEX_BITS[bytes],
    latest: new Int16Array(1 << HASH_BITS),
    earlier: new Int16Array(MAX_PAGE_SIZE / bytes),
  };
}

const rings = [ringOf(2), ringOf(4), ringOf(8)];

function hashAt(at: number, bytes: ActionBytes): number {
  let word = bytes === 2 ? words.getUint16(at) : words.getInt32(at);
  if (bytes === 8) word ^= Math.imul(words.getInt32(at + 4), 0x85ebca6b);
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function isSame(one: number, other: number, bytes: ActionBytes): boolean {
  if (bytes === 2) return words.getUint16(one) === words.getUint16(other);
  return words.getInt32(one) === words.getInt32(other) &&
    (bytes === 4 || words.getInt32(one + 4) === words.getInt32(other + 4));
}

/** What {@linkcode find} answers where a ring does not hold the bytes. */
const NOT_FOUND = -1;

/**
 * The index of the bytes at `at`, in the block at `block`: of the last unit
 * that has them.
 */
function find(ring: Ring, block: number, at: number): number {
  const { bytes, units, latest, earlier } = ring;
  const oldest = block / bytes - units;
  let unit = latest[hashAt(at, bytes)];
  while (unit >= oldest) {
    if (isSame(unit * bytes, at, bytes)) return unit & (units - 1);
    unit = earlier[unit];
  }
  return NOT_FOUND;
}

/** Takes the block at `block` into a ring. */
function enter({ bytes, latest, earlier }: Ring, block: number): void {
  for (let at = block; at < block + BLOCK; at += bytes) {
    const hash = hashAt(at, bytes);
    const unit = at / bytes;
    earlier[unit] = latest[hash];
    latest[hash] = unit;
  }
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
  let found = 0;
  for (const ring of rings) {
    for (let at = 0; at < BLOCK; at += ring.bytes) {
      const part = partOf(ring.bytes, at);
      indexes[part] = find(ring, block, block + at);
      if (indexes[part] !== NOT_FOUND) found |= 1 << part;
    }
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
    if (block > 0 && isSame(block - BLOCK, block, BLOCK)) {
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
    for (const ring of rings) enter(ring, block);
  }
  putRepeat(repeats);
}

/** Writes what is less than a block at the page's end. */
function putShortData(from: number, end: number): void {
  if (from === end) return;
  putBits(SHORT_DATA, TEMPLATE_BITS);
  putBits(end - from, SHORT_DATA_BITS);
  for (let at = from; at < end; at++) putBits(source[at], 8);
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
  for (const { latest } of rings) latest.fill(NEVER);
  putBlocks(wholeBlocks);
  putShortData(wholeBlocks, length);
  putBits(END, TEMPLATE_BITS);
  putBits(checksum(source, length), CRC_BITS);
  return endBits(PADDED_TO);
}
