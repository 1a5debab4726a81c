import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_1,
  LINUX_7_3,
  type Profile,
} from "../mod.ts";
import {
  assertAlone,
  assertKnownRaces,
  assertRandomHold,
  assertSampled,
  brokenIn,
  exploreText,
} from "./race_programs.ts";
import {
  PROPOSED_2012,
  ZSWAP_KNOWN_RACES,
} from "../src/search/races/known/zswap.ts";
import { ZSWAP_RACES } from "../src/search/races/rooms/zswap.ts";

/** Kernels whose zswap has other locks, or other paths, than the one before. */
const KERNELS = [
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_1,
  LINUX_7_3,
];

/** Those of them of which no race is known. */
const SOUND = KERNELS.slice(4);

const explore = (profile: Profile, program: string, preemptions: number) =>
  exploreText(ZSWAP_RACES, profile, program, preemptions, 3000);

Deno.test("each known race of zswap is found, by the rule that speaks of it, in the kernel before its mend, and, searched as far, not after", () => {
  assertKnownRaces(ZSWAP_RACES, ZSWAP_KNOWN_RACES, {
    "writeback-against-swapoff": "zswap/tree-alive",
    "stale-entry": "zswap/page-kept",
    "pool-reference": "zswap/pool-references-left",
    "header-names-slot": "zswap/page-kept",
    "second-look": "zswap/page-kept",
    "invalidate-against-reclaim": "zswap/counters",
    "invalidate-without-reference": "zswap/entry-alive",
    "load-without-reference": "zswap/entry-alive",
  }, { preemptions: 2, schedules: 3000, within: 300, after: 2 });
});

// A lock guards the tree as long as nothing but the slot's owner frees entries.
Deno.test("without a count of references loads, stores and invalidations hold as long as nothing is written back", () => {
  for (
    const threads of [
      "load 0 | invalidate 0",
      "load 0 | store 0 B",
      "store 0 B; load 0 | invalidate 0; load 0",
    ]
  ) {
    const explored = explore(PROPOSED_2012, `store 0 A / ${threads}`, 2);
    assertEquals(brokenIn(explored), undefined, threads);
    assert(explored.runs > 3, `${threads}: ${explored.runs}`);
  }
});

Deno.test("two threads of two operations hold in every zswap since 6.12", () => {
  for (const profile of SOUND) {
    const drawn = { programs: 15, threads: 2, operations: 2 };
    assertRandomHold(ZSWAP_RACES, profile, drawn, 400, 500);
  }
});

Deno.test("three threads hold in the newest zswap", () => {
  assertRandomHold(
    ZSWAP_RACES,
    LINUX_7_3,
    { programs: 8, threads: 3, operations: 1 },
    400,
    100,
  );
});

Deno.test("random schedules of the newest zswap hold", () => {
  const drawn = { programs: 5, threads: 3, operations: 2 };
  assertSampled(ZSWAP_RACES, LINUX_7_3, drawn, 30);
});

Deno.test("one thread alone, every lock that it takes being watched, does what is done at once", () => {
  for (const profile of KERNELS) assertAlone(ZSWAP_RACES, profile);
});

Deno.test("of what is no operation of zswap it is told what is wrong with it", () => {
  const wrong = {
    "flush": "'flush' is none of store SLOT LETTER, load SLOT, ",
    "store 0": "'store 0' is not like 'store SLOT LETTER'",
    "load 9": "the SLOT of 'load 9' is '9', not 0 to 3",
    "store 0 AB": "the LETTER of 'store 0 AB' is 'AB', not a letter",
    "set zpool zbud":
      "linux-7.3 has no parameter 'zpool', but enabled, compressor, ",
  };
  for (const [text, message] of Object.entries(wrong)) {
    assertThrows(
      () => explore(LINUX_7_3, text, 0),
      RangeError,
      `Cannot explore zswap: ${message}`,
    );
  }
});
