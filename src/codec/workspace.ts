/**
 * Where pages are encoded: one buffer for the page and one for what becomes of
 * it, of fixed places and sizes, so that encoders read and write words of them
 * at full speed. An encoder is done with both when it returns.
 */

/** The most bytes that a page has. */
const MAX_PAGE_SIZE = 65536;
/** Bytes by which a word at a buffer's end can stand out. */
const SLACK = 8;

const page = new Uint8Array(MAX_PAGE_SIZE + SLACK);
const pageWords = new DataView(page.buffer);
const encoded = new Uint8Array(2 * MAX_PAGE_SIZE + SLACK);
const encodedWords = new DataView(encoded.buffer);

/** The page that is being encoded; bytes after its end are of older ones. */
export const source: Uint8Array = page;
/** What it is encoded to. */
export const target: Uint8Array = encoded;

/** Takes a page to encode: at most 64 KiB. */
export function loadPage(from: Uint8Array): void {
  if (from.length > MAX_PAGE_SIZE) {
    throw new RangeError(
      `Cannot compress a page: the 'page' has ${from.length} bytes, not ${MAX_PAGE_SIZE} or less`,
    );
  }
  page.set(from);
}

/** Hands out the first `length` bytes that were encoded; returns `length`. */
export function storeEncoded(into: Uint8Array, length: number): number {
  into.set(encoded.subarray(0, length));
  return length;
}

/** The four bytes of the page at `at`, little-endian. */
export function read32(at: number): number {
  return pageWords.getInt32(at, true);
}

/** How many bytes are the same before two words' first difference. */
export function sameBytes(difference: number): number {
  return (31 - Math.clz32(difference & -difference)) >>> 3;
}

/**
 * Copies `count` bytes of the page from `from` on to `at` of what is encoded,
 * in whole words; returns the new end.
 */
export function copyLiterals(from: number, count: number, at: number): number {
  for (let done = 0; done < count; done += 4) {
    encodedWords.setInt32(
      at + done,
      pageWords.getInt32(from + done, true),
      true,
    );
  }
  return at + count;
}
