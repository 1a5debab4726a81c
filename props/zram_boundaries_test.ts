import { assertEquals } from "@std/assert";
import {
  checkZram,
  type Codec,
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18_FULL,
  type Profile,
  RamBackingDevice,
  Zram,
} from "../mod.ts";

const PAGE = 4096;

/** A codec that makes of a page as many bytes as its first two say. */
function asTold(name: string): Codec {
  const length = (page: Uint8Array) => page[0] + 256 * page[1];
  return {
    name,
    compress(page, into) {
      into.fill(0, 0, length(page));
      into.set(page.subarray(0, 4));
      return length(page);
    },
    decompress(compressed, page) {
      page.fill(0).set(compressed.subarray(0, 4));
    },
  };
}

/** A page that {@linkcode asTold} makes `length` bytes of. */
function pageOf(length: number, seed = 1): Uint8Array {
  const page = new Uint8Array(PAGE);
  page.set([length & 255, length >> 8, seed]);
  return page;
}

/** A device with these pages, and a backing device. */
function makeZram(profile: Profile, lengths: readonly number[]): Zram {
  const { defaultAlgorithm } = profile.zram;
  const zram = new Zram(profile, {
    codecs: [asTold(defaultAlgorithm)],
    backingDevices: new Map([["/dev/sda", new RamBackingDevice(64, PAGE)]]),
  });
  if (profile.zram.writeback) zram.setBackingDev("/dev/sda");
  zram.setDisksize(lengths.length * PAGE);
  lengths.forEach((length, nth) => zram.write(nth, pageOf(length, nth + 1)));
  checkZram(zram);
  return zram;
}

Deno.test("a page is stored whole from the size on that a page of its own is needed for", () => {
  const found = [LINUX_3_12, LINUX_6_1, LINUX_6_18_FULL].map((profile) => {
    const from = makeZram(profile, [100]).wholeFrom;
    const zram = makeZram(profile, [from - 1, from, from + 1, PAGE, PAGE + 9]);
    const sizes = [0, 1, 2, 3, 4].map((slot) => zram.slots.size(slot));
    assertEquals(sizes, [from - 1, PAGE, PAGE, PAGE, PAGE]);
    assertEquals(zram.mmStat().huge_pages, 4);
    sizes.forEach((_, slot) => {
      const into = new Uint8Array(PAGE);
      zram.read(slot, into);
      assertEquals(into[2], slot + 1);
    });
    return from;
  });
  assertEquals(found, [3073, 3257, 3625]);
});

/** The pages of a device in the order in which they were written back. */
function writebackOrder(profile: Profile, lengths: readonly number[]) {
  const zram = makeZram(profile, lengths);
  zram.markIdle();
  assertEquals(zram.writeback("idle"), undefined);
  return lengths.map((_, slot) => slot)
    .sort((one, other) => zram.slots.block(one) - zram.slots.block(other));
}

Deno.test("writeback takes the largest objects first since 6.13, as far as sizes are 64 bytes apart, and the last of them first", () => {
  // Two in each of three ranges of 64 bytes, at their very ends.
  const lengths = [640, 703, 704, 767, 768, 831];
  assertEquals(writebackOrder(LINUX_6_18_FULL, lengths), [5, 4, 3, 2, 1, 0]);
  const falling = lengths.toReversed();
  assertEquals(writebackOrder(LINUX_6_18_FULL, falling), [1, 0, 3, 2, 5, 4]);
  assertEquals(writebackOrder(LINUX_6_1, falling), [0, 1, 2, 3, 4, 5]);
});

Deno.test("the smallest objects and whole pages have their ranges too", () => {
  const lengths = [1, 63, 64, 3500, PAGE];
  assertEquals(writebackOrder(LINUX_6_18_FULL, lengths), [4, 3, 2, 1, 0]);
});
