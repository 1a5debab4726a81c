import { assertEquals, assertThrows } from "@std/assert";
import {
  type Bio,
  checkZram,
  KernelBug,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_18_FULL,
  Memory,
  type Profile,
  randomFrom,
  waitsOf,
  Zram,
  ZRAM_LOCK,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";
import { SMALL_6_18 } from "./kernels.ts";

const KIB = 1024;
const LARGE: Profile = { ...LINUX_6_18, pageSize: 16 * KIB };
const LARGE_6_1: Profile = { ...LINUX_6_1, pageSize: 16 * KIB };

/** An initialised device of `pages` pages. */
function makeZram(
  profile: Profile,
  pages = 8,
  memory = new Memory({ pageSize: profile.pageSize }),
): Zram {
  const zram = new Zram(profile, { codecs: CODECS, memory });
  assertEquals(zram.setDisksize(pages * profile.pageSize), undefined);
  return zram;
}

function noise(bytes: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from({ length: bytes }, () => random(256));
}

function readBack(zram: Zram, sector: number, bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  assertEquals(zram.submitBio({ op: "read", sector, data }), undefined);
  return data;
}

Deno.test("a request of many pages reaches each of them", () => {
  const zram = makeZram(LINUX_6_18);
  const data = noise(5 * 4096);
  assertEquals(zram.submitBio({ op: "write", sector: 16, data }), undefined);
  assertEquals(zram.mmStat().orig_data_size, data.length);
  const page = new Uint8Array(4096);
  zram.read(4, page);
  assertEquals(page, data.slice(2 * 4096, 3 * 4096));
  assertEquals(readBack(zram, 24, 4096), data.slice(4096, 2 * 4096));
});

Deno.test("a part of a large page is merged with the rest of it", () => {
  for (const profile of [LARGE, LARGE_6_1]) {
    const zram = makeZram(profile);
    const old = noise(16 * KIB);
    zram.write(0, old);
    const part = noise(4096, 2);
    const bio: Bio = { op: "write", sector: 8, data: part };
    assertEquals(zram.submitBio(bio), undefined);
    assertEquals(readBack(zram, 8, 4096), part);
    const expected = old.slice();
    expected.set(part, 4096);
    assertEquals(readBack(zram, 0, 16 * KIB), expected);
    assertEquals(zram.mmStat().orig_data_size, 16 * KIB);
    // A part of a page that was never written is zeros around it.
    zram.submitBio({ op: "write", sector: 72, data: part });
    assertEquals(readBack(zram, 64, 4096), new Uint8Array(4096));
    checkZram(zram);
  }
});

Deno.test("an unaligned request is EIO and invalid for the driver, EINVAL for the block layer", () => {
  for (
    const [profile, errno, invalid] of [
      [LINUX_6_1, "EIO", 4],
      [LINUX_6_18, "EINVAL", 0],
    ] as const
  ) {
    const zram = makeZram(profile);
    const unaligned: Bio[] = [
      { op: "read", sector: 1, data: new Uint8Array(4096) },
      { op: "read", sector: 0, data: new Uint8Array(512) },
      { op: "write", sector: 4, data: new Uint8Array(4096) },
      { op: "discard", sector: 0, bytes: 1000 },
    ];
    for (const bio of unaligned) assertEquals(zram.submitBio(bio), errno);
    assertEquals(zram.ioStat.invalidIo, invalid);
  }
});

Deno.test("a request beyond the end is EIO, and nothing of it is done", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const zram = makeZram(profile, 2);
    const data = noise(2 * 4096);
    assertEquals(zram.submitBio({ op: "write", sector: 8, data }), "EIO");
    assertEquals(zram.mmStat().orig_data_size, 0);
    assertEquals(
      zram.submitBio({ op: "discard", sector: 16, bytes: 4096 }),
      "EIO",
    );
    assertEquals(zram.ioStat.notifyFree, 0);
  }
  // Even where it asks for nothing.
  const data = new Uint8Array(0);
  const bio: Bio = { op: "read", sector: 16, data };
  assertEquals(makeZram(LINUX_6_1, 2).submitBio(bio), "EIO");
  assertEquals(makeZram(LINUX_6_1, 3).submitBio(bio), undefined);
});

