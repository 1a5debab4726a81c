import { assertEquals } from "@std/assert";
import {
  blockState,
  checkZram,
  describedProfile,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  type Profile,
  RamBackingDevice,
  randomFrom,
  readAttribute,
  readBlockState,
  runToEnd,
  waitsOf,
  writeAttribute,
  Zram,
  zramTableBytes,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

const PAGES = 16;
const KEEPING = [LINUX_7_0, LINUX_7_1, LINUX_7_2, LINUX_7_3];

/** A page with `bytes` of noise, zeros after them. */
function page(bytes: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: 4096 },
    (_, at) => at < bytes ? 1 + random(255) : 0,
  );
}

interface Made {
  readonly zram: Zram;
  readonly device: RamBackingDevice;
}

/** An initialised device that writes pages back as they are stored, or not. */
function make(
  profile: Profile,
  isCompressed: boolean,
  now: () => number = () => 0,
): Made {
  const device = new RamBackingDevice(PAGES, profile.pageSize);
  const zram = new Zram(profile, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", device]]),
    now,
  });
  writeAttribute(zram, "comp_algorithm", "lz4");
  writeAttribute(zram, "recomp_algorithm", "algo=zstd priority=1");
  writeAttribute(zram, "backing_dev", "/dev/sda");
  const text = isCompressed ? "1" : "0";
  writeAttribute(zram, "compressed_writeback", text);
  assertEquals(zram.setDisksize(PAGES * profile.pageSize), undefined);
  return { zram, device };
}

function readBack(zram: Zram, at: number): Uint8Array {
  const data = new Uint8Array(zram.profile.pageSize);
  assertEquals(zram.read(at, data), undefined);
  return data;
}

function block(device: RamBackingDevice, at: number): Uint8Array {
  const bytes = new Uint8Array(4096);
  assertEquals(device.readPage(at, bytes), undefined);
  return bytes;
}

/** Where the last byte is that is not 0, and one. */
const filled = (bytes: Uint8Array) => bytes.findLastIndex((one) => one > 0) + 1;

Deno.test("compressed_writeback is a truth value until there is a disk, and outlives a reset", () => {
  const zram = new Zram(LINUX_7_3);
  const set = (text: string) =>
    writeAttribute(zram, "compressed_writeback", text);
  assertEquals(readAttribute(zram, "compressed_writeback"), { text: "0\n" });
  assertEquals([set("2"), set("enable\n")], ["EINVAL", undefined]);
  assertEquals(readAttribute(zram, "compressed_writeback"), { text: "1\n" });
  zram.setDisksize(4096);
  assertEquals([set("0"), set("2")], ["EBUSY", "EINVAL"]);
  zram.reset();
  assertEquals(readAttribute(zram, "compressed_writeback"), { text: "1\n" });
  assertEquals(
    readAttribute(new Zram(LINUX_6_19), "compressed_writeback"),
    { errno: "ENOENT" },
  );
});

Deno.test("a block holds the page, or where that is asked for the object, zeros behind it", () => {
  for (const profile of KEEPING) {
    for (const isCompressed of [false, true]) {
      const { zram, device } = make(profile, isCompressed);
      const data = page(2000);
      const bytes = zram.write(0, data);
      assertEquals(zram.writeback("page_index=0"), undefined);
      const written = block(device, 0);
      if (isCompressed) assertEquals(filled(written) <= Number(bytes), true);
      else assertEquals(written, data);
      assertEquals(readBack(zram, 0), data);
      checkZram(zram);
    }
  }
});

Deno.test("up to 7.1 a block has behind the object what was in the page before", () => {
  const behind = [LINUX_7_1, LINUX_7_2].map((profile) => {
    const { zram, device } = make(profile, true);
    writeAttribute(zram, "writeback_batch_size", "1");
    zram.write(0, page(3000, 1));
    zram.write(1, page(200, 2));
    // The larger one first; the smaller one then in the same page.
    assertEquals(zram.writeback("page_indexes=0-1"), undefined);
    return filled(block(device, 1)) > 1000;
  });
  assertEquals(behind, [true, false]);
});

Deno.test("a page that does not compress is written back and read whole", () => {
  const { zram, device } = make(LINUX_7_3, true);
  zram.write(0, page(4096));
  assertEquals(zram.writeback("huge"), undefined);
  assertEquals(block(device, 0), page(4096));
  assertEquals(readBack(zram, 0), page(4096));
});

Deno.test("a page is decompressed by the algorithm that had recompressed it", () => {
  const profile = describedProfile("linux-7.3,recompression=yes");
  const { zram } = make(profile, true);
  const random = randomFrom(1);
  const data = Uint8Array.from(
    { length: 4096 },
    (_, at) => at < 2048 ? random(16) : 0,
  );
  zram.write(0, data);
  assertEquals(zram.recompress("priority=1"), undefined);
  assertEquals(zram.slots.priority(0), 1);
  assertEquals(zram.writeback("page_index=0"), undefined);
  assertEquals(zram.slots.priority(0), 1);
  assertEquals(readBack(zram, 0), data);
  checkZram(zram);
});

