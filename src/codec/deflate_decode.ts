/**
 * Deflate as Linux decodes it: what zlib 1.2.3 accepts, given the whole page at
 * once, so that a match reaches back as far as the page does, whatever the
 * window.
 *
 * Source: `zlib_inflate`, `lib/zlib_inflate/inflate.c`, and
 * `zlib_inflate_table`, `inftrees.c`, the same in 5.10 to 7.3.
 */
import { CorruptDataError } from "./codec.ts";
import {
  adler32,
  BIT_LENGTH_CODES,
  BIT_LENGTH_ORDER,
  DISTANCE_BASE,
  DISTANCE_CODES,
  DISTANCE_EXTRA,
  DYNAMIC_TREES,
  END_BLOCK,
  FIRST_LENGTH_CODE,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LITERAL_CODES,
  MAX_BITS,
  REPEAT_LENGTH,
  REPEAT_ZERO,
  STATIC_DISTANCE_BITS,
  STATIC_LITERAL_BITS,
  STATIC_TREES,
  STORED_BLOCK,
} from "./deflate_format.ts";
import { reverseBits } from "./deflate_tree.ts";

function corrupt(reason: string): CorruptDataError {
  return new CorruptDataError("deflate", reason);
}

let compressed: Uint8Array = new Uint8Array();
/** Bytes that were taken, and bits of them that were not. */
let taken = 0;
let held = 0;
let heldBits = 0;

let page: Uint8Array = new Uint8Array();
/** Bytes of the page that are made. */
let made = 0;

/** Takes bytes until there are `count` bits, at most 24; zeros after the end. */
function needBits(count: number): void {
  while (heldBits < count) {
    held |= compressed[taken++] << heldBits;
    heldBits += 8;
  }
}

/** How many bytes are used, in whole or in part. */
function bytesUsed(): number {
  return taken - (heldBits >>> 3);
}

/** Drops bits that were looked at, none of which may be after the end. */
function dropBits(count: number): void {
  held >>>= count;
  heldBits -= count;
  if (taken > compressed.length && bytesUsed() > compressed.length) {
    throw corrupt(`it ends after ${compressed.length} bytes inside a block`);
  }
}

/** The next bits, at most 16. */
function takeBits(count: number): number {
  needBits(count);
  const bits = held & ((1 << count) - 1);
  dropBits(count);
  return bits;
}

/** Drops what is left of a byte. */
function alignBits(): void {
  dropBits(heldBits & 7);
}

/** Codes of up to so many bits are looked up. */
const ROOT_BITS = 9;

/** A code to decode by. */
interface Decoder {
  /** By the next {@linkcode ROOT_BITS} bits: a symbol times 16, and its bits; 0 for others. */
  readonly root: Uint16Array;
  /** How many codes of each length there are, and their symbols in order. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function newDecoder(): Decoder {
  return {
    root: new Uint16Array(1 << ROOT_BITS),
    counts: new Uint16Array(MAX_BITS + 1),
    symbols: new Uint16Array(STATIC_LITERAL_BITS.length),
  };
}

/** Where the symbols of each length begin. */
const offsets = new Uint16Array(MAX_BITS + 2);

/** Enters a code into the table, whatever bits come after it. */
function lookUp(
  { root }: Decoder,
  code: number,
  length: number,
  symbol: number,
): void {
  const step = 1 << length;
  for (let at = reverseBits(code, length); at < root.length; at += step) {
    root[at] = (symbol << 4) | length;
  }
}

/**
 * Makes a code of its lengths; says whether it is one: neither too many codes,
 * nor too few, though one of a single bit, or none, can do where it `isOptional`.
 */
function makeDecoder(
  decoder: Decoder,
  lengths: Uint8Array,
  isOptional: boolean,
): boolean {
  const { root, counts, symbols } = decoder;
  root.fill(0);
  counts.fill(0);
  for (const length of lengths) counts[length]++;
  const isSingle = counts[0] + counts[1] === lengths.length && counts[1] <= 1;
  const mayHaveRoom = isOptional && isSingle;
  counts[0] = 0;
  offsets.fill(0);
  let left = 1;
  for (let length = 1; length <= MAX_BITS; length++) {
    left = 2 * left - counts[length];
    if (left < 0) return false;
    offsets[length + 1] = offsets[length] + counts[length];
  }
  if (left > 0 && !mayHaveRoom) return false;
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]++] = symbol;
  });
  let code = 0;
  let nth = 0;
  for (let length = 1; length <= ROOT_BITS; length++, code <<= 1) {
    for (let count = counts[length]; count > 0; count--) {
      lookUp(decoder, code++, length, symbols[nth++]);
    }
  }
  return true;
}

