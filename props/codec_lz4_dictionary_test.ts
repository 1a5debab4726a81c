/**
 * LZ4 with a dictionary against lengths that live kernels gave, and its decoder.
 * Pages of more than 4 KiB have the lengths that lib/lz4 of 7.3.4 gives where it
 * is built by itself.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Codec,
  CorruptDataError,
  lz4hc,
  lz4WithDictionary,
  randomFrom,
  type ZcompParams,
} from "../mod.ts";
import { CODEC_DICTIONARIES, CODEC_PAGES } from "./codec_pages.ts";
import { contents, fuzz } from "./fuzz.ts";
import {
  compressed,
  countedLengths,
  largePages,
  lengthOf,
  recordedOf,
  TOLD_KERNELS,
} from "./lz4_recorded.ts";

/** Bytes in which nothing comes again. */
function noise(bytes: number): Uint8Array {
  const random = randomFrom(1);
  return Uint8Array.from({ length: bytes }, () => random(256));
}

for (const kernel of TOLD_KERNELS) {
  Deno.test(`lz4 has ${kernel}'s length of every page with every dictionary, whatever its acceleration`, () => {
    let compared = 0;
    for (const { setting, lengths } of recordedOf(kernel, "lz4")) {
      const { level = 1, dict } = setting;
      if (lengths === undefined || dict === undefined) continue;
      const codec = lz4WithDictionary(level, CODEC_DICTIONARIES[dict]);
      const label = JSON.stringify(setting);
      assertEquals(countedLengths(kernel, codec), lengths, label);
      compared++;
    }
    assert(compared > 0);
  });
}

Deno.test("a dictionary of less than 8 bytes or more than 64 KiB compresses nothing, as in the kernels", () => {
  const into = new Uint8Array(8192);
  const lengthWith = (bytes: number) =>
    lz4WithDictionary(1, CODEC_DICTIONARIES["100 KiB"].subarray(0, bytes))
      .compress(CODEC_PAGES[0].bytes, into);
  for (const bytes of [1, 7, 65537, 102400]) {
    assertEquals(lengthWith(bytes), 0, `${bytes} bytes`);
  }
  for (const bytes of [8, 9, 65536]) assert(lengthWith(bytes) > 0);
  for (const kernel of TOLD_KERNELS) {
    const refused = recordedOf(kernel, "lz4")
      .filter(({ setting: { dict = "" } }) =>
        ["3 bytes", "100 KiB"].includes(dict)
      )
      .map(({ refused }) => refused?.join(" "));
    const how = kernel === "linux-7.3" ? "disksize EINVAL" : "write EIO";
    assertEquals(new Set(refused), new Set([how]), kernel);
  }
});

Deno.test("larger pages have their lengths too, matches up to 65,535 bytes back", () => {
  for (
    const [size, acceleration, dict, expected] of [
      [16384, 1, "8 bytes", [4969, 9382, 12590, 13590, 5851, 1935]],
      [16384, 1, "4 KiB", [4706, 9174, 12481, 13277, 5855, 1885]],
      [16384, 3, "64 KiB", [4572, 9051, 12620, 12494, 5927, 2079]],
      [65536, 1, "8 bytes", [32867, 35712, 36199, 31452, 26168, 32125]],
      [65536, 1, "4 KiB", [32530, 35421, 35826, 30821, 25954, 31714]],
      [65536, 3, "64 KiB", [33147, 35470, 36378, 30240, 26593, 32103]],
    ] satisfies [number, number, string, number[]][]
  ) {
    const codec = lz4WithDictionary(acceleration, CODEC_DICTIONARIES[dict]);
    const lengths = largePages(size).map((page) => lengthOf(codec, page));
    assertEquals(lengths, expected, `${size} ${acceleration} ${dict}`);
  }
});

Deno.test("an acceleration below 1 is 1", () => {
  const dictionary = CODEC_DICTIONARIES["4 KiB"];
  const [page] = largePages(16384);
  const at = (acceleration: number) =>
    compressed(lz4WithDictionary(acceleration, dictionary), page);
  for (const acceleration of [-(2 ** 31), -1, 0]) {
    assertEquals(at(acceleration), at(1));
  }
  assert(at(1).length < at(2).length);
});

