import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptDataError, sw842, zsGeometry } from "../mod.ts";
import { PREFERENCE } from "../src/codec/sw842_compress.ts";
import { checksum } from "../src/codec/sw842_format.ts";
import { profileOf } from "../src/live/kernel_profile.ts";
import { contents, fuzz } from "./fuzz.ts";
import type { Recorded842 } from "./record_842.ts";
import { digestOf, SW842_PAGES } from "./sw842_pages.ts";

const PAGE_SIZE = 4096;

function compressed(page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length + 16);
  return into.slice(0, sw842.compress(page, into));
}

function decompressed(stream: Uint8Array, length: number): Uint8Array {
  const page = new Uint8Array(length);
  sw842.decompress(stream, page);
  return page;
}

/** Bits, most significant first, as text. */
function bits(value: number, count: number): string {
  return value.toString(2).padStart(count, "0");
}

/** A stream of such bits, padded to a multiple of eight bytes. */
function streamOf(...fields: string[]): Uint8Array {
  const text = fields.join("");
  const padded = text.padEnd(Math.ceil(text.length / 64) * 64, "0");
  const bytes = padded.match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt(byte, 2));
}

/** What a template or an argument is in a stream. */
const template = (code: number) => bits(code, 5);
const data = (bytes: Iterable<number>) =>
  Array.from(bytes, (byte) => bits(byte, 8)).join("");
const REPEAT = (blocks: number) => template(27) + bits(blocks - 1, 6);
const ZEROS = template(28);
const END = (page: Uint8Array) => template(30) + bits(crc32be(page), 32);

/** CRC-32 by long division, one bit after another. */
function crc32be(page: Uint8Array): number {
  let remainder = 0n;
  for (const byte of page) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = remainder >> 31n ^ BigInt(byte >> bit & 1);
      remainder = remainder << 1n & 0xffffffffn;
      if (top === 1n) remainder ^= 0x04c11db7n;
    }
  }
  return Number(remainder);
}

/** The words by which `lib/842/842.h` names templates, in the order of codes. */
const NAMES = [
  ..."D8,D4D2I2,D4I2D2,D4I2I2,D4I4,D2I2D4,D2I2D2I2,D2I2I2D2,D2I2I2I2".split(
    ",",
  ),
  ..."D2I2I4,I2D2D4,I2D4I2,I2D2I2D2,I2D2I2I2,I2D2I4,I2I2D4,I2I2D2I2".split(","),
  ..."I2I2I2D2,I2I2I2I2,I2I2I4,I4D4,I4D2I2,I4I2D2,I4I2I2,I4I4,I8".split(","),
  ..."26,repeat,zeros,short data,end,31".split(","),
];

/** A decoder by real rings, which each block enters once it is whole. */
function decodedByRings(stream: Uint8Array) {
  const text = Array.from(stream, (byte) => bits(byte, 8)).join("");
  let at = 0;
  const take = (count: number) => parseInt(text.slice(at, at += count), 2);
  const rings: Record<string, number[]> = { "2": [], "4": [], "8": [] };
  const sizes: Record<string, number> = { "2": 512, "4": 2048, "8": 2048 };
  const page: number[] = [];
  const used = new Set<string>();
  const add = (block: number[]) => {
    for (const [size, ring] of Object.entries(rings)) {
      block.forEach((byte, nth) =>
        ring[(page.length + nth) % sizes[size]] = byte
      );
    }
    page.push(...block);
  };
  for (;;) {
    const name = NAMES[take(5)];
    used.add(name);
    if (name === "end") break;
    if (name === "zeros") add(Array(8).fill(0));
    else if (name === "repeat") {
      const last = page.slice(-8);
      for (let count = take(6); count >= 0; count--) add(last);
    } else if (name === "short data") {
      page.push(...Array.from({ length: take(3) }, () => take(8)));
    } else {
      const block: number[] = [];
      for (const [, kind, size] of name.matchAll(/([DI])(\d)/g)) {
        const bytes = Number(size);
        if (kind === "I") {
          const from = bytes * take(bytes === 4 ? 9 : 8);
          block.push(...rings[size].slice(from, from + bytes));
        } else {
          block.push(...Array.from({ length: bytes }, () => take(8)));
        }
      }
      add(block);
    }
  }
  return { page: Uint8Array.from(page), crc: take(32), used };
}

