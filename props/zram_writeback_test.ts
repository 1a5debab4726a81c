import { assertEquals, assertThrows } from "@std/assert";
import {
  blockState,
  checkZram,
  type Errno,
  LINUX_6_1,
  LINUX_6_18_FULL,
  type Profile,
  RamBackingDevice,
  type RamBackingDeviceOptions,
  randomFrom,
  readAttribute,
  waitsOf,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

const BOTH = [LINUX_6_1, LINUX_6_18_FULL];

/** A page with `bytes` of noise, zeros after them. */
function page(bytes: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: 4096 },
    (_, at) => at < bytes ? 1 + random(255) : 0,
  );
}

/** An initialised device with a backing device. */
function makeZram(
  profile: Profile,
  backingPages = 16,
  options: RamBackingDeviceOptions = {},
  now = () => 0,
): Zram {
  const device = new RamBackingDevice(backingPages, 4096, options);
  const zram = new Zram(profile, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", device]]),
    now,
  });
  assertEquals(writeAttribute(zram, "backing_dev", "/dev/sda\n"), undefined);
  assertEquals(zram.setDisksize(16 * 4096), undefined);
  return zram;
}

/** The flags of each stored page by number, as 6.1 and 6.18 share them. */
function flags(zram: Zram): Record<number, string> {
  const shown = blockState(zram);
  if ("errno" in shown) throw new Error(shown.errno);
  return Object.fromEntries(
    shown.state.map(({ page, flags }) => [page, flags.slice(0, 4)]),
  );
}

const bdStat = (zram: Zram) => Object.values(zram.bdStat());

Deno.test("idle, huge and huge_idle pages are written back, and read from there", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile);
    [100, 4096, 200, 4096].forEach((bytes, at) =>
      zram.write(at, page(bytes, at + 1))
    );
    writeAttribute(zram, "idle", "all");
    zram.write(0, page(100, 9));
    zram.write(1, page(4096, 9));
    assertEquals(flags(zram), { 0: "....", 1: "..h.", 2: "...i", 3: "..hi" });
    assertEquals(zram.writeback("huge_idle"), undefined);
    assertEquals(flags(zram), { 0: "....", 1: "..h.", 2: "...i", 3: ".w.." });
    assertEquals(zram.writeback("huge"), undefined);
    assertEquals(zram.writeback("idle\n"), undefined);
    assertEquals(flags(zram), { 0: "....", 1: ".w..", 2: ".w..", 3: ".w.." });
    assertEquals(bdStat(zram), [3, 0, 3]);
    assertEquals(zram.mmStat().huge_pages, 0);
    assertEquals(zram.mmStat().orig_data_size, 4 * 4096);
    const into = new Uint8Array(4096);
    assertEquals(zram.read(3, into), undefined);
    assertEquals(into, page(4096, 4));
    assertEquals(bdStat(zram), [3, 1, 3]);
    checkZram(zram);
  }
});

Deno.test("blocks are given from 1 on, the lowest that is free first", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile);
    for (let at = 0; at < 3; at++) {
      zram.write(at, page(100, at + 1));
      zram.writeback(`page_index=${at}`);
    }
    const blocks = () => [0, 1, 2].map((at) => zram.slots.block(at));
    assertEquals(blocks(), [1, 2, 3]);
    zram.discard(1, 1);
    assertEquals(bdStat(zram)[0], 2);
    zram.write(1, page(100, 5));
    zram.writeback("page_index=1");
    assertEquals(blocks(), [1, 2, 3]);
    zram.slotFreeNotify(0);
    zram.write(2, new Uint8Array(4096));
    assertEquals(bdStat(zram)[0], 1);
    checkZram(zram);
  }
});

Deno.test("6.1 writes by number, 6.18 the largest objects first, the last found before the others", () => {
  const blocks = BOTH.map((profile) => {
    const zram = makeZram(profile);
    [100, 110, 3000, 4096].forEach((bytes, at) =>
      zram.write(at, page(bytes, at + 1))
    );
    zram.markIdle();
    zram.writeback("idle");
    return [0, 1, 2, 3].map((at) => zram.slots.block(at));
  });
  assertEquals(blocks, [[1, 2, 3, 4], [4, 3, 2, 1]]);
});

Deno.test("a full device is ENOSPC; 6.1 says so even where no page is left to write", () => {
  const left = BOTH.map((profile) => {
    // Two blocks can be used: 1 and 2.
    const zram = makeZram(profile, 3);
    for (let at = 0; at < 3; at++) zram.write(at, page(100, at + 1));
    assertEquals(zram.writeback("page_index=0"), undefined);
    const second = zram.writeback("page_index=1");
    zram.markIdle();
    assertEquals(zram.writeback("idle"), "ENOSPC");
    zram.discard(2, 1);
    checkZram(zram);
    return [second, zram.writeback("idle")];
  });
  assertEquals(left, [[undefined, "ENOSPC"], [undefined, undefined]]);
});

