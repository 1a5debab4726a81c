import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  checkZram,
  LINUX_6_18,
  lz4Wasm,
  Memory,
  type Profile,
  PROFILES,
  randomFrom,
  readAttribute,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { contents, fuzz } from "./fuzz.ts";
import { anyProfile } from "./profiles.ts";

const DISK_PAGES = 24;

/** What a device should hold: an array of pages, and its limit in pages. */
interface Model {
  pages: (Uint8Array | undefined)[];
  limited: boolean;
}

const isSame = (page: Uint8Array, wordBytes: number) =>
  page.every((byte, at) => byte === page[at % wordBytes]);

/** Checks the rules, and the counts that an array of pages gives too. */
function check(model: Model, zram: Zram): void {
  checkZram(zram);
  const stored = model.pages.filter((page) => page !== undefined);
  const same = stored.filter((page) => isSame(page, zram.profile.wordBits / 8));
  const { orig_data_size, same_pages } = zram.mmStat();
  assertEquals(orig_data_size, stored.length * zram.profile.pageSize);
  assertEquals(same_pages, same.length);
}

type ZramCommand = fc.Command<Model, Zram>;

class Write implements ZramCommand {
  constructor(readonly page: number, readonly data: Uint8Array) {}
  check(): boolean {
    return true;
  }
  run(model: Model, zram: Zram): void {
    const stored = zram.write(this.page, this.data);
    if (stored === "EIO") assert(model.limited);
    else model.pages[this.page] = this.data;
    check(model, zram);
  }
  toString(): string {
    return `write ${this.page}`;
  }
}

class Read implements ZramCommand {
  constructor(readonly page: number) {}
  check(): boolean {
    return true;
  }
  run(model: Model, zram: Zram): void {
    const into = new Uint8Array(zram.profile.pageSize).fill(99);
    assertEquals(zram.read(this.page, into), undefined);
    assertEquals(into, model.pages[this.page] ?? into.slice().fill(0));
  }
  toString(): string {
    return `read ${this.page}`;
  }
}

class Discard implements ZramCommand {
  constructor(readonly page: number, readonly pages: number) {}
  check(): boolean {
    return true;
  }
  run(model: Model, zram: Zram): void {
    const before = zram.ioStat.notifyFree;
    const inside = this.page + this.pages <= DISK_PAGES;
    const errno = zram.discard(this.page, this.pages);
    assertEquals(errno, inside ? undefined : "EIO");
    if (inside) {
      model.pages.fill(undefined, this.page, this.page + this.pages);
      assertEquals(zram.ioStat.notifyFree, before + this.pages);
    }
    check(model, zram);
  }
  toString(): string {
    return `discard ${this.pages} from ${this.page}`;
  }
}

class Set implements ZramCommand {
  constructor(readonly attr: string, readonly value: string) {}
  check(): boolean {
    return true;
  }
  run(model: Model, zram: Zram): void {
    assertEquals(writeAttribute(zram, this.attr, this.value), undefined);
    if (this.attr === "mem_limit") model.limited = this.value !== "0";
    check(model, zram);
  }
  toString(): string {
    return `set ${this.attr} ${this.value}`;
  }
}

class Reset implements ZramCommand {
  check(): boolean {
    return true;
  }
  run(model: Model, zram: Zram): void {
    assertEquals(writeAttribute(zram, "reset", "1"), undefined);
    assertEquals(zram.mmStat(), new Zram(zram.profile).mmStat());
    assertEquals(zram.memory.allocatedPages, 0);
    initialise(zram);
    model.pages.fill(undefined);
    model.limited = false;
    check(model, zram);
  }
  toString(): string {
    return "reset";
  }
}

function initialise(zram: Zram): void {
  assertEquals(zram.setAlgorithm("lz4"), undefined);
  assertEquals(
    zram.setDisksize(DISK_PAGES * zram.profile.pageSize),
    undefined,
  );
}

