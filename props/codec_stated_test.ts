import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CorruptDataError,
  expandContents,
  fillStated,
  LINUX_6_18_FULL,
  lzo,
  randomFrom,
  statedCodecs,
  STATEMENT_BYTES,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { bytes } from "../src/programs/bytes.ts";
import { randomStated } from "../src/programs/random_page.ts";

const PAGE_SIZES = [4096, 65536];

/** What `codec` makes of a page, once it gave the page back. */
function lengthOf(name: string, nth: number, page: Uint8Array): number {
  const names = Array.from({ length: nth + 1 }, (_, at) => `${name}-${at}`);
  const codec = statedCodecs(names)[nth];
  const into = new Uint8Array(2 * page.length).fill(0xaa);
  const length = codec.compress(page, into);
  const back = new Uint8Array(page.length);
  codec.decompress(into.subarray(0, length), back);
  assertEquals(back, page);
  return length;
}

function stated(pageSize: number, lengths: readonly number[], seed: number) {
  const page = new Uint8Array(pageSize);
  fillStated(page, lengths, seed);
  return page;
}

Deno.test("a page that states a length is of that length, from one byte to a page and one more", () => {
  for (const pageSize of PAGE_SIZES) {
    const step = pageSize / 4096;
    for (let length = 1; length <= pageSize + 1; length += step) {
      const page = stated(pageSize, [length], length & 255);
      assertEquals(lengthOf("any", 0, page), length);
    }
    const one = stated(pageSize, [pageSize + 1], 9);
    assertEquals(lengthOf("any", 0, one), pageSize + 1);
  }
});

Deno.test("each codec takes the length that stands in its place, the last one where none does", () => {
  const page = stated(4096, [4096, 24, 3000], 70_000);
  const lengths = [0, 1, 2, 3, 4].map((nth) => lengthOf("any", nth, page));
  assertEquals(lengths, [4096, 24, 3000, 3000, 4096]);
});

Deno.test("a page that states nothing, or more than a form of its length can hold, becomes one byte longer", () => {
  const changed = stated(4096, [100], 1);
  changed[4095] ^= 1;
  const pages = [
    new Uint8Array(4096).fill(1),
    changed,
    stated(4096, [4098], 1),
    stated(4096, [0], 1),
    stated(4096, [STATEMENT_BYTES - 1, 100], 1),
    stated(4096, [STATEMENT_BYTES - 1], 256),
  ];
  for (const page of pages) assertEquals(lengthOf("any", 0, page), 4097);
});

Deno.test("an object of stated length that was damaged is no beginning of a page", () => {
  const [codec] = statedCodecs(["any"]);
  const into = new Uint8Array(8192);
  for (const length of [2, STATEMENT_BYTES, 100, 4096, 4097]) {
    codec.compress(stated(4096, [length], 1), into);
    const back = new Uint8Array(4096);
    const object = into.slice(0, length);
    codec.decompress(object, back);
    object[length - 1] ^= 1;
    assertThrows(() => codec.decompress(object, back), CorruptDataError);
  }
  const nothing = new Uint8Array(0);
  assertThrows(
    () => codec.decompress(nothing, new Uint8Array(4096)),
    CorruptDataError,
  );
});

Deno.test("stated lengths meet a device's thresholds to the byte, for writes and for recompression", () => {
  const codecs = statedCodecs(["lzo-rle", "zstd"]);
  const zram = new Zram(LINUX_6_18_FULL, { codecs });
  zram.setAlgorithm("lzo-rle");
  zram.setAlgorithm("zstd", 1);
  zram.setDisksize(1 << 20);
  const huge = zram.wholeFrom;
  const lengths = [[huge - 1, 500], [huge, 500], [1000, 500]];
  const written = lengths.map((both, nth) =>
    zram.write(nth, stated(4096, both, nth))
  );
  assertEquals(written, [huge - 1, 4096, 1000]);
  writeAttribute(zram, "recompress", "type=huge threshold=500");
  assertEquals(zram.slots.size(1), 4096);
  // No algorithm made it small enough: it is marked, and passed over.
  zram.write(1, stated(4096, lengths[1], 1));
  writeAttribute(zram, "recompress", "type=huge threshold=501");
  assertEquals(zram.slots.size(1), 500);
  const page = new Uint8Array(4096);
  zram.read(1, page);
  assertEquals(page, stated(4096, lengths[1], 1));
});

Deno.test("random pages of stated lengths are of those lengths, edges among them", () => {
  const random = randomFrom(1);
  const seen = new Set<number>();
  for (let nth = 0; nth < 2000; nth++) {
    const contents = randomStated(random, [1, 3264, 4096], 4096, 2);
    assertEquals(bytes(JSON.parse(JSON.stringify(contents))), contents);
    assert(contents.kind === "stated");
    const page = expandContents(contents, 4096);
    const { lengths } = contents;
    assertEquals(lengthOf("any", 0, page), lengths[0]);
    assertEquals(lengthOf("any", 1, page), lengths[lengths.length - 1]);
    for (const length of lengths) seen.add(length);
  }
  for (const edge of [1, 2, 3263, 3264, 3265, 4095, 4096, 4097]) {
    assert(seen.has(edge), `no page of ${edge} bytes`);
  }
});

Deno.test("contents of one word but for its end are no word, and have that end alone", () => {
  const almost = { kind: "almost", bytes: [1, 2], last: 8 } as const;
  assertEquals(bytes(almost), almost);
  const page = expandContents(almost, 4096);
  const word = expandContents({ kind: "repeated", bytes: [1, 2] }, 4096);
  assertEquals(page.subarray(0, 4088), word.subarray(0, 4088));
  assert(page.subarray(4088).every((byte, nth) => byte !== word[4088 + nth]));
});

Deno.test("far repeats are alike for a block and no further, and lzo finds them within 48 KiB", () => {
  const length = (distance: number) => {
    const far = { kind: "far", block: 64, distance, seed: 3 } as const;
    assertEquals(bytes(far), far);
    const page = expandContents(far, 65536);
    const second = page.subarray(64 + distance);
    assertEquals(page.subarray(64, 128), second.subarray(0, 64));
    const behind = page.subarray(128, 131);
    assert(behind.every((byte, nth) => byte !== second[64 + nth]));
    return lzo.compress(page, new Uint8Array(2 * 65536));
  };
  // lzo compresses 48 KiB at a time, and sees no farther.
  assert(length(48 * 1024 - 256) < length(48 * 1024), "M4_MAX_OFFSET");
});