Deno.test("the limit counts 4 KiB a page, and at 0 is EIO", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile);
    for (let at = 0; at < 4; at++) zram.write(at, page(100, at + 1));
    zram.markIdle();
    writeAttribute(zram, "writeback_limit", "3");
    assertEquals(readAttribute(zram, "writeback_limit_enable"), {
      text: "0\n",
    });
    writeAttribute(zram, "writeback_limit_enable", "1");
    assertEquals(zram.writeback("idle"), "EIO");
    assertEquals(bdStat(zram), [3, 0, 3]);
    assertEquals(readAttribute(zram, "writeback_limit"), { text: "0\n" });
    const last = profile.zram.writebackOrder === "by-index" ? 3 : 0;
    assertEquals(zram.writeback(`page_index=${last}`), "EIO");
    writeAttribute(zram, "writeback_limit_enable", "0");
    assertEquals(zram.writeback(`page_index=${last}`), undefined);
    assertEquals(bdStat(zram), [4, 0, 4]);
    // Not even a reset touches them.
    writeAttribute(zram, "writeback_limit_enable", "5");
    writeAttribute(zram, "reset", "1");
    assertEquals(zram.wbLimitEnable, true);
  }
});

Deno.test("a limit that is no multiple of a page wraps, as the kernel's does", () => {
  for (const profile of BOTH) {
    const device = new RamBackingDevice(8, 65536);
    const zram = new Zram({ ...profile, pageSize: 65536 }, {
      codecs: CODECS,
      backingDevices: new Map([["/dev/sda", device]]),
    });
    zram.setBackingDev("/dev/sda");
    zram.setDisksize(4 * 65536);
    zram.write(0, Uint8Array.from({ length: 65536 }, (_, at) => at % 251));
    writeAttribute(zram, "writeback_limit", "3");
    writeAttribute(zram, "writeback_limit_enable", "1");
    assertEquals(zram.writeback("page_index=0"), undefined);
    assertEquals(readAttribute(zram, "writeback_limit"), {
      text: `${2n ** 64n - 13n}\n`,
    });
    assertEquals(bdStat(zram), [16, 0, 16]);
  }
});

Deno.test("a page that cannot be written stays; 6.1 takes its mark, 6.18 leaves it", () => {
  const marks = BOTH.map((profile) => {
    const failRequest = (kind: string, _block: number, nth: number) =>
      kind === "write" && nth === 0;
    const zram = makeZram(profile, 16, { failRequest });
    zram.write(0, page(100, 1));
    zram.write(1, page(100, 2));
    zram.markIdle();
    assertEquals(zram.writeback("idle"), "EIO");
    assertEquals(bdStat(zram), [1, 0, 1]);
    checkZram(zram);
    return flags(zram);
  });
  assertEquals(marks, [
    { 0: "....", 1: ".w.." },
    { 0: ".w..", 1: "...i" },
  ]);
});

Deno.test("a page that cannot be read back is EIO, and none of zram's failed reads", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile, 16, {
      failRequest: (kind) => kind === "read",
    });
    zram.write(0, page(100));
    zram.writeback("page_index=0");
    assertEquals(zram.read(0, new Uint8Array(4096)), "EIO");
    assertEquals(zram.ioStat.failedReads, 0);
    assertEquals(bdStat(zram), [1, 1, 1]);
  }
});

Deno.test("a part of a page that cannot be read back is a failed read or write", () => {
  const device = new RamBackingDevice(8, 16384, {
    failRequest: (kind) => kind === "read",
  });
  const zram = new Zram({ ...LINUX_6_18_FULL, pageSize: 16384 }, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", device]]),
  });
  zram.setBackingDev("/dev/sda");
  zram.setDisksize(4 * 16384);
  zram.write(0, Uint8Array.from({ length: 16384 }, (_, at) => at % 251));
  zram.writeback("page_index=0");
  const data = new Uint8Array(4096);
  assertEquals(zram.submitBio({ op: "read", sector: 8, data }), "EIO");
  assertEquals(zram.submitBio({ op: "write", sector: 8, data }), "EIO");
  assertEquals(zram.ioStat.failedReads, 1);
  assertEquals(zram.ioStat.failedWrites, 1);
  assertEquals(zram.slots.block(0), 1);
});

Deno.test("same-filled pages and those written back are not written back", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile);
    zram.write(0, new Uint8Array(4096));
    zram.write(1, page(100));
    zram.markIdle();
    zram.writeback("idle");
    assertEquals(zram.writeback("page_index=0"), undefined);
    assertEquals(zram.writeback("page_index=1"), undefined);
    assertEquals(bdStat(zram), [1, 0, 1]);
  }
});