/** What every live kernel said, by the file's name. */
function recordings(): Recorded842[] {
  return ["5.10", "6.1", "6.12", "7.3"].map((release) => {
    const url = new URL(
      `sw842_lengths/linux-${release}.jsonl`,
      import.meta.url,
    );
    return JSON.parse(Deno.readTextFileSync(url));
  });
}

Deno.test("842 has the lengths that live kernels gave, page by page", async () => {
  const pages = await digestOf(SW842_PAGES);
  for (const recorded of recordings()) {
    assertEquals(recorded.pages, pages, recorded.kernel);
    const { hugeClassSize } = zsGeometry(profileOf(recorded.kernel));
    const lengths = SW842_PAGES.map((page) => compressed(page).length)
      .map((length) => length < hugeClassSize ? length : PAGE_SIZE);
    assertEquals(lengths, recorded.lengths, recorded.kernel);
  }
});

Deno.test("842 has the bytes that a live kernel wrote back", async () => {
  const telling = recordings().filter(({ streams }) => streams !== undefined);
  assertEquals(telling.map(({ kernel }) => kernel), ["7.3.4+deb13-amd64"]);
  for (const { kernel, lengths, streams } of telling) {
    const short = SW842_PAGES.filter((_, nth) => lengths[nth] < PAGE_SIZE);
    assertEquals(await digestOf(short.map(compressed)), streams, kernel);
  }
});

Deno.test("the pages that kernels were asked for have every template, and rings decode them", () => {
  const all = new Set<string>();
  for (const page of SW842_PAGES) {
    const { page: back, crc, used } = decodedByRings(compressed(page));
    assertEquals(back, page);
    assertEquals(crc, crc32be(page));
    used.forEach((name) => all.add(name));
  }
  const never = NAMES.filter((name) => !all.has(name));
  assertEquals(never, ["26", "short data", "31"]);
});

// comp_ops, lib/842/842_compress.c, 5.10 to 7.3.
Deno.test("templates are tried in the kernel's order", () => {
  assertEquals(PREFERENCE.map((code) => NAMES[code]), [
    ..."I8 I4I4 I4I2I2 I2I2I4 I2I2I2I2 I4I2D2 I4D2I2 I2D2I4 D2I2I4".split(" "),
    ..."I2I2I2D2 I2I2D2I2 I2D2I2I2 D2I2I2I2 I4D4 D4I4 I2I2D4".split(" "),
    ..."I2D2I2D2 I2D4I2 D2I2I2D2 D2I2D2I2 D4I2I2 I2D2D4".split(" "),
    ..."D2I2D4 D4I2D2 D4D2I2 D8".split(" "),
  ]);
});

Deno.test("a page of any length comes back, by rings as well", () => {
  const pages = fc.integer({ min: 1, max: 3000 }).chain(contents);
  fuzz(fc.property(pages, (page) => {
    const stream = compressed(page);
    assertEquals(decompressed(stream, page.length), page);
    assertEquals(decodedByRings(stream).page, page);
    assertEquals(stream.length % 8, 0);
  }));
  const empty = new Uint8Array(0);
  assertEquals(compressed(empty), streamOf(END(empty)));
  assertEquals(decompressed(compressed(empty), 0), empty);
});

Deno.test("indexes are right up to the end of a page of 64 KiB", () => {
  fuzz(
    fc.property(contents(65536), (page) => {
      assertEquals(decompressed(compressed(page), page.length), page);
    }),
    10,
  );
});