/** A symbol whose code is longer than what is looked up; `undefined` where none is. */
function takeLongSymbol({ counts, symbols }: Decoder): number | undefined {
  let code = 0;
  let first = 0;
  let nth = 0;
  for (let length = 1; length <= MAX_BITS; length++) {
    needBits(length);
    code |= (held >>> (length - 1)) & 1;
    const count = counts[length];
    if (code - first < count) {
      dropBits(length);
      return symbols[nth + code - first];
    }
    nth += count;
    first = (first + count) << 1;
    code <<= 1;
  }
}

/** The next symbol; `what` it stands for, where no code is like the next bits. */
function takeSymbol(decoder: Decoder, what: string): number {
  needBits(ROOT_BITS);
  const found = decoder.root[held & ((1 << ROOT_BITS) - 1)];
  if (found !== 0) {
    dropBits(found & 15);
    return found >>> 4;
  }
  const symbol = takeLongSymbol(decoder);
  if (symbol === undefined) {
    throw corrupt(`no code of ${what} is like its bits`);
  }
  return symbol;
}

const staticLiterals = newDecoder();
makeDecoder(staticLiterals, STATIC_LITERAL_BITS, false);
const staticDistances = newDecoder();
makeDecoder(staticDistances, STATIC_DISTANCE_BITS, false);
const bitLengths = newDecoder();
const literals = newDecoder();
const distances = newDecoder();

/** Room for `count` more bytes of the page. */
function needRoom(count: number): void {
  if (made + count > page.length) {
    throw corrupt(`it makes more than the page's ${page.length} bytes`);
  }
}

function decodeStored(): void {
  alignBits();
  const length = takeBits(16);
  if (takeBits(16) !== (length ^ 0xffff)) {
    throw corrupt("the length of a stored block is not repeated");
  }
  const from = bytesUsed();
  held = 0;
  heldBits = 0;
  taken = from + length;
  if (taken > compressed.length) {
    throw corrupt(`it ends inside the ${length} bytes of a stored block`);
  }
  needRoom(length);
  page.set(compressed.subarray(from, taken), made);
  made += length;
}

/** Copies a match, which can overlap what it makes. */
function copyMatch(length: number, distance: number): void {
  if (distance > made) {
    throw corrupt(`it goes back ${distance} of ${made} bytes`);
  }
  needRoom(length);
  for (const end = made + length; made < end; made++) {
    page[made] = page[made - distance];
  }
}

function decodeSymbols(ofLiterals: Decoder, ofDistances: Decoder): void {
  for (;;) {
    const symbol = takeSymbol(ofLiterals, "a literal or length");
    if (symbol === END_BLOCK) return;
    if (symbol < END_BLOCK) {
      needRoom(1);
      page[made++] = symbol;
      continue;
    }
    const lengthCode = symbol - FIRST_LENGTH_CODE;
    if (symbol >= LITERAL_CODES) throw corrupt(`no length has code ${symbol}`);
    const length = LENGTH_BASE[lengthCode] + takeBits(LENGTH_EXTRA[lengthCode]);
    const code = takeSymbol(ofDistances, "a distance");
    if (code >= DISTANCE_CODES) throw corrupt(`no distance has code ${code}`);
    copyMatch(length, DISTANCE_BASE[code] + takeBits(DISTANCE_EXTRA[code]));
  }
}

/** Lengths of codes of literals and, after them, of distances. */
const lengths = new Uint8Array(LITERAL_CODES + DISTANCE_CODES);

