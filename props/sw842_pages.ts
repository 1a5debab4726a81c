/**
 * Pages for testing the compressor 842: of every template, and at the bounds of
 * its rings and repeats. They are made from seeds, and the recordings of what
 * kernels compress them to name their digest: who changes a byte of them must
 * record anew.
 */
import { type Random, randomFrom } from "../mod.ts";

const PAGE_SIZE = 4096;
/** Pages of each kind. */
const EACH = 24;
const BLOCK = 8;

/** Fills a page that is all zeros; `nth` is its number among its kind. */
type Fill = (page: Uint8Array, random: Random, nth: number) => void;

function fillNoise(random: Random, bytes: Uint8Array, symbols = 256): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = random(symbols);
}

/** Calls `fill` with every block of a page and where it is. */
function eachBlock(
  page: Uint8Array,
  fill: (block: Uint8Array, at: number) => void,
): void {
  for (let at = 0; at < page.length; at += BLOCK) {
    fill(page.subarray(at, at + BLOCK), at);
  }
}

/** The ways to make up a block of parts of 8, 4 and 2 bytes. */
const LAYOUTS = [[8], [4, 4], [4, 2, 2], [2, 4, 2], [2, 2, 4], [2, 2, 2, 2]];

/** Blocks of parts that are new or were there before, as templates have them. */
const templates: Fill = (page, random, nth) => {
  eachBlock(page, (block, start) => {
    let at = 0;
    for (const bytes of LAYOUTS[random(LAYOUTS.length)]) {
      const units = start / bytes;
      const part = block.subarray(at, at + bytes);
      if (units === 0 || random(EACH) > nth) fillNoise(random, part);
      else {
        const from = bytes * random(units);
        part.set(page.subarray(from, from + bytes));
      }
      at += bytes;
    }
  });
};

/** Parts that come again when they are just in their ring, or just are not. */
const ringEdges: Fill = (page, random, nth) => {
  fillNoise(random, page);
  const bytes = [2, 4, 8][nth % 3];
  const units = bytes === 4 ? 512 : 256;
  for (let at = 0; at < PAGE_SIZE; at += bytes) {
    const from = at - bytes * (units - 6 + random(12));
    if (from >= 0 && random(3) > 0) page.copyWithin(at, from, from + bytes);
  }
};

/** Blocks that are repeated from 1 to 140 times, or 62 to 66. */
const repeats: Fill = (page, random, nth) => {
  const word = new Uint8Array(BLOCK);
  let left = 0;
  eachBlock(page, (block) => {
    if (left-- === 0) {
      if (random(4) > 0) fillNoise(random, word, 1 + 8 * random(32));
      else word.fill(0);
      left = nth % 2 === 0 ? 61 + random(5) : random(random(140) + 1);
    }
    block.set(word);
  });
};

/** Blocks that are zeros in part, seldom or often. */
const zeros: Fill = (page, random, nth) => {
  eachBlock(page, (block) => {
    fillNoise(random, block);
    for (let at = 0; at < BLOCK; at += 2) {
      if (random(EACH) < nth) block.fill(0, at, at + 2);
    }
  });
  page[0] = 1;
};

/** Words of two bytes of few symbols: most are there more than once. */
const fewSymbols: Fill = (page, random, nth) =>
  fillNoise(random, page, 2 + nth);

/** Noise, with parts from anywhere else in the page, aligned or not. */
const copies: Fill = (page, random, nth) => {
  fillNoise(random, page);
  for (let copy = 0; copy < 8 * nth; copy++) {
    const aligned = nth % 2 === 0 ? 1 : 2;
    const from = aligned * random((PAGE_SIZE - 64) / aligned);
    const to = aligned * random((PAGE_SIZE - 64) / aligned);
    page.copyWithin(to, from, from + 2 + random(62));
  }
};

/** Little-endian counters, and pointers into some memory. */
const numbers: Fill = (page, random, nth) => {
  const view = new DataView(page.buffer, page.byteOffset, PAGE_SIZE);
  let counter = random(2 ** 20);
  for (let at = 0; at < PAGE_SIZE; at += BLOCK) {
    counter += 1 + random(1 << nth);
    view.setUint32(at, counter, true);
    if (random(EACH) < nth) view.setUint16(at + 4, 0x7f3a + random(2), true);
  }
};

/** Records of some length over and over, each time with other bytes in it. */
const records: Fill = (page, random, nth) => {
  const record = new Uint8Array([8, 12, 16, 20, 31, 48, 64, 100][nth % 8]);
  fillNoise(random, record);
  for (let at = 0; at < PAGE_SIZE; at += record.length) {
    for (let change = random(nth); change > 0; change--) {
      record[random(record.length)] = random(256);
    }
    page.set(record.subarray(0, PAGE_SIZE - at), at);
  }
  // No page of one word over and over, which zram does not compress.
  page[PAGE_SIZE - 1] ^= 1;
};

/** Words of a small vocabulary. */
const words: Fill = (page, random, nth) => {
  const vocabulary = Array.from(
    { length: 10 + 20 * nth },
    () => random(2 ** 32).toString(36).slice(0, 2 + random(6)),
  );
  let text = "";
  while (text.length < PAGE_SIZE) {
    text += vocabulary[random(vocabulary.length)] + " ";
  }
  new TextEncoder().encodeInto(text.slice(0, PAGE_SIZE), page);
};

/** Zeros with short records: empty heaps. */
const sparse: Fill = (page, random, nth) => {
  for (let record = 0; record <= 16 * nth; record++) {
    const at = random(PAGE_SIZE - 6);
    fillNoise(random, page.subarray(at, at + 1 + random(5)));
  }
};

const KINDS: readonly Fill[] = [
  templates,
  ringEdges,
  repeats,
  zeros,
  fewSymbols,
  copies,
  numbers,
  records,
  words,
  sparse,
];

/** The pages, the same ones in every run. */
export const SW842_PAGES: readonly Uint8Array[] = KINDS.flatMap((fill, kind) =>
  Array.from({ length: EACH }, (_, nth) => {
    const page = new Uint8Array(PAGE_SIZE);
    fill(page, randomFrom(1 + 1000 * kind + nth), nth);
    return page;
  })
);

/** SHA-256 of pieces one after another, its first eight bytes. */
export async function digestOf(pieces: readonly Uint8Array[]): Promise<string> {
  const all = await new Blob(pieces.map((piece) => piece.slice()))
    .arrayBuffer();
  const digest = await crypto.subtle.digest("SHA-256", all);
  return new Uint8Array(digest).slice(0, 8).toHex();
}
