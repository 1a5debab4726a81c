import { assert, assertEquals } from "@std/assert";
import { LINUX_3_12, randomFrom } from "../mod.ts";
import { lzo } from "../src/codec/lzo.ts";
import { scaledPages } from "../src/claims/runs/kernel_build.ts";
import {
  type MinchanOptions,
  type MinchanRun,
  minchanScenarios,
} from "../src/claims/runs/minchan_scenarios.ts";
import { MINCHAN_SIZES } from "../src/claims/runs/minchan_setup.ts";
import {
  drawLength,
  drawTenth,
  makePage,
  STATED_LZO,
} from "../src/claims/runs/page_lengths.ts";

const OLD = [{ profile: LINUX_3_12, newPages: "active" as const }];

/** "build: OOM", or "done". */
function outcomeOf({ failed }: MinchanRun): string {
  return failed === undefined ? "done" : `${failed.step}: ${failed.errno}`;
}

const FRAMES = 2048;

/** The runs with 3.12, smaller ones, by the scenarios' names. */
function runs(options: Partial<MinchanOptions>) {
  const found = minchanScenarios({
    seed: 1,
    frames: FRAMES,
    kernels: OLD,
    ...options,
  });
  return new Map(found.map((run) => [run.name, run]));
}

function runOf(
  found: ReadonlyMap<string, MinchanRun>,
  name: string,
): MinchanRun {
  const run = found.get(name);
  assert(run !== undefined, name);
  return run;
}

const all = minchanScenarios({ seed: 1 });
const outcomes = (kernel: string) =>
  all.filter((run) => run.kernel === kernel)
    .map((run) => `${run.name} ${outcomeOf(run)}`);

Deno.test("with 3.12 the three scenarios end as the letter says", () => {
  assertEquals(outcomes("linux-3.12"), [
    "(1) untar: ENOSPC",
    "(2) build: OOM",
    "(3) done",
    "(5) done",
  ]);
});

Deno.test("with 7.3 zram's own writeback does what the dm-cache did", () => {
  assertEquals(outcomes("linux-7.3"), [
    "(1) untar: OOM",
    "(2) build: OOM",
    "(3) done",
    "(4) done",
    "(5) done",
  ]);
});

Deno.test("in (2) memory is what lacks, not slots", () => {
  for (const run of all.filter(({ name }) => name === "(2)")) {
    assert(run.freeSlots > run.slots / 5, `${run.freeSlots} slots`);
    assert(run.freeFrames <= 16, `${run.freeFrames} frames`);
    // The hog lies in zram whole: what it takes there it gave before.
    const hog = scaledPages(4096, MINCHAN_SIZES.hog);
    assert(run.framesOfSwap > hog, `${run.framesOfSwap} frames`);
  }
});

Deno.test("in (3) the zram-cache holds nothing, and nothing is written back from it", () => {
  for (const run of all.filter(({ name }) => name === "(3)")) {
    const { dmCache } = run;
    assert(dmCache !== undefined);
    assertEquals([dmCache.promotions, dmCache.demotions], [0, 0]);
    assertEquals([dmCache.writeHits, run.pagesInZram], [0, 0]);
    assertEquals(dmCache.writeMisses, run.pagesToDisk);
    assert(run.pagesToDisk > 500);
    assertEquals(run.pagesOnDisk, run.slots - run.freeSlots);
  }
});

Deno.test("in (4) what zram writes back is on the disk, and takes no memory", () => {
  const run = all.find(({ name }) => name === "(4)");
  assert(run !== undefined);
  assert(run.pagesOnDisk > 500, `${run.pagesOnDisk} pages`);
  assertEquals(run.pagesInZram + run.pagesOnDisk, run.slots - run.freeSlots);
  assert(run.framesOfSwap <= run.pagesInZram);
});

Deno.test("where the policy does fill the zram-cache, (3) fails as (2) does", () => {
  const found = runs({ requestsInFlight: 1 });
  const [plain, cached] = ["(2)", "(3)"].map((name) => runOf(found, name));
  assertEquals(outcomeOf(cached), outcomeOf(plain));
  assert(cached.dmCache !== undefined);
  // As large as its origin, it is never full: no block makes room.
  assertEquals(cached.dmCache.demotions, 0);
  assert(cached.dmCache.dirty > 150);
  assert(cached.freeSlots > 250);
});

Deno.test("a smaller zram-cache bounds zram, and writes back once it is full", () => {
  const sizes = { cache: 128 };
  const found = runs({ requestsInFlight: 1, sizes });
  const run = runOf(found, "(3)");
  assertEquals(outcomeOf(run), "done");
  assert(run.dmCache !== undefined && run.dmCache.demotions > 10);
  assert(run.framesOfSwap <= scaledPages(FRAMES, 128));
});

Deno.test("a hog of 800 MiB leaves no room to untar, wherever it is untarred to", () => {
  const found = runs({ sizes: { hog: 800 } });
  assertEquals(outcomeOf(runOf(found, "(1)")), "untar: OOM");
  assertEquals(outcomeOf(runOf(found, "(2)")), "untar: OOM");
  assertEquals(outcomeOf(runOf(found, "(3)")), "done");
});

Deno.test("the scenarios end the same from other seeds and at another scale", () => {
  const expected = outcomes("linux-3.12");
  for (const options of [{ seed: 2 }, { seed: 3 }]) {
    const found = runs(options);
    assertEquals(
      [...found.values()].map((run) => `${run.name} ${outcomeOf(run)}`),
      expected,
    );
  }
});

Deno.test("pages state lengths as they were measured, and the codec keeps to that", () => {
  const random = randomFrom(1);
  const into = new Uint8Array(8192);
  for (const draw of [drawLength, drawTenth]) {
    for (const [kind, mean] of [["source", 1537], ["object", 1549]] as const) {
      let sum = 0;
      for (let nth = 0; nth < 4000; nth++) {
        const page = makePage(kind, random, draw);
        sum += STATED_LZO[0].compress(page, into);
      }
      const found = sum / 4000;
      assert(Math.abs(found - mean) < 60, `${kind}: ${found}, not ${mean}`);
    }
  }
  assert(STATED_LZO[0].compress(makePage("random", random), into) > 4096);
  assertEquals(STATED_LZO[0].name, lzo.name);
});