Deno.test("before initialisation a request is EIO; 6.1 counts it as invalid, 4.0 does not", () => {
  const counts = [
    LINUX_6_1,
    LINUX_6_18,
    { ...LINUX_6_1, zram: LINUX_4_0.zram },
    { ...LINUX_6_1, zram: LINUX_3_12.zram },
  ].map((profile) => {
    const zram = new Zram(profile);
    const data = new Uint8Array(4096);
    assertEquals(zram.submitBio({ op: "read", sector: 0, data }), "EIO");
    return zram.ioStat.invalidIo;
  });
  assertEquals(counts, [1, 0, 0, 0]);
});

Deno.test("a discard frees whole pages alone; a page in part stays as it was", () => {
  for (const profile of [LARGE, LARGE_6_1]) {
    const zram = makeZram(profile);
    const old = noise(4 * 16 * KIB);
    zram.submitBio({ op: "write", sector: 0, data: old });
    // From the second block of page 0 to the third of page 2.
    const bytes = 40 * KIB - 4 * KIB;
    assertEquals(
      zram.submitBio({ op: "discard", sector: 8, bytes }),
      undefined,
    );
    assertEquals(zram.ioStat.notifyFree, 1);
    const expected = old.slice();
    expected.fill(0, 16 * KIB, 32 * KIB);
    assertEquals(readBack(zram, 0, old.length), expected);
    // From a page's start not to its end: nothing.
    assertEquals(
      zram.submitBio({ op: "discard", sector: 0, bytes: 8 * KIB }),
      undefined,
    );
    assertEquals(zram.ioStat.notifyFree, 1);
  }
});

Deno.test("a discard from within a page to no further than its end frees nothing, and from 6.16 on never ends", () => {
  const endless = [LINUX_6_16, LINUX_6_17, LINUX_6_18];
  const others = [LINUX_4_0, LINUX_5_10, LINUX_6_1, LINUX_6_12];
  for (const profile of [...endless, ...others]) {
    const zram = makeZram({ ...LARGE, zram: profile.zram });
    for (const bytes of [8 * KIB, 12 * KIB]) {
      const submit = () => zram.submitBio({ op: "discard", sector: 8, bytes });
      if (others.includes(profile)) assertEquals(submit(), undefined);
      else assertThrows(submit, KernelBug, "never end the request");
    }
    assertEquals(zram.ioStat.notifyFree, 0);
    // One block more, and the page behind it is reached.
    zram.submitBio({ op: "discard", sector: 8, bytes: 16 * KIB });
    zram.submitBio({ op: "discard", sector: 8, bytes: 28 * KIB });
    assertEquals(zram.ioStat.notifyFree, 1);
  }
});

Deno.test("zeroes are written by discarding where a page is a logical block, else not at all", () => {
  const bio: Bio = { op: "write_zeroes", sector: 0, bytes: 32 * KIB };
  const zram = makeZram(LINUX_6_18);
  zram.write(3, noise(4096));
  assertEquals(zram.submitBio(bio), undefined);
  assertEquals(zram.mmStat().orig_data_size, 0);
  assertEquals(zram.ioStat.notifyFree, 8);
  assertEquals(makeZram(LARGE).submitBio(bio), "EOPNOTSUPP");
});

Deno.test("3.12 knows no discard", () => {
  const zram = makeZram({ ...LINUX_6_1, zram: LINUX_3_12.zram });
  assertEquals(zram.discard(0, 1), "EOPNOTSUPP");
  assertEquals(
    makeZram({ ...LINUX_6_1, zram: LINUX_4_0.zram }).discard(0, 1),
    undefined,
  );
});

