import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  blockState,
  type Codec,
  describedProfile,
  fillStated,
  KernelBug,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  lz4,
  type Profile,
  RamBackingDevice,
  readAttribute,
  statedCodecs,
  waitsOf,
  writeAttribute,
  type ZcompParams,
  Zram,
  type ZramOptions,
} from "../mod.ts";

const PAGE = 4096;
const PATH = "/dev/loop0";
/** The kernels that look for parameters of algorithms. */
const WITH_PARAMS = [LINUX_6_12, LINUX_6_16, LINUX_6_17, LINUX_6_18];
/** Those of them after which a failed setup leaves nothing. */
const FORGETFUL = [LINUX_6_16, LINUX_6_17, LINUX_6_18];

/** A device whose pages state how long they become. */
function makeZram(profile: Profile, options: ZramOptions = {}): Zram {
  const { compAlgorithms, unlistedAlgorithms } = profile.zram;
  const names = [...compAlgorithms, ...unlistedAlgorithms];
  return new Zram(profile, { codecs: statedCodecs(names), ...options });
}

/** Such a device with a disk, and a backing device where it is asked for. */
function initialised(profile: Profile, backed = true): Zram {
  const device = new RamBackingDevice(16, PAGE);
  const zram = makeZram(profile, {
    backingDevices: new Map([[PATH, device]]),
  });
  if (backed) assertEquals(zram.setBackingDev(PATH), undefined);
  assertEquals(zram.setDisksize(8 * PAGE), undefined);
  return zram;
}

function stated(...lengths: number[]): Uint8Array {
  const page = new Uint8Array(PAGE);
  fillStated(page, lengths, 1);
  return page;
}

const set = (zram: Zram, attr: string, text: string) =>
  writeAttribute(zram, attr, text);

const text = (zram: Zram, attr: string) => {
  const shown = readAttribute(zram, attr);
  return "text" in shown ? shown.text : shown.errno;
};

/** The letters that `block_state` has of each stored page. */
function flags(zram: Zram): Record<number, string> {
  const shown = blockState(zram);
  if ("errno" in shown) throw new Error(shown.errno);
  return Object.fromEntries(
    shown.state.map(({ page, flags }) => [page, flags]),
  );
}

Deno.test("idle takes an age since 5.16; 5.10 marks all or nothing", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_6_18]) {
    const zram = initialised(profile);
    const errno = profile === LINUX_5_10 ? "EINVAL" : undefined;
    assertEquals(set(zram, "idle", "1"), errno);
    assertEquals(set(zram, "idle", "all\n"), undefined);
  }
});

Deno.test("writeback knows idle and huge in 5.10, both together and a page since 5.16, what does not compress since 6.2, ranges since 6.16", () => {
  const texts = [
    "idle",
    "huge\n",
    "huge_idle",
    "page_index=1",
    "incompressible",
    "page_indexes=0-1",
    "type=huge",
    "page_index=1 idle",
    "nosuch=1",
    "some",
  ];
  const taken = (profile: Profile) =>
    texts.filter((one) =>
      set(initialised(profile), "writeback", one) === undefined
    ).length;
  assertEquals(
    [LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_6_16, LINUX_6_18].map(taken),
    [2, 4, 5, 9, 9],
  );
});

Deno.test("a page beyond the disk is EINVAL for writeback, and ERANGE since 6.16; without a backing device it is ENODEV, but for 6.12, which looks at the page first (writeback_store, 6.1.192, 6.12.118)", () => {
  for (const profile of [LINUX_6_1, LINUX_6_12, LINUX_6_16, LINUX_6_18]) {
    const isOld = profile === LINUX_6_1 || profile === LINUX_6_12;
    const beyond = "page_index=8";
    const errno = (backed: boolean) =>
      set(initialised(profile, backed), "writeback", beyond);
    assertEquals(errno(true), isOld ? "EINVAL" : "ERANGE");
    const looksFirst = profile === LINUX_6_12;
    assertEquals(errno(false), looksFirst ? "EINVAL" : "ENODEV");
    const negative = set(
      initialised(profile, true),
      "writeback",
      "page_index=-1",
    );
    assertEquals(negative, "EINVAL");
  }
});

