import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  deflateRawSync,
  deflateSync,
  inflateRawSync,
  inflateSync,
} from "node:zlib";
import fc from "fast-check";
import {
  type Codec,
  CorruptDataError,
  deflate,
  type Profile,
  PROFILES,
  randomFrom,
  type ZcompParams,
  zsGeometry,
} from "../mod.ts";
import { buildTree, newTree } from "../src/codec/deflate_tree.ts";
import { LARGE_LENGTHS, LARGE_PAGES } from "./codec_lengths/deflate_large.ts";
import {
  readRecording,
  recordedKernels,
  type Setting,
} from "./codec_lengths/recording.ts";
import { CODEC_PAGES } from "./codec_pages.ts";
import { contents, fuzz } from "./fuzz.ts";

/** Whole numbers from one to another. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, nth) => from + nth);
}

const LEVELS = range(-1, 9);
const WINDOWS = [...range(-15, -9), ...range(9, 15)];

function deflateWith(params: ZcompParams): Codec {
  return deflate.withParams?.(params) ?? deflate;
}

function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length);
  return into.slice(0, codec.compress(page, into));
}

function decompressed(codec: Codec, stream: Uint8Array, length: number) {
  const page = new Uint8Array(length);
  codec.decompress(stream, page);
  return page;
}

/** Random bytes. */
function noise(length: number): Uint8Array {
  const random = randomFrom(1);
  return Uint8Array.from({ length }, () => random(256));
}

/** The lengths of all pages in deflate with parameters, by kernel. */
const RECORDED = recordedKernels().flatMap((kernel) =>
  readRecording(kernel).entries.flatMap(({ algorithm, setting, lengths }) =>
    algorithm === "deflate" && lengths ? [{ kernel, setting, lengths }] : []
  )
);

function profileNamed(kernel: string): Profile {
  const profile = PROFILES.find(({ name }) => name === kernel);
  assert(profile, kernel);
  return profile;
}

const lengthsByParams = new Map<string, readonly number[]>();

/** The lengths of all pages, computed once for each level and window. */
function lengthsWith(params: ZcompParams): readonly number[] {
  const key = JSON.stringify(params);
  const known = lengthsByParams.get(key);
  if (known !== undefined) return known;
  const codec = deflateWith(params);
  const lengths = CODEC_PAGES
    .map(({ bytes }) => compressed(codec, bytes).length);
  lengthsByParams.set(key, lengths);
  return lengths;
}

/** What a kernel tells deflate of a setting: 6.12 has no window to set. */
function toldOf({ zram }: Profile, { level, winbits }: Setting): ZcompParams {
  return zram.numberParams.includes("deflate.winbits")
    ? { level, winbits }
    : { level };
}

Deno.test("every page has the kernel's own length, at every level and in every window", () => {
  for (const { kernel, setting, lengths } of RECORDED) {
    const profile = profileNamed(kernel);
    const { hugeClassSize } = zsGeometry(profile);
    const own = lengthsWith(toldOf(profile, setting))
      .map((length) => length >= hugeClassSize ? 4096 : length);
    assertEquals(own, lengths, `${kernel} ${JSON.stringify(setting)}`);
  }
  const levels = new Set(RECORDED.map(({ setting }) => setting.level));
  const windows = new Set(RECORDED.map(({ setting }) => setting.winbits));
  assertEquals(LEVELS.filter((level) => !levels.has(level)), []);
  assertEquals(WINDOWS.filter((winbits) => !windows.has(winbits)), []);
});

Deno.test("so has every page of 16 and of 64 KiB", () => {
  for (const { level, winbits, lengths } of LARGE_LENGTHS) {
    const codec = deflateWith({ level, winbits });
    assertEquals(
      LARGE_PAGES.map((page) => compressed(codec, page).length),
      lengths,
      `level ${level}, winbits ${winbits}`,
    );
  }
});

Deno.test("without parameters it has level 6 and a window of 2 KiB without a header", () => {
  for (const { bytes } of CODEC_PAGES) {
    const stream = compressed(deflate, bytes);
    for (const params of [{}, { level: -1 }, { level: 6, winbits: -11 }]) {
      assertEquals(compressed(deflateWith(params), bytes), stream);
    }
  }
  assertEquals(deflate.near, undefined);
});

Deno.test("a positive winbits means a header before the same stream and a sum after it", () => {
  const page = CODEC_PAGES[0].bytes;
  for (const winbits of range(9, 15)) {
    for (const level of LEVELS) {
      const raw = compressed(deflateWith({ level, winbits: -winbits }), page);
      const whole = compressed(deflateWith({ level, winbits }), page);
      assertEquals(whole.subarray(2, -4), raw);
      assertEquals(inflateSync(whole, { windowBits: winbits }).length, 4096);
    }
  }
  const header = (
    level: number,
  ) => [
    ...compressed(deflateWith({ level, winbits: 15 }), page).subarray(0, 2),
  ];
  assertEquals(header(0), [0x78, 0xda]);
  assertEquals(header(1), [0x78, 0x01]);
  assertEquals(header(6), [0x78, 0x9c]);
  assertEquals(header(9), [0x78, 0xda]);
});

