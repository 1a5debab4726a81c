import { assert, assertEquals } from "@std/assert";
import type { Ruling, Verdict } from "../src/claims/claim.ts";
import {
  type Experiment,
  type Given,
  usualSizes,
} from "../src/claims/experiment.ts";
import { BUSY_OBJECTS } from "../src/claims/experiments/busy_objects.ts";
import { COMPRESSION_AT_ONCE } from "../src/claims/experiments/compression_at_once.ts";
import { CPU_BUFFERS } from "../src/claims/experiments/cpu_buffers.ts";
import { CROSSING_RACES } from "../src/claims/experiments/crossing_races.ts";
import { ENTRY_COUNT } from "../src/claims/experiments/entry_count.ts";
import { ENTRY_REFERENCE } from "../src/claims/experiments/entry_reference.ts";
import { FRAME_RACES } from "../src/claims/experiments/frame_races.ts";
import { LOAD_BESIDE_INVALIDATE } from "../src/claims/experiments/load_beside_invalidate.ts";
import { LRU_ORDER } from "../src/claims/experiments/lru_order.ts";
import { OBJECT_AND_ENTRY } from "../src/claims/experiments/object_and_entry.ts";
import { RECLAIM_PAGE } from "../src/claims/experiments/reclaim_page.ts";
import { RECLAIM_ZSPAGE } from "../src/claims/experiments/reclaim_zspage.ts";
import { SPARE_FRAMES } from "../src/claims/experiments/spare_frames.ts";
import { TREE_WALK } from "../src/claims/experiments/tree_walk.ts";
import { ZRAM_LOCKS } from "../src/claims/experiments/zram_locks.ts";
import { realPages } from "../src/cli/real_pages.ts";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_7_3,
  type Profile,
  randomFrom,
} from "../mod.ts";
import { LINUX_6_2 } from "../src/search/races/known/zsmalloc.ts";

/** Runs an experiment with a kernel, and with other sizes or pages. */
function verdictOf(
  experiment: Experiment,
  claim: string,
  profile: Profile,
  given: Partial<Given> = {},
): Verdict | undefined {
  const sizes = { ...usualSizes(experiment), ...given.sizes };
  const { verdicts } = experiment.run({
    profile,
    seed: 1,
    realPages,
    ...given,
    sizes,
  });
  return verdicts[claim];
}

const FOUND = new Map<Experiment, ReturnType<Experiment["run"]>[]>();

/** How a claim ends with each kernel of its experiment, by the kernel's name. */
function rulingsOf(experiment: Experiment, claim: string) {
  const sizes = usualSizes(experiment);
  const found = FOUND.get(experiment) ??
    experiment.kernels.map((profile) =>
      experiment.run({ profile, seed: 1, sizes, realPages })
    );
  FOUND.set(experiment, found);
  return Object.fromEntries(
    experiment.kernels.map(({ name }, nth) => {
      const verdict = found[nth].verdicts[claim];
      assert(verdict !== undefined, `${claim} is not decided with ${name}`);
      assertEquals(
        verdict.condition !== undefined,
        verdict.ruling === "holds if",
      );
      return [name, verdict.ruling];
    }),
  );
}

/** A claim, in a sentence, and how it ends with each kernel. */
type Told = readonly [
  sentence: string,
  experiment: Experiment,
  claim: string,
  rulings: Readonly<Record<string, Ruling>>,
];

