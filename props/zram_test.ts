import { assertEquals, assertThrows } from "@std/assert";
import {
  checkZram,
  deflate,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  lz4Wasm,
  Memory,
  randomFrom,
  readAttribute,
  writeAttribute,
  Zram,
  zstd,
} from "../mod.ts";
import { SMALL_6_18 } from "./kernels.ts";

const DISK_PAGES = 24;

/** The kernels whose ways the tests tell apart. */
const BOTH = [SMALL_6_18, LINUX_6_1];

function initialise(zram: Zram): void {
  assertEquals(zram.setAlgorithm("lz4"), undefined);
  const { pageSize } = zram.profile;
  assertEquals(zram.setDisksize(DISK_PAGES * pageSize), undefined);
}

Deno.test("a write beyond the limit is EIO, leaves the old page, and its peak is in mem_used_max", () => {
  const zram = new Zram(LINUX_6_18);
  initialise(zram);
  const noise = (seed: number) => {
    const random = randomFrom(seed);
    return Uint8Array.from({ length: 4096 }, () => random(256));
  };
  writeAttribute(zram, "mem_limit", "8K");
  assertEquals(zram.write(0, noise(1)), 4096);
  assertEquals(zram.write(1, noise(2)), 4096);
  assertEquals(zram.write(0, noise(3)), "EIO");
  const into = new Uint8Array(4096);
  zram.read(0, into);
  assertEquals(into, noise(1));
  assertEquals(zram.mmStat().mem_used_total, 8192);
  assertEquals(zram.mmStat().mem_used_max, 12288);
  assertEquals(zram.ioStat.failedWrites, 1);
});

Deno.test("a write for which there is no memory is EIO, and counts as a stall up to 6.14", () => {
  const stalls = BOTH.map((profile) => {
    const zram = new Zram(profile, { memory: new Memory({ maxPages: 0 }) });
    initialise(zram);
    const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
    assertEquals(zram.write(0, page), "EIO");
    checkZram(zram);
    return [profile.release.name, zram.ioStat.writestall];
  });
  assertEquals(stalls, [["linux-6.18", 0], ["linux-6.1", 1]]);
});

Deno.test("on 6.1 a second attempt to allocate, which may wait, can succeed", () => {
  const memory = new Memory({ failPageAlloc: (nth) => nth === 0 });
  const zram = new Zram(LINUX_6_1, { memory });
  initialise(zram);
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  assertEquals(zram.write(0, page), 276);
  assertEquals(zram.ioStat.writestall, 1);
});

Deno.test("a request that is not on the disk is EIO, which 6.1 counts as invalid", () => {
  const counted = BOTH.map((profile) => {
    const zram = new Zram(profile);
    initialise(zram);
    const page = new Uint8Array(4096);
    assertEquals(zram.write(DISK_PAGES, page), "EIO");
    assertEquals(zram.read(2 ** 40, page), "EIO");
    assertEquals(zram.discard(DISK_PAGES - 1, 2), "EIO");
    return [profile.release.name, zram.ioStat.invalidIo];
  });
  assertEquals(counted, [["linux-6.18", 0], ["linux-6.1", 3]]);
  const zram = new Zram(LINUX_6_18);
  initialise(zram);
  assertThrows(
    () => zram.write(0, new Uint8Array(100)),
    RangeError,
    "has 100 bytes, not 4096",
  );
});

Deno.test("a device has the codecs it is given beside the kernel's", () => {
  const zram = new Zram(SMALL_6_18, { codecs: [lz4Wasm] });
  assertEquals(readAttribute(zram, "comp_algorithm"), {
    text: "[lzo-rle] lzo lz4 lz4-wasm \n",
  });
  assertEquals(zram.setAlgorithm("lz4-wasm"), undefined);
  assertEquals(zram.setDisksize(1), undefined);
  assertEquals(zram.disksize, 4096);
  const lz5 = new Zram({
    ...LINUX_6_1,
    zram: { ...LINUX_6_1.zram, compAlgorithms: ["lz4", "lz5"] },
  });
  assertEquals(lz5.setAlgorithm("lz5"), undefined);
  assertThrows(
    () => lz5.setDisksize(1),
    Error,
    "no codec for 'lz5', only for lz4",
  );
  assertEquals([lz5.disksize, lz5.pool], [0, undefined]);
});

