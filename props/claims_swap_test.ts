import { assertEquals } from "@std/assert";
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_7_3,
  type Profile,
  randomFrom,
} from "../mod.ts";
import { rulingText } from "./claim_rulings.ts";
import {
  type Experiment,
  type Found,
  usualSizes,
} from "../src/claims/experiment.ts";
import { LRU_INVERSION } from "../src/claims/experiments/lru_inversion.ts";
import { PSEUDO_DEVICE } from "../src/claims/experiments/pseudo_device.ts";
import { SWAP_THROUGH } from "../src/claims/experiments/swap_through.ts";
import { WRITEBACK_MEMORY } from "../src/claims/experiments/writeback_memory.ts";

/** Made pages: noise of so many sixteenths, at random, then zeros. */
function noisePages(
  count: number,
  pageSize: number,
  least: number,
  most: number,
): Uint8Array[] {
  const random = randomFrom(7);
  return Array.from({ length: count }, () => {
    const bytes = pageSize / 16 * (least + random(most - least + 1));
    return Uint8Array.from(
      { length: pageSize },
      (_, at) => at < bytes ? 1 + random(255) : 0,
    );
  });
}

/** Pages that compress to every length, and some that do not. */
const madePages = (count: number, pageSize: number) =>
  noisePages(count, pageSize, 1, 16);

/** Pages that all compress to less than a half. */
const thinPages = (count: number, pageSize: number) =>
  noisePages(count, pageSize, 1, 7);

function runOf(
  experiment: Experiment,
  profile: Profile,
  sizes: Record<string, number>,
  realPages: (count: number, pageSize: number) => Uint8Array[] = madePages,
): Found {
  return experiment.run({
    profile,
    seed: 1,
    sizes: { ...usualSizes(experiment), ...sizes },
    realPages,
  });
}

/** How each claim ends, in words. */
const rulings = ({ verdicts }: Found): Record<string, string> =>
  Object.fromEntries(
    Object.entries(verdicts).map(([name, verdict]) => [
      name,
      rulingText(verdict),
    ]),
  );

/** Pages that do not become smaller. */
const wholePages = (count: number, pageSize: number) =>
  noisePages(count, pageSize, 16, 16);

const LRU = { pages: 512 };
const WRITEBACK = { pages: 256, steps: 32 };
const PSEUDO = { pages: 512 };
const THROUGH = { pages: 1024 };
const ROOM_FOR_ALL = 400;

const HOLDS = "holds";
const NOT = "does not hold";
const UNDECIDED = "not decided here";
/** The kernel has not got what the claim is about. */
const NOTHING = "nothing";

function assertRulings(
  found: Found,
  expected: Readonly<Record<string, string>>,
): void {
  assertEquals(rulings(found), expected);
}

Deno.test("zswap inverts the LRU order in 6.1, in 3.12 only without a frame to write back with, and not since it has a list of its own", () => {
  const expected: [Profile, string][] = [
    [LINUX_3_12, "holds if no frame is free to write back with"],
    [LINUX_6_1, HOLDS],
    [LINUX_6_18, NOT],
    [LINUX_7_3, NOT],
  ];
  for (const [profile, zswap] of expected) {
    assertRulings(runOf(LRU_INVERSION, profile, LRU), {
      "zswap-inverts-lru": zswap,
      "swap-priorities-are-no-cache-hierarchy": HOLDS,
      "vm-hierarchy-would-not-invert-lru": profile === LINUX_3_12
        ? NOTHING
        : "holds if somebody asks for the writeback of idle pages",
    });
  }
});

Deno.test("where there is room for all pages, nothing is inverted in any kernel", () => {
  for (const profile of [LINUX_3_12, LINUX_7_3]) {
    const found = runOf(LRU_INVERSION, profile, { ...LRU, room: ROOM_FOR_ALL });
    assertRulings(found, {
      "zswap-inverts-lru": NOT,
      "swap-priorities-are-no-cache-hierarchy": NOT,
      "vm-hierarchy-would-not-invert-lru": profile === LINUX_3_12
        ? NOTHING
        : NOT,
    });
  }
});

/** What writeback comes to in every kernel. */
const ALWAYS = {
  "zswap-decompresses-before-writeback": HOLDS,
  "zswap-writes-back-one-by-one": HOLDS,
  "zswap-writeback-needs-frames": HOLDS,
  "zswap-writeback-is-synchronous": UNDECIDED,
  "zswap-leaves-plain-pages-on-disk": HOLDS,
  "zram-writes-back-by-zpage": NOT,
};
/** With zbud below zswap. */
const BOUNDED = {
  "zswap-writeback-is-bounded": HOLDS,
};
/** With zsmalloc below zswap. */
const UNBOUNDED = {
  "zswap-writeback-is-bounded": NOT,
};
/** Since zram has writeback. */
const ZRAM_WRITES = {
  "store-reclaims-in-the-allocator": NOT,
  "zram-has-no-sane-writeback": NOT,
  "zram-never-writes-back": "holds if nobody asks for it",
};
/** What was promised of zram's. */
const promised = (ruling: string) => ({
  "zram-could-write-compressed-batched-sequential": ruling,
  "zram-better-at-writeback": ruling,
});