Deno.test("since 6.12 a writeback is told to try again while another runs, before anything but its text and its page are looked at", () => {
  const outcomes = [LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_6_18]
    .map((profile) => {
      const zram = initialised(profile);
      zram.write(0, stated(PAGE));
      const running = waitsOf(zram.writebackSteps("huge"));
      running.next();
      const second = zram.writeback("huge");
      while (!running.next().done);
      return second;
    });
  assertEquals(outcomes, [undefined, undefined, "EAGAIN", "EAGAIN"]);
});

Deno.test("6.12 reads a page under its slot's lock before it writes it back, 6.1 once the slot is unlocked: one wait more, in which the page may change", () => {
  const waits = [LINUX_5_10, LINUX_6_1, LINUX_6_12].map((profile) => {
    const zram = initialised(profile);
    zram.write(0, stated(PAGE));
    return [...waitsOf(zram.writebackSteps("huge"))].length;
  });
  assertEquals(waits, [2, 2, 1]);
});

Deno.test("reset of a device without a disk: up to 5.10 it undoes the limit alone", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_6_18]) {
    const device = new RamBackingDevice(16, PAGE);
    const zram = makeZram(profile, {
      backingDevices: new Map([[PATH, device]]),
    });
    zram.setBackingDev(PATH);
    set(zram, "mem_limit", "4096");
    zram.submitBio({ op: "read", sector: 0, data: new Uint8Array(PAGE) });
    const invalid = zram.ioStat.invalidIo;
    set(zram, "reset", "1");
    const stays = profile === LINUX_5_10;
    assertEquals(zram.mmStat().mem_limit, 0);
    assertEquals(text(zram, "backing_dev"), stays ? `${PATH}\n` : "none\n");
    assertEquals(device.holder === zram, stays);
    assertEquals(zram.ioStat.invalidIo, stays ? invalid : 0);
    assert(invalid > 0 === profile.zram.requestsChecked.includes("driver"));
  }
});

Deno.test("mm_stat shows eight numbers in 5.10 and nine since 5.11", () => {
  const columns = [LINUX_5_10, LINUX_6_1, LINUX_6_12, LINUX_6_18]
    .map((profile) =>
      text(makeZram(profile), "mm_stat").trim().split(/ +/).length
    );
  assertEquals(columns, [8, 9, 9, 9]);
});

Deno.test("up to 6.1 any compressor of the crypto layer can be chosen, by its driver's name too, and is shown behind the others", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1]) {
    for (const name of ["deflate", "lz4-generic", "lzo-rle-generic"]) {
      const zram = makeZram(profile);
      assertEquals(zram.setAlgorithm(`${name}\n`), undefined);
      assertEquals(
        text(zram, "comp_algorithm"),
        `lzo lzo-rle lz4 lz4hc zstd [${name}] \n`,
      );
      zram.setDisksize(PAGE);
      assertEquals(zram.write(0, stated(100, 100, 100, 100)), 100);
      zram.reset();
      assertEquals(zram.algorithm, name);
    }
    for (const name of ["lzo-scomp", "842", "deflate-generic-generic"]) {
      assertEquals(makeZram(profile).setAlgorithm(name), "EINVAL");
    }
  }
  const listed = makeZram(LINUX_6_12);
  assertEquals(listed.setAlgorithm("lz4-generic"), "EINVAL");
  // The kernel's own encoder works under its driver's name.
  const driver = new Zram(LINUX_6_1);
  driver.setAlgorithm("lz4-generic");
  driver.setDisksize(PAGE);
  const page = Uint8Array.from({ length: PAGE }, (_, at) => at % 251);
  const into = new Uint8Array(2 * PAGE);
  assertEquals(driver.write(0, page), lz4.compress(page, into));
  const back = new Uint8Array(PAGE);
  driver.read(0, back);
  assertEquals(back, page);
});

