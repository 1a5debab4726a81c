import { assert, assertEquals } from "@std/assert";
import {
  brokenBy,
  type Explored,
  exploreRaces,
  LINUX_3_12,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_1,
  LINUX_7_3,
  type Profile,
  randomFrom,
  sampleRaces,
} from "../mod.ts";
import { SWAP_KNOWN_RACES } from "../src/search/races/known/swap.ts";
import { raceProgramText, readRaceProgram } from "../src/search/races/room.ts";
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

function explore(
  profile: Profile,
  program: string,
  preemptions: number,
): Explored {
  return SWAP_RACES.explore(
    profile,
    readRaceProgram(program),
    (trial) => exploreRaces(trial, { preemptions, schedules: 3000 }),
  );
}

const brokenIn = ({ finding }: Explored) => finding && brokenBy(finding);

Deno.test("each known race of the swap path is found in the kernel before its mend, and, searched as far, not after", () => {
  for (const { id, before, after, program } of SWAP_KNOWN_RACES) {
    const found = explore(before, program, 2);
    assert(found.finding !== undefined, id);
    assert(found.runs < 100, `${id}: ${found.runs}`);
    const mended = explore(after, program, 2);
    assertEquals(brokenIn(mended), undefined, id);
    assert(mended.preemptions >= 1 || mended.isAll, id);
  }
});

Deno.test("the rule that speaks of a known race of the swap path is the one that it breaks", () => {
  const spoke = SWAP_KNOWN_RACES.map(({ id, before, program }) => [
    id.split("/")[1],
    brokenIn(explore(before, program, 2)),
  ]);
  assertEquals(Object.fromEntries(spoke), {
    "past-swap-cache-twice": "races/linearizable",
    "free-against-swapoff": "swap/device-alive",
    "zeroed-page": "races/linearizable",
  });
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

/** Random programs of a kernel, each to a bound of preemptions. */
function exploreRandom(
  profile: Profile,
  programs: number,
  threads: number,
  operations: number,
): { schedules: number; broken: string[] } {
  const random = randomFrom(14);
  let schedules = 0;
  const broken: string[] = [];
  for (let nth = 0; nth < programs; nth++) {
    const program = SWAP_RACES.random(random, profile, threads, operations);
    const explored = SWAP_RACES.explore(
      profile,
      program,
      (trial) => exploreRaces(trial, { preemptions: 2, schedules: 400 }),
    );
    schedules += explored.runs;
    const by = brokenIn(explored);
    if (by !== undefined) broken.push(`${by}: ${raceProgramText(program)}`);
  }
  return { schedules, broken };
}

Deno.test("two threads of two operations hold in every swap path since 6.1", () => {
  for (const profile of SOUND) {
    const { schedules, broken } = exploreRandom(profile, 12, 2, 2);
    assertEquals(broken, [], profile.name);
    assert(schedules > 500, `${profile.name}: ${schedules}`);
  }
});

Deno.test("three threads hold in the newest swap path", () => {
  assertEquals(exploreRandom(LINUX_7_3, 8, 3, 1).broken, []);
});

Deno.test("random schedules of the newest swap path hold", () => {
  const random = randomFrom(7);
  for (let nth = 0; nth < 5; nth++) {
    const program = SWAP_RACES.random(random, LINUX_7_3, 3, 2);
    for (const depth of [undefined, 3]) {
      const { finding } = SWAP_RACES.explore(
        LINUX_7_3,
        program,
        (trial) => sampleRaces(trial, { seed: nth, schedules: 30, depth }),
      );
      assertEquals(finding, undefined, raceProgramText(program));
    }
  }
});

Deno.test("one thread of the swap path alone, every lock that it takes being watched, does what is done at once", () => {
  for (const profile of KERNELS) {
    const random = randomFrom(3);
    for (let nth = 0; nth < 10; nth++) {
      const program = SWAP_RACES.random(random, profile, 1, 8);
      const explored = SWAP_RACES.explore(
        profile,
        program,
        (trial) => exploreRaces(trial),
      );
      const text = `${profile.name}: ${raceProgramText(program)}`;
      assertEquals(brokenIn(explored), undefined, text);
      assertEquals([explored.runs, explored.isAll], [1, true], text);
    }
  }
});

Deno.test("a page that is given back while it is swapped out is freed once", () => {
  for (const profile of SOUND) {
    const explored = explore(profile, "write 0 Z / free 0 | out 0", 3);
    assertEquals(brokenIn(explored), undefined, profile.name);
  }
});