Deno.test("after a write that failed 6.18 stops; 6.1 puts the next page in its place", () => {
  const contents = [LINUX_6_18, LINUX_6_1].map((profile) => {
    // The first page takes two frames of memory where there is one.
    const memory = new Memory({ maxPages: 1 });
    const zram = makeZram(profile, 8, memory);
    assertEquals(zram.write(7, noise(4096)), 4096);
    const data = new Uint8Array(3 * 4096);
    data.set(noise(4096, 2));
    data.fill(7, 4096, 2 * 4096);
    data.fill(9, 2 * 4096);
    assertEquals(zram.submitBio({ op: "write", sector: 0, data }), "EIO");
    assertEquals(zram.ioStat.failedWrites, 1);
    checkZram(zram);
    return [0, 1, 2].map((page) => readBack(zram, 8 * page, 4096)[0]);
  });
  assertEquals(contents, [[0, 0, 0], [7, 9, 0]]);
});

Deno.test("a write error leaves the old page readable", () => {
  const memory = new Memory({ maxPages: 1 });
  const zram = makeZram(LINUX_6_18, 8, memory);
  const old = noise(4096);
  zram.write(0, old);
  assertEquals(zram.write(0, noise(4096, 2)), "EIO");
  assertEquals(readBack(zram, 0, 4096), old);
  assertEquals(zram.ioStat.failedWrites, 1);
});

Deno.test("a part of a page cannot be read or written without a page of memory", () => {
  const memory = new Memory({ pageSize: 16 * KIB, maxPages: 1 });
  const zram = makeZram(LARGE, 8, memory);
  assertEquals(zram.write(0, noise(16 * KIB)), 16 * KIB);
  const data = new Uint8Array(4096);
  assertEquals(zram.submitBio({ op: "read", sector: 0, data }), "EIO");
  assertEquals(zram.submitBio({ op: "write", sector: 0, data }), "EIO");
  assertEquals(zram.ioStat.failedReads, 1);
  assertEquals(zram.ioStat.failedWrites, 1);
});

Deno.test("the swap layer frees a slot; one that is locked is missed", () => {
  const zram = makeZram(LINUX_6_1);
  zram.write(3, noise(4096));
  zram.slots.setFlag(3, ZRAM_LOCK);
  zram.slotFreeNotify(3);
  assertEquals(zram.mmStat().orig_data_size, 4096);
  zram.slots.clearFlag(3, ZRAM_LOCK);
  zram.slotFreeNotify(3);
  assertEquals(zram.mmStat().orig_data_size, 0);
  assertEquals(zram.ioStat.notifyFree, 2);
  assertEquals(zram.ioStat.missFree, 1);
  assertThrows(() => zram.slotFreeNotify(8), RangeError, "has 8 pages");
});

Deno.test("a request waits for a slot that is locked", () => {
  const zram = makeZram(LINUX_6_18_FULL);
  zram.slots.setFlag(1, ZRAM_LOCK);
  const bio: Bio = { op: "write", sector: 0, data: noise(2 * 4096) };
  const steps = waitsOf(zram.submitBioSteps(bio));
  assertEquals(
    steps.next().value,
    "blocked: zram_slot_lock: the slot is locked",
  );
  assertEquals(zram.mmStat().orig_data_size, 4096);
  assertThrows(() => zram.submitBio(bio), Error, "the slot is locked");
  assertThrows(() => zram.write(1, noise(4096)), Error, "slot is locked");
  zram.slots.clearFlag(1, ZRAM_LOCK);
  assertEquals(steps.next(), { done: true, value: undefined });
  assertEquals(zram.mmStat().orig_data_size, 2 * 4096);
});

Deno.test("3.12 counts requests, 4.0 and 6.1 the pages of them", () => {
  const counts = [LINUX_3_12.zram, LINUX_4_0.zram].map((zramProfile) => {
    const zram = makeZram({ ...LINUX_6_1, zram: zramProfile });
    const data = new Uint8Array(3 * 4096);
    zram.submitBio({ op: "write", sector: 0, data });
    zram.submitBio({ op: "read", sector: 0, data });
    return [zram.ioStat.numReads, zram.ioStat.numWrites];
  });
  assertEquals(counts, [[1, 1], [3, 3]]);
});

Deno.test("a disk of 2^20 pages takes less than 64 bytes a slot with access times", () => {
  assertEquals(
    makeZram(LINUX_6_18_FULL, 1 << 20).slots.byteLength / 2 ** 20,
    20,
  );
  assertEquals(makeZram(SMALL_6_18, 1 << 20).slots.byteLength / 2 ** 20, 12);
});
