import { constants, zstdCompressSync } from "node:zlib";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import {
  type Codec,
  CorruptDataError,
  expandContents,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_7_3,
  type Profile,
  type ZcompParams,
  zstd,
  type ZstdEncoder,
  zstdOf,
  type ZstdSizeHint,
} from "../mod.ts";
import { isZstd157 } from "../src/codec/zstd_release.ts";
import type { Setting } from "./codec_lengths/recording.ts";
import { CODEC_DICTIONARIES, CODEC_PAGES } from "./codec_pages.ts";
import { contents, fuzz } from "./fuzz.ts";

const PAGE_SIZE = 4096;
const into = new Uint8Array(2 * PAGE_SIZE);

/** Pages of text, whose lengths differ between libraries and what they are told. */
const TEXTS = CODEC_PAGES.map(({ bytes }) => bytes).slice(0, 8);

function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  return into.slice(0, codec.compress(page, into));
}

function lengthIn(codec: Codec, page: Uint8Array): number {
  return codec.compress(page, into);
}

/** zstd as a kernel's zram has it, told what a recording set. */
function codecOf({ zram }: Profile, { level, dict }: Setting): Codec {
  const codec = zstdOf(zram.zstd);
  if (level === undefined && dict === undefined) return codec;
  const params: ZcompParams = {
    level,
    dict: dict === undefined ? undefined : CODEC_DICTIONARIES[dict],
  };
  const told = codec.withParams?.(params);
  assert(told !== undefined);
  return told;
}

Deno.test("levels beyond libzstd's are its last ones, and 0 is the default", () => {
  for (const profile of [LINUX_6_12, LINUX_7_3]) {
    const lengths = (level: number) =>
      TEXTS.map((page) => lengthIn(codecOf(profile, { level }), page));
    assertEquals(lengths(23), lengths(22));
    assertEquals(lengths(2 ** 31 - 1), lengths(22));
    assertEquals(lengths(-131073), lengths(-131072));
    assertEquals(lengths(0), lengths(3));
    assertEquals(lengths(-(2 ** 31)), lengths(3));
  }
});

Deno.test("zswap's lengths are those of the size that crypto/zstd.c tells, of which 256 KiB is as good as a page's", () => {
  const lengths = (encoder: ZstdEncoder) =>
    TEXTS.map((page) => lengthIn(zstdOf(encoder), page));
  const told = (libzstd: string, sizeHint: ZstdSizeHint) => {
    const encoder = { libzstd, sizeHint };
    return { encoder, lengths: lengths(encoder) };
  };
  const older = told("1.5.2", 0);
  const old = told("1.5.7", 0);
  const now = told("1.5.7", 262144);
  assertEquals(LINUX_6_12.zswap.zstd, older.encoder);
  assertEquals(LINUX_6_16.zswap.zstd, old.encoder);
  assertEquals(LINUX_7_3.zswap.zstd, now.encoder);
  const ofPages = lengths(LINUX_7_3.zram.zstd);
  assertEquals(now.lengths, ofPages);
  assertNotEquals(old.lengths, ofPages);
  assertNotEquals(older.lengths, old.lengths);
});

Deno.test("with a dictionary it says that its lengths are near", () => {
  for (const profile of [LINUX_6_12, LINUX_7_3]) {
    assertEquals(
      codecOf(profile, { dict: "trained" }).near,
      "no libzstd at hand takes a dictionary as the kernel does, prepared once for all pages",
    );
    assertEquals(codecOf(profile, { level: 19 }).near, undefined);
  }
});

Deno.test("a libzstd that zspec has not is Deno's, and only near", () => {
  const other = zstdOf({ libzstd: "1.6.0", sizeHint: "page" });
  assertEquals(other.near, "Deno's libzstd is not the kernel's 1.6.0");
  assertEquals(lengthIn(other, TEXTS[0]), lengthIn(zstd, TEXTS[0]));
});

Deno.test("Deno's libzstd is told from others by lengths", () => {
  const encoderOf = (encoder: ZstdEncoder) => (level: number) =>
    (zstdOf(encoder).withParams?.({ level }) ?? zstd).compress;
  const sizeHint = "page";
  assert(isZstd157(encoderOf({ libzstd: "1.5.7", sizeHint })));
  assert(!isZstd157(encoderOf({ libzstd: "1.5.2", sizeHint })));
  assertEquals(zstd.near, undefined);
});

