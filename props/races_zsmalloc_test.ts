import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  brokenBy,
  checkPool,
  exploreRaces,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_7_2,
  LINUX_7_3,
  type Profile,
  randomFrom,
  runToEnd,
  shrinkRace,
  type Stop,
  ZsPool,
} from "../mod.ts";
import {
  assertKnownRaces,
  assertRandomHold,
  assertSampled,
  brokenIn,
  exploreText,
} from "./race_programs.ts";
import { Execution } from "../src/search/races/execution.ts";
import { LockOrder } from "../src/search/races/lock_order.ts";
import { ZSMALLOC_KNOWN_RACES } from "../src/search/races/known/zsmalloc.ts";
import {
  raceProgramText,
  readRaceProgram,
  smallerRaces,
} from "../src/search/races/room.ts";
import { ZSMALLOC_RACES } from "../src/search/races/rooms/zsmalloc.ts";
import { poolFingerprint } from "../src/zsmalloc/fingerprint.ts";

const [ASYNC_FREE] = ZSMALLOC_KNOWN_RACES
  .filter(({ id }) => id === "zsmalloc/async-free-against-migration");

/** Kernels that have other locks than the one before. */
const LOCKINGS = [
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_7_2,
  LINUX_7_3,
];

const explore = (profile: Profile, program: string, preemptions: number) =>
  exploreText(ZSMALLOC_RACES, profile, program, preemptions);

Deno.test("each known race of zsmalloc is found, by the rule that speaks of it, in the kernel before its mend, and, searched as far, not after", () => {
  assertKnownRaces(ZSMALLOC_RACES, ZSMALLOC_KNOWN_RACES, {
    "migration-einval": "races/linearizable",
    "fullness-and-isolated": "zsmalloc/fullness-group",
    "deferred-handles": "zsmalloc/evicted-located",
    "async-free-against-migration": "zsmalloc/freed-frames-locked",
    "pages-compacted": "zsmalloc/pages-compacted",
    "destroy-against-migration": "zsmalloc/pool-there",
    "migration-against-free": "locks/not-held",
  }, { preemptions: 3, within: 100, after: 3 });
});

Deno.test("the kernel of a known race before the mend differs in one fact from the one after", () => {
  for (const { id, before, after } of ZSMALLOC_KNOWN_RACES) {
    const facts = Object.keys(after) as (keyof Profile)[];
    const other = facts.filter((one) => before[one] !== after[one]);
    assertEquals(other.filter((one) => one !== "name").length, 1, id);
  }
});

Deno.test("two threads of two operations hold in every kernel, to two preemptions", () => {
  for (const profile of LOCKINGS) {
    const drawn = { programs: 40, threads: 2, operations: 2 };
    assertRandomHold(ZSMALLOC_RACES, profile, drawn, 3000, 100);
  }
});

Deno.test("three threads of the newest release hold, to two preemptions", () => {
  assertRandomHold(
    ZSMALLOC_RACES,
    LINUX_7_3,
    { programs: 25, threads: 3, operations: 1 },
    3000,
    100,
  );
  assertRandomHold(
    ZSMALLOC_RACES,
    LINUX_7_3,
    { programs: 4, threads: 3, operations: 2 },
    3000,
    100,
  );
});

Deno.test("random schedules of the newest release hold", () => {
  const drawn = { programs: 10, threads: 3, operations: 3 };
  assertSampled(ZSMALLOC_RACES, LINUX_7_3, drawn, 50);
});

/** Two ways to do the same to a pool. */
interface Ways {
  readonly plain: (pool: ZsPool) => unknown;
  readonly steps: (pool: ZsPool) => Generator<Stop, unknown>;
}

/** Operations at random, on the same objects in both ways. */
function waysAtRandom(
  profile: Profile,
  random: (below: number) => number,
  handles: number[],
): Ways {
  const one = handles[random(handles.length)];
  const size = [100, 1000, 2000, 3000, 4096][random(5)];
  const bytes = new Uint8Array(50).fill(random(256));
  const kinds: readonly (() => Ways)[] = [
    () => ({
      plain: (pool) => pool.malloc(size),
      steps: (pool) => pool.mallocSteps(size),
    }),
    () => {
      handles.splice(handles.indexOf(one), 1);
      return {
        plain: (pool) => pool.free(one),
        steps: (pool) => pool.freeSteps(one),
      };
    },
    () => ({
      plain: (pool) => pool.write(one, bytes),
      steps: (pool) => pool.writeSteps(one, bytes),
    }),
    () => ({
      plain: (pool) => pool.read(one, new Uint8Array(50)),
      steps: (pool) => pool.readSteps(one, new Uint8Array(50)),
    }),
    () => ({
      plain: (pool) => pool.compact(),
      steps: (pool) => pool.compactSteps(),
    }),
    () => ({
      plain: (pool) => pool.migratePage(pool.handles.pfnOf(one)),
      steps: (pool) => pool.migratePageSteps(pool.handles.pfnOf(one)),
    }),
  ];
  const many = profile.movable ? kinds.length : kinds.length - 1;
  return kinds[handles.length === 0 ? 0 : random(many + 6) % many]();
}

/** Runs an operation with every lock that it takes, as the only thread. */
function watched(
  pool: ZsPool,
  begin: (pool: ZsPool) => Generator<Stop, unknown>,
): unknown {
  const trial = {
    threads: [[{ text: "alone", begin }]],
    create: () => pool,
    lockdepOf: () => pool.locks.lockdep,
    atRest: () => undefined,
  };
  const execution = new Execution(trial, new LockOrder());
  while (!execution.isDone) execution.step(0);
  return execution.completed[0].answer;
}

