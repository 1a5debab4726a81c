import { assertEquals, assertThrows } from "@std/assert";
import {
  attributeMode,
  attributeNames,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  type Profile,
  randomFrom,
  readAttribute,
  readBlockState,
  writeAttribute,
  Zram,
  ZramControl,
  type ZramProfile,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";
import { SMALL_6_18 } from "./kernels.ts";

const of = (zram: ZramProfile): Profile => ({ ...LINUX_6_18, zram });
const ALL = [
  LINUX_3_12.zram,
  LINUX_4_0.zram,
  LINUX_6_1.zram,
  LINUX_6_18.zram,
  LINUX_6_18_FULL.zram,
];
const makeZram = (zram: ZramProfile) => new Zram(of(zram), { codecs: CODECS });

Deno.test("each kernel has the files that its zram_disk_attrs lists, in that order", () => {
  const names = (zram: ZramProfile) => attributeNames(makeZram(zram)).join(" ");
  assertEquals(
    names(LINUX_3_12.zram),
    "disksize initstate reset num_reads num_writes invalid_io notify_free " +
      "zero_pages orig_data_size compr_data_size mem_used_total",
  );
  assertEquals(
    names(LINUX_4_0.zram),
    "disksize initstate reset num_reads num_writes failed_reads failed_writes " +
      "invalid_io notify_free zero_pages orig_data_size compr_data_size " +
      "mem_used_total mem_limit mem_used_max max_comp_streams comp_algorithm",
  );
  assertEquals(
    names(LINUX_6_1.zram),
    "disksize initstate reset compact mem_limit mem_used_max idle " +
      "max_comp_streams comp_algorithm backing_dev writeback writeback_limit " +
      "writeback_limit_enable io_stat mm_stat bd_stat debug_stat",
  );
  assertEquals(
    names(SMALL_6_18.zram),
    "disksize initstate reset compact mem_limit mem_used_max idle " +
      "comp_algorithm io_stat mm_stat debug_stat algorithm_params",
  );
  assertEquals(
    names(LINUX_6_18_FULL.zram),
    "disksize initstate reset compact mem_limit mem_used_max idle " +
      "comp_algorithm backing_dev writeback writeback_limit " +
      "writeback_limit_enable io_stat mm_stat bd_stat debug_stat " +
      "recomp_algorithm recompress algorithm_params",
  );
});

Deno.test("every file can be used as its permissions say, and not otherwise", () => {
  for (const profile of ALL) {
    for (const name of attributeNames(makeZram(profile))) {
      const zram = makeZram(profile);
      const mode = attributeMode(zram, name) ?? 0;
      const shown = readAttribute(zram, name);
      assertEquals("text" in shown, (mode & 0o444) !== 0, name);
      const errno = writeAttribute(zram, name, "no such thing");
      assertEquals(errno === "EACCES", (mode & 0o222) === 0, name);
      // What cannot be read is refused, but by files that read nothing.
      const lenient = ["max_comp_streams"].includes(name) &&
        profile.compStreams === "per-cpu";
      const late = name === "comp_algorithm" &&
        profile.algorithmChecked === "when-initialised";
      assertEquals(errno === undefined, lenient || late, name);
    }
  }
  assertEquals(attributeMode(makeZram(LINUX_6_1.zram), "mem_limit"), 0o200);
  assertEquals(attributeMode(makeZram(LINUX_4_0.zram), "mem_limit"), 0o644);
  assertEquals(
    attributeMode(makeZram(LINUX_3_12.zram), "mem_limit"),
    undefined,
  );
});

Deno.test("3.12 shows one number a file, and a page of zeros is not stored data", () => {
  const zram = makeZram(LINUX_3_12.zram);
  const texts = () =>
    Object.fromEntries(
      attributeNames(zram).flatMap((name) => {
        const shown = readAttribute(zram, name);
        return "text" in shown ? [[name, shown.text]] : [];
      }),
    );
  assertEquals(writeAttribute(zram, "disksize", "16K"), undefined);
  zram.write(0, new Uint8Array(4096));
  zram.write(1, new Uint8Array(4096).fill(7));
  zram.read(1, new Uint8Array(4096));
  zram.slotFreeNotify(3);
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  assertEquals(zram.write(2, page), 276);
  const stored = zram.slots.size(1) + 276;
  assertEquals(texts(), {
    disksize: "16384\n",
    initstate: "1\n",
    num_reads: "1\n",
    num_writes: "3\n",
    invalid_io: "0\n",
    notify_free: "1\n",
    zero_pages: "1\n",
    orig_data_size: "8192\n",
    compr_data_size: `${stored}\n`,
    mem_used_total: `${zram.mmStat().mem_used_total}\n`,
  });
});

Deno.test("up to 4.16 a page above three quarters of its size is stored whole", () => {
  const bytes = (length: number) => {
    const codec = {
      name: "lzo",
      compress: () => length,
      decompress: () => {},
    };
    const zram = new Zram(of(LINUX_3_12.zram), { codecs: [codec] });
    zram.setDisksize(4096);
    return zram.write(0, Uint8Array.from({ length: 4096 }, (_, at) => at % 7));
  };
  assertEquals([3072, 3073].map(bytes), [3072, 4096]);
});

Deno.test("reset is refused while the disk is open; 3.12 minds exclusive openers alone", () => {
  for (const profile of ALL) {
    const zram = makeZram(profile);
    zram.open();
    const plain = profile === LINUX_3_12.zram ? undefined : "EBUSY";
    assertEquals(writeAttribute(zram, "reset", "1"), plain);
    // Up to 4.0 being busy comes before what is written.
    const first = profile === LINUX_4_0.zram ? "EBUSY" : "EINVAL";
    assertEquals(writeAttribute(zram, "reset", "0"), first);
    zram.close();
    zram.open(true);
    assertEquals(writeAttribute(zram, "reset", "1"), "EBUSY");
    zram.close(true);
    assertEquals(writeAttribute(zram, "reset", "1"), undefined);
    assertThrows(() => zram.close(), Error, "it is not open");
  }
});

Deno.test("4.0 takes any algorithm's name, and disksize refuses it", () => {
  const zram = makeZram(LINUX_4_0.zram);
  assertEquals(writeAttribute(zram, "comp_algorithm", "nosuch"), undefined);
  assertEquals(readAttribute(zram, "comp_algorithm"), {
    text: "lzo lz4 lzo-rle zstd deflate \n",
  });
  assertEquals(writeAttribute(zram, "disksize", "1M"), "EINVAL");
  assertEquals(readAttribute(zram, "initstate"), { text: "0\n" });
  writeAttribute(zram, "comp_algorithm", "lz4\n");
  assertEquals(writeAttribute(zram, "disksize", "1M"), undefined);
  assertEquals(writeAttribute(zram, "comp_algorithm", "nosuch"), "EBUSY");
  writeAttribute(zram, "reset", "1");
  assertEquals(zram.algorithm, "lz4");
});

Deno.test("4.0 has as many streams as it is told, but one cannot become more", () => {
  const zram = makeZram(LINUX_4_0.zram);
  const set = (text: string) => writeAttribute(zram, "max_comp_streams", text);
  assertEquals(readAttribute(zram, "max_comp_streams"), { text: "1\n" });
  assertEquals(set("0"), "EINVAL");
  assertEquals(set("-1"), "EINVAL");
  assertEquals(set("x"), "EINVAL");
  assertEquals(set("2147483648"), "ERANGE");
  assertEquals(set("4"), undefined);
  zram.setDisksize(4096);
  assertEquals(set("2"), undefined);
  assertEquals(readAttribute(zram, "max_comp_streams"), { text: "2\n" });
  writeAttribute(zram, "reset", "1");
  assertEquals(readAttribute(zram, "max_comp_streams"), { text: "1\n" });
  zram.setDisksize(4096);
  assertEquals(set("2"), "EINVAL");
});

Deno.test("4.0 shows limit and maximum, and a write that the limit undoes raises none", () => {
  const maxima = [LINUX_4_0.zram, LINUX_6_1.zram].map((profile) => {
    const zram = makeZram(profile);
    writeAttribute(zram, "comp_algorithm", "lz4");
    zram.setDisksize(1 << 20);
    writeAttribute(zram, "mem_limit", "4095");
    const random = randomFrom(1);
    const page = Uint8Array.from({ length: 4096 }, () => random(256));
    assertEquals(zram.write(0, page), 4096);
    assertEquals(zram.write(1, page), "EIO");
    if (profile === LINUX_4_0.zram) {
      assertEquals(readAttribute(zram, "mem_limit"), { text: "4096\n" });
      assertEquals(readAttribute(zram, "mem_used_max"), { text: "4096\n" });
      assertEquals(readAttribute(zram, "failed_writes"), { text: "1\n" });
    }
    return zram.mmStat().mem_used_max;
  });
  assertEquals(maxima, [4096, 8192]);
});

Deno.test("a limit of 2^64 bytes and less is rounded up to pages, and to none at its end", () => {
  const zram = makeZram(LINUX_6_18.zram);
  const limit = (text: string) => {
    assertEquals(writeAttribute(zram, "mem_limit", text), undefined);
    return zram.mmStat().mem_limit;
  };
  assertEquals(limit("1"), 4096);
  assertEquals(limit("8E"), 2 ** 63);
  assertEquals(limit("0xffffffffffffffff"), 0);
  assertEquals(limit("16E"), 0);
  writeAttribute(zram, "mem_limit", "8E");
  assertEquals(readAttribute(zram, "mm_stat"), {
    text:
      "       0        0        0 9223372036854775808        0        0        0        0        0\n",
  });
});

Deno.test("a name of 128 characters is too big for 6.18 and unknown to 6.1", () => {
  const name = "x".repeat(128);
  const answers = [LINUX_6_18.zram, LINUX_6_1.zram].map((profile) =>
    [name, name.slice(1)].map((text) =>
      writeAttribute(makeZram(profile), "comp_algorithm", text)
    )
  );
  assertEquals(answers, [["E2BIG", "EINVAL"], ["EINVAL", "EINVAL"]]);
});

Deno.test("algorithm_params are read as the kernel reads them", () => {
  const zram = makeZram(SMALL_6_18.zram);
  const set = (text: string) => writeAttribute(zram, "algorithm_params", text);
  assertEquals(set("level=8"), undefined);
  assertEquals(set("priority=0 level=-3 dict=/etc/dictionary"), "EINVAL");
  assertEquals(set("algo=lzo-rle deflate.winbits=9"), undefined);
  assertEquals(set("algo=zstd level=3"), "EINVAL");
  assertEquals(set("priority=1 level=3"), "EINVAL");
  assertEquals(set("level"), "EINVAL");
  assertEquals(set("level=x"), "EINVAL");
  assertEquals(set("level=4294967296"), "ERANGE");
  const full = makeZram(LINUX_6_18_FULL.zram);
  assertEquals(
    writeAttribute(full, "algorithm_params", "priority=3"),
    undefined,
  );
});

Deno.test("idle takes an age only where access times are kept, bd_stat and block_state are there only where configured", () => {
  const zram = makeZram(SMALL_6_18.zram);
  zram.setAlgorithm("lz4");
  zram.setDisksize(4096);
  assertEquals(writeAttribute(zram, "idle", "10"), "EINVAL");
  assertEquals(readAttribute(zram, "bd_stat"), { errno: "ENOENT" });
  assertEquals(writeAttribute(zram, "recompress", "type=idle"), "ENOENT");
  assertEquals(readBlockState(zram), { errno: "ENOENT" });
  const full = makeZram(LINUX_6_18_FULL.zram);
  assertEquals(readBlockState(full), { errno: "EINVAL" });
  assertEquals(writeAttribute(full, "idle", "all"), "EINVAL");
  full.setDisksize(4096);
  assertEquals(writeAttribute(full, "idle", "10"), undefined);
  assertEquals(readAttribute(full, "bd_stat"), {
    text: "       0        0        0\n",
  });
});

Deno.test("block_state has a row for each stored page, with its access time and letters", () => {
  for (
    const [zramProfile, letters] of [
      [LINUX_6_1.zram, ["s...", "...i"]],
      [LINUX_6_18_FULL.zram, ["s.....", "...i.."]],
    ] as const
  ) {
    const zram = new Zram(of(zramProfile), {
      codecs: CODECS,
      now: () => 86400.000001,
    });
    zram.setAlgorithm("lz4");
    zram.setDisksize(1 << 30);
    zram.write(10, Uint8Array.from({ length: 4096 }, (_, at) => at % 251));
    zram.markIdle();
    zram.write(3, new Uint8Array(4096));
    assertEquals(readBlockState(zram), {
      text: `           3        86400.000001 ${letters[0]}\n` +
        `          10        86400.000001 ${letters[1]}\n`,
    });
  }
});

Deno.test("hot_add makes the lowest device there is not, hot_remove takes one away", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const control = new ZramControl(profile, { codecs: CODECS });
    const remove = (text: string) => control.writeAttribute("hot_remove", text);
    assertEquals(control.readAttribute("hot_add"), { text: "1\n" });
    assertEquals(control.readAttribute("hot_add"), { text: "2\n" });
    assertEquals(remove("1\n"), undefined);
    assertEquals(remove("1"), "ENODEV");
    assertEquals(remove("-1"), "EINVAL");
    assertEquals(remove("x"), "EINVAL");
    assertEquals(remove("2147483648"), "ERANGE");
    assertEquals(control.readAttribute("hot_add"), { text: "1\n" });
    const device = control.devices.get(2);
    device?.setDisksize(1 << 20);
    device?.write(0, Uint8Array.from({ length: 4096 }, (_, at) => at % 251));
    assertEquals(device?.mmStat().orig_data_size, 4096);
    device?.open();
    assertEquals(remove("2"), "EBUSY");
    device?.close();
    assertEquals(remove("2"), undefined);
    assertEquals(device?.memory.allocatedPages, 0);
    assertEquals([...control.devices.keys()].sort(), [0, 1]);
    assertEquals(control.readAttribute("hot_remove"), { errno: "EACCES" });
    assertEquals(control.writeAttribute("hot_add", "1"), "EACCES");
    assertEquals(control.readAttribute("nosuch"), { errno: "ENOENT" });
  }
});

Deno.test("up to 4.1 there are the devices of num_devices and no zram-control", () => {
  const control = new ZramControl(of(LINUX_3_12.zram), { codecs: CODECS }, 3);
  assertEquals([...control.devices.keys()], [0, 1, 2]);
  assertEquals(control.readAttribute("hot_add"), { errno: "ENOENT" });
  assertEquals(control.writeAttribute("hot_remove", "0"), "ENOENT");
});