Deno.test("an acceleration that leaves nothing of 32 bits finds a place before itself, and the page is lost", () => {
  // LZ4_compress_generic, lib/lz4/lz4_compress.c: `acceleration << 6` is 0, so
  // the search stays where it is, and what it entered last is its candidate.
  const codec = lz4WithDictionary(2 ** 26, CODEC_DICTIONARIES["4 KiB"]);
  const page = noise(4096);
  const block = compressed(codec, page);
  assertEquals(block.length, 1 + 2 + 16 + 1 + 5);
  const back = new Uint8Array(4096);
  codec.decompress(block, back);
  assertEquals(back.subarray(0, 4091), new Uint8Array(4091));
  assertEquals(back.subarray(4091), page.subarray(4091));
});

function lz4hcWith(params: ZcompParams): Codec {
  return lz4hc.withParams?.(params) ?? lz4hc;
}

const dictionaries = fc.integer({ min: 8, max: 65536 }).chain(contents);

Deno.test("with any dictionary a page comes back as it was", () => {
  fuzz(
    fc.property(
      dictionaries,
      fc.constantFrom(4096, 16384, 65536).chain(contents),
      fc.integer({ min: 1, max: 20 }),
      (dict, page, level) => {
        const told = [
          lz4WithDictionary(level, dict),
          lz4hcWith({ level, dict }),
        ];
        for (const codec of told) {
          const back = new Uint8Array(page.length);
          codec.decompress(compressed(codec, page), back);
          assertEquals(back, page, codec.name);
        }
      },
    ),
    30,
  );
});

Deno.test("a page that stands in the dictionary up to 65,535 bytes before is one match, but for its ends", () => {
  const dict = noise(65536);
  const codecs = [lz4WithDictionary(1, dict), lz4hcWith({ dict })];
  const lengthsFrom = (from: number) => {
    const page = dict.slice(from, from + 4096);
    return codecs.map((codec) => lengthOf(codec, page));
  };
  for (const from of [1, 2, 3000, 65536 - 4096]) {
    for (const length of lengthsFrom(from)) {
      assert(length > 20 && length < 30, `${length} from ${from}`);
    }
  }
  for (const length of lengthsFrom(0)) assert(length > 4096);
});

Deno.test("what is wrong with a block is said", () => {
  const codec = lz4WithDictionary(1, new TextEncoder().encode("dictionary"));
  const refused = (bytes: readonly number[], reason: string, page = 4096) => {
    const error = assertThrows(
      () => codec.decompress(Uint8Array.from(bytes), new Uint8Array(page)),
      CorruptDataError,
    );
    assertEquals(error.message, `Cannot decompress lz4 data: ${reason}`);
  };
  const ofPage = (bytes: string) =>
    `the match at byte 2 has bytes ${bytes} of the page's 32, whose last are literals`;
  refused([], "it ends without a last sequence");
  refused([0xf0], "it ends inside a length");
  refused([0xf0, 255, 255], "it ends inside a length");
  refused([0x50, 1, 2], "it ends inside the 5 literals at byte 1");
  refused([0x10, 7], "it makes 1 bytes of a page's 4096");
  refused([0x10, 7, 9], "it ends inside an offset");
  refused([0x10, 7, 12, 0], "the match at byte 2 goes back 12 of 11 bytes");
  refused([0x1f, 7, 11, 0], "it ends inside a length");
  refused([0x10, 7, 11, 0], "it ends without a last sequence");
  refused([0x30, 1, 2, 3], "byte 1 goes beyond the page's 2 bytes", 2);
  refused([0x1f, 7, 1, 0, 8, 0x50, 1, 2, 3, 4, 5], ofPage("1 to 28"), 32);
  refused([0x1f, 7, 1, 0, 255, 255, 0], ofPage("1 to 530"), 32);
  refused(
    [0xd0, ...Array(13).fill(1), 1, 0, 0x80, ...Array(8).fill(2)],
    "the match at byte 14 has bytes 13 to 17 of the page's 24, whose last are literals",
    24,
  );
});

Deno.test("a match goes on from the dictionary into the page, and one of offset 0 is of zeros", () => {
  const codec = lz4WithDictionary(1, new TextEncoder().encode("dictionary"));
  const decoded = (bytes: readonly number[]) => {
    const page = new Uint8Array(20).fill(1);
    codec.decompress(Uint8Array.from(bytes), page);
    return new TextDecoder().decode(page);
  };
  const literals = (text: string) => [...new TextEncoder().encode(text)];
  assertEquals(
    decoded([0x16, 45, 5, 0, 0x90, ...literals("123456789")]),
    "-nary-nary-123456789",
  );
  assertEquals(
    decoded([0x26, 45, 45, 0, 0, 0x80, ...literals("12345678")]),
    "--" + "\0".repeat(10) + "12345678",
  );
});
