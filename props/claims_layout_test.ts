/** How the claims of classes, zspages, zram and struct page end, and why. */
import { assertEquals } from "@std/assert";
import type { Ruling } from "../src/claims/claim.ts";
import {
  type Experiment,
  type Found,
  usualSizes,
} from "../src/claims/experiment.ts";
import { CHAIN_FORMULAS } from "../src/claims/experiments/chain_formulas.ts";
import { CLASS_COUNTS } from "../src/claims/experiments/class_counts.ts";
import { FRAMES_CROSSED } from "../src/claims/experiments/frames_crossed.ts";
import { FULLNESS_GROUPS } from "../src/claims/experiments/fullness_groups.ts";
import { POOL_GROWTH } from "../src/claims/experiments/pool_growth.ts";
import { SIZE_CLASSES } from "../src/claims/experiments/size_classes.ts";
import { SLOT_FREE_NOTIFY } from "../src/claims/experiments/slot_free_notify.ts";
import { STRUCT_PAGE } from "../src/claims/experiments/struct_page.ts";
import { ZRAM_ATTRIBUTES } from "../src/claims/experiments/zram_attributes.ts";
import { ZRAM_FAILURES } from "../src/claims/experiments/zram_failures.ts";
import { ZRAM_MEMORY } from "../src/claims/experiments/zram_memory.ts";
import { ZRAM_PARTS } from "../src/claims/experiments/zram_parts.ts";
import { ZRAM_REQUESTS } from "../src/claims/experiments/zram_requests.ts";
import { ZRAM_WHOLE } from "../src/claims/experiments/zram_whole.ts";
import { ZSPAGE_LAYOUT } from "../src/claims/experiments/zspage_layout.ts";
import { realPages } from "../src/cli/real_pages.ts";
import {
  leastWaste,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_12,
  LINUX_7_3,
  type Profile,
} from "../mod.ts";

const SEED = 1;

function runOn(
  experiment: Experiment,
  profile: Profile,
  sizes: Readonly<Record<string, number>> = {},
): Found {
  return experiment.run({
    profile,
    seed: SEED,
    sizes: { ...usualSizes(experiment), ...sizes },
    realPages,
  });
}

const HOLDS: Ruling = "holds";
const HOLDS_IF: Ruling = "holds if";
const NOT: Ruling = "does not hold";

/** A claim, what is true of it, and how it ends with each kernel. */
type Expected = readonly [
  claim: string,
  isTrue: string,
  ...rulings: (Ruling | undefined)[],
];