Deno.test("a page of noise is stored, unless its start has left the window", () => {
  const lengthOf = (size: number, winbits: number, level = 6) =>
    compressed(deflateWith({ level, winbits }), noise(size)).length;
  // A block of 5 bytes and the page's.
  assertEquals(lengthOf(4096, -12), 4096 + 5);
  assertEquals(lengthOf(4096, -15), 4096 + 5);
  // From 2 KiB and 2 KiB less 262 bytes on the window slides; as no byte of the
  // page's first half is left, the block needs a code.
  assertEquals(lengthOf(4096, -11), 4139);
  assertEquals(lengthOf(4096, -9), 4139);
  // Level 0 writes a block of all that is read before the window slides; one
  // without a byte is the last.
  assertEquals(lengthOf(4096, -13, 0), 4096 + 5);
  assertEquals(lengthOf(4096, -12, 0), 4096 + 2 * 5);
  assertEquals(lengthOf(4096, -11, 0), 4096 + 2 * 5);
  assertEquals(lengthOf(4096, -9, 0), 4096 + 8 * 5);
});

Deno.test("no code has more than 15 bits, and all codes together leave none over", () => {
  const tree = newTree(new Uint8Array(40), 15);
  const lengths = (frequencies: readonly number[]) => {
    tree.frequencies.fill(0);
    tree.frequencies.set(frequencies);
    buildTree(tree);
    return [...tree.bits].filter((bits) => bits > 0);
  };
  const fibonacci = [1, 1];
  for (let nth = 2; nth < 21; nth++) {
    fibonacci.push(fibonacci[nth - 2] + fibonacci[nth - 1]);
    const bits = lengths(fibonacci);
    assertEquals(Math.max(...bits), Math.min(nth, 15));
    assertEquals(bits.reduce((sum, length) => sum + 2 ** -length, 0), 1);
  }
  assertEquals(lengths([0, 0, 0, 7]), [1, 1]);
  assertEquals(lengths([]), [1, 1]);
});

const cases = fc.record({
  page: fc.constantFrom(4096, 16384, 65536).chain(contents),
  level: fc.constantFrom(...LEVELS),
  winbits: fc.constantFrom(...WINDOWS),
});

Deno.test("any zlib reads what it writes, at every level and in every window, and it reads what any zlib writes", () => {
  fuzz(fc.property(cases, ({ page, level, winbits }) => {
    const codec = deflateWith({ level, winbits });
    const stream = compressed(codec, page);
    const options = { level, windowBits: Math.abs(winbits) };
    const [read, write] = winbits < 0
      ? [inflateRawSync, deflateRawSync]
      : [inflateSync, deflateSync];
    assertEquals(new Uint8Array(read(stream, options)), page);
    assertEquals(decompressed(codec, stream, page.length), page);
    const other = write(page, options);
    assertEquals(decompressed(codec, other, page.length), page);
  }));
});

Deno.test("what follows a stream is not looked at, and a match reaches back as far as the page goes", () => {
  const half = noise(2048);
  const page = Uint8Array.from([...half, ...half]);
  const stream = deflateRawSync(page, { windowBits: 15 });
  assert(stream.length < 3000);
  const long = Uint8Array.from([...stream, 1, 2, 3]);
  assertEquals(decompressed(deflateWith({ winbits: -9 }), long, 4096), page);
});

/** Bits as they stand in a stream, the first of each byte the lowest. */
function bytesOf(bits: string): Uint8Array {
  const all = bits.replaceAll(" ", "");
  return Uint8Array.from(
    { length: Math.ceil(all.length / 8) },
    (_, nth) =>
      parseInt([...all.slice(8 * nth, 8 * nth + 8)].reverse().join(""), 2),
  );
}

/** A number's bits, the lowest first. */
function low(value: number, count: number): string {
  return [...value.toString(2).padStart(count, "0")].reverse().join("");
}

