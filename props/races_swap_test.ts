import { assertEquals } from "@std/assert";
import {
  LINUX_3_12,
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
import { SWAP_KNOWN_RACES } from "../src/search/races/known/swap.ts";
import { SWAP_RACES } from "../src/search/races/rooms/swap.ts";

/** Kernels whose swap path has other locks, or other ways, than the one before. */
const KERNELS = [
  LINUX_3_12,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_1,
  LINUX_7_3,
];

/** Those of them of which no race is known. */
const SOUND = KERNELS.slice(2);

const explore = (profile: Profile, program: string, preemptions: number) =>
  exploreText(SWAP_RACES, profile, program, preemptions, 3000);

Deno.test("each known race of the swap path is found, by the rule that speaks of it, in the kernel before its mend, and, searched as far, not after", () => {
  assertKnownRaces(SWAP_RACES, SWAP_KNOWN_RACES, {
    "past-swap-cache-twice": "races/linearizable",
    "free-against-swapoff": "swap/device-alive",
    "zeroed-page": "races/linearizable",
  }, { preemptions: 2, schedules: 3000, within: 100, after: 1 });
});

Deno.test("the kernel of a known race of the swap path differs in one fact from the one after", () => {
  for (const { id, before, after } of SWAP_KNOWN_RACES) {
    const facts = Object.entries(after.swap);
    const other = facts.filter(([name, fact]) =>
      Object.entries(before.swap).some(([one, its]) =>
        one === name && its !== fact
      )
    );
    assertEquals(other.length, 1, id);
  }
});

Deno.test("two threads of two operations hold in every swap path since 6.1", () => {
  for (const profile of SOUND) {
    const drawn = { programs: 12, threads: 2, operations: 2 };
    assertRandomHold(SWAP_RACES, profile, drawn, 400, 500);
  }
});

Deno.test("three threads hold in the newest swap path", () => {
  assertRandomHold(
    SWAP_RACES,
    LINUX_7_3,
    { programs: 8, threads: 3, operations: 1 },
    400,
    100,
  );
});

Deno.test("random schedules of the newest swap path hold", () => {
  const drawn = { programs: 5, threads: 3, operations: 2 };
  assertSampled(SWAP_RACES, LINUX_7_3, drawn, 30);
});

Deno.test("one thread of the swap path alone, every lock that it takes being watched, does what is done at once", () => {
  for (const profile of KERNELS) assertAlone(SWAP_RACES, profile);
});

Deno.test("a page that is given back while it is swapped out is freed once", () => {
  for (const profile of SOUND) {
    const explored = explore(profile, "write 0 Z / free 0 | out 0", 3);
    assertEquals(brokenIn(explored), undefined, profile.name);
  }
});
