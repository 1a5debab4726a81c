import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  blockSwapDevice,
  LINUX_6_1,
  LINUX_6_18,
  lz4,
  RamBackingDevice,
  Swap,
  Zram,
  zramSwapDevice,
} from "../mod.ts";
import { PLACES, type Places } from "../src/claims/runs/swap_places.ts";
import type { SwapRun } from "../src/claims/runs/swap_run.ts";
import { commandTest, noise, zspec } from "./command.ts";

/** 40 pages of text, 40 of noise, 40 of text. */
async function writePages(folder: string): Promise<void> {
  const text = (from: number) =>
    Array.from({ length: 20000 }, (_, nth) => `line ${(from + nth) ** 2}\n`)
      .join("").slice(0, 40 * 4096);
  await Deno.mkdir(`${folder}/files`);
  await Deno.writeTextFile(`${folder}/files/a`, text(0));
  await Deno.writeFile(`${folder}/files/b`, noise(40 * 4096));
  await Deno.writeTextFile(`${folder}/files/c`, text(50000));
}

/** The runs of `zspec swap --json`, by their names. */
async function runsOf(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await zspec(
    folder,
    ...["swap", "files", "--json", "--memory", "160K", ...args],
  );
  assertEquals([code, stderr], [0, ""]);
  const { runs }: { runs: SwapRun[] } = JSON.parse(stdout);
  return new Map(runs.map((run) => [run.name, run]));
}

function runNamed(runs: ReadonlyMap<string, SwapRun>, name: string): SwapRun {
  const run = runs.get(name);
  assert(run !== undefined, `no run is called '${name}'`);
  return run;
}

/** All pages by where they are. */
function totals({ places }: SwapRun): Places {
  const sum = { zswap: 0, zram: 0, disk: 0, memory: 0 };
  for (const quarter of places) {
    for (const place of PLACES) sum[place] += quarter[place];
  }
  return sum;
}

commandTest(
  "every page is in one place, and the places are those that each way has",
  async (folder) => {
    await writePages(folder);
    const runs = await runsOf(folder);
    assertEquals(runs.size, 7);
    for (const run of runs.values()) {
      const { zswap, zram, disk, memory } = totals(run);
      assertEquals(zswap + zram + disk + memory, 120, run.name);
      for (const quarter of run.places) {
        assertEquals(PLACES.reduce((sum, at) => sum + quarter[at], 0), 30);
      }
      assertEquals(memory, run.inMemory, run.name);
      assertEquals(zswap > 0, run.name.startsWith("zswap"), run.name);
      assertEquals(zram > 0, run.name.includes("zram"), run.name);
      const hasDisk = !["zram", "zswap above zram"].includes(run.name);
      assertEquals([disk > 0, run.deviceWrites > 0], [hasDisk, hasDisk]);
      assert(run.memory <= 44 * 4096, run.name);
    }
  },
);

commandTest(
  "zram leaves in memory what it refuses, also before a disk; written back it refuses next to nothing",
  async (folder) => {
    await writePages(folder);
    const runs = await runsOf(folder);
    const alone = runNamed(runs, "zram");
    assertEquals([alone.writtenBack, alone.deviceWrites], [0, 0]);
    assertEquals(alone.held + alone.inMemory, 120);
    const before = runNamed(runs, "zram, then a disk");
    // It has as many slots as zram held alone, and the disk has the rest.
    const { zram, disk, memory } = totals(before);
    assert(zram + memory <= alone.held + 1 && disk >= 120 - alone.held);
    const back = runNamed(runs, "zram, written back");
    assertEquals(back.inMemory, 0);
    assert(totals(back).disk > 40);
    assertEquals(back.writtenBack, back.deviceWrites);
    // Up to 6.12 what has the lowest numbers goes first: the oldest pages.
    const [oldest, , , newest] = back.places;
    assert(oldest.disk > newest.disk);
  },
);

commandTest(
  "zram below zswap gets what zswap refused, and both take a half of the memory",
  async (folder) => {
    await writePages(folder);
    for (const profile of ["linux-6.1", "linux-6.18"]) {
      const runs = await runsOf(folder, "--profile", profile);
      const layered = runNamed(runs, "zswap above zram");
      const { zswap, zram, memory } = totals(layered);
      assert(zswap > 0 && zram > 0 && memory > 0, profile);
      // What zswap wrote back or did not take; a page may have come again.
      assert(layered.refused + layered.writtenBack >= zram, profile);
      assertEquals([layered.deviceReads, layered.deviceWrites], [0, 0]);
      assertEquals(runs.size, profile === "linux-6.1" ? 7 : 5);
    }
  },
);

commandTest(
  "zspec swap draws where pages are by quarters, in lines of 80 columns",
  async (folder) => {
    await writePages(folder);
    const { stdout } = await zspec(folder, "swap", "files");
    for (const line of stdout.split("\n")) assert(line.length <= 80, line);
    assertMatch(stdout, /oldest quarter +newest +left\n/);
    assertMatch(
      stdout,
      /\n {2}zram +[▓·]{11} [▓·]{11} [▓·]{11} [▓·]{11} +\d+\n/,
    );
    assertMatch(stdout, /\n {2}zswap on zbud( +[█░]{11}){4} +0\n/);
    assertMatch(stdout, /\n {2}zswap above zram( +[█▓·]{11}){4} +\d+\n/);
  },
);

/** A page of noise, another for each number. */
const pageOf = (number: number) =>
  noise((number + 1) * 4096).subarray(number * 4096);

Deno.test("what zswap writes back to a zram that is full stays in memory, and nothing is lost", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const zram = new Zram(profile, { codecs: [lz4] });
    zram.setAlgorithm("lz4");
    zram.setDisksize(64 * 4096);
    zram.limitPages = 1;
    const swap = new Swap(profile, {
      zswap: { totalRamPages: 8, zpool: "zsmalloc", compressor: "lz4" },
    });
    if (swap.zswap !== undefined) swap.zswap.parameters.maxPoolPercent = 50;
    swap.swapon(zramSwapDevice(zram));
    for (let number = 0; number < 16; number++) {
      // Half noise, half zeros: zswap takes it, zram a page at most.
      const page = pageOf(number).slice();
      page.fill(0, 2500);
      swap.write(1, number, page);
      swap.swapOut(1, number);
    }
    assert(swap.stats.failedWrites > 0, profile.name);
    const into = new Uint8Array(4096);
    for (let number = 0; number < 16; number++) {
      assertEquals(swap.read(1, number, into), undefined);
      assertEquals(into.subarray(0, 2500), pageOf(number).subarray(0, 2500));
    }
  }
});

Deno.test("a disk behind zram gets pages only once zram has no slot", () => {
  const zram = new Zram(LINUX_6_18, { codecs: [lz4] });
  zram.setAlgorithm("lz4");
  zram.setDisksize(9 * 4096);
  zram.limitPages = 2;
  const swap = new Swap(LINUX_6_18);
  swap.swapon(zramSwapDevice(zram));
  swap.swapon(blockSwapDevice(new RamBackingDevice(64, 4096)));
  const outcomes = Array.from({ length: 12 }, (_, number) => {
    swap.write(1, number, pageOf(number));
    return swap.swapOut(1, number);
  });
  // Two are in zram; six have its slots and stay; the disk has four.
  assertEquals(outcomes, [
    ...Array(2).fill("swapped-out"),
    ...Array(6).fill("refused"),
    ...Array(4).fill("swapped-out"),
  ]);
  assertEquals(swap.typeOf(1).inUse, 4);
});