Deno.test("an operation in steps, alone, watched or not, does what it does at once: the same answer, and the same pool to the last bit", () => {
  for (const profile of LOCKINGS) {
    const random = randomFrom(5);
    const [atOnce, inSteps, seen] = [0, 1, 2].map(() => new ZsPool(profile));
    const handles: number[] = [];
    for (let nth = 0; nth < 400; nth++) {
      const before = atOnce.handles.allocated;
      const ways = waysAtRandom(profile, random, handles);
      const answer = ways.plain(atOnce);
      assertEquals(runToEnd(ways.steps(inSteps)), answer, profile.name);
      assertEquals(watched(seen, ways.steps), answer, profile.name);
      if (atOnce.handles.allocated > before) handles.push(Number(answer));
      const left = poolFingerprint(atOnce);
      assertEquals([inSteps, seen].map(poolFingerprint), [left, left]);
    }
    checkPool(inSteps);
    assert(atOnce.handles.allocated > 0);
  }
});

Deno.test("a pool that is brought back to what it was is that to the last bit, and goes on as it would have", () => {
  for (const profile of LOCKINGS) {
    const pool = new ZsPool(profile);
    const handles = [1, 2, 3, 4].map(() => Number(pool.malloc(2000)));
    const restore = pool.remember();
    const was = poolFingerprint(pool);
    const goOn = () => {
      pool.free(handles[1]);
      pool.write(handles[0], new Uint8Array(2000).fill(nth));
      pool.malloc(100);
      pool.compact();
      return poolFingerprint(pool);
    };
    let nth = 7;
    const became = goOn();
    restore();
    assertEquals(poolFingerprint(pool), was);
    assertEquals(goOn(), became);
    restore();
    nth = 8;
    assert(goOn() !== became, profile.name);
    restore();
    checkPool(pool);
  }
});

Deno.test("a schedule leaves nothing to the next one: a program explored twice has the same schedules", () => {
  const { program, after } = ASYNC_FREE;
  const runs = [1, 2].map(() => {
    const { schedules, stops } = explore(after, program, 3);
    return [schedules, stops];
  });
  assertEquals(runs[0], runs[1]);
});

Deno.test("a program without what its race needs holds", () => {
  const { before, program } = ASYNC_FREE;
  const alone = [...smallerRaces(readRaceProgram(program))]
    .filter(({ threads }) => threads.length === 1);
  assertEquals(alone.length, 2);
  for (const one of alone) {
    assertEquals(brokenIn(explore(before, raceProgramText(one), 3)), undefined);
  }
});

Deno.test("an object is made before it is used, and no two have one name at once: else no schedule is run", () => {
  const wrong = {
    "free x | read x": "the 'x' of 'free x' is made neither before",
    "free a; malloc 100 a": "the 'a' of 'free a' is made neither before",
    "malloc 100 a; free b / free a":
      "the 'b' of 'free b' is made neither before",
    "malloc 100 a | read a":
      "the 'a' of 'read a' is made neither before '/' nor earlier in its thread",
    "malloc 100 a | malloc 2000 a":
      "'malloc 100 a' makes a second 'a', and its thread has not freed the first",
    "malloc 100 a / malloc 2000 a | free a": "'malloc 2000 a' makes a second",
    "malloc 100 a / free a | malloc 2000 a": "'malloc 2000 a' makes a second",
  };
  for (const [program, message] of Object.entries(wrong)) {
    assertThrows(
      () => explore(LINUX_7_3, program, 0),
      RangeError,
      `Cannot explore zsmalloc: ${message}`,
    );
  }
  for (
    const program of [
      "malloc 100 a / free a; malloc 2000 a; read a",
      "malloc 100 a; free a / malloc 100 a; write a A | compact contended",
    ]
  ) {
    assertEquals(brokenIn(explore(LINUX_7_3, program, 2)), undefined, program);
  }
});

Deno.test("an object that is freed twice is what a smaller program shows yet", () => {
  const program = readRaceProgram(
    "malloc 100 a; malloc 100 b / read a; free a | read b; free a | compact",
  );
  const finding = ZSMALLOC_RACES.explore(
    LINUX_7_3,
    program,
    (trial) => exploreRaces(trial).finding,
  );
  assert(finding !== undefined);
  const found = { program, finding };
  const smallest = shrinkRace(ZSMALLOC_RACES, LINUX_7_3, found, () => false);
  assertEquals(
    [raceProgramText(smallest.program), brokenBy(smallest.finding)],
    [
      "malloc 100 a / free a | free a",
      "Error: Cannot free a: it is freed already",
    ],
  );
});

Deno.test("what a kernel's zsmalloc does not do is no operation of it", () => {
  const wrong: readonly (readonly [Profile, string, string])[] = [
    [LINUX_3_12, "compact", "zsmalloc of linux-3.12 does not compact"],
    [
      LINUX_7_3,
      "malloc 100 a / reclaim a",
      "zsmalloc of linux-7.3 writes no zspage back",
    ],
    [
      LINUX_7_3,
      "compact now",
      "'compact now' is not like 'compact' or 'compact contended'",
    ],
    [
      LINUX_7_3,
      "malloc 1000000 a",
      "the SIZE of 'malloc 1000000 a' is '1000000', not 0 to 99999 bytes",
    ],
  ];
  for (const [profile, program, message] of wrong) {
    assertThrows(
      () => explore(profile, program, 0),
      RangeError,
      `Cannot explore zsmalloc: ${message}`,
    );
  }
});
