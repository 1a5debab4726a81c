/** Claims of who gets memory back: how each ends, and that it turns without its cause. */
import { assert, assertEquals } from "@std/assert";
import { LINUX_3_12, LINUX_6_12, type Profile } from "../mod.ts";
import type { Ruling, Verdict } from "../src/claims/claim.ts";
import { type Experiment, usualSizes } from "../src/claims/experiment.ts";
import { DISK_LIMIT } from "../src/claims/experiments/disk_limit.ts";
import {
  FREEING,
  FREEING_CLAIMS,
  type ZbudFreed,
} from "../src/claims/experiments/freeing.ts";
import { QUITTING } from "../src/claims/experiments/quitting.ts";
import { SMALL_MEMORY } from "../src/claims/experiments/small_memory.ts";
import { TEMPORARY_FILE } from "../src/claims/experiments/temporary_file.ts";
import {
  type Allocator,
  freeInEveryWay,
  freeObjects,
  zbudOf,
  zsmallocOf,
} from "../src/claims/runs/freed_objects.ts";

/** How a claim ends with each of some kernels, at small sizes. */
function verdictsOf(
  experiment: Experiment,
  claim: string,
  sizes: Record<string, number>,
  kernels: readonly Profile[] = experiment.kernels,
): (Verdict | undefined)[] {
  return kernels.map((profile) =>
    experiment.run({
      profile,
      seed: 1,
      sizes: { ...usualSizes(experiment), ...sizes },
      realPages: () => [],
    }).verdicts[claim]
  );
}

function assertRulings(
  verdicts: readonly (Verdict | undefined)[],
  ...expected: (Ruling | undefined)[]
): void {
  assertEquals(verdicts.map((verdict) => verdict?.ruling), expected);
}

const conditions = (verdicts: readonly (Verdict | undefined)[]) =>
  verdicts.map((verdict) => verdict?.condition);

/** Kernels whose zram compresses no page: each takes a frame of its own. */
const storingWhole = ({ kernels }: Experiment) =>
  kernels.map((profile) => ({
    ...profile,
    zram: { ...profile.zram, wholeFrom: () => 0 },
  }));

/** How a claim of freed objects ends with what was measured elsewhere. */
function decideFreeing(
  name: string,
  found: Parameters<(typeof FREEING_CLAIMS)[number]["decide"]>[0],
): Ruling | undefined {
  return FREEING_CLAIMS.find((claim) => claim.name === name)
    ?.decide(found)?.ruling;
}

const LENGTHS = Array.from({ length: 400 }, (_, nth) => 300 + nth * 37 % 2700);

const zbudFreed = (create: () => Allocator): ZbudFreed => ({
  many: freeObjects(create, LENGTHS, 1),
  few: freeInEveryWay(create, [300, 3000, 700, 1900, 2500, 900]),
  pairs: freeInEveryWay(create, [700, 700, 700, 700, 700, 700]),
});

Deno.test("in zbud half of the objects and one more give a page back, and half of them need not", () => {
  const name = "zbud-half-plus-one-frees-a-page";
  const verdicts = verdictsOf(FREEING, name, { objects: 512 });
  assertRulings(verdicts, "holds", "holds", undefined);
});

Deno.test("where more than two objects share pages, half and one more give none back for sure", () => {
  const name = "zbud-half-plus-one-frees-a-page";
  for (const profile of [LINUX_3_12, LINUX_6_12]) {
    const zsmalloc = freeObjects(() => zsmallocOf(profile), LENGTHS, 1);
    const ofZbud = zbudFreed(() => zbudOf(profile));
    const ofZsmalloc = zbudFreed(() => zsmallocOf(profile));
    assertEquals(decideFreeing(name, { zsmalloc, zbud: ofZbud }), "holds");
    assertEquals(
      decideFreeing(name, { zsmalloc, zbud: ofZsmalloc }),
      "does not hold",
    );
  }
});

Deno.test("of zsmalloc's objects far more than half can go, and no page comes back", () => {
  const name = "zsmalloc-frees-nothing-much-longer";
  const verdicts = verdictsOf(FREEING, name, { objects: 2048 });
  assertRulings(verdicts, "holds", "holds", "holds");
});

Deno.test("of zsmalloc's objects that have a page each, every one gives it back", () => {
  const create = () => zsmallocOf({ ...LINUX_3_12, chainSize: 1 });
  const zsmalloc = freeObjects(create, LENGTHS.map(() => 3000), 1);
  assertEquals(zsmalloc.worst, 0);
  const name = "zsmalloc-frees-nothing-much-longer";
  assertEquals(decideFreeing(name, { zsmalloc }), "does not hold");
});