function programs(profile: Profile) {
  const page = fc.nat(DISK_PAGES - 1);
  const { pageSize } = profile;
  return fc.commands<Model, Zram>([
    fc.tuple(page, contents(pageSize)).map((args) => new Write(...args)),
    fc.tuple(page, fc.nat(255)).map(([at, byte]) =>
      new Write(at, new Uint8Array(pageSize).fill(byte))
    ),
    page.map((at) => new Read(at)),
    fc.tuple(page, fc.integer({ min: 1, max: 4 }))
      .map((args) => new Discard(...args)),
    fc.constantFrom(
      new Set("compact", "1"),
      new Set("mem_used_max", "0"),
      new Set("mem_limit", "0"),
      new Set("mem_limit", String(6 * pageSize)),
      new Set("mem_limit", String(12 * pageSize)),
      new Set("idle", "all"),
      new Reset(),
    ),
  ], { maxCommands: 50, size: "max" });
}

Deno.test("a device of any kernel reads back what was written last, and zeros where nothing is", () => {
  const runs = anyProfile.chain((profile) =>
    fc.record({ profile: fc.constant(profile), program: programs(profile) })
  );
  fuzz(
    fc.property(runs, ({ profile, program }) => {
      fc.modelRun(() => {
        const real = new Zram(profile);
        initialise(real);
        const pages = new Array<Uint8Array | undefined>(DISK_PAGES);
        return {
          model: { pages: pages.fill(undefined), limited: false },
          real,
        };
      }, program);
    }),
    60,
  );
});

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

Deno.test("a write for which there is no memory is EIO, and counts as a stall", () => {
  const zram = new Zram(LINUX_6_18, { memory: new Memory({ maxPages: 0 }) });
  initialise(zram);
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  assertEquals(zram.write(0, page), "EIO");
  assertEquals(zram.ioStat.writestall, 1);
  checkZram(zram);
});

Deno.test("a request that is not on the disk is EIO and counts as invalid", () => {
  const zram = new Zram(LINUX_6_18);
  initialise(zram);
  const page = new Uint8Array(4096);
  assertEquals(zram.write(DISK_PAGES, page), "EIO");
  assertEquals(zram.read(-1, page), "EIO");
  assertEquals(zram.discard(DISK_PAGES - 1, 2), "EIO");
  assertEquals(zram.ioStat.invalidIo, 3);
  assertThrows(
    () => zram.write(0, new Uint8Array(100)),
    RangeError,
    "has 100 bytes, not 4096",
  );
});

Deno.test("a device has the codecs it is given beside the kernel's", () => {
  const zram = new Zram(LINUX_6_18, { codecs: [lz4Wasm] });
  assertEquals(readAttribute(zram, "comp_algorithm"), {
    text: "[lzo-rle] lzo lz4 lz4-wasm \n",
  });
  assertEquals(zram.setAlgorithm("lz4-wasm"), undefined);
  assertEquals(zram.setDisksize(1), undefined);
  assertEquals(zram.disksize, 4096);
  assertThrows(
    () => new Zram(LINUX_6_18).setDisksize(1),
    Error,
    "no codec for 'lzo-rle'",
  );
});

Deno.test("attributes answer as the kernel's do", () => {
  for (const profile of PROFILES) {
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
    assertEquals(set("idle", "0"), "EINVAL");
    assertEquals(set("idle", "all\n"), undefined);
    assertEquals(set("reset", "0"), "EINVAL");
    assertEquals(set("reset", " 1"), "EINVAL");
    assertEquals(set("reset", "65536"), "ERANGE");
    assertEquals(set("reset", "1"), undefined);
    assertEquals(readAttribute(zram, "initstate"), { text: "0\n" });
  }
});

Deno.test("reset puts the algorithm back on 6.18 and keeps it on 6.1", () => {
  const kept = PROFILES.map((profile) => {
    const zram = new Zram(profile);
    initialise(zram);
    writeAttribute(zram, "reset", "1");
    return [profile.name, zram.algorithm];
  });
  assertEquals(kept, [["linux-6.18", "lzo-rle"], ["linux-6.1", "lz4"]]);
});

Deno.test("max_comp_streams is there on 6.1 and gone on 6.18", () => {
  const shown = PROFILES.map((profile) =>
    readAttribute(new Zram(profile), "max_comp_streams")
  );
  assertEquals(shown, [{ errno: "ENOENT" }, { text: "1\n" }]);
});