Deno.test("what writeback cannot read is EINVAL, or ERANGE beyond the disk since 6.16", () => {
  const answers: Record<string, [Errno | undefined, Errno | undefined]> = {
    "bogus": ["EINVAL", "EINVAL"],
    "": ["EINVAL", undefined],
    "type=bogus": ["EINVAL", "EINVAL"],
    "type=idle": ["EINVAL", undefined],
    "incompressible": ["EINVAL", undefined],
    "page_index=x": ["EINVAL", "EINVAL"],
    "page_index=": ["EINVAL", "EINVAL"],
    "page_index=16": ["EINVAL", "ERANGE"],
    "page_index=-1": ["EINVAL", "EINVAL"],
    "page_index=99999999999999999999": ["EINVAL", "ERANGE"],
    "page_indexes=3": ["EINVAL", "EINVAL"],
    "page_indexes=3-": ["EINVAL", "EINVAL"],
    "page_indexes=5-3": ["EINVAL", "ERANGE"],
    "page_indexes=3-16": ["EINVAL", "ERANGE"],
    "page_indexes=0-15": ["EINVAL", undefined],
    "colour=red": ["EINVAL", undefined],
    ' "page_index=1" page_index="2"': ["EINVAL", undefined],
  };
  for (const [text, expected] of Object.entries(answers)) {
    const found = BOTH.map((profile) => makeZram(profile).writeback(text));
    assertEquals(found, expected, text);
  }
});

Deno.test("ranges add up, and a type after them holds within the last", () => {
  const zram = makeZram(LINUX_6_18_FULL);
  for (let at = 0; at < 8; at++) zram.write(at, page(100, at + 1));
  zram.markIdle();
  zram.write(5, page(100, 9));
  assertEquals(
    zram.writeback("page_index=0 page_indexes=2-3 page_indexes=5-6 idle"),
    undefined,
  );
  // The ranges are of any page: 5 is written back though it is not idle.
  const back = Object.entries(flags(zram))
    .filter(([, letters]) => letters.includes("w")).map(([at]) => Number(at));
  assertEquals(back, [0, 2, 3, 5, 6]);
  checkZram(zram);
});

Deno.test("writeback is EINVAL before initialisation and ENODEV without a backing device", () => {
  for (const profile of BOTH) {
    const zram = new Zram(profile, { codecs: CODECS });
    assertEquals(writeAttribute(zram, "writeback", "idle"), "EINVAL");
    zram.setDisksize(4096);
    assertEquals(writeAttribute(zram, "writeback", "idle"), "ENODEV");
    assertEquals(readAttribute(zram, "backing_dev"), { text: "none\n" });
  }
});

Deno.test("backing_dev says why it does not take a path", () => {
  for (const profile of BOTH) {
    const device = new RamBackingDevice(4, 4096);
    const options = {
      codecs: CODECS,
      backingDevices: new Map<string, RamBackingDevice | Errno>([
        ["/dev/sda", device],
        ["/dev/empty", new RamBackingDevice(0, 4096)],
        ["/etc/passwd", "ENOTBLK"],
      ]),
    };
    const zram = new Zram(profile, options);
    const set = (path: string) => writeAttribute(zram, "backing_dev", path);
    assertEquals(set("/dev/nosuch"), "ENOENT");
    assertEquals(set("/etc/passwd"), "ENOTBLK");
    assertEquals(set("/dev/empty"), "EINVAL");
    assertEquals(readAttribute(zram, "backing_dev"), { text: "none\n" });
    assertEquals(set("/dev/sda"), undefined);
    assertEquals(readAttribute(zram, "backing_dev"), { text: "/dev/sda\n" });
    // 6.1 may open exclusively again what it has; 6.18 opens anew.
    const again = profile === LINUX_6_1 ? undefined : "EBUSY";
    assertEquals(set("/dev/sda"), again);
    const other = new Zram(profile, options);
    assertEquals(writeAttribute(other, "backing_dev", "/dev/sda"), "EBUSY");
    zram.setDisksize(4096);
    assertEquals(set("/dev/sda"), "EBUSY");
    writeAttribute(zram, "reset", "1");
    assertEquals(readAttribute(zram, "backing_dev"), { text: "none\n" });
    assertEquals(writeAttribute(other, "backing_dev", "/dev/sda"), undefined);
  }
});

Deno.test("reset gives every block back", () => {
  for (const profile of BOTH) {
    const zram = makeZram(profile);
    zram.write(0, page(100));
    zram.writeback("page_index=0");
    writeAttribute(zram, "reset", "1");
    assertEquals(bdStat(zram), [0, 0, 0]);
    checkZram(zram);
  }
});

