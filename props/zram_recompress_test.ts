import { assert, assertEquals } from "@std/assert";
import {
  blockState,
  checkZram,
  type Codec,
  type Errno,
  LINUX_6_18_FULL,
  Memory,
  RamBackingDevice,
  randomFrom,
  readAttribute,
  waitsOf,
  writeAttribute,
  Zram,
  type ZramOptions,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

/** Symbols and bytes of a page of random ones, zeros after them. */
const CONTENTS = {
  /** lz4 makes few bytes of it, zstd fewer. */
  small: { alphabet: 16, bytes: 512 },
  /** lz4 makes half a page of it, zstd a quarter. */
  medium: { alphabet: 16, bytes: 2048 },
  /** lz4 makes nothing of it, zstd half a page. */
  huge: { alphabet: 16, bytes: 4096 },
  /** Nothing makes anything of it. */
  noise: { alphabet: 256, bytes: 4096 },
};

function page(kind: keyof typeof CONTENTS, seed = 1): Uint8Array {
  const { alphabet, bytes } = CONTENTS[kind];
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: 4096 },
    (_, at) => at < bytes ? random(alphabet) : 0,
  );
}

/** An initialised device that writes lz4 and recompresses with these. */
function makeZram(
  algorithms: Readonly<Record<number, string>>,
  options: ZramOptions = {},
): Zram {
  const zram = new Zram(LINUX_6_18_FULL, { codecs: CODECS, ...options });
  writeAttribute(zram, "comp_algorithm", "lz4");
  for (const [priority, name] of Object.entries(algorithms)) {
    const text = `algo=${name} priority=${priority}`;
    assertEquals(writeAttribute(zram, "recomp_algorithm", text), undefined);
  }
  assertEquals(zram.setDisksize(16 * 4096), undefined);
  return zram;
}

function flags(zram: Zram): string[] {
  const shown = blockState(zram);
  if ("errno" in shown) throw new Error(shown.errno);
  return shown.state.map(({ flags }) => flags);
}

function readBack(zram: Zram, at: number): Uint8Array {
  const into = new Uint8Array(4096);
  assertEquals(zram.read(at, into), undefined);
  return into;
}

/** The bytes to which lz4 and the second algorithm bring a page. */
const sizes = (zram: Zram, pages: number) =>
  Array.from({ length: pages }, (_, at) => zram.slots.size(at));

Deno.test("recompression makes pages smaller, and they read as before", () => {
  const zram = makeZram({ 1: "zstd" });
  zram.write(0, page("medium"));
  zram.write(1, page("huge"));
  zram.write(2, new Uint8Array(4096));
  const before = zram.mmStat();
  assertEquals(flags(zram), ["......", "..h...", "s....."]);
  assertEquals(zram.recompress(""), undefined);
  const after = zram.mmStat();
  assert(after.compr_data_size < before.compr_data_size);
  assertEquals(after.orig_data_size, before.orig_data_size);
  assertEquals([before.huge_pages, after.huge_pages], [1, 0]);
  assertEquals(after.huge_pages_since, 1);
  assertEquals(flags(zram), ["....r.", "....r.", "s....."]);
  assertEquals(readBack(zram, 0), page("medium"));
  assertEquals(readBack(zram, 1), page("huge"));
  checkZram(zram);
});

Deno.test("a page that no algorithm makes smaller is marked, and left alone from then on", () => {
  const counted = { calls: 0 };
  const zstd = CODECS.find(({ name }) => name === "zstd");
  assert(zstd !== undefined);
  const counting: Codec = {
    name: "zstd",
    compress(bytes, into) {
      counted.calls++;
      return zstd.compress(bytes, into);
    },
    decompress: (bytes, into) => zstd.decompress(bytes, into),
  };
  const zram = makeZram({ 1: "zstd" }, { codecs: [counting] });
  zram.write(0, page("noise"));
  zram.recompress("");
  assertEquals(flags(zram), ["..h..n"]);
  zram.recompress("");
  assertEquals(counted.calls, 1);
  // What is written there next is another page.
  zram.write(0, page("medium"));
  assertEquals(flags(zram), ["......"]);
});

Deno.test("a page of a class that is no smaller is left, though its bytes are fewer", () => {
  const shorter = (bytes: number): Codec => ({
    name: "zstd",
    compress: () => bytes,
    decompress: () => {},
  });
  // lz4 makes 276 bytes of it, of the class of 288: the handle does not count.
  const data = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  const marks = [275, 273, 272, 200].map((bytes) => {
    const zram = makeZram({ 1: "zstd" }, { codecs: [shorter(bytes)] });
    assertEquals(zram.write(0, data), 276);
    zram.recompress("");
    return flags(zram)[0];
  });
  assertEquals(marks, [".....n", ".....n", "....r.", "....r."]);
});