/** Every claim of each experiment. */
const EXPECTED: readonly (readonly [Experiment, readonly Expected[]])[] = [
  [SIZE_CLASSES, [
    ["size-classes-254", "there are 255 size classes, not 254", NOT, NOT],
    [
      "class-is-big-enough",
      "an object of every size lies in a chunk that holds it",
      HOLDS,
      HOLDS,
    ],
    [
      "chain-example-three-eighths",
      "eight objects of 3/8 of a page lie in three pages in 3.12, and in no kernel that adds a handle",
      HOLDS,
      NOT,
    ],
    [
      "largest-object-is-a-page",
      "an object may be as large as a page and no larger",
      HOLDS,
      HOLDS,
    ],
  ]],
  [CHAIN_FORMULAS, [
    ["wastage-formula", "a zspage wastes Zp % size", NOT, NOT, NOT],
    [
      "chain-maximises-used-share",
      "a chain may be surpassed as long as shares are cut to whole percent",
      NOT,
      NOT,
      HOLDS,
    ],
    [
      "objects-per-zspage-formula",
      "a zspage's objects follow from its pages, not from their order",
      NOT,
      NOT,
      NOT,
    ],
    [
      "index-bits-without-known-memory-size",
      "an index has PAGE_SHIFT bits where there is no tag beside it",
      HOLDS,
      NOT,
      HOLDS,
    ],
  ]],
  [ZSPAGE_LAYOUT, [
    [
      "free-link-never-spans-pages",
      "no free link lies in two pages",
      HOLDS,
      HOLDS,
      HOLDS,
    ],
    [
      "objects-may-cross-frames",
      "objects lie across frames, and read as they were written",
      HOLDS,
      HOLDS,
      HOLDS,
    ],
    [
      "object-index-relative-to-page",
      "an index counts from each page up to 4.7, in 3.12 from 1",
      HOLDS_IF,
      HOLDS,
      NOT,
    ],
    [
      "first-object-offset-in-each-page",
      "each page records where its first object starts",
      HOLDS,
      HOLDS,
      HOLDS,
    ],
    [
      "initial-free-list-runs-through-all-pages",
      "a new zspage gives out its chunks in order",
      HOLDS,
      HOLDS,
      HOLDS,
    ],
    [
      "huge-object-handle-outside-chunk",
      "a huge object's handle is in struct page, where objects have handles",
      undefined,
      HOLDS,
      HOLDS,
    ],
  ]],
  [FRAMES_CROSSED, [
    [
      "how-often-objects-cross-frames",
      "objects of zsmalloc cross frames, and those of zbud do not",
      HOLDS,
      HOLDS,
    ],
  ]],
  [CLASS_COUNTS, [
    [
      "many-classes-spread-free-pages",
      "many classes are a waste where objects are few",
      HOLDS_IF,
      HOLDS_IF,
    ],
    [
      "few-classes-internal-fragmentation",
      "few classes lose much in their chunks",
      HOLDS,
      HOLDS,
    ],
    [
      "specific-classes-better",
      "chosen classes are better than spaced ones where they are few",
      HOLDS_IF,
      HOLDS_IF,
    ],
  ]],
  [FULLNESS_GROUPS, [
    [
      "almost-empty-threshold",
      "a zspage is almost empty at n <= N / 4, not at n <= 4 N",
      NOT,
      NOT,
      NOT,
    ],
    [
      "no-lists-of-empty-and-full",
      "full and empty zspages are on lists of late",
      HOLDS,
      HOLDS,
      NOT,
    ],
    [
      "fullness-list-follows-use",
      "each zspage is on the list that its use calls for",
      HOLDS,
      HOLDS,
      HOLDS,
    ],
  ]],
  [POOL_GROWTH, [
    [
      "pool-flags-for-metadata",
      "a pool's flags are those of its growing",
      NOT,
      NOT,
    ],
  ]],
  [ZRAM_MEMORY, [
    ["zero-pages-take-no-memory", "pages of zeros are free", HOLDS, HOLDS],
    [
      "pages-stored-counts-all-pages",
      "pages of zeros count as stored of late",
      HOLDS_IF,
      HOLDS,
    ],
    [
      "disksize-limits-uncompressed-data",
      "a disk may take more memory than its size",
      HOLDS,
      HOLDS,
    ],
    ["reset-frees-everything", "a reset leaves nothing", HOLDS, HOLDS],
  ]],
  [ZRAM_WHOLE, [
    [
      "stored-whole-above-three-quarters",
      "pages are stored whole above three quarters in 3.12 alone",
      HOLDS,
      NOT,
    ],
    [
      "larger-max-zpage-fails-always",
      "with a larger max_zpage_size only pages longer than a page fail",
      NOT,
      NOT,
    ],
    [
      "bad-compress-from-75-percent",
      "bad_compress is a number of pages above 75 %",
      NOT,
      NOT,
    ],
  ]],
  [ZRAM_REQUESTS, [
    [
      "invalid-io-counts-unaligned",
      "invalid_io counts requests beyond the end too, and of late none",
      NOT,
      NOT,
    ],
    [
      "num-reads-failed-and-successful",
      "num_writes counts failed requests, not refused ones, and of late pages",
      HOLDS_IF,
      NOT,
    ],
  ]],
  [ZRAM_PARTS, [
    [
      "requests-are-page-sized",
      "requests are of whole pages where these have 4 KiB",
      HOLDS_IF,
      HOLDS_IF,
    ],
    [
      "partial-write-reads-first",
      "a write of a part of a page decompresses the page",
      HOLDS,
      HOLDS,
    ],
  ]],
  [ZRAM_FAILURES, [
    [
      "failed-writes-when-memory-is-low",
      "writes fail for want of memory, and at a mem_limit where there is one",
      HOLDS,
      HOLDS_IF,
    ],
    [
      "decompression-never-fails",
      "no read of a stored page fails",
      HOLDS,
      HOLDS,
    ],
  ]],
  [ZRAM_ATTRIBUTES, [
    [
      "reset-takes-any-positive-value",
      "reset takes 16 bits in decimal",
      NOT,
      NOT,
    ],
    [
      "discard-attribute-documented",
      "there is no file called discard",
      NOT,
      NOT,
    ],
    ["disksize-takes-suffixes", "disksize takes suffixes", HOLDS, HOLDS],
    [
      "num-devices-as-documented",
      "more than 32 devices are refused no more",
      HOLDS,
      NOT,
    ],
  ]],
  [SLOT_FREE_NOTIFY, [
    [
      "slot-free-notify-may-miss",
      "a notice is lost in a queue, or to a held slot, but not where it waits",
      HOLDS_IF,
      NOT,
      HOLDS_IF,
    ],
  ]],
  [STRUCT_PAGE, [
    [
      "memmap-walkers-misread-zsmalloc-pages",
      "zsmalloc's pages are misread by who trusts a field",
      HOLDS_IF,
      HOLDS_IF,
      HOLDS_IF,
    ],
    [
      "zsmalloc-need-not-touch-page-flags",
      "zsmalloc sets a page flag",
      NOT,
      NOT,
      NOT,
    ],
    [
      "zbud-metadata-in-first-chunk",
      "zbud leaves struct page alone, while there is zbud",
      HOLDS,
      HOLDS,
      undefined,
    ],
  ]],
];