Deno.test("the end of a process gives next to nothing back where pages went out mixed, and today's compaction mends that", () => {
  const name = "killing-processes-may-free-nothing";
  const verdicts = verdictsOf(QUITTING, name, { pages: 1024 });
  assertRulings(verdicts, "holds if", "holds if");
  const mixed = "its pages compress and went out by 32 or fewer";
  assertEquals(conditions(verdicts), [mixed, `${mixed}, and nothing compacts`]);
});

Deno.test("most of a process's memory comes back where its pages went out together, or are compacted", () => {
  const name = "quitting-process-memory-mostly-reclaimed";
  const verdicts = verdictsOf(QUITTING, name, { pages: 1024 });
  assertRulings(verdicts, "holds if", "holds if");
  const together = "a process's pages went out by 1024 or more";
  assertEquals(conditions(verdicts), [
    together,
    `${together} or the pool is compacted`,
  ]);
});

Deno.test("compaction helps where frames are shared, in a kernel that has it", () => {
  const name = "compaction-mitigates-kill-and-oom";
  const verdicts = verdictsOf(QUITTING, name, { pages: 1024 });
  assertRulings(verdicts, "does not hold", "holds");
});

Deno.test("a process whose pages are stored whole gives all of their frames back, however they went out", () => {
  const whole = storingWhole(QUITTING);
  const verdicts = (name: string) =>
    verdictsOf(QUITTING, name, { pages: 256 }, whole);
  const killing = verdicts("killing-processes-may-free-nothing");
  assertRulings(killing, "does not hold", "does not hold");
  const quitting = verdicts("quitting-process-memory-mostly-reclaimed");
  assertRulings(quitting, "holds", "holds");
});

Deno.test("a limited disk keeps memory where data compress as they do in practice, and the smaller it is the worse they may", () => {
  const name = "disk-limit-keeps-zram-from-filling";
  const verdicts = verdictsOf(DISK_LIMIT, name, { frames: 256 });
  assertRulings(verdicts, "holds if", "holds if");
  for (const condition of conditions(verdicts)) {
    const [larger, smaller] = [...condition?.matchAll(/([\d.]+):1/g) ?? []]
      .map(([, ratio]) => Number(ratio));
    assert(larger <= 2.2, condition);
    assert(smaller < larger, condition);
  }
});

Deno.test("a disk of four times the memory keeps nobody from running out of it", () => {
  const name = "disk-limit-keeps-zram-from-filling";
  const sizes = { frames: 256, disk: 400 };
  const verdicts = verdictsOf(DISK_LIMIT, name, sizes);
  assertRulings(verdicts, "does not hold", "does not hold");
});

Deno.test("tmpfs without limit and without swap takes all memory, and nobody is left to be killed", () => {
  const name = "tmpfs-without-swap-locks-up";
  const verdicts = verdictsOf(SMALL_MEMORY, name, { frames: 128 });
  assertRulings(verdicts, "holds", "holds");
});

Deno.test("without swap no anonymous page is reclaimed", () => {
  const name = "anonymous-pages-stay-without-swap";
  const verdicts = verdictsOf(SMALL_MEMORY, name, { frames: 128 });
  assertRulings(verdicts, "holds", "holds");
});

Deno.test("with a disk to swap to neither tmpfs nor a process locks the machine up", () => {
  const sizes = { frames: 128, slots: 1024 };
  for (const { name } of SMALL_MEMORY.claims) {
    const verdicts = verdictsOf(SMALL_MEMORY, name, sizes);
    assertRulings(verdicts, "does not hold", "does not hold");
  }
});

Deno.test("a temporary file on tmpfs evicts half of the working set, and on zram less if it compresses and its cache goes", () => {
  const name = "temp-file-evicts-half-of-working-set";
  const verdicts = verdictsOf(TEMPORARY_FILE, name, { frames: 1024 });
  assertRulings(verdicts, "holds if", "holds if");
  for (const condition of conditions(verdicts)) {
    assert(condition?.endsWith("its page cache goes first"), condition);
  }
});

Deno.test("a temporary file that zram stores whole evicts no less than on tmpfs", () => {
  const name = "temp-file-evicts-half-of-working-set";
  const whole = storingWhole(TEMPORARY_FILE);
  const verdicts = verdictsOf(TEMPORARY_FILE, name, { frames: 1024 }, whole);
  assertRulings(verdicts, "does not hold", "does not hold");
});
