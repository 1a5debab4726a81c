/**
 * What LZ4's encoders with a memory of their own look at: a dictionary and,
 * right behind it, the page. In the kernel the two lie apart; as a match that
 * begins in the dictionary may go on in the page, it is the same.
 *
 * A place in the window is the kernel's index (`ip - base`) less 64 KiB.
 */

/** The most bytes of a dictionary, and of a page. */
const MOST_BYTES = 65536;
/** Bytes by which a word at the window's end can stand out. */
const SLACK = 8;

/** How far back a match may be (`MAX_DISTANCE`, `LZ4_DISTANCE_MAX`). */
export const MAX_DISTANCE = 65535;

const bytes = new Uint8Array(2 * MOST_BYTES + SLACK);
const words = new DataView(bytes.buffer);

/** The window's bytes; what is behind the page is of older ones. */
export const window: Uint8Array = bytes;

/** Which part of the window encoders may look at, and where the page begins. */
export interface Extent {
  /** Where the page begins: the dictionary's length. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** Puts a dictionary and a page into the window: of each at most 64 KiB. */
export function loadWindow(dictionary: Uint8Array, page: Uint8Array): Extent {
  if (page.length > MOST_BYTES) {
    throw new RangeError(
      `Cannot compress a page: the 'page' has ${page.length} bytes, not ${MOST_BYTES} or less`,
    );
  }
  bytes.set(dictionary);
  bytes.set(page, dictionary.length);
  return { start: dictionary.length, end: dictionary.length + page.length };
}

/** The four bytes at `at`, little-endian. */
export function read32(at: number): number {
  return words.getInt32(at, true);
}

/** How many bytes from `a` and from `b` on are the same, `a` up to `limit`. */
export function countEqual(a: number, b: number, limit: number): number {
  const start = a;
  for (; a < limit; a += 4, b += 4) {
    const difference = words.getInt32(a, true) ^ words.getInt32(b, true);
    if (difference !== 0) {
      a += (31 - Math.clz32(difference & -difference)) >>> 3;
      break;
    }
  }
  return Math.min(a, limit) - start;
}
