import { assertEquals, assertThrows } from "@std/assert";
import {
  blockState,
  checkZram,
  isBlocked,
  LINUX_6_18,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  Memory,
  type Profile,
  RamBackingDevice,
  type RamBackingDeviceOptions,
  randomFrom,
  readAttribute,
  runToEnd,
  waitsOf,
  writeAttribute,
  Zram,
  type ZramOptions,
} from "../mod.ts";

const PAGES = 16;
const BATCHES = [LINUX_6_19, LINUX_7_0, LINUX_7_1, LINUX_7_2, LINUX_7_3];

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

/** An initialised device with a backing device; `set` is written before. */
function make(
  profile: Profile,
  set: Readonly<Record<string, string>> = {},
  options: RamBackingDeviceOptions & Partial<ZramOptions> = {},
): Made {
  const { failRequest, ...others } = options;
  const device = new RamBackingDevice(PAGES, profile.pageSize, { failRequest });
  const zram = new Zram(profile, {
    backingDevices: new Map([["/dev/sda", device]]),
    ...others,
  });
  writeAttribute(zram, "comp_algorithm", "lz4");
  assertEquals(writeAttribute(zram, "backing_dev", "/dev/sda"), undefined);
  for (const [attr, value] of Object.entries(set)) {
    assertEquals(writeAttribute(zram, attr, value), undefined, attr);
  }
  assertEquals(zram.setDisksize(PAGES * profile.pageSize), undefined);
  return { zram, device };
}

/** Pages of equal lengths, each of its own. */
function fill(zram: Zram, count: number, bytes = 1000): void {
  for (let at = 0; at < count; at++) zram.write(at, page(bytes, at + 1));
}

function flags(zram: Zram): Record<number, string> {
  const shown = blockState(zram);
  if ("errno" in shown) throw new Error(shown.errno);
  return Object.fromEntries(
    shown.state.map(({ page, flags }) => [page, flags]),
  );
}

const bdStat = (zram: Zram) => Object.values(zram.bdStat());

function readBack(zram: Zram, at: number): Uint8Array {
  const data = new Uint8Array(zram.profile.pageSize);
  assertEquals(zram.read(at, data), undefined);
  return data;
}

Deno.test("pages that were placed last are written first, to the lowest free blocks, of which 0 is one", () => {
  for (const profile of BATCHES) {
    const { zram } = make(profile);
    fill(zram, 3);
    assertEquals(zram.writeback("page_indexes=0-2"), undefined);
    assertEquals([0, 1, 2].map((at) => zram.slots.block(at)), [2, 1, 0]);
    assertEquals(bdStat(zram), [3, 0, 3]);
    [0, 1, 2].forEach((at) =>
      assertEquals(readBack(zram, at), page(1000, at + 1))
    );
    checkZram(zram);
  }
});

Deno.test("no memory is given back before a batch is full, and then from the last page to the first", () => {
  const { zram } = make(LINUX_7_3, { writeback_batch_size: "3" });
  fill(zram, 4);
  const left: string[] = [];
  const steps = waitsOf(zram.writebackSteps("page_indexes=0-3"));
  for (let next = steps.next(); !next.done; next = steps.next()) {
    left.push(
      [3, 2, 1, 0].map((at) => zram.slots.handle(at) === 0 ? "-" : at).join(""),
    );
  }
  // Three are sent, and looked at; then the last one is.
  assertEquals(left, [
    "3210",
    "3210",
    "3210",
    "3210",
    "32-0",
    "3--0",
    "---0",
    "---0",
  ]);
  assertEquals(zram.mmStat().compr_data_size, 0);
});