Deno.test("a block is written as zeros, a repeat or the bytes themselves", () => {
  const block = [1, 2, 3, 4, 5, 6, 7, 8];
  const zeros = new Uint8Array(PAGE_SIZE);
  assertEquals(
    compressed(zeros),
    streamOf(ZEROS, ...Array(7).fill(REPEAT(64)), REPEAT(63), END(zeros)),
  );
  const once = Uint8Array.from(block);
  assertEquals(compressed(once), streamOf(template(0), data(block), END(once)));
  const repeated: readonly (readonly [number, number[]])[] = [
    [2, [1]],
    [64, [63]],
    [65, [64]],
    [66, [64, 1]],
    [129, [64, 64]],
    [130, [64, 64, 1]],
  ];
  for (const [blocks, repeats] of repeated) {
    const page = Uint8Array.from(Array(blocks).fill(block).flat());
    assertEquals(
      compressed(page),
      streamOf(template(0), data(block), ...repeats.map(REPEAT), END(page)),
      `${blocks} blocks`,
    );
  }
});

Deno.test("less than a block at the end is short data", () => {
  const page = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 7, 9, 11);
  assertEquals(
    compressed(page),
    streamOf(ZEROS, template(29), bits(3, 3), data([7, 9, 11]), END(page)),
  );
});

Deno.test("noise is as long as 842 gets: 69 bits for each block", () => {
  const page = Uint8Array.from(
    { length: PAGE_SIZE },
    (_, at) => Math.imul(at >> 1, 40503) >>> (at % 2 * 8),
  );
  const length = (512 * 69 + 5 + 32) / 8;
  assertEquals(compressed(page).length, Math.ceil(length / 8) * 8);
});

Deno.test("a unit is found as long as it is in its ring, the latest of those alike", () => {
  const distinct = (blocks: number) =>
    Uint8Array.from(
      { length: 8 * blocks },
      (_, at) => at % 2 === 0 ? 1 + (at >> 9) : 1 + (at >> 1) % 256,
    );
  /** The template of the last block, where it begins as the first does. */
  const last = (blocks: number, bytes: number) => {
    const page = distinct(blocks + 1);
    page.fill(255, 8 * blocks);
    page.copyWithin(8 * blocks, 0, bytes);
    return [...decodedByRings(compressed(page)).used].at(-2);
  };
  assertEquals([last(64, 2), last(65, 2)], ["I2D2D4", "D8"]);
  assertEquals([last(256, 4), last(257, 4)], ["I4D4", "D8"]);
  assertEquals([last(256, 8), last(257, 8)], ["I8", "D8"]);
});

Deno.test("of units that are alike the latest is indexed", () => {
  const rest = [11, 12, 13, 14, 15, 16];
  const page = Uint8Array.from([
    ...[1, 2, 3, 4, 5, 6, 7, 8],
    ...[1, 2, ...rest],
    ...[1, 2, ...rest.map((byte) => byte + 9)],
  ]);
  assertEquals(
    compressed(page),
    streamOf(
      ...[template(0), data(page.slice(0, 8))],
      ...[template(10), bits(0, 8), data(rest)],
      ...[template(10), bits(4, 8), data(page.slice(18))],
      END(page),
    ),
  );
});

Deno.test("the checksum is CRC-32, most significant bit first, from 0", () => {
  const digits = new TextEncoder().encode("123456789");
  assertEquals(checksum(digits, 9), 0x89a1897f);
  assertEquals(crc32be(digits), 0x89a1897f);
});

Deno.test("what follows the checksum is not looked at, as the kernel's decoder does not", () => {
  const page = new Uint8Array(PAGE_SIZE).fill(7, 100);
  const stream = compressed(page);
  const longer = Uint8Array.of(...stream.fill(0xff, -1), 1, 2, 3);
  assertEquals(decompressed(longer, PAGE_SIZE), page);
});

