import { assertEquals, assertThrows } from "@std/assert";
import {
  checkZram,
  type Errno,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  type Profile,
  PROFILES,
  RamBackingDevice,
  readAttribute,
  tableEntryBytes,
  writeAttribute,
  Zram,
  ZRAM_TABLE_ENTRIES,
  zramTableBytes,
} from "../mod.ts";
import { SMALL_6_18 } from "./kernels.ts";

const with32Bits = (profile: Profile): Profile => ({
  ...profile,
  wordBits: 32,
  physBits: 36,
});

/** `echo text > disksize` on a fresh device. */
function setDisksize(
  profile: Profile,
  text: string,
  totalRamPages?: number,
): Errno | undefined {
  return writeAttribute(
    new Zram(profile, { totalRamPages }),
    "disksize",
    text,
  );
}

Deno.test("a slot takes two words, and eight bytes more where access times are kept", () => {
  const bytes = [SMALL_6_18, LINUX_6_18, LINUX_6_1, LINUX_4_0, LINUX_3_12]
    .map((profile) => [
      tableEntryBytes(profile),
      tableEntryBytes(with32Bits(profile)),
    ]);
  assertEquals(bytes, [[16, 8], [24, 16], [24, 16], [16, 8], [16, 8]]);
});

Deno.test("with a lock of its own a slot of 32 bits takes four bytes more, one of 64 none", () => {
  const tableEntry = ZRAM_TABLE_ENTRIES["6.12"];
  const bytes = [SMALL_6_18, LINUX_6_18_FULL].map((profile) => {
    const locked = { ...profile, zram: { ...profile.zram, tableEntry } };
    return [tableEntryBytes(locked), tableEntryBytes(with32Bits(locked))];
  });
  assertEquals(bytes, [[16, 12], [24, 20]]);
});

Deno.test("what a device takes beside its pool is its table, in whole pages, while it is initialised", () => {
  const zram = new Zram(LINUX_6_18_FULL);
  assertEquals(zram.tableBytes, 0);
  zram.setDisksize(1000 * 4096);
  assertEquals(zram.tableBytes, 6 * 4096);
  zram.reset();
  assertEquals(zram.tableBytes, 0);
  assertEquals(zramTableBytes(SMALL_6_18, 1), 4096);
  assertEquals(zramTableBytes(SMALL_6_18, 257 * 4096), 8192);
});

Deno.test("a kernel of 32 bits has no addresses for the table of a large disk: ENOMEM", () => {
  // 120 MiB for vmalloc, of which a page stays free behind the table.
  for (
    const [profile, most] of [
      [SMALL_6_18, 61438],
      [LINUX_6_1, 30719],
    ] as const
  ) {
    const kernel = with32Bits(profile);
    assertEquals(setDisksize(kernel, "100G"), "ENOMEM");
    const slots = Math.floor((120 * 2 ** 20 - 4096) / tableEntryBytes(kernel));
    assertEquals(Math.floor(slots / 256), most);
    assertEquals(setDisksize(kernel, String(slots * 4096)), undefined);
    assertEquals(setDisksize(kernel, String(slots * 4096 + 1)), "ENOMEM");
    assertEquals(setDisksize(profile, String(slots * 4096 + 1)), undefined);
  }
});

Deno.test("a table of more pages than the machine has is ENOMEM, in words of any size", () => {
  for (const profile of PROFILES) {
    const slots = 3 * 4096 / tableEntryBytes(profile);
    const text = String(slots * 4096);
    assertEquals(setDisksize(profile, text, 3), undefined);
    assertEquals(setDisksize(profile, text, 2), "ENOMEM");
  }
});

Deno.test("no kernel has a table for the largest disks that can be asked for", () => {
  for (const profile of PROFILES) {
    for (const text of ["8E", "8P", "18446744073709551615"]) {
      assertEquals(setDisksize(profile, text), "ENOMEM", profile.name);
      assertEquals(setDisksize(with32Bits(profile), text), "ENOMEM");
    }
  }
});

Deno.test("a table whose size does not fit a word is none since 4.18; before, and where its pages do not fit, the kernel writes beyond it", () => {
  const twoTera = String(2 ** 41 + 4096);
  assertEquals(setDisksize(with32Bits(SMALL_6_18), twoTera), "ENOMEM");
  assertThrows(
    () => setDisksize(with32Bits(LINUX_4_0), twoTera),
    Error,
    "for a table of 4294967304 bytes the kernel would ask for 8",
  );
  assertEquals(setDisksize(with32Bits(LINUX_4_0), "2T"), "ENOMEM");
  assertThrows(
    () => setDisksize(with32Bits(SMALL_6_18), String(2 ** 44 + 4096)),
    Error,
    "the kernel would ask for 8, and write beyond it",
  );
});

Deno.test("a disksize for which there is no memory leaves the device as it was", () => {
  const zram = new Zram(with32Bits(LINUX_6_18_FULL), {
    backingDevices: new Map([["/dev/sda", new RamBackingDevice(8, 4096)]]),
  });
  writeAttribute(zram, "comp_algorithm", "zstd");
  writeAttribute(zram, "recomp_algorithm", "algo=deflate priority=1");
  writeAttribute(zram, "backing_dev", "/dev/sda");
  const names = [
    "comp_algorithm",
    "recomp_algorithm",
    "backing_dev",
    "initstate",
  ];
  const shown = () => names.map((name) => readAttribute(zram, name));
  const before = shown();
  assertEquals(writeAttribute(zram, "disksize", "100G"), "ENOMEM");
  assertEquals(shown(), before);
  assertEquals([zram.disksize, zram.slots.length, zram.pool], [
    0,
    0,
    undefined,
  ]);
  checkZram(zram);
  assertEquals(writeAttribute(zram, "disksize", "1M"), undefined);
});

Deno.test("an unknown algorithm is found after a table was had, and a busy device before one is asked for but in 4.0 and before", () => {
  const late = new Zram(with32Bits(LINUX_4_0));
  assertEquals(writeAttribute(late, "comp_algorithm", "nosuch"), undefined);
  assertEquals(writeAttribute(late, "disksize", "0"), "EINVAL");
  assertEquals(writeAttribute(late, "disksize", "100G"), "ENOMEM");
  assertEquals(writeAttribute(late, "disksize", "1M"), "EINVAL");
  const answers = [LINUX_3_12, LINUX_4_0, LINUX_6_1, SMALL_6_18].map(
    (profile) => {
      const zram = new Zram(with32Bits(profile));
      assertEquals(writeAttribute(zram, "disksize", "1M"), undefined);
      return ["100G", "2M"].map((text) =>
        writeAttribute(zram, "disksize", text)
      );
    },
  );
  assertEquals(answers, [
    ["ENOMEM", "EBUSY"],
    ["ENOMEM", "EBUSY"],
    ["EBUSY", "EBUSY"],
    ["EBUSY", "EBUSY"],
  ]);
});