Deno.test("what is wrong with deflate data is said", () => {
  const refused = (bits: string, reason: string) => {
    const error = assertThrows(
      () => decompressed(deflate, bytesOf(bits), 4096),
      CorruptDataError,
    );
    assertEquals(error.message, `Cannot decompress deflate data: ${reason}`);
  };
  const last = (kind: number) => `1 ${low(kind, 2)}`;
  refused("", "it ends after 0 bytes inside a block");
  refused(last(3), "no block is of kind 3");
  // A stored block.
  const stored = (length: number, other: number) =>
    `${last(0)} 00000 ${low(length, 16)} ${low(other, 16)}`;
  refused(stored(2, 0), "the length of a stored block is not repeated");
  refused(
    stored(3, 0xfffc) + low(0x0807, 16),
    "it ends inside the 3 bytes of a stored block",
  );
  refused(
    stored(5000, 0xffff - 5000) + "00000000".repeat(5000),
    "it makes more than the page's 4096 bytes",
  );
  // Fixed codes: a literal of 8 bits, lengths and the end of 7.
  const [literal, three, longest, end] = [
    "00110000",
    "0000001",
    "11000101",
    "0000000",
  ];
  refused(`${last(1)} ${literal}`, "it ends after 2 bytes inside a block");
  refused(
    `${last(1)} ${literal} ${end}`,
    "it makes 1 bytes of a page's 4096",
  );
  refused(
    `${last(1)} ${literal} ${three} 00001`,
    "it goes back 2 of 1 bytes",
  );
  refused(
    `${last(1)} ${literal} ${`${longest} 00000`.repeat(16)}`,
    "it makes more than the page's 4096 bytes",
  );
  refused(`${last(1)} 11000110`, "no length has code 286");
  refused(`${last(1)} ${literal} ${three} 11110`, "no distance has code 30");
  const codes = (literals: number, distances: number) =>
    `${last(2)} ${low(literals - 257, 5)} ${low(distances - 1, 5)}`;
  refused(
    `${codes(287, 1)} 0000`,
    "it has 287 codes of literals and 1 of distances",
  );
  refused(
    `${codes(257, 31)} 0000`,
    "it has 257 codes of literals and 31 of distances",
  );
  // How long the codes of the lengths 16, 17, 18, 0, 8, 7 … are.
  const told = (...lengths: number[]) =>
    low(lengths.length - 4, 4) + lengths.map((bits) => low(bits, 3)).join("");
  const noCode = (of: string) =>
    `the lengths of its codes of ${of} make no code`;
  refused(`${codes(257, 1)} ${told(1, 1, 1, 0)}`, noCode("lengths"));
  refused(`${codes(257, 1)} ${told(2, 0, 0, 0)}`, noCode("lengths"));
  refused(`${codes(257, 1)} ${told(0, 0, 1, 0)}`, noCode("lengths"));
  refused(
    `${codes(257, 1)} ${told(1, 0, 1, 0)} 0`,
    "the length before the first code's is repeated",
  );
  // A run of zeros is 0 and its length, a length of 0 is 10, and one of 1 is 11.
  const toldRuns = told(0, 0, 1, 2, ...Array(13).fill(0), 2);
  const zeros = (count: number) => `0 ${low(count - 11, 7)}`;
  refused(
    `${codes(257, 1)} ${toldRuns} ${zeros(138)} ${zeros(138)}`,
    "it has lengths of more than its 258 codes",
  );
  const own = (literals: number, distances: number, lengths: string) =>
    `${codes(literals, distances)} ${toldRuns} ${zeros(138)} ${
      zeros(118)
    } ${lengths} `;
  refused(own(259, 1, "11 11 11 10"), noCode("literals"));
  refused(own(257, 3, "11 11 11 11"), noCode("distances"));
  const onlyEnd = own(257, 1, "11 10");
  refused(`${onlyEnd} 0`, "it makes 0 bytes of a page's 4096");
  refused(`${onlyEnd} 1`, "no code of a literal or length is like its bits");
  refused(
    `${own(258, 1, "11 11 10")} 1`,
    "no code of a distance is like its bits",
  );
});

Deno.test("a zlib stream needs its header, a window that is not larger, and its sum", () => {
  const page = CODEC_PAGES[0].bytes;
  const stream = compressed(deflateWith({ winbits: 12 }), page);
  const refused = (bytes: Uint8Array, winbits: number, reason: string) =>
    assertThrows(
      () => decompressed(deflateWith({ winbits }), bytes, 4096),
      CorruptDataError,
      reason,
    );
  assertEquals(decompressed(deflateWith({ winbits: 15 }), stream, 4096), page);
  refused(stream, 11, "its window of 2^12 is above 2^11");
  refused(stream.with(1, stream[1] ^ 1), 12, "it has no header of zlib");
  refused(Uint8Array.of(0x79, 0x9a), 15, "it has no header of zlib");
  refused(Uint8Array.of(0x78, 0xbb, 0, 0), 15, "it wants a dictionary");
  const last = stream.length - 1;
  refused(stream.with(last, stream[last] ^ 1), 12, "its sum is not the page's");
  refused(stream.subarray(0, last), 12, "inside a block");
});
