/**
 * LZ4HC against lengths that live kernels gave. Pages of more than 4 KiB have
 * the lengths that lib/lz4 of 7.3.4 gives where it is built by itself.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptDataError, lz4, lz4hc, type ZcompParams } from "../mod.ts";
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

function lz4hcWith(params: ZcompParams) {
  return lz4hc.withParams?.(params) ?? lz4hc;
}

function dictOf(name: string | undefined): Uint8Array | undefined {
  return name === undefined ? undefined : CODEC_DICTIONARIES[name];
}

// Before 6.12 nothing can be told: the default level alone.
for (const kernel of ["linux-5.10", "linux-6.1", ...TOLD_KERNELS]) {
  Deno.test(`lz4hc has ${kernel}'s length of every page, at every level and with every dictionary`, () => {
    let compared = 0;
    for (const { setting, lengths } of recordedOf(kernel, "lz4hc")) {
      if (lengths === undefined) continue;
      const { level, dict } = setting;
      const codec = lz4hcWith({ level, dict: dictOf(dict) });
      const label = JSON.stringify(setting);
      assertEquals(countedLengths(kernel, codec), lengths, label);
      compared++;
    }
    assertEquals(compared > 0, true);
  });
}

Deno.test("the kernels took lz4hc's levels from 1 to 16, and up to 6.18 any", () => {
  for (const kernel of TOLD_KERNELS) {
    const levels = recordedOf(kernel, "lz4hc")
      .flatMap(({ setting: { level, dict }, lengths }) =>
        level === undefined || dict !== undefined || lengths === undefined
          ? []
          : [level]
      )
      .sort((one, other) => one - other);
    const all = Array.from({ length: 16 }, (_, nth) => nth + 1);
    const beyond = kernel === "linux-7.3" ? [[], []] : [[-5, 0], [17, 99]];
    assertEquals(levels, [...beyond[0], ...all, ...beyond[1]], kernel);
  }
});

Deno.test("a level below 1 is 9 and one above 16 is 16", () => {
  const page = largePages(65536)[0];
  const at = (level: number) => compressed(lz4hcWith({ level }), page);
  for (const level of [-(2 ** 31), -5, 0]) assertEquals(at(level), at(9));
  for (const level of [17, 99, 2 ** 31 - 1]) assertEquals(at(level), at(16));
  assertEquals(compressed(lz4hcWith({}), page), at(9));
  assert(at(16).length < at(9).length && at(9).length < at(1).length);
});

Deno.test("larger pages have their lengths too, matches up to 65,535 bytes back", () => {
  const lengths = (size: number, level: number, dict?: string) =>
    largePages(size)
      .map((page) => lengthOf(lz4hcWith({ level, dict: dictOf(dict) }), page));
  for (
    const [size, level, dict, expected] of [
      [16384, 1, undefined, [4733, 8872, 12298, 13376, 5559, 1795]],
      [16384, 9, undefined, [4322, 8746, 12096, 13345, 5554, 1770]],
      [16384, 16, undefined, [4310, 8746, 12096, 13342, 5551, 1769]],
      [16384, 9, "4 KiB", [4060, 8485, 11870, 13032, 5554, 1658]],
      [16384, 16, "64 KiB", [3414, 7722, 11200, 12319, 5551, 1522]],
      [65536, 1, undefined, [31780, 34448, 35110, 30090, 24968, 30930]],
      [65536, 9, undefined, [30742, 33806, 34352, 29486, 24519, 29887]],
      [65536, 16, undefined, [30723, 33801, 34347, 29467, 24491, 29873]],
      [65536, 9, "4 KiB", [30236, 33256, 33679, 28729, 24061, 28918]],
      [65536, 16, "64 KiB", [28960, 31928, 32751, 27311, 23256, 27801]],
    ] satisfies [number, number, string | undefined, number[]][]
  ) {
    const label = `${size} bytes, level ${level}, dictionary ${dict}`;
    assertEquals(lengths(size, level, dict), expected, label);
  }
});

Deno.test("a dictionary of less than 4 bytes is as none, one of 4 is not", () => {
  const page = largePages(4096)[0];
  const plain = compressed(lz4hc, page);
  const withFirst = (bytes: number) =>
    compressed(lz4hcWith({ dict: page.slice(1, 1 + bytes) }), page);
  for (const bytes of [0, 1, 2, 3]) assertEquals(withFirst(bytes), plain);
  const back = new Uint8Array(4096);
  assertThrows(() => lz4hc.decompress(withFirst(4), back), CorruptDataError);
});

Deno.test("with a dictionary of more than 64 KiB nothing is compressed: every write was EIO", () => {
  for (const bytes of [65537, 100 * 1024]) {
    const codec = lz4hcWith({ dict: new Uint8Array(bytes) });
    assertEquals(codec.compress(CODEC_PAGES[0].bytes, new Uint8Array(8192)), 0);
  }
  for (const kernel of TOLD_KERNELS) {
    const refused = recordedOf(kernel, "lz4hc")
      .filter(({ setting }) => setting.dict === "100 KiB")
      .map(({ refused }) => refused?.join(" "));
    assertEquals(new Set(refused), new Set(["write EIO"]), kernel);
  }
});

Deno.test("a dictionary that changes after it was given changes nothing", () => {
  const page = CODEC_PAGES[0].bytes;
  const dict = page.slice();
  const codec = lz4hcWith({ dict });
  const before = compressed(codec, page);
  dict.fill(0);
  assertEquals(compressed(codec, page), before);
  const back = new Uint8Array(4096);
  codec.decompress(before, back);
  assertEquals(back, page);
});

Deno.test("what lz4hc makes lz4 reads, and the other way round", () => {
  fuzz(fc.property(contents(4096), (page) => {
    const back = new Uint8Array(4096);
    lz4.decompress(compressed(lz4hc, page), back);
    assertEquals(back, page);
    back.fill(0);
    lz4hc.decompress(compressed(lz4, page), back);
    assertEquals(back, page);
  }));
});

Deno.test("codecs of other levels and dictionaries leave each other alone", () => {
  const codecs = [
    lz4hc,
    lz4hcWith({ level: 3, dict: CODEC_DICTIONARIES["64 KiB"] }),
    lz4hcWith({ dict: CODEC_DICTIONARIES["4 KiB"] }),
    lz4hcWith({ level: 16 }),
  ];
  const pages = [...largePages(65536).slice(0, 2), ...largePages(4096)];
  const alone = codecs.map((codec) =>
    pages.map((page) => lengthOf(codec, page))
  );
  const byTurns = pages.map((page) =>
    codecs.map((codec) => lengthOf(codec, page))
  );
  assertEquals(codecs.map((_, nth) => byTurns.map((row) => row[nth])), alone);
});

Deno.test("told anew while in use it takes the level, and a dictionary only where it has one", () => {
  const page = largePages(65536)[0];
  const dict = CODEC_DICTIONARIES["64 KiB"];
  const told = (params: ZcompParams, anew: ZcompParams) => {
    const codec = lz4hcWith(params).retold?.(anew);
    return codec === undefined ? undefined : compressed(codec, page);
  };
  const own = (params: ZcompParams) => compressed(lz4hcWith(params), page);
  assertEquals(told({}, { level: 16, dict }), own({ level: 16 }));
  assertEquals(told({ level: 16 }, {}), own({}));
  assertEquals(told({ dict }, { level: 3 }), own({ level: 3 }));
  assertEquals(
    told({ dict: page }, { level: 3, dict }),
    own({ level: 3, dict }),
  );
});

Deno.test("a page above 64 KiB is refused", () => {
  assertThrows(
    () => lz4hc.compress(new Uint8Array(65537), new Uint8Array(2 * 65537)),
    RangeError,
    "Cannot compress a page: the 'page' has 65537 bytes, not 65536 or less",
  );
});