/** Reads `count` lengths, of which some repeat the one before or zero. */
function readLengths(count: number): void {
  for (let nth = 0; nth < count;) {
    const symbol = takeSymbol(bitLengths, "a code's length");
    if (symbol < REPEAT_LENGTH) {
      lengths[nth++] = symbol;
      continue;
    }
    if (symbol === REPEAT_LENGTH && nth === 0) {
      throw corrupt("the length before the first code's is repeated");
    }
    const length = symbol === REPEAT_LENGTH ? lengths[nth - 1] : 0;
    const times = symbol === REPEAT_LENGTH
      ? 3 + takeBits(2)
      : symbol === REPEAT_ZERO
      ? 3 + takeBits(3)
      : 11 + takeBits(7);
    if (nth + times > count) {
      throw corrupt(`it has lengths of more than its ${count} codes`);
    }
    lengths.fill(length, nth, nth += times);
  }
}

/** Makes a code of lengths that were read. */
function makeCode(
  decoder: Decoder,
  from: Uint8Array,
  isOptional: boolean,
  what: string,
): void {
  if (!makeDecoder(decoder, from, isOptional)) {
    throw corrupt(`the lengths of its codes of ${what} make no code`);
  }
}

/** Reads the codes of a block that has its own. */
function readCodes(): void {
  const ofLiterals = takeBits(5) + FIRST_LENGTH_CODE;
  const ofDistances = takeBits(5) + 1;
  const told = takeBits(4) + 4;
  if (ofLiterals > LITERAL_CODES || ofDistances > DISTANCE_CODES) {
    throw corrupt(
      `it has ${ofLiterals} codes of literals and ${ofDistances} of distances`,
    );
  }
  const ofLengths = new Uint8Array(BIT_LENGTH_CODES);
  for (let nth = 0; nth < told; nth++) {
    ofLengths[BIT_LENGTH_ORDER[nth]] = takeBits(3);
  }
  makeCode(bitLengths, ofLengths, false, "lengths");
  const count = ofLiterals + ofDistances;
  readLengths(count);
  makeCode(literals, lengths.subarray(0, ofLiterals), true, "literals");
  makeCode(distances, lengths.subarray(ofLiterals, count), true, "distances");
}

/** Decodes one block; returns whether it was the last. */
function decodeBlock(): boolean {
  const isLast = takeBits(1) === 1;
  const kind = takeBits(2);
  if (kind === STORED_BLOCK) decodeStored();
  else if (kind === STATIC_TREES) {
    decodeSymbols(staticLiterals, staticDistances);
  } else if (kind === DYNAMIC_TREES) {
    readCodes();
    decodeSymbols(literals, distances);
  } else throw corrupt(`no block is of kind ${kind}`);
  return isLast;
}

/** Reads zlib's header, for a window of 2 to the power of `windowBits`. */
function readHeader(windowBits: number): void {
  const method = takeBits(8);
  const flags = takeBits(8);
  if (((method << 8) | flags) % 31 !== 0 || (method & 15) !== 8) {
    throw corrupt("it has no header of zlib");
  }
  if ((method >>> 4) + 8 > windowBits) {
    throw corrupt(
      `its window of 2^${(method >>> 4) + 8} is above 2^${windowBits}`,
    );
  }
  if ((flags & 0x20) !== 0) throw corrupt("it wants a dictionary");
}

/** Compares the sum after the last block with the page's. */
function checkSum(): void {
  alignBits();
  let sum = 0;
  for (let nth = 0; nth < 4; nth++) sum = ((sum << 8) | takeBits(8)) >>> 0;
  if (sum !== adler32(page.subarray(0, made))) {
    throw corrupt("its sum is not the page's");
  }
}

/**
 * Fills a page from what {@linkcode deflatePage} made of it with the same
 * `winbits`; bytes after the end are not looked at.
 */
export function inflatePage(
  from: Uint8Array,
  into: Uint8Array,
  winbits: number,
): void {
  compressed = from;
  page = into;
  taken = 0;
  held = 0;
  heldBits = 0;
  made = 0;
  if (winbits > 0) readHeader(winbits);
  while (!decodeBlock());
  if (winbits > 0) checkSum();
  if (made !== page.length) {
    throw corrupt(`it makes ${made} bytes of a page's ${page.length}`);
  }
}