Deno.test("recompression takes idle, huge or huge_idle pages, and the mark of idleness", () => {
  const recompressed = ["idle", "huge", "huge_idle", "none"].map((type) => {
    const zram = makeZram({ 1: "zstd" });
    (["medium", "medium", "huge", "huge"] as const).forEach((kind, at) =>
      zram.write(at, page(kind, at + 1))
    );
    zram.markIdle();
    readBack(zram, 0);
    readBack(zram, 2);
    zram.recompress(`type=${type}`);
    return flags(zram).map((letters) => letters.slice(3, 5)).join(" ");
  });
  assertEquals(recompressed, [
    ".. .r .. .r",
    ".. i. .r .r",
    ".. i. .. .r",
    // An unknown type is none at all.
    ".r .r .r .r",
  ]);
});

Deno.test("objects below the threshold stay, and the new ones must be below it", () => {
  const zram = makeZram({ 1: "zstd" });
  zram.write(0, page("small"));
  zram.write(1, page("medium"));
  zram.write(2, page("huge"));
  const [first, second] = sizes(zram, 3);
  assert(first < second);
  zram.recompress(`threshold=${second}`);
  assertEquals(sizes(zram, 1), [first]);
  assertEquals(flags(zram)[0], "......");
  assertEquals(flags(zram)[1], "....r.");
  // What zstd makes of the last page is not below it: the page is marked.
  assertEquals(flags(zram)[2], "..h..n");
  assertEquals(zram.recompress("threshold=3625"), "EINVAL");
  assertEquals(zram.recompress("threshold=3624"), undefined);
});

Deno.test("max_pages bounds the pages that are tried, the largest first", () => {
  const zram = makeZram({ 1: "zstd" });
  (["medium", "medium", "huge"] as const).forEach((kind, at) =>
    zram.write(at, page(kind, at))
  );
  zram.recompress("max_pages=0");
  assertEquals(flags(zram).map((letters) => letters[4]).join(""), "...");
  zram.recompress("max_pages=1");
  assertEquals(flags(zram).map((letters) => letters[4]).join(""), "..r");
  zram.recompress("max_pages=1");
  assertEquals(flags(zram).map((letters) => letters[4]).join(""), ".rr");
});

Deno.test("algorithms are tried by priority until one makes the page smaller", () => {
  const zram = makeZram({ 1: "lzo", 2: "zstd" });
  const first = "lzo-rle [lzo] lz4 lz4hc zstd deflate 842 \n";
  const second = "lzo-rle lzo lz4 lz4hc [zstd] deflate 842 \n";
  // Since 6.17 the place of the names is counted twice.
  const placeOfSecond = 4 + first.length + 4 + 4;
  assertEquals(readAttribute(zram, "recomp_algorithm"), {
    text: `#1: ${first}\0\0\0\0#2: ${second}` + "\0".repeat(placeOfSecond),
  });
  zram.write(0, page("medium"));
  // The first makes what lz4 makes: no smaller, and not the last to try.
  zram.recompress("priority=1");
  assertEquals(flags(zram), ["......"]);
  zram.recompress("algo=lzo");
  assertEquals(flags(zram), ["......"]);
  zram.recompress("");
  assertEquals([flags(zram)[0], zram.slots.priority(0)], ["....r.", 2]);
  // It has the highest priority there is: nothing more to try.
  zram.recompress("algo=zstd");
  assertEquals(zram.slots.priority(0), 2);
  checkZram(zram);
});

Deno.test("an algorithm above a gap is never tried, for only so many are looked at as there are", () => {
  const zram = makeZram({ 2: "zstd" });
  zram.write(0, page("medium"));
  assertEquals(zram.recompress(""), undefined);
  assertEquals(zram.recompress("algo=zstd"), "EINVAL");
  assertEquals(zram.recompress("priority=2"), "EINVAL");
  assertEquals(flags(zram), [".....n"]);
});