/** A codec that keeps what it was told. */
function told(name: string, told: ZcompParams[]): Codec {
  return {
    ...lz4,
    name,
    withParams(params) {
      told.push(params);
      return { ...lz4, name };
    },
  };
}

Deno.test("the parameters of an algorithm reach it when the device is set up, the dictionary as it was when it was named", () => {
  for (const profile of WITH_PARAMS) {
    const all: ZcompParams[] = [];
    const files = new Map([["/dict", Uint8Array.of(1, 2, 3)]]);
    const zram = new Zram(profile, { codecs: [told("lz4", all)], files });
    const ask = (value: string) => set(zram, "algorithm_params", value);
    assertEquals(ask("level=5 dict=/dict"), undefined);
    files.set("/dict", Uint8Array.of(9));
    zram.setDisksize(PAGE);
    const dict = Uint8Array.of(1, 2, 3);
    assertEquals(all, [{ level: 5, dict, winbits: undefined }]);
    // A reset forgets them; what is not said again is forgotten too.
    zram.reset();
    zram.setDisksize(PAGE);
    assertEquals(all.length, 1);
    zram.reset();
    ask("dict=/dict");
    ask("algo=lz4 level=3 deflate.winbits=-10");
    zram.setDisksize(PAGE);
    const winbits = profile === LINUX_6_12 ? undefined : -10;
    assertEquals(all[1], { level: 3, dict: undefined, winbits });
    zram.reset();
    // The least of 32 bits says nothing.
    assertEquals(ask("level=-2147483648"), undefined);
    zram.setDisksize(PAGE);
    assertEquals(all.length, 2);
  }
});

Deno.test("a dictionary that is not there, or empty, is EINVAL, and what was set before is forgotten", () => {
  for (const profile of WITH_PARAMS) {
    for (const path of ["/nosuch", "/empty"]) {
      const all: ZcompParams[] = [];
      const files = new Map([["/empty", new Uint8Array(0)]]);
      const zram = new Zram(profile, { codecs: [told("lz4", all)], files });
      assertEquals(set(zram, "algorithm_params", "level=2"), undefined);
      const value = `level=3 dict=${path}`;
      assertEquals(set(zram, "algorithm_params", value), "EINVAL");
      zram.setDisksize(PAGE);
      assertEquals(all, []);
    }
  }
});

Deno.test("of levels deflate alone refuses some, and windows that zlib has not stop 6.16, not before the device is set up", () => {
  const refused = (profile: Profile, algorithm: string, params: string) => {
    const zram = makeZram(profile);
    zram.setAlgorithm(algorithm);
    assertEquals(set(zram, "algorithm_params", params), undefined);
    try {
      return zram.setDisksize(PAGE) !== undefined;
    } catch (error) {
      if (error instanceof KernelBug) return "stops";
      throw error;
    }
  };
  for (const profile of WITH_PARAMS) {
    const wrong = (params: string) => refused(profile, "deflate", params);
    const levels = [-2, -1, 0, 9, 10].map((level) => wrong(`level=${level}`));
    assertEquals(levels, [true, false, false, false, true]);
    const isOld = profile === LINUX_6_12;
    const windows = [-16, -15, -9, -8, 0, 8, 9, 15, 16]
      .filter((bits) => wrong(`deflate.winbits=${bits}`) === "stops");
    assertEquals(windows, isOld ? [] : [-16, -8, 0, 8, 16]);
    for (const algorithm of ["lz4", "lz4hc", "zstd"]) {
      for (const level of [-5, 0, 99]) {
        assertEquals(refused(profile, algorithm, `level=${level}`), false);
      }
    }
    const zram = makeZram(profile);
    const other = set(zram, "algorithm_params", "deflate.winbits=x");
    assertEquals(other, isOld ? undefined : "EINVAL");
  }
});