/** A codec of each library, told little or much. */
const VARIANTS: readonly Codec[] = [
  ...[LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_7_3].flatMap((
    { zram, zswap },
  ) => [zstdOf(zram.zstd), zstdOf(zswap.zstd)]),
  ...[LINUX_6_12, LINUX_7_3].flatMap((profile) => [
    codecOf(profile, { level: -1 }),
    codecOf(profile, { level: 19 }),
    codecOf(profile, { dict: "4 KiB" }),
    codecOf(profile, { dict: "trained", level: 9 }),
  ]),
];

Deno.test("each gives back the page it was given, whatever its size and whatever was compressed between", () => {
  const sizes = fc.constantFrom(4096, 16384, 65536);
  fuzz(
    fc.property(sizes.chain(contents), (page) => {
      const room = new Uint8Array(2 * page.length);
      const streams = VARIANTS
        .map((codec) => room.slice(0, codec.compress(page, room)));
      VARIANTS.forEach((codec, nth) => {
        const back = new Uint8Array(page.length);
        codec.decompress(streams[nth], back);
        assertEquals(back, page);
        const again = room.slice(0, codec.compress(page, room));
        assertEquals(again, streams[nth]);
      });
    }),
    40,
  );
});

Deno.test("a page above 64 KiB is refused where there is no room for it", () => {
  const page = new Uint8Array(65537);
  const room = new Uint8Array(2 * page.length);
  for (const { zram } of [LINUX_6_1, LINUX_6_12]) {
    assertThrows(
      () => zstdOf(zram.zstd).compress(page, room),
      RangeError,
      "Cannot compress a page: the 'page' has 65537 bytes, not 65536 or less",
    );
  }
});

Deno.test("a dictionary of many megabytes has room, and so have those after it", () => {
  const large = Uint8Array.from(
    { length: 24 << 20 },
    (_, at) => Math.imul(at >>> 3, 2654435761) >>> 24,
  );
  const codec = zstd.withParams?.({ dict: large, level: -1 }) ?? zstd;
  const small = codecOf(LINUX_7_3, { dict: "4 KiB" });
  for (const one of [codec, small, codec]) {
    const back = new Uint8Array(PAGE_SIZE);
    one.decompress(compressed(one, TEXTS[0]), back);
    assertEquals(back, TEXTS[0]);
  }
});

/** Frames that hold `size` zeros in a block of one byte repeated. */
function zeros(size: number): Uint8Array {
  const content = [size & 255, size >>> 8 & 255, size >>> 16 & 255, 0];
  const header = 1 | 1 << 1 | size << 3;
  const block = [header & 255, header >>> 8 & 255, header >>> 16 & 255, 0];
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, ...content, ...block]);
}

Deno.test("frames of more or less than a page are refused, however much they claim", () => {
  for (const codec of VARIANTS) {
    const back = new Uint8Array(PAGE_SIZE).fill(1);
    codec.decompress(zeros(PAGE_SIZE), back);
    assertEquals(back, new Uint8Array(PAGE_SIZE));
    for (const size of [0, 1, 4095, 4097, 65536, 131071]) {
      assertThrows(
        () => codec.decompress(zeros(size), back),
        CorruptDataError,
        "Cannot decompress zstd data: ",
      );
    }
  }
});

Deno.test("zstd decodes pages of 32 KiB, wherever the pieces end in which they are made", () => {
  const page = expandContents({
    ...{ kind: "mixed", period: 29, random: 491 },
    ...{ noise: 3, at: 711, seed: 85 },
  }, 32768);
  const code = new Uint8Array(2 * page.length);
  const back = new Uint8Array(page.length);
  zstd.decompress(code.subarray(0, zstd.compress(page, code)), back);
  assertEquals(back, page);
});

Deno.test("zstd refuses a frame whose window is larger than the largest page, where it does not tell its length", () => {
  const page = expandContents({ kind: "symbols", symbols: 4, seed: 1 }, 65536);
  const back = new Uint8Array(page.length);
  const frame = (windowLog: number) =>
    zstdCompressSync(page, {
      params: {
        [constants.ZSTD_c_windowLog]: windowLog,
        [constants.ZSTD_c_contentSizeFlag]: 0,
      },
    });
  zstd.decompress(frame(16), back);
  assertEquals(back, page);
  assertThrows(() => zstd.decompress(frame(17), back), CorruptDataError);
});
