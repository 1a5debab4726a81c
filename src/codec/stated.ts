/**
 * Stated lengths: codecs for tests, whose pages say themselves how long they
 * become, so that every length can be met, and met at once.
 */
import { Buffer } from "node:buffer";
import { type Codec, CorruptDataError } from "./codec.ts";

/**
 * A page that states lengths, in little-endian 32-bit words. What follows the
 * statement follows from the seed, so a page is known from its statement.
 *
 * ```text
 * word  0     1                     2 to 5                 6 to the page's end
 *       seed  sum of seed, lengths  a length for each codec  noise of the seed
 * ```
 */
const SUM_WORD = 1;
const LENGTHS_WORD = 2;
const NOISE_WORD = 6;
/** How many lengths a page states: one for each priority. */
export const STATED_LENGTHS = 4;
/** Bytes of a statement. Shorter forms of a page hold its seed's low byte alone. */
export const STATEMENT_BYTES: number = NOISE_WORD * 4;

/** 2^32 by the golden ratio: what it is multiplied with looks like noise. */
const FACTOR = 0x9e3779b1;

const MAX_PAGE_SIZE = 65536;

/** The page that is compared, and the one that its statement stands for. */
const given = new Uint8Array(MAX_PAGE_SIZE);
const givenWords = new Uint32Array(given.buffer);
const made = new Uint8Array(MAX_PAGE_SIZE);
const madeWords = new Uint32Array(made.buffer);

/**
 * Fills `page`, of at most 64 KiB, with what states `lengths`, in bytes, one
 * for each codec of {@linkcode statedCodecs}; the last of them stands for those
 * that are missing. A length below {@linkcode STATEMENT_BYTES} must be that of
 * all, and the seed below 256; a page that states anything else states nothing.
 */
export function fillStated(
  page: Uint8Array,
  lengths: readonly number[],
  seed: number,
): void {
  madeWords[0] = seed;
  for (let nth = 0; nth < STATED_LENGTHS; nth++) {
    madeWords[LENGTHS_WORD + nth] = lengths[Math.min(nth, lengths.length - 1)];
  }
  makeRest(page.length);
  page.set(made.subarray(0, page.length));
}

/** The sum by which a statement is known, and its damage. */
function sumOf(words: Uint32Array): number {
  let sum = Math.imul(words[0] + SUM_WORD, FACTOR);
  for (let nth = LENGTHS_WORD; nth < NOISE_WORD; nth++) {
    sum = Math.imul(sum ^ words[nth], FACTOR) ^ (sum >>> 15);
  }
  return sum >>> 0;
}

/** Whose noise the page that was made has, and up to which byte. */
let noiseSeed = -1;
let noiseBytes = 0;

/** Makes all of a page but its seed and lengths, which are there. */
function makeRest(bytes: number): void {
  const seed = madeWords[0];
  madeWords[SUM_WORD] = sumOf(madeWords);
  // A page is mostly compressed right after it was made.
  if (seed === noiseSeed && bytes <= noiseBytes) return;
  for (let at = NOISE_WORD; at < bytes >>> 2; at++) {
    madeWords[at] = Math.imul(seed + at, FACTOR);
  }
  noiseSeed = seed;
  noiseBytes = bytes;
}

/** Whether the page that was made is the given one, up to some bytes of it. */
function isGiven(bytes: number): boolean {
  return Buffer.compare(given.subarray(0, bytes), made.subarray(0, bytes)) ===
    0;
}

/** Whether a page can be made again from so few bytes. */
function isEnough(length: number): boolean {
  if (length >= STATEMENT_BYTES) return true;
  for (let nth = 0; nth < STATED_LENGTHS; nth++) {
    if (madeWords[LENGTHS_WORD + nth] !== length) return false;
  }
  return madeWords[0] < 256 && length > 0;
}

/** The length that the given page states, or what one that states none becomes. */
function lengthOf(bytes: number, nth: number): number {
  const statesNone = bytes + 1;
  const length = givenWords[LENGTHS_WORD + nth];
  if (length > bytes || givenWords[SUM_WORD] !== sumOf(givenWords)) {
    return statesNone;
  }
  made.set(given.subarray(0, STATEMENT_BYTES));
  makeRest(bytes);
  return isEnough(length) && isGiven(bytes) ? length : statesNone;
}

/** Makes a page again from as much of it as was kept. */
function restore(compressed: Uint8Array, page: Uint8Array): boolean {
  const { length } = compressed;
  if (length > page.length) {
    page.set(compressed.subarray(0, page.length));
    return length === page.length + 1 && compressed[page.length] === 0;
  }
  given.set(compressed);
  made.set(given.subarray(0, STATEMENT_BYTES));
  if (length < STATEMENT_BYTES) {
    madeWords.fill(length, LENGTHS_WORD, NOISE_WORD);
    madeWords[0] = compressed[0];
  }
  makeRest(page.length);
  page.set(made.subarray(0, page.length));
  return length > 0 && isGiven(length);
}

/**
 * A codec for each name, in the order of the lengths that pages state: the
 * first takes the first, the fifth the first again. A page is kept as its own
 * beginning, of the length that it states; one that states nothing becomes one
 * byte longer than it is, as does one that states more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fillStated, LINUX_6_18, statedCodecs, Zram } from "zspec";
 *
 * const zram = new Zram(LINUX_6_18, { codecs: statedCodecs(["lz4"]) });
 * zram.setDisksize(1 << 20);
 * const page = new Uint8Array(4096);
 * fillStated(page, [1234], 1);
 * assertEquals(zram.write(0, page), 1234);
 * ```
 */
export function statedCodecs(names: readonly string[]): readonly Codec[] {
  return names.map((name, nth) => ({
    name,
    compress(page, into) {
      given.set(page);
      const length = lengthOf(page.length, nth % STATED_LENGTHS);
      into.set(page.subarray(0, length));
      if (length > page.length) into[page.length] = 0;
      return length;
    },
    decompress(compressed, page) {
      if (!restore(compressed, page)) {
        throw new CorruptDataError(
          name,
          `its ${compressed.length} bytes are not the beginning of a page`,
        );
      }
    },
  }));
}