for (const [experiment, claims] of EXPECTED) {
  const found = new Map<Profile, Found>();
  const foundOf = (profile: Profile): Found => {
    const one = found.get(profile) ?? runOn(experiment, profile);
    found.set(profile, one);
    return one;
  };
  for (const [name, isTrue, ...rulings] of claims) {
    Deno.test(`${name}: ${isTrue}`, () => {
      const verdicts = experiment.kernels
        .map((profile) => foundOf(profile).verdicts[name]?.ruling);
      assertEquals(verdicts, rulings);
    });
  }
  Deno.test(`${experiment.name} decides the claims that are told of, and says why`, () => {
    assertEquals(
      experiment.claims.map(({ name }) => name),
      claims.map(([name]) => name),
    );
    for (const profile of experiment.kernels) {
      for (const verdict of Object.values(foundOf(profile).verdicts)) {
        assertEquals(/\d/.test(verdict?.evidence ?? "0"), true);
      }
    }
  });
}

/** How a claim ends with a kernel that is changed. */
function rulingOf(
  experiment: Experiment,
  name: string,
  profile: Profile,
  sizes: Readonly<Record<string, number>> = {},
): Ruling | undefined {
  return runOn(experiment, profile, sizes).verdicts[name]?.ruling;
}

/** A kernel whose zram is changed. */
const withZram = (
  profile: Profile,
  changes: Partial<Profile["zram"]>,
): Profile => ({ ...profile, zram: { ...profile.zram, ...changes } });

/** A kernel that groups its zspages otherwise. */
const withFullness = (
  profile: Profile,
  changes: Partial<Profile["fullness"]>,
): Profile => ({ ...profile, fullness: { ...profile.fullness, ...changes } });

Deno.test("there are 254 classes where the least chunk has 48 bytes", () => {
  const profile = { ...LINUX_3_12, wordBits: 32, physBits: 36, chainSize: 3 };
  assertEquals(rulingOf(SIZE_CLASSES, "size-classes-254", profile), HOLDS);
});

Deno.test("the example of eight in three pages is none where nothing is chained", () => {
  const profile = { ...LINUX_3_12, chainSize: 1 };
  assertEquals(
    rulingOf(SIZE_CLASSES, "chain-example-three-eighths", profile),
    NOT,
  );
  assertEquals(
    rulingOf(ZSPAGE_LAYOUT, "objects-may-cross-frames", profile),
    NOT,
  );
  assertEquals(
    rulingOf(FRAMES_CROSSED, "how-often-objects-cross-frames", {
      ...LINUX_6_12,
      chainSize: 1,
    }, { pages: 64 }),
    NOT,
  );
});

Deno.test("no chain is surpassed where the least waste decides in 3.12 too", () => {
  const profile = { ...LINUX_3_12, chainRule: leastWaste };
  assertEquals(
    rulingOf(CHAIN_FORMULAS, "chain-maximises-used-share", profile),
    HOLDS,
  );
});

Deno.test("an index has a bit less where a location has a tag", () => {
  const name = "index-bits-without-known-memory-size";
  const { objects } = LINUX_3_12;
  const tagged = { ...LINUX_3_12, objects: { ...objects, tagBits: 1 } };
  assertEquals(rulingOf(CHAIN_FORMULAS, name, tagged), NOT);
  const untagged = {
    ...LINUX_4_0,
    objects: { ...LINUX_4_0.objects, tagBits: 0 },
  };
  assertEquals(rulingOf(CHAIN_FORMULAS, name, untagged), HOLDS);
});

Deno.test("an index counts in the zspage where the release says so", () => {
  const profile: Profile = {
    ...LINUX_4_0,
    objects: { ...LINUX_4_0.objects, index: "in-zspage" },
  };
  assertEquals(
    rulingOf(ZSPAGE_LAYOUT, "object-index-relative-to-page", profile),
    NOT,
  );
});

Deno.test("many classes waste nothing where the few objects are many", () => {
  assertEquals(
    rulingOf(CLASS_COUNTS, "many-classes-spread-free-pages", LINUX_3_12, {
      few: 30_000,
    }),
    NOT,
  );
});