/** A device whose first setup failed. */
function failedSetup(profile: Profile): Zram {
  const zram = makeZram(profile);
  zram.setAlgorithm("deflate");
  set(zram, "algorithm_params", "level=99");
  assertEquals(zram.setDisksize(PAGE), "EINVAL");
  return zram;
}

Deno.test("a failed setup leaves 6.12.118 with its default algorithm and no parameters", () => {
  const zram = failedSetup(LINUX_6_12);
  assertEquals(text(zram, "comp_algorithm"), "[lz4] lz4hc zstd deflate \n");
  assertEquals(zram.setAlgorithm("deflate"), undefined);
  assertEquals(zram.setDisksize(PAGE), undefined);
  assertEquals(zram.write(0, stated(100)), 100);
});

Deno.test("a failed setup leaves 6.16 to 6.18 without any algorithm: the next one succeeds, and what needs one would stop the kernel", () => {
  for (const profile of FORGETFUL) {
    const zram = failedSetup(profile);
    const shown = () => text(zram, "comp_algorithm");
    assertThrows(shown, KernelBug, "dereference a null pointer");
    assertEquals(zram.setDisksize(4 * PAGE), undefined);
    // What takes no memory needs no compressor.
    const word = new Uint8Array(PAGE).fill(7);
    assertEquals(zram.write(0, word), 0);
    const write = () => zram.write(1, stated(100));
    assertThrows(write, KernelBug, "dereference a null pointer");
    assertEquals(zram.mmStat().orig_data_size, PAGE);
    assertEquals(zram.read(1, word), undefined);
    // A reset puts the default back.
    zram.reset();
    assertEquals(shown(), "[lz4] lz4hc zstd deflate \n");
    // So does choosing one before the second setup.
    const again = failedSetup(profile);
    assertEquals(again.setAlgorithm("zstd"), undefined);
    assertEquals(again.setDisksize(PAGE), undefined);
    assertEquals(again.write(0, stated(100)), 100);
  }
});

Deno.test("a table that there is no memory for comes before an algorithm that cannot be set up, and leaves the algorithms as they are", () => {
  for (const profile of FORGETFUL) {
    const zram = makeZram(profile, { totalRamPages: 1 });
    zram.setAlgorithm("deflate");
    set(zram, "algorithm_params", "level=99");
    assertEquals(zram.setDisksize(2 ** 30), "ENOMEM");
    assertEquals(zram.algorithm, "deflate");
  }
});

const MULTI = ",recompression=yes,algorithms=lz4:lz4hc:zstd:deflate";
/** 6.12 and 6.18 built with recompression. */
const MULTI_6_12 = describedProfile(`linux-6.12${MULTI}`);
const MULTI_6_18 = describedProfile(`linux-6.18${MULTI}`);

/** A device with three algorithms for recompression, or with those of some priorities. */
function recompressing(profile: Profile, ...priorities: number[]): Zram {
  const zram = makeZram(profile);
  const names = ["", "lz4hc", "zstd", "deflate"];
  for (const priority of priorities) {
    zram.setAlgorithm(names[priority], priority);
  }
  zram.setDisksize(8 * PAGE);
  return zram;
}

Deno.test("recompression takes pages by number in 6.12, and the largest first since 6.16", () => {
  for (const profile of [MULTI_6_12, MULTI_6_18]) {
    const zram = recompressing(profile, 1);
    zram.write(0, stated(1000, 100));
    zram.write(1, stated(3000, 100));
    assertEquals(set(zram, "recompress", "max_pages=1"), undefined);
    const done = Object.entries(flags(zram)).filter(([, one]) =>
      one[4] === "r"
    );
    assertEquals(done.map(([page]) => page), [
      profile === MULTI_6_12 ? "0" : "1",
    ]);
  }
});