Deno.test("writeback_batch_size is a whole number of 32 bits, from 1 on, and outlives a reset", () => {
  const { zram } = make(LINUX_7_3);
  const set = (text: string) =>
    writeAttribute(zram, "writeback_batch_size", text);
  assertEquals(readAttribute(zram, "writeback_batch_size"), { text: "32\n" });
  assertEquals(
    ["0", "-1", "x", "4294967296", "0x10"].map(set),
    Array(5).fill("EINVAL"),
  );
  assertEquals(set("4294967295\n"), undefined);
  zram.reset();
  assertEquals(readAttribute(zram, "writeback_batch_size"), {
    text: "4294967295\n",
  });
  assertEquals(
    readAttribute(new Zram(LINUX_6_18), "writeback_batch_size"),
    { errno: "ENOENT" },
  );
});

Deno.test("a block that fails keeps no other page from being written, and costs nothing", () => {
  for (const profile of BATCHES) {
    const { zram } = make(profile, {
      writeback_batch_size: "2",
      writeback_limit: "9",
      writeback_limit_enable: "1",
    }, { failRequest: (kind, block) => kind === "write" && block === 1 });
    fill(zram, 4);
    assertEquals(zram.writeback("page_indexes=0-3"), "EIO");
    // Page 2 met the block that fails; so did page 1, once that was free again.
    assertEquals(
      Object.values(flags(zram)).map((letters) => letters[1]).join(""),
      "w..w",
    );
    assertEquals(bdStat(zram), [2, 0, 2]);
    assertEquals(zram.wbLimit, 7n);
    checkZram(zram);
  }
});

Deno.test("a limit that is met in the middle of a batch lets what is on its way arrive", () => {
  const { zram } = make(LINUX_7_3, {
    writeback_limit: "2",
    writeback_limit_enable: "1",
  });
  fill(zram, 4);
  assertEquals(zram.writeback("page_indexes=0-3"), "EIO");
  assertEquals(bdStat(zram), [2, 0, 2]);
  assertEquals(zram.wbLimit, 0n);
});

Deno.test("writeback_limit is taken in whole pages since 6.19", () => {
  const limits = [LINUX_6_18, LINUX_6_19].map((profile) => {
    const zram = new Zram({ ...profile, pageSize: 16384 });
    writeAttribute(zram, "writeback_limit", "11");
    return readAttribute(zram, "writeback_limit");
  });
  assertEquals(limits, [{ text: "11\n" }, { text: "8\n" }]);
});

Deno.test("a page that is touched on its way stays in memory, its block is free again, and what it cost is not given back", () => {
  for (const profile of BATCHES) {
    const { zram } = make(profile, {
      writeback_limit: "9",
      writeback_limit_enable: "1",
    });
    fill(zram, 2);
    const steps = waitsOf(zram.writebackSteps("page_indexes=0-1"));
    steps.next();
    steps.next();
    // Both are on their way.
    readBack(zram, 1);
    assertEquals(runToEnd(steps), undefined);
    assertEquals([0, 1].map((at) => flags(zram)[at][1]), ["w", "."]);
    assertEquals(bdStat(zram), [1, 0, 2]);
    assertEquals(zram.wbLimit, 7n);
    checkZram(zram);
  }
});

Deno.test("a page that is asked for twice is written twice, and has the block of the second", () => {
  const { zram } = make(LINUX_7_3);
  fill(zram, 1);
  assertEquals(zram.writeback("page_index=0 page_index=0"), undefined);
  assertEquals([zram.slots.block(0), ...bdStat(zram)], [1, 1, 0, 2]);
  assertEquals(readBack(zram, 0), page(1000));
});

Deno.test("a block for which there was no page stays taken up to 7.1, until a reset", () => {
  const taken = BATCHES.map((profile) => {
    const { zram, device } = make(profile);
    fill(zram, 2);
    const steps = waitsOf(zram.writebackSteps("page_indexes=0-1"));
    steps.next();
    // The second page loses its mark before it is sent.
    readBack(zram, 0);
    assertEquals(runToEnd(steps), undefined);
    checkZram(zram);
    const count = zram.bdStat().bd_count;
    zram.reset();
    assertEquals([device.holder, zram.bdStat().bd_count], [undefined, 0]);
    return count;
  });
  assertEquals(taken, [2, 2, 2, 1, 1]);
});