Deno.test("a page that leaves the backing device while it is read fails the request, with zeros", () => {
  const { zram } = make(LINUX_7_3, true);
  zram.write(0, page(1000, 1));
  zram.write(1, page(1000, 2));
  assertEquals(zram.writeback("page_indexes=0-1"), undefined);
  const data = new Uint8Array(2 * 4096);
  const reading = waitsOf(zram.submitBioSteps({ op: "read", sector: 0, data }));
  reading.next();
  // Both were read; the first is written anew before it is decompressed.
  zram.write(0, page(500, 3));
  assertEquals(runToEnd(reading), "EIO");
  assertEquals(data.subarray(0, 4096), new Uint8Array(4096));
  assertEquals(data.subarray(4096), page(1000, 2));
  assertEquals([zram.bdStat().bd_reads, zram.ioStat.failedReads], [2, 0]);
});

Deno.test("since 7.0 a page that is written back is shown as it was but for its idleness, and is huge no more", () => {
  const profiles = ["linux-6.19", "linux-7.0", "linux-7.3"]
    .map((release) => describedProfile(`${release},recompression=yes`));
  const shown = profiles.map((profile) => {
    let seconds = 100;
    const { zram } = make(profile, false, () => seconds);
    zram.write(0, page(4096));
    zram.recompress("type=huge");
    zram.markIdle();
    assertEquals(zram.mmStat().huge_pages, 1);
    seconds = 200;
    assertEquals(zram.writeback("huge"), undefined);
    const after = readBlockState(zram);
    checkZram(zram);
    assertEquals(zram.mmStat().huge_pages, 0);
    assertEquals(zram.mmStat().compr_data_size, 0);
    // Freed, it does not count once more as gone.
    zram.discard(0, 1);
    assertEquals(zram.mmStat().huge_pages, 0);
    checkZram(zram);
    return after;
  });
  assertEquals(shown, [
    { text: "           0            0.000000 .w....\n" },
    { text: "           0          100.000000 .wh..n\n" },
    { text: "           0          100.000000 .wh..n\n" },
  ]);
});

Deno.test("a page that was written back is neither idle, written back nor recompressed again", () => {
  const profile = describedProfile("linux-7.3,recompression=yes");
  const { zram } = make(profile, false);
  zram.write(0, page(2000));
  zram.writeback("page_index=0");
  zram.markIdle();
  zram.recompress("");
  assertEquals(zram.writeback("page_index=0"), undefined);
  const state = blockState(zram);
  assertEquals("state" in state && state.state[0].flags, ".w....");
  assertEquals(Object.values(zram.bdStat()), [1, 0, 1]);
});

Deno.test("since 7.0 access times are whole seconds of 32 bits, in the room of the flags", () => {
  for (const profile of KEEPING) {
    let seconds = 7.75;
    const { zram } = make(profile, false, () => seconds);
    zram.write(0, page(100));
    seconds = 2 ** 32 + 9;
    zram.write(1, page(100));
    assertEquals(readBlockState(zram), {
      text: "           0            7.000000 ......\n" +
        "           1            9.000000 ......\n",
    });
    assertEquals(zramTableBytes(profile, 4096 * 4096), 16 * 4096);
  }
  assertEquals(zramTableBytes(LINUX_6_19, 4096 * 4096), 24 * 4096);
});

/** Which of three pages, 0, 50 and 90 seconds old, an age marks at second 100. */
function markedBy(profile: Profile, age: string): string {
  let seconds = 100;
  const { zram } = make(profile, false, () => seconds);
  [100, 50, 10].forEach((at, nth) => {
    seconds = at;
    zram.write(nth, page(100, nth + 1));
  });
  seconds = 100;
  // One page is marked before.
  zram.markIdle(11);
  const errno = writeAttribute(zram, "idle", age);
  const state = blockState(zram);
  if ("errno" in state) throw new Error(state.errno);
  return errno ?? state.state.map(({ flags }) => flags[3]).join("");
}

Deno.test("an age beyond the uptime wraps in 32 bits and marks all, as one equal to it does; neither does anything since 7.3", () => {
  const ages = ["49", "50", "89", "100", "101", "4294967295", "4294967296"];
  const marked = [LINUX_7_0, LINUX_7_2, LINUX_7_3].map((profile) =>
    ages.map((age) => markedBy(profile, age))
  );
  const seconds = [".ii", "..i", "..i", "iii", "iii", "iii", "EINVAL"];
  const below = [".ii", "..i", "..i", "..i", "..i", "..i", "EINVAL"];
  assertEquals(marked, [seconds, seconds, below]);
});

Deno.test("since 7.3 an age that no page can have is taken without a disk too", () => {
  const refused = [LINUX_7_2, LINUX_7_3].map((profile) => {
    const zram = new Zram(profile, { now: () => 5 });
    return ["4", "5", "all"].map((text) => writeAttribute(zram, "idle", text));
  });
  assertEquals(refused, [
    ["EINVAL", "EINVAL", "EINVAL"],
    ["EINVAL", undefined, "EINVAL"],
  ]);
});
