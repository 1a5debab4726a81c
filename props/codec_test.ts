import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  ALL_CODECS,
  type Codec,
  CorruptDataError,
  deflate,
  KERNEL_CODECS,
  LINUX_6_18_FULL,
  lz4,
  randomFrom,
  RecordedSizes,
  zstd,
} from "../mod.ts";
import { contents, fuzz } from "./fuzz.ts";

const pageSizes = fc.constantFrom(4096, 16384, 65536);

function compressed(codec: Codec, page: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * page.length);
  return into.slice(0, codec.compress(page, into));
}

Deno.test("every codec gives back the page it was given", () => {
  fuzz(fc.property(pageSizes.chain(contents), (page) => {
    for (const codec of ALL_CODECS) {
      const back = new Uint8Array(page.length);
      codec.decompress(compressed(codec, page), back);
      assertEquals(back, page, codec.name);
    }
  }));
});

Deno.test("the kernel's codecs are in the order of 6.18's list, and every name is there once", () => {
  const names = KERNEL_CODECS.map(({ name }) => name);
  const listed = LINUX_6_18_FULL.zram.compAlgorithms;
  assertEquals(names, listed.filter((name) => names.includes(name)));
  const all = ALL_CODECS.map(({ name }) => name);
  assertEquals(all.slice(0, names.length), names);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("what is encoded depends on the page alone, and not on those before it", () => {
  fuzz(
    fc.property(
      pageSizes.chain(contents),
      pageSizes.chain(contents),
      (one, other) => {
        for (const codec of ALL_CODECS) {
          const first = compressed(codec, one);
          compressed(codec, other);
          assertEquals(compressed(codec, one), first, codec.name);
        }
      },
    ),
    50,
  );
});

Deno.test("a page above 64 KiB is refused by the kernel's codecs", () => {
  for (const codec of KERNEL_CODECS) {
    assertThrows(
      () => compressed(codec, new Uint8Array(65537)),
      RangeError,
      "Cannot compress a page: the 'page' has 65537 bytes, not 65536 or less",
    );
  }
});

Deno.test("deflate and zstd data of a larger or a smaller page is refused", () => {
  for (const codec of [deflate, zstd]) {
    const stream = compressed(codec, new Uint8Array(4096).fill(7, 100));
    const refused = (length: number, reason: string) => {
      const error = assertThrows(
        () => codec.decompress(stream, new Uint8Array(length)),
        CorruptDataError,
      );
      assertEquals(
        error.message,
        `Cannot decompress ${codec.name} data: ${reason}`,
      );
    };
    refused(4095, "it makes more than the page's 4095 bytes");
    refused(4097, "it makes 4096 bytes of a page's 4097");
  }
});

Deno.test("a page of zeros and a page of noise have the kernel's lengths in lz4", () => {
  const random = randomFrom(1);
  const noise = Uint8Array.from({ length: 4096 }, () => random(256));
  assertEquals(compressed(lz4, new Uint8Array(4096)).length, 26);
  assertEquals(compressed(lz4, noise).length >= 4096, true);
});

Deno.test("what is wrong with LZ4 data is said", () => {
  const page = new Uint8Array(4096);
  const refused = (bytes: number[], message: string) =>
    assertThrows(
      () => lz4.decompress(Uint8Array.from(bytes), page),
      CorruptDataError,
      message,
    );
  refused([], "it ends without a last sequence");
  refused([0xf0], "it ends inside a length");
  refused([0x50, 1, 2], "it ends inside the 5 literals");
  refused([0x10, 7], "it makes 1 bytes of a page's 4096");
  refused([0x10, 7, 9], "it ends inside an offset");
  refused([0x10, 7, 9, 0], "goes back 9 of 1 bytes");
  // A match of itself is zeros to the kernel: what follows it is missing.
  refused([0x10, 7, 0, 0], "it ends without a last sequence");
  refused(
    [0x1f, 7, 1, 0, ...Array(20).fill(255), 0],
    "goes beyond the page's 4096 bytes",
  );
});

Deno.test("recorded sizes are answered as told, and damage is noticed", () => {
  const codec = new RecordedSizes("lzo-rle");
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at);
  codec.nextLength = 777;
  const bytes = compressed(codec, page);
  assertEquals(bytes.length, 777);
  const back = new Uint8Array(4096);
  codec.decompress(bytes, back);
  assertEquals(back, page);
  bytes[500] ^= 1;
  assertThrows(
    () => codec.decompress(bytes, back),
    CorruptDataError,
    "byte 500 of page 0 was changed",
  );
  codec.nextLength = 3;
  assertThrows(
    () => compressed(codec, page),
    RangeError,
    "the 'nextLength' is 3",
  );
});

Deno.test("a recorded page has its length wherever it comes from, and another codec's parameters give it another", () => {
  const codec = new RecordedSizes("zstd");
  const page = new Uint8Array(4096).fill(7);
  const into = new Uint8Array(2 * 4096);
  codec.nextLength = 100;
  codec.record(page, 500);
  assertEquals(codec.compress(page.slice(), into), 500);
  assertEquals(codec.compress(new Uint8Array(4096), into), 100);
  codec.record(page, 600);
  assertEquals(codec.compress(page, into), 600);
  const other = codec.withParams();
  other.nextLength = 300;
  assertEquals([other.name, other.compress(page, into)], ["zstd", 300]);
});
