import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Codec, CorruptDataError, lz4, lz4Wasm } from "../mod.ts";
import { pagesOfWords, sparsePages } from "../bench/codec_pages.ts";
import { contents, fuzz } from "./fuzz.ts";

const pageSizes = fc.constantFrom(4096, 16384, 65536);

/** From how many bytes on 6.18 stores a page of 4 KiB whole. */
const WHOLE_FROM = 3625;

/**
 * What three pages of words and three sparse ones count in `compr_data_size` on
 * a device of 6.18.44 with `level` in `algorithm_params`.
 */
const LIVE_LENGTHS: readonly (readonly [level: number, lengths: number[]])[] = [
  [-5, [2890, 2871, 2925, 406, 392, 392]],
  [1, [2890, 2871, 2925, 406, 392, 392]],
  [2, [3078, 3063, 3118, 412, 397, 396]],
  [3, [3250, 3277, 3249, 414, 399, 408]],
  [7, [4096, 4096, 4096, 416, 402, 411]],
  [17, [4096, 4096, 4096, 458, 438, 469]],
  [64, [4096, 4096, 4096, 1024, 1012, 923]],
  [2 ** 20, [4096, 4096, 4096, 4096, 4096, 4096]],
  [2 ** 26, [25, 25, 25, 25, 29, 30]],
  [2 ** 26 + 3, [3250, 3277, 3249, 414, 399, 408]],
  [2 ** 31 - 1, [4096, 4096, 4096, 4096, 4096, 4096]],
];

function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length);
  return into.slice(0, codec.compress(page, into));
}

function withLevel(level: number): Codec {
  return lz4.withParams?.({ level }) ?? lz4;
}

/** What a codec makes of a block: a page, or nothing where it refuses it. */
function decoded(
  codec: Codec,
  block: Uint8Array,
  length: number,
): Uint8Array | undefined {
  const page = new Uint8Array(length);
  try {
    codec.decompress(block, page);
    return page;
  } catch (error) {
    assert(error instanceof CorruptDataError, String(error));
    return undefined;
  }
}

Deno.test("at every acceleration lengths are those of a live kernel", () => {
  const pages = [...pagesOfWords(3), ...sparsePages(3)];
  for (const [level, lengths] of LIVE_LENGTHS) {
    const codec = withLevel(level);
    const found = pages.map((page) => {
      const { length } = compressed(codec, page);
      return length < WHOLE_FROM ? length : page.length;
    });
    assertEquals(found, lengths, `level ${level}`);
  }
});

Deno.test("an acceleration of which no low bit is set loses the page, as in the kernel: it reads as zeros", () => {
  const [page] = pagesOfWords(1);
  const block = compressed(withLevel(2 ** 26), page);
  assertEquals(block.length, 25);
  const back = new Uint8Array(4096).fill(1);
  lz4.decompress(block, back);
  // Its last five bytes alone are there.
  const last = new Uint8Array(4096);
  last.set(page.subarray(-5), 4091);
  assertEquals(back, last);
});

Deno.test("a page comes back at every acceleration, by both decoders", () => {
  const levels = fc.oneof(fc.integer({ min: -3, max: 40 }), fc.nat(100_000));
  fuzz(fc.property(pageSizes.chain(contents), levels, (page, level) => {
    const block = compressed(withLevel(level), page);
    for (const codec of [lz4, lz4Wasm]) {
      assertEquals(decoded(codec, block, page.length), page, codec.name);
    }
  }));
});

Deno.test("both decoders take what either encoder made, and the same of what was changed since", () => {
  const damages = fc.record({
    page: contents(4096),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
  });
  let taken = 0;
  let refused = 0;
  fuzz(
    fc.property(damages, ({ page, cut, changes }) => {
      for (const encoder of [lz4, lz4Wasm]) {
        const block = compressed(encoder, page);
        assertEquals(decoded(lz4, block, 4096), page);
        for (const [at, byte] of changes) block[at % block.length] = byte;
        for (const end of [block.length, Math.floor(cut * block.length)]) {
          const part = block.subarray(0, end);
          const found = decoded(lz4, part, 4096);
          assertEquals(found, decoded(lz4Wasm, part, 4096));
          if (found === undefined) refused++;
          else taken++;
        }
      }
    }),
    300,
  );
  assert(refused > 0);
  assert(taken > 0);
});

Deno.test("matches of every distance and length come back", () => {
  const page = new Uint8Array(4096);
  for (let distance = 1; distance <= 40; distance++) {
    for (let length = 4; length <= 60; length++) {
      page.fill(0);
      for (let at = 0; at < distance; at++) page[at] = at + 1;
      for (let nth = 0; nth < length; nth++) {
        page[distance + nth] = page[nth];
      }
      page.fill(200, distance + length);
      const block = compressed(lz4, page);
      assertEquals(decoded(lz4, block, 4096), page, `${distance} ${length}`);
    }
  }
});

Deno.test("a block that is longer than any page's is refused, and a page above 64 KiB", () => {
  const page = new Uint8Array(65536);
  assertThrows(
    () => lz4.decompress(new Uint8Array(131073), page),
    CorruptDataError,
    "its 131073 bytes are more than any page's",
  );
  assertThrows(
    () => lz4.decompress(Uint8Array.of(0), new Uint8Array(65537)),
    RangeError,
    "Cannot decompress a page: the 'page' has 65537 bytes, not 65536 or less",
  );
});
