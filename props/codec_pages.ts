/**
 * Pages and dictionaries for testing the compressors: of the kinds that memory
 * holds, and of kinds that bring a compressor to its bounds. They are made
 * from seeds, and the recordings of what kernels compress them to name their
 * digest: who changes a byte of them must record anew.
 */
import { type Random, randomFrom } from "../mod.ts";

const PAGE_SIZE = 4096;
/** Pages of each kind. */
const EACH = 8;
const ENCODER = new TextEncoder();

/** A page for a compressor. */
export interface CodecPage {
  /** What it stands for, and its number among those of its kind. */
  readonly name: string;
  /** Its 4,096 bytes. */
  readonly bytes: Uint8Array;
}

/** Makes the page `nth` of its kind from a randomness of its own. */
type Make = (random: Random, nth: number) => Uint8Array;

/** `count` random bytes below `symbols`. */
function noise(random: Random, count: number, symbols = 256): Uint8Array {
  return Uint8Array.from({ length: count }, () => random(symbols));
}

/** One of `items`, the first ones more often: as words of a language are. */
function skewed<Item>(random: Random, items: readonly Item[]): Item {
  return items[random(1 + random(1 + random(items.length)))];
}

/** A page of pieces one after another, the last one cut. */
function pageOf(piece: () => Uint8Array): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  for (let at = 0; at < PAGE_SIZE;) {
    const bytes = piece();
    page.set(bytes.subarray(0, PAGE_SIZE - at), at);
    at += bytes.length;
  }
  return page;
}

/** A page of texts one after another. */
function pageOfText(piece: () => string): Uint8Array {
  return pageOf(() => ENCODER.encode(piece()));
}

function wordOf(random: Random): string {
  const length = 2 + random(8);
  const letters = "etaoinshrdlucmfwygpbvk";
  let word = "";
  while (word.length < length) word += skewed(random, [...letters]);
  return word;
}

function wordsOf(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => wordOf(random));
}

/** The words that pages of words and dictionaries share. */
const VOCABULARY = wordsOf(randomFrom(0x77), 300);

function words(random: Random): Uint8Array {
  return pageOfText(() => skewed(random, VOCABULARY) + " ");
}

/** Zeros with a few short records: empty heaps. */
function sparseRecords(random: Random, nth: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  for (let record = 0; record < 12 << (nth >> 1); record++) {
    page.set(noise(random, 3 + random(3)), 8 * random(PAGE_SIZE / 8 - 1));
  }
  return page;
}

/**
 * Random text in which parts of up to 300 bytes come again from 2 KiB and
 * less before, or from further.
 */
function distantRepeats(random: Random, nth: number): Uint8Array {
  const page = noise(random, PAGE_SIZE, 64).map((byte) => byte + 32);
  const distance = [16, 300, 1900, 2040, 2048, 2056, 2500, 3500][nth];
  for (let at = distance; at < PAGE_SIZE; at += random(60)) {
    const length = Math.min(3 + random(random(300)), PAGE_SIZE - at);
    const from = Math.max(0, at - distance - random(9));
    page.copyWithin(at, from, from + length);
    at += length;
  }
  return page;
}

/** Little-endian counters, and pointers that differ in their low bytes. */
function numbers(random: Random, nth: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  const heap = 0x7f3a00000000n + BigInt(random(2 ** 31)) * 4096n;
  let counter = random(2 ** 20);
  for (let at = 0; at < PAGE_SIZE; at += 8) {
    counter += 1 + random(1 << nth);
    if (random(8) < nth) {
      view.setBigUint64(at, heap + 16n * BigInt(random(1 << 2 * nth)), true);
    } else {
      view.setUint32(at, counter, true);
      view.setUint32(at + 4, random(4) === 0 ? random(1 << nth) : 0, true);
    }
  }
  return page;
}

/** Short sequences of bytes that come again and again, as instructions do. */
const IDIOMS = (() => {
  const random = randomFrom(0x90);
  const opcodes = [0x48, 0x89, 0x8b, 0xe8, 0x0f, 0x00, 0x83, 0xff, 0x85, 0x74];
  return Array.from({ length: 120 }, () =>
    Uint8Array.from(
      { length: 2 + random(7) },
      () => random(3) > 0 ? skewed(random, opcodes) : random(256),
    ));
})();

function machineCode(random: Random, nth: number): Uint8Array {
  return pageOf(() =>
    random(10) > nth ? skewed(random, IDIOMS) : noise(random, 1 + random(4))
  );
}

const KEYS = wordsOf(randomFrom(0x6a), 12);

function jsonRecords(random: Random, nth: number): Uint8Array {
  return pageOfText(() => {
    const fields = KEYS.slice(0, 4 + nth).map((key, field) =>
      field % 3 === 2
        ? `"${key}":"${skewed(random, VOCABULARY)}"`
        : `"${key}":${random(10 ** (1 + field % 7))}`
    );
    return `{${fields.join(",")}},\n`;
  });
}

/** Noise of so many symbols, with few repeats, that it hardly gets shorter. */
function nearlyNoise(random: Random, nth: number): Uint8Array {
  const page = noise(random, PAGE_SIZE, 256 - 16 * nth);
  for (let repeat = 0; repeat <= 2 * nth; repeat++) {
    const from = random(PAGE_SIZE - 32);
    page.copyWithin(random(PAGE_SIZE - 32), from, from + 4 + random(28));
  }
  return page;
}