Deno.test("where no algorithm has the priority asked for, 6.12 does nothing and says so to nobody; 6.18 answers EINVAL", () => {
  for (const profile of [MULTI_6_12, MULTI_6_18]) {
    const errno = profile === MULTI_6_12 ? undefined : "EINVAL";
    for (const value of ["priority=2", "priority=7", "priority=4294967295"]) {
      const zram = recompressing(profile, 1);
      zram.write(0, stated(1000, 100));
      assertEquals(set(zram, "recompress", value), errno);
      assertEquals(flags(zram), { 0: "......" });
    }
    assertEquals(set(recompressing(profile), "recompress", "type=huge"), errno);
  }
});

Deno.test("6.12 tries an algorithm above a gap in the priorities; 6.18 looks at as many priorities as there are algorithms", () => {
  for (const profile of [MULTI_6_12, MULTI_6_18]) {
    const zram = recompressing(profile, 3);
    zram.write(0, stated(1000, 900, 800, 100));
    assertEquals(
      set(zram, "recompress", "priority=3"),
      profile === MULTI_6_12 ? undefined : "EINVAL",
    );
    assertEquals(flags(zram), {
      0: profile === MULTI_6_12 ? "....r." : "......",
    });
  }
});

Deno.test("6.12 marks a page incompressible where all algorithms were tried at once; 6.18 where that of the last priority was", () => {
  const marks = (profile: Profile, value: string) => {
    const zram = recompressing(profile, 1, 2);
    zram.write(0, stated(1000, 1000, 1000));
    assertEquals(set(zram, "recompress", value), undefined);
    return flags(zram)[0];
  };
  assertEquals(marks(MULTI_6_12, "type=none"), ".....n");
  assertEquals(marks(MULTI_6_18, "type=none"), ".....n");
  assertEquals(marks(MULTI_6_12, "priority=2"), "......");
  assertEquals(marks(MULTI_6_18, "priority=2"), ".....n");
});

Deno.test("an object that gets smaller but not below the threshold stays unmarked in 6.12", () => {
  const marks = (profile: Profile, ...lengths: number[]) => {
    const zram = recompressing(profile, 1);
    zram.write(0, stated(...lengths));
    set(zram, "recompress", "threshold=500");
    return flags(zram)[0];
  };
  assertEquals(marks(MULTI_6_12, 1000, 600), "......");
  assertEquals(marks(MULTI_6_18, 1000, 600), ".....n");
  assertEquals(marks(MULTI_6_12, 1000, 400), "....r.");
  assertEquals(marks(MULTI_6_12, 1000, 1000), ".....n");
});

Deno.test("a page that no algorithm is left to try on does not count against max_pages in 6.12, yet loses its mark of idleness", () => {
  const zram = recompressing(MULTI_6_12, 1);
  zram.write(0, stated(1000, 100));
  zram.write(1, stated(1000, 100));
  set(zram, "recompress", "max_pages=1");
  set(zram, "idle", "all");
  assertEquals(flags(zram), { 0: "...ir.", 1: "...i.." });
  set(zram, "recompress", "max_pages=1");
  assertEquals(flags(zram), { 0: "....r.", 1: "....r." });
});

Deno.test("a recompression is told to try again while a writeback runs, since 6.12", () => {
  for (const profile of [MULTI_6_12, MULTI_6_18]) {
    const zram = makeZram(profile, {
      backingDevices: new Map([[PATH, new RamBackingDevice(16, PAGE)]]),
    });
    zram.setBackingDev(PATH);
    zram.setAlgorithm("zstd", 1);
    zram.setDisksize(8 * PAGE);
    zram.write(0, stated(PAGE, PAGE));
    const running = waitsOf(zram.writebackSteps("huge"));
    running.next();
    assertEquals(set(zram, "recompress", "type=huge"), "EAGAIN");
    while (!running.next().done);
    assertEquals(set(zram, "recompress", "type=huge"), undefined);
  }
});