Deno.test("a kernel's algorithm for which zspec has a codec just works, whatever it is chosen for", () => {
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  const stored = ["zstd", "deflate"].map((algorithm) => {
    const zram = new Zram(LINUX_6_18_FULL);
    const set = (attr: string, text: string) =>
      assertEquals(writeAttribute(zram, attr, text), undefined);
    set("comp_algorithm", algorithm);
    set("recomp_algorithm", `algo=${algorithm} priority=2`);
    set("disksize", "1M");
    const length = zram.write(3, page);
    const into = new Uint8Array(4096);
    zram.read(3, into);
    assertEquals(into, page);
    checkZram(zram);
    return length;
  });
  const into = new Uint8Array(2 * 4096);
  assertEquals(
    stored,
    [zstd, deflate].map((codec) => codec.compress(page, into)),
  );
  // What this kernel has not cannot be chosen: zspec's having it is no matter.
  const zram = new Zram(SMALL_6_18);
  assertEquals(writeAttribute(zram, "comp_algorithm", "zstd"), "EINVAL");
});

Deno.test("a page is recompressed with a kernel's algorithm that zspec has", () => {
  const zram = new Zram(LINUX_6_18_FULL);
  zram.setAlgorithm("lz4");
  writeAttribute(zram, "recomp_algorithm", "algo=zstd priority=1");
  zram.setDisksize(4096);
  // Sixteen symbols at random: nothing to lz4, half a page to zstd.
  const random = randomFrom(1);
  zram.write(0, Uint8Array.from({ length: 4096 }, () => random(16)));
  assertEquals(writeAttribute(zram, "recompress", "type=huge"), undefined);
  assertEquals([zram.slots.priority(0), zram.mmStat().huge_pages], [1, 0]);
});

Deno.test("attributes answer as the kernel's do", () => {
  for (const profile of BOTH) {
    const zram = new Zram(profile);
    const set = (attr: string, text: string) =>
      writeAttribute(zram, attr, text);
    assertEquals(set("nosuch", "1"), "ENOENT");
    assertEquals(set("toString", "1"), "ENOENT");
    assertEquals(set("mm_stat", "1"), "EACCES");
    assertEquals(readAttribute(zram, "compact"), { errno: "EACCES" });
    assertEquals(set("compact", "1"), "EINVAL");
    assertEquals(set("comp_algorithm", "nosuch"), "EINVAL");
    assertEquals(set("comp_algorithm", "lz4\n"), undefined);
    assertEquals(set("disksize", "zz"), "EINVAL");
    assertEquals(set("disksize", "4097"), undefined);
    assertEquals(readAttribute(zram, "disksize"), { text: "8192\n" });
    assertEquals(set("disksize", "1M"), "EBUSY");
    assertEquals(set("comp_algorithm", "lzo"), "EBUSY");
    assertEquals(set("mem_limit", "zz"), "EINVAL");
    // A suffix alone is a number of them: none.
    assertEquals(set("mem_limit", "many"), undefined);
    assertEquals(set("mem_limit", "-1"), "EINVAL");
    assertEquals(set("mem_limit", " 5"), "EINVAL");
    assertEquals(set("mem_limit", "1Kzz"), undefined);
    assertEquals(zram.mmStat().mem_limit, 4096);
    assertEquals(set("mem_limit", "0x10000"), undefined);
    assertEquals(zram.mmStat().mem_limit, 65536);
    assertEquals(set("mem_limit", "010"), undefined);
    assertEquals(zram.mmStat().mem_limit, 4096);
    assertEquals(set("mem_used_max", "+0"), undefined);
    assertEquals(set("mem_used_max", "0 "), "EINVAL");
    assertEquals(set("mem_used_max", "1"), "EINVAL");
    const tracked = profile.zram.trackEntryActime;
    assertEquals(set("idle", "0"), tracked ? undefined : "EINVAL");
    assertEquals(set("idle", "0x1f"), tracked ? undefined : "EINVAL");
    assertEquals(set("idle", "-1"), "EINVAL");
    assertEquals(set("idle", "all\n"), undefined);
    assertEquals(set("reset", "0"), "EINVAL");
    assertEquals(set("reset", " 1"), "EINVAL");
    assertEquals(set("reset", "65536"), "ERANGE");
    assertEquals(set("reset", "1"), undefined);
    assertEquals(readAttribute(zram, "initstate"), { text: "0\n" });
  }
});

Deno.test("reset puts the algorithm back on 6.18 and keeps it on 6.1", () => {
  const kept = BOTH.map((profile) => {
    const zram = new Zram(profile);
    initialise(zram);
    writeAttribute(zram, "reset", "1");
    return [profile.release.name, zram.algorithm];
  });
  assertEquals(kept, [["linux-6.18", "lzo-rle"], ["linux-6.1", "lz4"]]);
});

Deno.test("max_comp_streams is there on 6.1 and gone on 6.18", () => {
  const shown = BOTH.map((profile) =>
    readAttribute(new Zram(profile), "max_comp_streams")
  );
  assertEquals(shown, [{ errno: "ENOENT" }, { text: "1\n" }]);
});