Deno.test("pages are idle by age where access times are kept", () => {
  for (const profile of BOTH) {
    let clock = 100;
    const zram = makeZram(profile, 16, {}, () => clock);
    zram.write(0, page(100, 1));
    clock = 110;
    zram.write(1, page(100, 2));
    clock = 120;
    assertEquals(writeAttribute(zram, "idle", "15"), undefined);
    assertEquals(flags(zram), { 0: "...i", 1: "...." });
    // 6.18 takes the mark from those that are too young; 6.1 never does.
    writeAttribute(zram, "idle", "all");
    writeAttribute(zram, "idle", "15");
    const second = profile === LINUX_6_1 ? "...i" : "....";
    assertEquals(flags(zram), { 0: "...i", 1: second });
    zram.read(0, new Uint8Array(4096));
    assertEquals(flags(zram)[0], "....");
    const shown = blockState(zram);
    assertEquals("state" in shown && shown.state[0].acTime, 120);
  }
});

Deno.test("a page touched while it is written stays in memory, its block is given back", () => {
  for (const profile of BOTH) {
    for (const touch of ["write", "discard", "read"] as const) {
      const zram = makeZram(profile);
      zram.write(0, page(100, 1));
      const steps = waitsOf(zram.writebackSteps("page_index=0"));
      let step = steps.next();
      while (!String(step.value).includes("submit_bio_wait")) {
        step = steps.next();
      }
      checkZram(zram);
      if (touch === "write") zram.write(0, page(100, 2));
      if (touch === "discard") zram.discard(0, 1);
      if (touch === "read") zram.read(0, new Uint8Array(4096));
      while (!step.done) step = steps.next();
      assertEquals(step.value, undefined);
      assertEquals(bdStat(zram), [0, 0, 1]);
      assertEquals(flags(zram)[0], touch === "discard" ? undefined : "....");
      const into = new Uint8Array(4096);
      zram.read(0, into);
      const seed = { write: 2, read: 1, discard: 0 }[touch];
      assertEquals(into, seed === 0 ? new Uint8Array(4096) : page(100, seed));
      checkZram(zram);
    }
  }
});

Deno.test("6.1 marks no page idle while it is written; 6.18 runs one post-processing at a time", () => {
  const old = makeZram(LINUX_6_1);
  old.write(0, page(100, 1));
  const steps = waitsOf(old.writebackSteps("page_index=0"));
  steps.next();
  old.write(0, page(100, 2));
  old.markIdle();
  for (let step = steps.next(); !step.done;) step = steps.next();
  assertEquals(flags(old), { 0: "...." });

  const zram = makeZram(LINUX_6_18_FULL);
  zram.write(0, page(100, 1));
  const first = waitsOf(zram.writebackSteps("page_index=0"));
  first.next();
  assertEquals(zram.writeback("page_index=0"), "EAGAIN");
  assertEquals(writeAttribute(zram, "recompress", "type=idle"), "EAGAIN");
  assertThrows(() => zram.reset(), Error, "holds 'init_lock'");
  for (let step = first.next(); !step.done;) step = first.next();
  assertEquals(flags(zram), { 0: ".w.." });
  assertEquals(zram.reset(), undefined);
});

Deno.test("every block but the first of a device is used, in order", () => {
  for (const profile of BOTH) {
    const device = new RamBackingDevice(100, 4096);
    const zram = new Zram(profile, {
      codecs: CODECS,
      backingDevices: new Map([["/dev/sda", device]]),
    });
    zram.setBackingDev("/dev/sda");
    zram.setDisksize(120 * 4096);
    const blocks: number[] = [];
    for (let at = 0; at < 99; at++) {
      zram.write(at, page(100, at + 1));
      assertEquals(zram.writeback(`page_index=${at}`), undefined);
      blocks.push(zram.slots.block(at));
    }
    assertEquals(blocks, Array.from({ length: 99 }, (_, nth) => nth + 1));
    zram.write(99, page(100));
    assertEquals(zram.writeback("page_index=99"), "ENOSPC");
    checkZram(zram);
  }
});

Deno.test("an age whose nanoseconds are more than 64 bits wraps", () => {
  let clock = 100;
  const zram = makeZram(LINUX_6_1, 16, {}, () => clock);
  zram.write(0, page(100, 1));
  clock = 100.2;
  // So many seconds are 2^64 and 290,448,384 nanoseconds.
  writeAttribute(zram, "idle", "18446744074");
  assertEquals(flags(zram), { 0: "...." });
  clock = 100.3;
  writeAttribute(zram, "idle", "18446744074");
  assertEquals(flags(zram), { 0: "...i" });
});