Deno.test("writeback is refused for want of memory where there is none for a single page", () => {
  const memory = new Memory({ pageSize: 4096, maxPages: 5 });
  const { zram } = make(LINUX_7_3, {}, { memory });
  fill(zram, 3, 4096);
  // Two frames are left: pages are written two at a time.
  assertEquals(zram.writeback("page_indexes=0-0"), undefined);
  const { zram: full } = make(LINUX_7_3, {}, {
    memory: new Memory({ pageSize: 4096, maxPages: 3 }),
  });
  fill(full, 3, 4096);
  assertEquals(full.writeback("huge"), "ENOMEM");
  assertEquals([memory.allocatedPages, bdStat(full)], [2, [0, 0, 0]]);
});

Deno.test("a device with no free block left writes what it has room for", () => {
  const device = new RamBackingDevice(2, 4096);
  const zram = new Zram(LINUX_7_3, {
    backingDevices: new Map([["/dev/sda", device]]),
  });
  zram.setBackingDev("/dev/sda");
  zram.setDisksize(4 * 4096);
  fill(zram, 4);
  assertEquals(zram.writeback("page_indexes=0-3"), "ENOSPC");
  assertEquals(bdStat(zram), [2, 0, 2]);
});

Deno.test("since 7.0 whoever comes while pages are written back waits; 6.19 turns a second writeback away", () => {
  const { zram: older } = make(LINUX_6_19);
  fill(older, 2);
  const running = waitsOf(older.writebackSteps("page_indexes=0-1"));
  running.next();
  assertEquals(older.writeback("huge"), "EAGAIN");
  assertEquals(readAttribute(older, "initstate"), { text: "1\n" });
  runToEnd(running);

  const { zram } = make(LINUX_7_0);
  fill(zram, 2);
  const first = waitsOf(zram.writebackSteps("page_indexes=0-1"));
  first.next();
  const second = waitsOf(zram.writebackSteps("page_index=0"));
  const waits = second.next();
  assertEquals(!waits.done && isBlocked(waits.value), true);
  assertEquals(readAttribute(zram, "disksize"), { text: "65536\n" });
  for (
    const waiting of [
      () => readAttribute(zram, "mm_stat"),
      () => writeAttribute(zram, "mem_limit", "1M"),
      () => blockState(zram),
      () => zram.compact(),
      () => zram.markIdle(),
      () => zram.writeback("huge"),
    ]
  ) assertThrows(waiting, Error, "dev_lock");
  runToEnd(first);
  assertEquals(runToEnd(second), undefined);
  assertEquals(bdStat(zram), [2, 0, 2]);
});

Deno.test("a writeback that is given up puts everything back", () => {
  const { zram } = make(LINUX_7_3);
  fill(zram, 3);
  const steps = waitsOf(zram.writebackSteps("page_indexes=0-2"));
  steps.next();
  steps.next();
  assertThrows(() => steps.throw(new Error("enough")), Error, "enough");
  assertEquals(bdStat(zram), [0, 0, 0]);
  checkZram(zram);
  assertEquals(zram.writeback("page_indexes=0-2"), undefined);
});

Deno.test("the attributes of writeback stand together since 7.0, bd_stat first", () => {
  const names = [LINUX_6_19, LINUX_7_0].map(({ zram: { attributes } }) => {
    const all = Object.keys(attributes);
    return all.slice(all.indexOf("comp_algorithm") + 1);
  });
  assertEquals(names, [[
    "backing_dev",
    "writeback",
    "writeback_limit",
    "writeback_limit_enable",
    "writeback_batch_size",
    "io_stat",
    "mm_stat",
    "bd_stat",
    "debug_stat",
    "algorithm_params",
  ], [
    "bd_stat",
    "backing_dev",
    "writeback",
    "writeback_limit",
    "writeback_limit_enable",
    "writeback_batch_size",
    "compressed_writeback",
    "io_stat",
    "mm_stat",
    "debug_stat",
    "algorithm_params",
  ]]);
});