Deno.test("what is wrong with 842 data is said", () => {
  const refused = (stream: Uint8Array, reason: string) => {
    const error = assertThrows(
      () => decompressed(stream, 24),
      CorruptDataError,
    );
    assertEquals(error.message, `Cannot decompress 842 data: ${reason}`);
  };
  /** As many whole bytes as there are of a stream. */
  const cut = (bytes: number, ...fields: string[]) =>
    streamOf(...fields).slice(0, bytes);
  const I2 = template(10);
  refused(cut(0), "it ends inside a template");
  refused(cut(1, template(27)), "it ends inside a repeat");
  refused(
    cut(8, ZEROS, template(0), data(Array(8).fill(0))),
    "it ends inside data",
  );
  refused(cut(2, ZEROS, I2), "it ends inside an index");
  refused(cut(2, template(29), bits(3, 3)), "it ends inside short data");
  refused(cut(4, template(30)), "it ends inside the checksum");
  refused(
    streamOf(ZEROS, I2, bits(4, 8), data(Array(6).fill(0))),
    "the index at bit 10 leads to byte 8 of 8",
  );
  refused(
    streamOf(template(25), bits(0, 8)),
    "the index at bit 5 leads to byte 0 of 0",
  );
  // A block's own bytes are in no ring before it is whole.
  refused(
    streamOf(template(4), data([1, 2, 3, 4]), bits(0, 9)),
    "the index at bit 37 leads to byte 0 of 0",
  );
  refused(
    streamOf(REPEAT(1)),
    "the repeat before bit 11 goes back 8 of 0 bytes",
  );
  refused(
    streamOf(template(29), bits(7, 3), data(Array(7).fill(1)), REPEAT(1)),
    "the repeat before bit 75 goes back 8 of 7 bytes",
  );
  refused(
    streamOf(template(29), bits(0, 3)),
    "the short data before bit 8 has 0 bytes, not 1 or more",
  );
  for (const code of [26, 31]) {
    refused(
      streamOf(template(code)),
      `there is no template ${code}, as before bit 5`,
    );
  }
  refused(
    streamOf(ZEROS, REPEAT(3)),
    "bit 16 goes beyond the page's 24 bytes",
  );
  refused(
    streamOf(ZEROS, ZEROS, ZEROS, ZEROS),
    "bit 20 goes beyond the page's 24 bytes",
  );
  refused(
    streamOf(ZEROS, REPEAT(2), template(10)),
    "bit 21 goes beyond the page's 24 bytes",
  );
  refused(
    streamOf(ZEROS, REPEAT(2), template(29), bits(1, 3)),
    "bit 24 goes beyond the page's 24 bytes",
  );
  refused(
    streamOf(ZEROS, REPEAT(2), template(30), bits(5, 32)),
    "its checksum is 5, and its page's 0",
  );
  refused(
    streamOf(ZEROS, REPEAT(1), template(30), bits(0, 32)),
    "it makes 16 bytes of a page's 24",
  );
});

Deno.test("hostile 842 data harms nothing beside the page", () => {
  const codes = fc.integer({ min: 0, max: 31 }).map(template);
  const fields = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: codes },
      { weight: 1, arbitrary: fc.constant(ZEROS + REPEAT(64)) },
      {
        weight: 2,
        arbitrary: fc.nat({ max: 511 }).map((index) => bits(index, 9)),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map(data) },
    ),
    { maxLength: 80 },
  );
  let refused = 0;
  fuzz(
    fc.property(fields, fc.constantFrom(8, 520, 4096), (stream, length) => {
      const room = new Uint8Array(3 * 4096).fill(0xa5);
      const page = room.subarray(4096, 4096 + length);
      try {
        sw842.decompress(streamOf(...stream), page);
      } catch (error) {
        assert(error instanceof CorruptDataError, String(error));
        refused++;
      }
      assert(room.subarray(0, 4096).every((byte) => byte === 0xa5));
      assert(room.subarray(4096 + length).every((byte) => byte === 0xa5));
    }),
    1000,
  );
  assert(refused > 0);
});
