import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  blockSwapDevice,
  type Errno,
  LINUX_3_12,
  LINUX_6_18,
  RamBackingDevice,
  randomFrom,
  Zram,
  zramBlockDevice,
  zramSwapDevice,
} from "../mod.ts";
import { makePage } from "../src/claims/runs/page_lengths.ts";
import { SmallFileSystem } from "../src/claims/runs/small_file_system.ts";
import { SmallMachine } from "../src/claims/runs/small_machine.ts";
import { Tmpfs } from "../src/claims/runs/tmpfs.ts";
import { fuzz } from "./fuzz.ts";

const FRAMES = 256;
const random = randomFrom(1);

function machineOf(): SmallMachine {
  return new SmallMachine(LINUX_3_12, { frames: FRAMES, newPages: "active" });
}

/** Writes pages until there is no memory; answers how many it took. */
function fill(machine: SmallMachine, kind: "random" | "source"): number {
  for (let number = 0; number < 10 * FRAMES; number++) {
    if (!machine.write(1, number, makePage(kind, random))) return number;
  }
  return Infinity;
}

Deno.test("without swap a machine takes as many pages as there are frames above the reserve", () => {
  const machine = machineOf();
  const pages = fill(machine, "source");
  assertEquals(pages + machine.freeFrames, FRAMES);
  assertEquals(machine.freeFrames, machine.reserved);
});

Deno.test("a disk takes as many pages as it has slots", () => {
  const machine = machineOf();
  machine.swap.swapon(blockSwapDevice(new RamBackingDevice(101, 4096)));
  assertEquals(fill(machine, "source"), FRAMES - machine.reserved + 100);
  assertEquals(machine.freeSlots, 0);
});

Deno.test("zram takes pages that compress, and gives nothing for those that do not", () => {
  const taken = (["source", "random"] as const).map((kind) => {
    const machine = machineOf();
    const zram = new Zram(LINUX_3_12, { memory: machine.memory });
    zram.setDisksize(4096 * 4096);
    machine.swap.swapon(zramSwapDevice(zram));
    return fill(machine, kind);
  });
  assert(taken[1] <= FRAMES, `${taken[1]} pages of noise`);
  assert(taken[1] > FRAMES - 8, `${taken[1]} pages of noise`);
});

Deno.test("what was swapped out is there again when it is used", () => {
  const machine = machineOf();
  machine.swap.swapon(blockSwapDevice(new RamBackingDevice(513, 4096)));
  const pages = Array.from({ length: 500 }, () => makePage("source", random));
  for (const [number, page] of pages.entries()) {
    assert(machine.write(1, number, page));
  }
  for (const [number, page] of pages.entries()) {
    assert(machine.touch(1, number));
    const frame = machine.swap.pageOf(1, number)?.pfn;
    assert(frame !== undefined);
    assertEquals(machine.swap.bytesOf(frame).slice(), page);
  }
  machine.exit(1);
  assertEquals(machine.freeFrames, FRAMES);
  assertEquals(machine.freeSlots, 512);
});

Deno.test("tmpfs says ENOSPC at half of the memory, and OOM where that comes first", () => {
  const pages = Array.from(
    { length: FRAMES },
    () => makePage("source", random),
  );
  const free = machineOf();
  const tmpfs = new Tmpfs(free);
  assertEquals([tmpfs.append(pages), tmpfs.pages], ["ENOSPC", FRAMES / 2]);
  const full = machineOf();
  full.keep(FRAMES - 100);
  assertEquals(new Tmpfs(full).append(pages), "OOM");
});

/** Pages of the disk. */
const PAGES = 40;

/** What a program does to a file system. */
const operations = fc.array(
  fc.record({
    name: fc.nat(9),
    pages: fc.nat(12),
    op: fc.constantFrom("create", "unlink", "trim"),
  }),
  { maxLength: 60, size: "max" },
);

Deno.test("a small file system reads what was written, and discards what is free alone", () => {
  let [full, compared, trimmed] = [0, 0, 0];
  fuzz(fc.property(operations, fc.boolean(), (steps, discard) => {
    const zram = new Zram(LINUX_6_18);
    zram.setDisksize(PAGES * 4096);
    const system = new SmallFileSystem(zramBlockDevice(zram), { discard });
    const free = system.freeBlocks;
    const files = new Map<string, readonly Uint8Array[]>();
    const used = () =>
      [...files.values()].reduce((sum, { length }) => sum + length, 0);
    for (const { op, name: number, pages } of steps) {
      const name = `${number}`;
      if (op === "create") {
        const data = Array.from(
          { length: pages },
          () => makePage("source", random),
        );
        const expected: Errno | undefined = files.has(name)
          ? "EEXIST"
          : pages > free - used()
          ? "ENOSPC"
          : undefined;
        assertEquals(system.create(name, data), expected);
        if (expected === "ENOSPC") full++;
        if (expected === undefined) files.set(name, data);
      } else if (op === "unlink") {
        assertEquals(
          system.unlink(name),
          files.delete(name) ? undefined : "ENOENT",
        );
      } else {
        assertEquals(system.trim(), undefined);
        // The superblock is never written here; the tables may be.
        const tables = PAGES - free;
        const held = zram.mmStat().orig_data_size / 4096;
        assert(held >= used() && held <= used() + tables, `${held}: ${used()}`);
        trimmed++;
      }
      assertEquals(system.freeBlocks, free - used());
    }
    for (const [name, data] of files) {
      assertEquals(system.read(name), data);
      compared++;
    }
    assertEquals([...system.names].sort(), [...files.keys()].sort());
  }));
  assert(full > 30, `${full} times full`);
  assert(compared > 200, `${compared} files`);
  assert(trimmed > 200, `${trimmed} trims`);
});

Deno.test("a file that the device refuses is not there, and its blocks are free", () => {
  const device = zramBlockDevice(new Zram(LINUX_6_18));
  const disk = new RamBackingDevice(64, 4096);
  let left = Infinity;
  const system = new SmallFileSystem({
    ...device,
    pages: 64,
    readPage: (page, into) => disk.readPage(page, into),
    writePage: (page, data) => left-- > 0 ? disk.writePage(page, data) : "EIO",
    discard: () => "EOPNOTSUPP",
  });
  const free = system.freeBlocks;
  left = 2;
  const pages = Array.from({ length: 4 }, () => makePage("source", random));
  assertEquals(system.create("a", pages), "EIO");
  assertEquals([system.freeBlocks, system.read("a")], [free, "ENOENT"]);
  left = Infinity;
  assertEquals(system.create("a", pages), undefined);
  assertEquals(system.read("a"), pages);
  assertEquals(system.trim(), "EOPNOTSUPP");
});