Deno.test("what recompress and recomp_algorithm cannot read is EINVAL or ERANGE", () => {
  const answers: Record<string, Errno | undefined> = {
    "idle": "EINVAL",
    "type=": "EINVAL",
    "type=bogus": undefined,
    "colour=red": undefined,
    "max_pages=x": "EINVAL",
    "max_pages=99999999999999999999": "ERANGE",
    "threshold=-1": "EINVAL",
    "threshold=4294967296": "ERANGE",
    "priority=4294967296": "ERANGE",
    "priority=4294967295": "EINVAL",
    "priority=0": undefined,
    "priority=2": "EINVAL",
    "algo=nosuch": "EINVAL",
    "algo=lz4": "EINVAL",
    "algo=zstd priority=1 threshold=1 max_pages=1 type=huge": undefined,
  };
  for (const [text, errno] of Object.entries(answers)) {
    assertEquals(makeZram({ 1: "zstd" }).recompress(text), errno, text);
  }
  const zram = new Zram(LINUX_6_18_FULL, { codecs: CODECS });
  const set = (text: string) => writeAttribute(zram, "recomp_algorithm", text);
  assertEquals(zram.recompress(""), "EINVAL");
  assertEquals(readAttribute(zram, "recomp_algorithm"), { text: "" });
  assertEquals(set("priority=1"), "EINVAL");
  assertEquals(set("algo"), "EINVAL");
  assertEquals(set("algo=nosuch"), "EINVAL");
  assertEquals(set(`algo=${"x".repeat(128)}`), "E2BIG");
  assertEquals(set("algo=zstd priority=0"), "EINVAL");
  assertEquals(set("algo=zstd priority=4"), "EINVAL");
  assertEquals(set("algo=zstd priority=x"), "EINVAL");
  assertEquals(set("algo=zstd priority=99999999999"), "ERANGE");
  assertEquals(set("algo=zstd"), undefined);
  zram.setDisksize(4096);
  assertEquals(set("algo=zstd"), "EBUSY");
  writeAttribute(zram, "reset", "1");
  assertEquals(readAttribute(zram, "recomp_algorithm"), { text: "" });
});

Deno.test("without memory for the new object recompression is ENOMEM, and the old one stays", () => {
  // Two frames: a page stored whole, and the page that recompression needs.
  const zram = makeZram({ 1: "zstd" }, {
    memory: new Memory({ maxPages: 2 }),
  });
  zram.write(0, page("huge"));
  assertEquals(zram.recompress(""), "ENOMEM");
  assertEquals(readBack(zram, 0), page("huge"));
  assertEquals(zram.memory.allocatedPages, 1);
  checkZram(zram);
});

Deno.test("recompression looks at no limit and raises no maximum", () => {
  const zram = makeZram({ 1: "zstd" });
  zram.write(0, page("huge"));
  assertEquals(zram.mmStat().mem_used_max, 4096);
  writeAttribute(zram, "mem_limit", "4096");
  assertEquals(zram.recompress(""), undefined);
  assert(zram.mmStat().mem_used_total > 4096);
  assertEquals(zram.mmStat().mem_used_max, 4096);
  checkZram(zram);
});

Deno.test("a slot that is being recompressed is locked: the swap layer misses it", () => {
  const zram = makeZram({ 1: "zstd" });
  zram.write(0, page("huge"));
  const steps = waitsOf(zram.recompressSteps(""));
  assertEquals(
    steps.next().value,
    "recompress_slot, zram_drv.c: zs_malloc: may sleep",
  );
  checkZram(zram);
  zram.slotFreeNotify(0);
  assertEquals([zram.ioStat.notifyFree, zram.ioStat.missFree], [1, 1]);
  assertEquals(zram.recompress(""), "EAGAIN");
  for (let step = steps.next(); !step.done;) step = steps.next();
  assertEquals(flags(zram), ["....r."]);
  assertEquals(readAttribute(zram, "debug_stat"), {
    text: "version: 1\n0        1\n",
  });
});

Deno.test("a page that is accessed while it waits is not recompressed", () => {
  const zram = makeZram({ 1: "zstd" });
  zram.write(0, page("medium", 1));
  zram.write(1, page("medium", 2));
  const steps = waitsOf(zram.recompressSteps(""));
  // The last one found is the first to be recompressed.
  for (
    let step = steps.next();
    step.value !== "recompress_store, zram_drv.c: cond_resched: may sleep";
  ) {
    step = steps.next();
  }
  readBack(zram, 0);
  for (let step = steps.next(); !step.done;) step = steps.next();
  assertEquals(flags(zram), ["......", "....r."]);
});

Deno.test("incompressible pages can be written back", () => {
  const device = new RamBackingDevice(4, 4096);
  const zram = new Zram(LINUX_6_18_FULL, {
    codecs: CODECS,
    backingDevices: new Map([["/dev/sda", device]]),
  });
  writeAttribute(zram, "comp_algorithm", "lz4");
  writeAttribute(zram, "recomp_algorithm", "algo=zstd");
  writeAttribute(zram, "backing_dev", "/dev/sda");
  zram.setDisksize(8 * 4096);
  zram.write(0, page("noise"));
  zram.write(1, page("medium"));
  zram.recompress("");
  assertEquals(zram.writeback("type=incompressible"), undefined);
  assertEquals(flags(zram), [".w....", "....r."]);
  assertEquals(readBack(zram, 0), page("noise"));
});
