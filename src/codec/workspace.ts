/**
 * Where pages are encoded and decoded: one buffer for the page and one for its
 * code, of fixed places and sizes, so that codecs read and write words of them
 * at full speed. A codec is done with both when it returns.
 *
 * Both have room beyond what they hold: what is copied is copied sixteen bytes
 * at a time, as most of it is shorter and a loop would cost more. What lies
 * beyond is of no meaning.
 *
 * Eight bytes are one BigInt that goes from a load straight to a store; V8
 * keeps it in a register.
 */

/** The most bytes that a page has. */
const MAX_PAGE_SIZE = 65536;
/** The most bytes that code has. */
const MAX_CODE_SIZE = 2 * MAX_PAGE_SIZE;
/** Bytes by which a copy at a buffer's end can stand out. */
const SLACK = 16;
/** Bytes that are copied in any case, however few are asked for. */
const COPIED_AT_ONCE = 16;

/** The page; bytes after its end are of older ones. */
export const pageBytes: Uint8Array = new Uint8Array(MAX_PAGE_SIZE + SLACK);
/** Its code; likewise. */
export const codeBytes: Uint8Array = new Uint8Array(MAX_CODE_SIZE + SLACK);

const pageWords = new DataView(pageBytes.buffer);
const codeWords = new DataView(codeBytes.buffer);

/** Takes a page to encode: at most 64 KiB. */
export function loadPage(page: Uint8Array): void {
  assertPageSize("compress", page);
  pageBytes.set(page);
}

/** Hands out the first `length` bytes that were encoded; returns `length`. */
export function storeCode(into: Uint8Array, length: number): number {
  into.set(codeBytes.subarray(0, length));
  return length;
}

/**
 * Takes code to decode to a page of at most 64 KiB, and returns whether it can
 * be one's: it has at most 128 KiB.
 */
export function loadCode(code: Uint8Array, page: Uint8Array): boolean {
  assertPageSize("decompress", page);
  if (code.length > MAX_CODE_SIZE) return false;
  codeBytes.set(code);
  return true;
}

/** Fills `into` with the page that was decoded. */
export function storePage(into: Uint8Array): void {
  into.set(pageBytes.subarray(0, into.length));
}

/** Throws a RangeError where a page is larger than any. */
export function assertPageSize(verb: string, { length }: Uint8Array): void {
  if (length <= MAX_PAGE_SIZE) return;
  throw new RangeError(
    `Cannot ${verb} a page: the 'page' has ${length} bytes, not ${MAX_PAGE_SIZE} or less`,
  );
}

/** The four bytes of the page at `at`, little-endian. */
export function read32(at: number): number {
  return pageWords.getInt32(at, true);
}

/** The two bytes of the code at `at`, little-endian. */
export function readCode16(at: number): number {
  return codeWords.getUint16(at, true);
}

/** Writes two bytes of the code at `at`, little-endian. */
export function writeCode16(at: number, value: number): void {
  codeWords.setUint16(at, value, true);
}

/** How many bytes are the same before two words' first difference. */
export function sameBytes(difference: number): number {
  return (31 - Math.clz32(difference & -difference)) >>> 3;
}

/**
 * The byte after a length that goes on while its bytes are `more`, the first of
 * them at `at`; one more than `end` where the code ends before.
 */
export function lengthEnd(at: number, end: number, more: number): number {
  while (at < end && codeBytes[at] === more) at++;
  return at + 1;
}

/** Copies `count` bytes of the page to its code; returns their end there. */
export function copyLiterals(from: number, count: number, to: number): number {
  codeWords.setBigInt64(to, pageWords.getBigInt64(from, true), true);
  codeWords.setBigInt64(to + 8, pageWords.getBigInt64(from + 8, true), true);
  if (count > COPIED_AT_ONCE) copyManyLiterals(from, count, to);
  return to + count;
}

function copyManyLiterals(from: number, count: number, to: number): void {
  for (let nth = COPIED_AT_ONCE; nth < count; nth += 8) {
    const bytes = pageWords.getBigInt64(from + nth, true);
    codeWords.setBigInt64(to + nth, bytes, true);
  }
}

/** Copies `count` bytes of the code to the page; returns their end there. */
export function takeLiterals(from: number, count: number, to: number): number {
  pageWords.setBigInt64(to, codeWords.getBigInt64(from, true), true);
  pageWords.setBigInt64(to + 8, codeWords.getBigInt64(from + 8, true), true);
  if (count > COPIED_AT_ONCE) takeManyLiterals(from, count, to);
  return to + count;
}

function takeManyLiterals(from: number, count: number, to: number): void {
  for (let nth = COPIED_AT_ONCE; nth < count; nth += 8) {
    const bytes = codeWords.getBigInt64(from + nth, true);
    pageWords.setBigInt64(to + nth, bytes, true);
  }
}

/**
 * Copies `count` bytes of the page from `distance` bytes back, one after the
 * other, so that they can be among those copied; returns their end.
 */
export function copyMatch(distance: number, count: number, to: number): number {
  const from = to - distance;
  if (distance < 8) copyNear(distance, count, to);
  else {
    pageWords.setBigInt64(to, pageWords.getBigInt64(from, true), true);
    pageWords.setBigInt64(to + 8, pageWords.getBigInt64(from + 8, true), true);
    if (count > COPIED_AT_ONCE) {
      copyFar(distance, to + COPIED_AT_ONCE, to + count);
    }
  }
  return to + count;
}

/** Copies to the bytes from `at` to `end` from `distance` back, eight or more. */
function copyFar(distance: number, at: number, end: number): void {
  for (; at < end; at += 8) {
    const bytes = pageWords.getBigInt64(at - distance, true);
    pageWords.setBigInt64(at, bytes, true);
  }
}

/** {@linkcode copyMatch} from less than eight bytes back. */
function copyNear(distance: number, count: number, to: number): void {
  const single = to + Math.min(count, 8);
  for (let at = to; at < single; at++) pageBytes[at] = pageBytes[at - distance];
  // What was copied repeats itself after any multiple of the distance.
  copyFar(distance * Math.ceil(8 / distance), single, to + count);
}