Deno.test("many classes are a waste where the many objects are few", () => {
  assertEquals(
    rulingOf(CLASS_COUNTS, "many-classes-spread-free-pages", LINUX_3_12, {
      objects: 1000,
    }),
    HOLDS,
  );
});

Deno.test("classes are not better for being chosen where they are many", () => {
  assertEquals(
    rulingOf(CLASS_COUNTS, "specific-classes-better", LINUX_3_12, {
      classes: 64,
    }),
    NOT,
  );
});

Deno.test("the comment on almost empty holds where all part-filled zspages are so", () => {
  const profile = withFullness(LINUX_3_12, {
    group: (inuse, objects) => inuse === 0 ? 0 : inuse === objects ? 3 : 1,
  });
  assertEquals(
    rulingOf(FULLNESS_GROUPS, "almost-empty-threshold", profile),
    HOLDS,
  );
});

Deno.test("full zspages are on lists where all are listed, and else on none", () => {
  const name = "no-lists-of-empty-and-full";
  const listing = withFullness(LINUX_3_12, { listsAll: true });
  assertEquals(rulingOf(FULLNESS_GROUPS, name, listing), NOT);
  const part = withFullness(LINUX_7_3, { listsAll: false });
  assertEquals(rulingOf(FULLNESS_GROUPS, name, part), HOLDS);
});

Deno.test("pages of zeros count as stored where pages of any word do", () => {
  const name = "pages-stored-counts-all-pages";
  const words = withZram(LINUX_3_12, { sameFilled: "word" });
  assertEquals(rulingOf(ZRAM_MEMORY, name, words), HOLDS);
  const zeros = withZram(LINUX_7_3, { sameFilled: "zeros" });
  assertEquals(rulingOf(ZRAM_MEMORY, name, zeros), HOLDS_IF);
});

Deno.test("what is stored whole follows from max_zpage_size", () => {
  const name = "stored-whole-above-three-quarters";
  const { wholeFrom } = LINUX_3_12.zram;
  const half = withZram(LINUX_3_12, { wholeFrom: (page) => page / 2 + 1 });
  assertEquals(rulingOf(ZRAM_WHOLE, name, half), NOT);
  const early = withZram(LINUX_7_3, { wholeFrom });
  assertEquals(rulingOf(ZRAM_WHOLE, name, early), HOLDS);
});

Deno.test("num_writes counts no requests where it counts segments", () => {
  const name = "num-reads-failed-and-successful";
  const segments = withZram(LINUX_3_12, { requestsCounted: "segments" });
  assertEquals(rulingOf(ZRAM_REQUESTS, name, segments), NOT);
  const bios = withZram(LINUX_7_3, { requestsCounted: "bios" });
  assertEquals(rulingOf(ZRAM_REQUESTS, name, bios), HOLDS_IF);
});

Deno.test("writes fail for want of memory alone where there is no mem_limit", () => {
  const { mem_limit: _, ...attributes } = LINUX_7_3.zram.attributes;
  assertEquals(
    rulingOf(
      ZRAM_FAILURES,
      "failed-writes-when-memory-is-low",
      withZram(LINUX_7_3, { attributes }),
    ),
    HOLDS,
  );
});

Deno.test("33 devices are refused where a release has a most of 32", () => {
  const name = "num-devices-as-documented";
  const any = withZram(LINUX_3_12, { mostDevices: undefined });
  assertEquals(rulingOf(ZRAM_ATTRIBUTES, name, any), NOT);
  const few = withZram(LINUX_7_3, { mostDevices: 32 });
  assertEquals(rulingOf(ZRAM_ATTRIBUTES, name, few), HOLDS);
});

Deno.test("no notice is lost where it waits for the slot, and some where it tries", () => {
  const name = "slot-free-notify-may-miss";
  const waiting = withZram(LINUX_7_3, { notifyTakes: "waits" });
  assertEquals(rulingOf(SLOT_FREE_NOTIFY, name, waiting), NOT);
  const trying = withZram(LINUX_4_0, { notifyTakes: "tries" });
  assertEquals(rulingOf(SLOT_FREE_NOTIFY, name, trying), HOLDS_IF);
});

Deno.test("nothing is said of zbud where a kernel has none", () => {
  const { zswap } = LINUX_6_12;
  const without: Profile = {
    ...LINUX_6_12,
    zswap: { ...zswap, zpools: ["zsmalloc"] },
  };
  assertEquals(
    rulingOf(STRUCT_PAGE, "zbud-metadata-in-first-chunk", without),
    undefined,
  );
});
