import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Codec, CorruptDataError, lzo, lzoRle } from "../mod.ts";
import { fuzz } from "./fuzz.ts";

function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length + 67);
  return into.slice(0, codec.compress(page, into));
}

function decompressed(codec: Codec, stream: number[], length: number) {
  const page = new Uint8Array(length);
  codec.decompress(Uint8Array.from(stream), page);
  return page;
}

/** The end of every stream. */
const END = [0x11, 0, 0];

/** A text's bytes. */
const bytes = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("a page without a match is one long literal, after the version in lzo-rle", () => {
  const noise = new Uint8Array(4096);
  const view = new DataView(noise.buffer);
  for (let at = 0; at < 4096; at += 4) {
    view.setInt32(at, Math.imul(at + 1, 2654435761));
  }
  const length = [0, ...Array(15).fill(0), 4096 - 18 - 15 * 255];
  const literals = [...length, ...noise, ...END];
  assertEquals([...compressed(lzo, noise)], literals);
  assertEquals([...compressed(lzoRle, noise)], [17, 1, ...literals]);
});

Deno.test("a page below 32 bytes is literals, counted in the first byte", () => {
  const page = new Uint8Array(31);
  assertEquals([...compressed(lzo, page)], [17 + 31, ...page, ...END]);
  assertEquals(
    [...compressed(lzoRle, page)],
    [17, 1, 17 + 31, ...page, ...END],
  );
  assertEquals(compressed(lzo, new Uint8Array(32)).length < 32, true);
  assertEquals([...compressed(lzo, new Uint8Array(0))], END);
});

Deno.test("runs of zeros of any length come back, and lzo-rle has an instruction for 4 to 2051 of them", () => {
  const page = new Uint8Array(4096).fill(7);
  const lengths = [3, 4, 5, 11, 12, 2050, 2051, 2052, 2055, 2056];
  for (const length of lengths) {
    page.fill(7).fill(0, 40, 40 + length);
    for (const codec of [lzo, lzoRle]) {
      const stream = [...compressed(codec, page)];
      assertEquals(decompressed(codec, stream, 4096), page);
    }
  }
  page.fill(0);
  page.fill(7, 2060);
  const run = [0x18 | (2047 & 7), 0xfc, 0xff, 2047 >>> 3];
  const stream = [...compressed(lzoRle, page)];
  const at = stream.indexOf(0x18 | 7);
  assertEquals(stream.slice(at, at + 4), run);
});

Deno.test("no match of lzo-rle is taken for a run of zeros", () => {
  // A match after one that ends there, literals, and a match again.
  const word = [...Array(300).keys()].map((at) => at * 37 + (at >>> 3));
  const from = 40;
  const check = (distance: number, length: number, literals: number) => {
    const page = new Uint8Array(65536).fill(1);
    page.set(word, from);
    page.set(word.slice(0, length), from + distance);
    page.set([9, 8, 7, 6].slice(0, literals), from + distance + length);
    for (const codec of [lzo, lzoRle]) {
      const back = decompressed(codec, [...compressed(codec, page)], 65536);
      assertEquals(back, page, `${codec.name} ${distance} ${length}`);
    }
  };
  for (const distance of [0x403f, 0x803f, 0x8040, 0x9fff, 0xbfbf]) {
    for (let length = 258; length <= 268; length++) {
      for (let literals = 0; literals <= 4; literals++) {
        check(distance, length, literals);
      }
    }
  }
});

Deno.test("the decoder follows every instruction of the format", () => {
  const follows = (stream: number[], text: string) => {
    const page = decompressed(lzo, [...stream, ...END], text.length);
    assertEquals(new TextDecoder().decode(page), text);
  };
  follows([17 + 3, ...bytes("abc")], "abc");
  follows([17 + 4, ...bytes("abcd")], "abcd");
  follows([1, ...bytes("abcd")], "abcd");
  follows([0, 2, ...bytes("abcdefghijklmnopqrst")], "abcdefghijklmnopqrst");
  // After 1 to 3 literals: 2 bytes from 3 back, and one literal more.
  follows([17 + 3, ...bytes("abc"), (2 << 2) | 1, 0, ...bytes("!")], "abcab!");
  // After 4 or more: 3 bytes from 2049 back.
  const many = "0123456789abcdef".repeat(129);
  follows(
    [0, ...Array(8).fill(0), 6, ...bytes(many), 3 << 2, 3],
    many + many.slice(many.length - 2064).slice(0, 3),
  );
  // 5 bytes from 2 back; 3 bytes from 9 back.
  follows([17 + 4, ...bytes("wxyz"), (4 << 5) | (1 << 2), 0], "wxyzyzyzy");
  follows([17 + 9, ...bytes("wxyz12345"), 2 << 5, 1], "wxyz12345wxy");
  // 40 bytes from 1 back, by a long length; 33 without.
  follows([17 + 4, ...bytes("wxyz"), 32, 7, 0, 0], "wxyz" + "z".repeat(40));
  follows([17 + 4, ...bytes("wxyz"), 63, 0, 0], "wxyz" + "z".repeat(33));
});

Deno.test("the decoder of each version takes streams of both", () => {
  const page = new Uint8Array(4096).fill(5, 1000);
  for (const from of [lzo, lzoRle]) {
    for (const to of [lzo, lzoRle]) {
      const back = decompressed(to, [...compressed(from, page)], 4096);
      assertEquals(back, page);
    }
  }
});