Deno.test("zswap's writeback takes a frame and a decompression for each page; 3.12 does it in the store, and zram has none", () => {
  assertRulings(runOf(WRITEBACK_MEMORY, LINUX_3_12, WRITEBACK), {
    ...ALWAYS,
    ...BOUNDED,
    "store-reclaims-in-the-allocator": HOLDS,
    "zram-has-no-sane-writeback": HOLDS,
    "zram-never-writes-back": HOLDS,
    ...promised(NOT),
  });
});

Deno.test("zswap's writeback is bounded as long as zbud is below it, and zram's is what was promised with compressed_writeback in 7.3", () => {
  const expected: [Profile, Record<string, string>, string][] = [
    [LINUX_6_1, BOUNDED, NOT],
    [LINUX_6_18, UNBOUNDED, NOT],
    [LINUX_7_3, UNBOUNDED, "holds if compressed_writeback is on"],
  ];
  for (const [profile, bound, zram] of expected) {
    assertRulings(runOf(WRITEBACK_MEMORY, profile, WRITEBACK), {
      ...ALWAYS,
      ...bound,
      ...ZRAM_WRITES,
      ...promised(zram),
    });
  }
});

Deno.test("pages that are stored whole have a frame each: 7.3 decompresses none, and its writeback is bounded", () => {
  const found = runOf(WRITEBACK_MEMORY, LINUX_7_3, WRITEBACK, wholePages);
  assertRulings(found, {
    ...ALWAYS,
    ...BOUNDED,
    ...ZRAM_WRITES,
    ...promised("holds if idle pages are asked for"),
    "zswap-decompresses-before-writeback": NOT,
  });
});

const FULL_IS_HELD = "holds if there is room, or nothing but zswap takes pages";

Deno.test("zswap on a pseudo device is zram to the byte for pages that compress, once it has zsmalloc and while there is room", () => {
  const expected: [Profile, string, string, string][] = [
    [LINUX_3_12, NOT, HOLDS, FULL_IS_HELD],
    [
      LINUX_6_1,
      "holds if no page is incompressible and there is room",
      NOT,
      FULL_IS_HELD,
    ],
    [
      LINUX_7_3,
      "holds if no page is incompressible or one word repeated and there is room",
      NOT,
      HOLDS,
    ],
  ];
  for (const [profile, same, failing, evictless] of expected) {
    assertRulings(runOf(PSEUDO_DEVICE, profile, PSEUDO), {
      "zswap-on-pseudo-device-is-zram": same,
      "full-zswap-refusing-is-the-same-as-zram": NOT,
      "zswap-with-failing-device-replaces-zram-swap": failing,
      "evictless-zbud-never-writes-back": evictless,
      "zswap-is-no-block-device": HOLDS,
    });
  }
});

Deno.test("where pages compress and there is room for all, zswap on any pseudo device holds what zram holds", () => {
  const expected: [Profile, string][] = [
    [LINUX_3_12, NOT],
    [LINUX_6_1, "holds if no page is incompressible"],
    [LINUX_7_3, "holds if no page is incompressible or one word repeated"],
  ];
  const sizes = { ...PSEUDO, room: ROOM_FOR_ALL };
  for (const [profile, same] of expected) {
    assertRulings(runOf(PSEUDO_DEVICE, profile, sizes, thinPages), {
      "zswap-on-pseudo-device-is-zram": same,
      "full-zswap-refusing-is-the-same-as-zram": HOLDS,
      "zswap-with-failing-device-replaces-zram-swap": HOLDS,
      "evictless-zbud-never-writes-back": HOLDS,
      "zswap-is-no-block-device": HOLDS,
    });
  }
});

const AS_REPORTED = "holds if the pages compress to a third and less";

Deno.test("zswap loses memory to zram as long as it has zbud", () => {
  const expected: [Profile, string][] = [
    [LINUX_3_12, HOLDS],
    [LINUX_6_1, HOLDS],
    [LINUX_7_3, NOT],
  ];
  for (const [profile, loses] of expected) {
    assertRulings(runOf(SWAP_THROUGH, profile, THROUGH), {
      "zram-ratio-2-5-to-3": AS_REPORTED,
      "switching-to-zswap-loses-memory": loses,
      "zswap-better-with-real-swap": HOLDS,
      "writeback-wears-flash": HOLDS,
    });
  }
});

Deno.test("where memory is for all, zswap's disk is of no use and is not written to", () => {
  const sizes = { ...THROUGH, memory: ROOM_FOR_ALL };
  for (const profile of [LINUX_3_12, LINUX_7_3]) {
    const found = rulings(runOf(SWAP_THROUGH, profile, sizes, thinPages));
    assertEquals(found["zswap-better-with-real-swap"], NOT);
    assertEquals(found["writeback-wears-flash"], NOT);
  }
});