const TOLD: readonly Told[] = [
  [
    "without writeback zswap's entries need no count, if the swap layer keeps a slot's load and invalidate apart",
    ENTRY_REFERENCE,
    "tree-lock-suffices-without-writeback",
    {
      "proposed-2012": "holds if",
      "linux-3.12": "holds if",
      "linux-3.13": "holds if",
      "linux-7.3": "holds if",
    },
  ],
  [
    "with writeback they need one, until the swap cache's page keeps them",
    ENTRY_REFERENCE,
    "writeback-needs-a-count-of-references",
    {
      "proposed-2012": "holds",
      "linux-3.12": "holds",
      "linux-3.13": "holds",
      "linux-7.3": "does not hold",
    },
  ],
  [
    "a load is beside an invalidate where reads go past the swap cache unpinned",
    LOAD_BESIDE_INVALIDATE,
    "no-load-beside-invalidate-of-an-entry",
    {
      "linux-3.12": "holds",
      "linux-5.10": "holds if",
      "linux-6.1": "holds",
      "linux-6.18": "holds",
      "linux-7.3": "holds",
    },
  ],
  [
    "a count under the tree's lock need not be atomic",
    ENTRY_COUNT,
    "refcount-must-be-atomic",
    { "linux-3.12": "does not hold", "linux-6.1": "does not hold" },
  ],
  [
    "a red-black tree is not walked without its lock, an xarray is",
    TREE_WALK,
    "erasing-from-the-tree-under-a-walker",
    {
      "linux-3.12": "holds if",
      "linux-6.1": "holds if",
      "linux-7.3": "does not hold",
    },
  ],
  [
    "an object and its entry may change apart where eviction looks again",
    OBJECT_AND_ENTRY,
    "data-and-metadata-must-change-together",
    {
      "linux-3.12": "holds if",
      "linux-6.1": "holds if",
      "linux-7.3": "does not hold",
    },
  ],
  [
    "neither zbud nor zsmalloc locks all objects of a frame to free it",
    FRAME_RACES,
    "freeing-a-frame-locks-all-its-objects",
    {
      "linux-3.12": "does not hold",
      "linux-6.1": "does not hold",
      "linux-6.2": "does not hold",
    },
  ],
  [
    "more objects make a frame harder to free where some are busy",
    BUSY_OBJECTS,
    "more-objects-more-trouble-to-free-a-frame",
    { "linux-3.12": "holds if", "linux-6.2": "holds if" },
  ],
  [
    "an object in two frames has no more races, as zspages are locked",
    CROSSING_RACES,
    "crossing-objects-complicate-races",
    {
      "linux-6.1": "holds if",
      "linux-6.2": "holds if",
      "linux-7.3": "holds if",
    },
  ],
  [
    "zram's lock covers its table unless reads free slots, and is gone since",
    ZRAM_LOCKS,
    "zram-lock-protects-counters-and-table",
    {
      "linux-3.12": "holds if",
      "linux-4.0": "does not hold",
      "linux-7.3": "does not hold",
    },
  ],
  [
    "a reset is kept from requests, and up to 3.12 not from who opens the disk",
    ZRAM_LOCKS,
    "init-lock-excludes-reset-and-requests",
    { "linux-3.12": "holds if", "linux-4.0": "holds", "linux-7.3": "holds" },
  ],
  [
    "a CPU's buffer is leaked where two prepare it at once without a lock",
    CPU_BUFFERS,
    "cpu-up-and-init-do-not-leak",
    { "linux-3.12": "holds if", "linux-6.1": "holds" },
  ],
  [
    "zswap compresses a page for each CPU at once",
    COMPRESSION_AT_ONCE,
    "one-page-compressed-at-a-time",
    {
      "linux-3.12": "holds if",
      "linux-4.0": "holds if",
      "linux-7.3": "holds if",
    },
  ],
  [
    "zswap and zram both compress before the call returns",
    COMPRESSION_AT_ONCE,
    "frontswap-is-synchronous-zram-could-be-asynchronous",
    {
      "linux-3.12": "holds if",
      "linux-4.0": "holds if",
      "linux-7.3": "holds if",
    },
  ],
  [
    "zbud frees a page by at most two evictions",
    RECLAIM_PAGE,
    "zbud-reclaim-evicts-at-most-two",
    { "linux-3.12": "holds", "linux-6.1": "holds", "linux-6.2": "holds" },
  ],
  [
    "zsmalloc frees a zspage by any number of them",
    RECLAIM_PAGE,
    "zsmalloc-reclaim-evicts-more",
    { "linux-3.12": "holds", "linux-6.1": "holds", "linux-6.2": "holds" },
  ],
  [
    "zsmalloc of two objects a page would free one by at most two",
    RECLAIM_PAGE,
    "zsmalloc-of-two-objects-a-page-is-predictable",
    { "linux-3.12": "holds", "linux-6.1": "holds", "linux-6.2": "holds" },
  ],
  [
    "zspages can be emptied by writing their objects back",
    RECLAIM_ZSPAGE,
    "zsmalloc-reclaim-is-doable",
    { "linux-6.2": "holds" },
  ],
  [
    "writing a zspage back takes more frames than zbud's page, if writes end late",
    SPARE_FRAMES,
    "unbounded-dumping-ends-in-oom",
    { "linux-3.12": "holds if", "linux-6.2": "holds if" },
  ],
  [
    "zbud's order is that of what came last to each frame",
    LRU_ORDER,
    "zbud-exposes-lru-order",
    {
      "linux-3.12": "holds if",
      "linux-6.1": "holds if",
      "linux-6.12": "does not hold",
    },
  ],
];

for (const [sentence, experiment, claim, rulings] of TOLD) {
  Deno.test(`${claim}: ${sentence}`, () => {
    assertEquals(rulingsOf(experiment, claim), rulings);
  });
}

Deno.test("each claim of these experiments is told of once", () => {
  const experiments = new Set(TOLD.map(([, experiment]) => experiment));
  const claims = [...experiments].flatMap(({ claims }) =>
    claims.map(({ name }) => name)
  );
  assertEquals(claims.toSorted(), TOLD.map(([, , claim]) => claim).toSorted());
});