Deno.test("what is wrong with LZO data is said", () => {
  const refused = (stream: number[], reason: string) => {
    const error = assertThrows(
      () => decompressed(lzoRle, stream, 4096),
      CorruptDataError,
    );
    assertEquals(
      error.message,
      `Cannot decompress lzo-rle data: ${reason}`,
    );
  };
  const four = [17 + 4, ...bytes("wxyz")];
  refused([], "it has 0 bytes, not 3 or more");
  refused([17, 1], "it has 2 bytes, not 3 or more");
  refused(four, "it ends inside the page, without its end");
  refused([17 + 4, 1, 2], "it ends inside the 4 literals at byte 1");
  refused([0, 0, 0], "it ends inside a length");
  refused([...four, 64], "it ends inside a distance");
  refused([...four, 33, 0], "it ends inside a distance");
  refused([...four, 17, 4], "it ends inside a distance");
  refused([17, 1, ...four, 0x18, 0xfc, 0xff], "it ends inside a run of zeros");
  refused(
    [...four, 64, 9],
    "the match before byte 7 goes back 73 of 4 bytes",
  );
  refused(
    [...four, 32, ...Array(17).fill(0), 1, 0, 0],
    "byte 26 goes beyond the page's 4096 bytes",
  );
  refused(
    [17, 1, ...four, 0x1f, 0xfc, 0xff, 0xff, 0x1f, 0xfc, 0xff, 0xff],
    "byte 15 goes beyond the page's 4096 bytes",
  );
  refused([...four, 18, 0, 0], "the end before byte 8 has the length 4, not 3");
  refused([...four, ...END], "it makes 4 bytes of a page's 4096");
  refused([...four, ...END, 9], "it ends at byte 8 of its 9");
});

Deno.test("hostile LZO data harms nothing beside the page", () => {
  const instructions = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0, 1, 16, 17, 0x18, 0x1f, 32, 63, 64, 0xfc, 0xff),
    ),
    { maxLength: 60 },
  );
  let refused = 0;
  fuzz(
    fc.property(instructions, fc.boolean(), (stream, versioned) => {
      const room = new Uint8Array(3 * 4096).fill(0xa5);
      const page = room.subarray(4096, 8192);
      const hostile = Uint8Array.from([...versioned ? [17, 1] : [], ...stream]);
      try {
        lzoRle.decompress(hostile, page);
      } catch (error) {
        assert(error instanceof CorruptDataError, String(error));
        refused++;
      }
      assert(room.subarray(0, 4096).every((byte) => byte === 0xa5));
      assert(room.subarray(8192).every((byte) => byte === 0xa5));
    }),
    1000,
  );
  assert(refused > 0);
});

/** A place in a stream. */
interface Cursor {
  readonly stream: Uint8Array;
  at: number;
}

/** A length that bits hold where they are not all zero, and bytes where they are. */
function longLength(cursor: Cursor, held: number, most: number): number {
  if (held !== 0) return held;
  let length = most;
  for (; cursor.stream[cursor.at] === 0; cursor.at++) length += 255;
  return length + cursor.stream[cursor.at++];
}

/** Passes over the rest of an instruction; answers the literals that it says follow it. */
function passInstruction(cursor: Cursor, first: number, isRle: boolean) {
  const { stream } = cursor;
  if (first >= 64) {
    cursor.at++;
    return first & 3;
  }
  const isRun = isRle && (first & 0xf8) === 0x18 &&
    (stream[cursor.at] & 0xfc) === 0xfc && stream[cursor.at + 1] === 0xff;
  if (!isRun) longLength(cursor, first >= 32 ? first & 31 : first & 7, 0);
  const literals = stream[cursor.at] & 3;
  cursor.at += isRun ? 3 : 2;
  return literals;
}

/**
 * The most bytes of room that the checked encoder asks for as it makes a stream:
 * it copies 1 to 3 literals in front of an instruction as 4 bytes, 4 to 16 as
 * two words of 8 behind a byte, and asks for as much; else for what it writes.
 */
function roomAsked(stream: Uint8Array, isRle: boolean): number {
  const cursor: Cursor = { stream, at: isRle ? 2 : 0 };
  const end = stream.length - END.length;
  let room = stream.length;
  // Literals alone, which no instruction follows.
  if (stream[cursor.at] > 17) return room;
  while (cursor.at < end) {
    const start = cursor.at;
    const first = stream[cursor.at++];
    const isLiterals = first < 16;
    const literals = isLiterals
      ? longLength(cursor, first, 15) + 3
      : passInstruction(cursor, first, isRle);
    const from = isLiterals ? start : cursor.at;
    cursor.at += literals;
    if (cursor.at >= end || literals === 0 || literals > 16) continue;
    room = Math.max(room, from + (isLiterals ? 17 : 4));
  }
  return room;
}

/** A page of pieces: noise, zeros, and what was before. */
const pieces = fc.array(
  fc.tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 40 }), fc.nat()),
  { minLength: 1, maxLength: 200 },
).map((drawn) => {
  const page: number[] = [];
  for (const [kind, length, seed] of drawn) {
    for (let nth = 0; nth < length && page.length < 4096; nth++) {
      const noise = Math.imul(seed + nth * 40503 + page.length, 2654435761);
      const back = 1 + seed % Math.max(1, page.length);
      if (kind === 0) page.push(0);
      else if (kind < 3 || page.length < 8) page.push(noise >>> 24);
      else page.push(page[page.length - back]);
    }
  }
  return Uint8Array.from(page);
});

// NEED_OP in lzo1x_1_do_compress, lib/lzo/lzo1x_compress.c, 6.12.118 and 7.2.12:
// behind what is copied there always come an instruction and the last literals,
// nine at least.
Deno.test("LZO's checked encoder never asks for more room than it fills in the end: it fails exactly where the result is too long", () => {
  fuzz(fc.property(pieces, (page) => {
    for (const codec of [lzo, lzoRle]) {
      const stream = compressed(codec, page);
      assertEquals(roomAsked(stream, codec === lzoRle), stream.length);
    }
  }));
});