/** Runs of one byte between noise. */
function runs(random: Random, nth: number): Uint8Array {
  return pageOf(() =>
    random(2) === 0
      ? new Uint8Array(1 + random(30 << nth)).fill(random(3))
      : noise(random, 1 + random(30))
  );
}

/** One record over and over, each time with a few other bytes. */
function mutatedRecords(random: Random, nth: number): Uint8Array {
  const record = noise(random, [9, 24, 40, 64, 100, 200, 511, 1300][nth]);
  return pageOf(() => {
    for (let change = random(4); change > 0; change--) {
      record[random(record.length)] = random(256);
    }
    return record.slice();
  });
}

/** Zeros up to somewhere, then noise, or the other way round. */
function halfNoise(random: Random, nth: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const bytes = [2048, 2047, 512, 3584, 4000, 96, 1024, 3072][nth];
  page.set(noise(random, bytes), nth % 2 === 0 ? 0 : PAGE_SIZE - bytes);
  return page;
}

/** One byte, or a short sequence, but for a few others. */
function almostSame(random: Random, nth: number): Uint8Array {
  const period = noise(random, [1, 1, 1, 2, 3, 8, 8, 17][nth]);
  const page = pageOf(() => period);
  for (let other = 0; other < 1 + nth % 4; other++) {
    page[[4095, 0, 2048, 1 + random(4094)][other]] ^= 1 + random(255);
  }
  return page;
}

/** Lines of text that quote earlier ones: logs, mail, sources. */
function quotingText(random: Random, nth: number): Uint8Array {
  const lines: string[] = [];
  return pageOfText(() => {
    if (lines.length > 0 && random(10) <= nth) {
      return "> " + lines[random(lines.length)];
    }
    const some = wordsOf(random, 4 + random(8));
    some.splice(random(some.length), 1, skewed(random, VOCABULARY));
    lines.push(some.join(" ") + ".\n");
    return lines[lines.length - 1];
  });
}

const KINDS: readonly (readonly [string, Make])[] = [
  ["words", words],
  ["sparse records", sparseRecords],
  ["distant repeats", distantRepeats],
  ["numbers", numbers],
  ["machine code", machineCode],
  ["JSON", jsonRecords],
  ["nearly noise", nearlyNoise],
  ["noise", (random, nth) => noise(random, PAGE_SIZE, nth < 4 ? 256 : 128)],
  ["runs", runs],
  ["mutated records", mutatedRecords],
  ["half noise", halfNoise],
  ["almost same", almostSame],
  ["quoting text", quotingText],
];

/** The pages, the same ones in every run. */
export const CODEC_PAGES: readonly CodecPage[] = KINDS.flatMap(
  ([name, make], kind) =>
    Array.from({ length: EACH }, (_, nth) => ({
      name: `${name} ${nth}`,
      bytes: make(randomFrom(1 + 1000 * kind + nth), nth),
    })),
);

/** The start of one page of every kind, as far as there is room. */
function sharedMaterial(bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  const part = Math.floor(bytes / KINDS.length);
  KINDS.forEach(([_, make], kind) => {
    const page = make(randomFrom(1 + 1000 * kind), 0);
    all.set(page.subarray(0, part), kind * part);
  });
  return all;
}

/** What pages share at both ends, and much between that they do not. */
function largeDictionary(): Uint8Array {
  const dictionary = new Uint8Array(100 * 1024);
  const shared = sharedMaterial(13 * 1024);
  const random = randomFrom(0xd1c7);
  for (let at = 0; at < dictionary.length; at += PAGE_SIZE) {
    dictionary.set(machineCode(random, at / PAGE_SIZE % EACH), at);
  }
  dictionary.set(shared);
  dictionary.set(words(random), 64 * 1024);
  dictionary.set(shared, dictionary.length - shared.length - 700);
  return dictionary;
}

const LARGE = largeDictionary();
const SMALL = ENCODER.encode(VOCABULARY.slice(0, 9).join(" "));

/**
 * Dictionaries for the pages, by their names: less than a word and a word,
 * which is as few as lz4 takes; 64 KiB, which is as much, and more. `trained` is one as `zstd --train`
 * makes them, of some of the pages: zstd finds tables in it before its content,
 * whoever else takes it for content.
 */
export const CODEC_DICTIONARIES: Readonly<Record<string, Uint8Array>> = {
  "empty": new Uint8Array(0),
  "3 bytes": SMALL.subarray(0, 3),
  "8 bytes": SMALL.subarray(0, 8),
  "4 KiB": sharedMaterial(4096),
  "64 KiB": LARGE.subarray(-64 * 1024),
  "100 KiB": LARGE,
  "trained": Deno.readFileSync(
    new URL("./codec_lengths/trained.dict", import.meta.url),
  ),
};

/** The digest of all pages and dictionaries, by which recordings name them. */
export async function codecPagesDigest(): Promise<string> {
  const parts = [
    ...CODEC_PAGES.map(({ bytes }) => bytes),
    ...Object.values(CODEC_DICTIONARIES),
  ];
  const all = await new Blob(parts.map((part) => part.slice())).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return digest.slice(0, 8).toHex();
}