const turned = (
  experiment: Experiment,
  claim: string,
  profile: Profile,
  given?: Partial<Given>,
) => verdictOf(experiment, claim, profile, given)?.ruling;

Deno.test("a slot that is not pinned is loaded beside its invalidate in 6.1 too", () => {
  const unpinned: Profile = {
    ...LINUX_6_1,
    swap: { ...LINUX_6_1.swap, synchronousReads: "past-swap-cache" },
  };
  const claim = "no-load-beside-invalidate-of-an-entry";
  assertEquals(turned(LOAD_BESIDE_INVALIDATE, claim, unpinned), "holds if");
});

Deno.test("7.3 would need a count if writeback looked into the tree for its entry", () => {
  const inTree: Profile = {
    ...LINUX_7_3,
    zswap: { ...LINUX_7_3.zswap, writebackFinds: "in-tree" },
  };
  const claim = "writeback-needs-a-count-of-references";
  assertEquals(turned(ENTRY_REFERENCE, claim, inTree), "holds");
});

Deno.test("what the swap layer keeps apart breaks zswap where nobody does", () => {
  const claim = "tree-lock-suffices-without-writeback";
  const verdict = verdictOf(ENTRY_REFERENCE, claim, LINUX_3_12);
  assert(verdict?.evidence.endsWith("broken: zswap/entry-alive"));
});

Deno.test("without its second look 7.3 needs object and entry to change together", () => {
  const blind: Profile = {
    ...LINUX_7_3,
    zswap: { ...LINUX_7_3.zswap, writebackLooksAgain: false },
  };
  const claim = "data-and-metadata-must-change-together";
  assertEquals(turned(OBJECT_AND_ENTRY, claim, blind), "holds if");
});

Deno.test("with handles in cells, as 6.2 had them first, a zspage has to be locked", () => {
  const first: Profile = { ...LINUX_6_2, deferredHandle: "in-cell" };
  const locks = "freeing-a-frame-locks-all-its-objects";
  assertEquals(turned(FRAME_RACES, locks, first), "holds");
  const doable = "zsmalloc-reclaim-is-doable";
  assertEquals(turned(RECLAIM_ZSPAGE, doable, first), "does not hold");
});

Deno.test("where no object is busy more of them are no harder to free", () => {
  const claim = "more-objects-more-trouble-to-free-a-frame";
  const given = { sizes: { busy: 0 } };
  assertEquals(turned(BUSY_OBJECTS, claim, LINUX_6_2, given), "does not hold");
});

Deno.test("notices without zram's lock, and resets without a claim, are told", () => {
  const unlocked: Profile = {
    ...LINUX_3_12,
    zram: { ...LINUX_3_12.zram, notifyTakes: "nothing" },
  };
  const table = "zram-lock-protects-counters-and-table";
  assertEquals(turned(ZRAM_LOCKS, table, unlocked), "does not hold");
  const unclaimed: Profile = {
    ...LINUX_4_0,
    zram: { ...LINUX_4_0.zram, resetExcludes: "nobody" },
  };
  const reset = "init-lock-excludes-reset-and-requests";
  assertEquals(turned(ZRAM_LOCKS, reset, unclaimed), "holds if");
});

Deno.test("with the lock of CPU hotplug 3.12 would leak no buffer", () => {
  const locked: Profile = { ...LINUX_3_12, release: LINUX_6_1.release };
  const claim = "cpu-up-and-init-do-not-leak";
  assertEquals(turned(CPU_BUFFERS, claim, locked), "holds");
});

Deno.test("where all pages have one length zsmalloc's evictions can be foretold", () => {
  const noise = randomFrom(1);
  const page = new Uint8Array(4096);
  // Three quarters of a page do not compress.
  for (let at = 0; at < 3072; at++) page[at] = noise(256);
  const given = { realPages: (count: number) => Array(count).fill(page) };
  const claim = "zsmalloc-reclaim-evicts-more";
  const verdict = verdictOf(RECLAIM_PAGE, claim, LINUX_6_2, given);
  assertEquals(verdict?.ruling, "does not hold");
  assert(verdict?.evidence.startsWith("1 to 1 objects in 3,000 zspages"));
});

Deno.test("a kernel whose tree is no red-black tree is judged by its own walks", () => {
  const { locks } = LINUX_3_12.zswap;
  const xarray: Profile = {
    ...LINUX_3_12,
    zswap: { ...LINUX_3_12.zswap, locks: { ...locks, tree: "xa_lock" } },
  };
  const claim = "erasing-from-the-tree-under-a-walker";
  assertEquals(turned(TREE_WALK, claim, xarray), "does not hold");
});
