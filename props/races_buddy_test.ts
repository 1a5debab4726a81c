import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  brokenBy,
  checkZ3fold,
  checkZbud,
  KernelBug,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  type Lockdep,
  type Profile,
  type RaceRoom,
  type Random,
  randomFrom,
  type Stop,
  Z3foldPool,
  ZbudPool,
} from "../mod.ts";
import {
  assertKnownRaces,
  assertRandomHold,
  assertSampled,
  brokenIn,
  exploreText,
} from "./race_programs.ts";
import { Execution } from "../src/search/races/execution.ts";
import { Z3FOLD_KNOWN_RACES } from "../src/search/races/known/z3fold.ts";
import { LockOrder } from "../src/search/races/lock_order.ts";
import { Z3FOLD_RACES } from "../src/search/races/rooms/z3fold.ts";
import { ZBUD_RACES } from "../src/search/races/rooms/zbud.ts";

Deno.test("each known race of z3fold is found, by the rule that speaks of it, in the kernel before its mend, and, searched as far, not after", () => {
  assertKnownRaces(Z3FOLD_RACES, Z3FOLD_KNOWN_RACES, {
    "reclaim-reference": "z3fold/released-unlisted",
    "claim-ends-unlocked": "z3fold/unbuddied",
    "slots-may-sleep": "locks/sleeps",
    "headless-freed-twice": "z3fold/freed-once",
    "evicted-length": "z3fold/mapped-in-page",
  }, { preemptions: 3, within: 300, after: 3 });
});

Deno.test("the z3fold of a known race before the mend differs in one fact from the one after", () => {
  for (const { id, before, after } of Z3FOLD_KNOWN_RACES) {
    const [was, is] = [before, after].map(({ release }) => release.z3fold);
    const facts = Object.keys(is) as (keyof typeof is)[];
    assertEquals(facts.filter((one) => was[one] !== is[one]).length, 1, id);
  }
});

// z3fold_reclaim_page, mm/z3fold.c, 5.10.262: as the changelog of 5.19's mend says.
Deno.test("5.10's reclaim, which drops the last reference to a page, takes the pool's lock twice", () => {
  const found = exploreText(
    Z3FOLD_RACES,
    LINUX_5_10,
    "alloc 1500 x1; alloc 900 b1; alloc 900 a1; alloc 1500 b2; alloc 1500 x0; alloc 900 a2; free x0; free x1 / reclaim | compact; reclaim",
    2,
  );
  assertEquals(brokenIn(found), "locks/recursion");
});

/** What z3fold of 6.1.192 itself does wrong, and by what it is told. */
const OWN_FAULTS: readonly (readonly [program: string, by: string])[] = [
  // The slots went with the last object, while compaction had the page.
  [
    "alloc 900 a; alloc 900 b; free a; free b / compact | reclaim",
    "KernelBug: z3fold_reclaim_page: the kernel would free slots that are null",
  ],
  // One bit says that the middle object is mapped: who unmaps it clears it,
  // whoever else has it mapped, and compaction moves what is written to.
  [
    "alloc 900 a; alloc 900 b; alloc 900 c / write c A | reclaim; free a",
    "races/linearizable",
  ],
  // A headless page is on the LRU list before anybody knows whose it is.
  ["alloc 4096 a | reclaim", "z3fold/nothing-leaked"],
];

Deno.test("what 6.1's z3fold does wrong itself is found, by the rule that it breaks", () => {
  for (const [program, by] of OWN_FAULTS) {
    const { finding, runs } = exploreText(Z3FOLD_RACES, LINUX_6_1, program, 2);
    assertEquals(finding && brokenBy(finding), by, program);
    assert(runs < 50, `${program}: ${runs}`);
    const isOwn = finding?.error instanceof KernelBug;
    assertEquals(isOwn, by.startsWith("KernelBug"), program);
  }
});

/** The rooms and their kernels: the newest first that reclaims, and that has it. */
const ROOMS: readonly (readonly [RaceRoom, Profile])[] = [
  [ZBUD_RACES, LINUX_6_1],
  [ZBUD_RACES, LINUX_6_12],
  [Z3FOLD_RACES, LINUX_6_1],
  [Z3FOLD_RACES, LINUX_6_12],
];

Deno.test("two threads of two operations of zbud and z3fold hold, to two preemptions", () => {
  for (const [room, profile] of ROOMS) {
    const drawn = { programs: 15, threads: 2, operations: 2 };
    assertRandomHold(room, profile, drawn, 2000, 100);
  }
});

Deno.test("three threads of zbud and z3fold hold, to two preemptions", () => {
  for (const [room, profile] of ROOMS) {
    const drawn = { programs: 10, threads: 3, operations: 1 };
    assertRandomHold(room, profile, drawn, 2000, 50);
  }
});

Deno.test("random schedules of zbud and z3fold of 6.12 hold", () => {
  const drawn = { programs: 6, threads: 3, operations: 3 };
  for (const room of [ZBUD_RACES, Z3FOLD_RACES]) {
    assertSampled(room, LINUX_6_12, drawn, 50);
  }
});

/** What both kinds of pools do at once and in steps. */
interface Pool {
  readonly memory: ZbudPool["memory"];
  readonly locks: { readonly lockdep: Lockdep };
  alloc(size: number): unknown;
  allocSteps(size: number): Generator<Stop, unknown>;
  free(handle: number): void;
  write(handle: number, data: Uint8Array): void;
  writeSteps(handle: number, data: Uint8Array): Generator<Stop, void>;
  read(handle: number, into: Uint8Array): Uint8Array;
  readSteps(handle: number, into: Uint8Array): Generator<Stop, Uint8Array>;
  reclaimPage(retries: number): unknown;
  reclaimPageSteps(retries: number): Generator<Stop, unknown>;
  remember(): () => void;
}

interface Kind<One extends Pool> {
  readonly name: string;
  create(profile: Profile): One;
  /** A free in steps, and what it leaves to workers. */
  freeSteps(pool: One, handle: number): Generator<Stop, void>;
  workSteps(pool: One): Generator<Stop, void>;
  check(pool: One): void;
}

/** Nothing is evicted. */
// deno-lint-ignore require-yield
function* refuse(): Generator<Stop, boolean> {
  return false;
}

const ZBUD: Kind<ZbudPool> = {
  name: "zbud",
  create: (profile) => new ZbudPool(profile, { evict: refuse }),
  freeSteps: (pool, handle) => pool.freeSteps(handle),
  *workSteps() {},
  check: checkZbud,
};

const Z3FOLD: Kind<Z3foldPool> = {
  name: "z3fold",
  create: (profile) => new Z3foldPool(profile, { evict: refuse }),
  freeSteps: (pool, handle) => pool.freeSteps(handle),
  *workSteps(pool) {
    yield* pool.releaseWorkSteps();
    yield* pool.compactWorkSteps();
    yield* pool.releaseWorkSteps();
  },
  check: checkZ3fold,
};

/** Every frame, byte by byte, and what is said of each. */
function bytesOf({ memory }: Pool): string {
  const { bytes, page, endPfn, pageSize } = memory;
  const used = bytes.subarray(0, endPfn * pageSize);
  return `${used.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)} ${page}`;
}

/** Runs an operation with every lock that it takes, as the only thread. */
function watched<One extends Pool>(
  pool: One,
  begin: (pool: One) => Generator<Stop, unknown>,
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

/** An operation at random, at once and in steps. */
function waysAtRandom<One extends Pool>(
  { freeSteps, workSteps }: Kind<One>,
  random: Random,
  handles: number[],
): {
  readonly plain: (pool: One) => unknown;
  readonly steps: (pool: One) => Generator<Stop, unknown>;
} {
  const one = handles[random(handles.length)];
  const size = [100, 900, 1500, 2500, 3500][random(5)];
  const bytes = new Uint8Array(50).fill(random(256));
  switch (handles.length === 0 ? 0 : random(6)) {
    case 0:
    case 1:
      return {
        plain: (pool) => pool.alloc(size),
        steps: (pool) => pool.allocSteps(size),
      };
    case 2:
      handles.splice(handles.indexOf(one), 1);
      return {
        plain: (pool) => pool.free(one),
        *steps(pool) {
          yield* freeSteps(pool, one);
          yield* workSteps(pool);
        },
      };
    case 3:
      return {
        plain: (pool) => pool.write(one, bytes),
        steps: (pool) => pool.writeSteps(one, bytes),
      };
    case 4:
      return {
        plain: (pool) => pool.read(one, new Uint8Array(50)),
        steps: (pool) => pool.readSteps(one, new Uint8Array(50)),
      };
    default:
      return {
        plain: (pool) => pool.reclaimPage(2),
        steps: (pool) => pool.reclaimPageSteps(2),
      };
  }
}

function assertSameInSteps<One extends Pool>(
  kind: Kind<One>,
  profile: Profile,
): void {
  const random = randomFrom(5);
  const [atOnce, inSteps] = [0, 1].map(() => kind.create(profile));
  const handles: number[] = [];
  for (let nth = 0; nth < 200; nth++) {
    const { plain, steps } = waysAtRandom(kind, random, handles);
    const answer = plain(atOnce);
    assertEquals(watched(inSteps, steps), answer, `${kind.name} ${nth}`);
    if (typeof answer === "number") handles.push(answer);
    assertEquals(bytesOf(inSteps), bytesOf(atOnce), `${kind.name} ${nth}`);
  }
  kind.check(inSteps);
  assert(handles.length > 0);
}

Deno.test("an operation of zbud or z3fold, watched in each of its steps, does what it does at once: the same answer, and the same frames to the last bit", () => {
  for (const profile of [LINUX_6_1, LINUX_6_12]) {
    assertSameInSteps(ZBUD, profile);
    assertSameInSteps(Z3FOLD, profile);
  }
  assertSameInSteps(ZBUD, LINUX_5_10);
});

function assertBroughtBack<One extends Pool>(kind: Kind<One>): void {
  const pool = kind.create(LINUX_6_1);
  const handles = [900, 900, 900, 1500].map((size) => Number(pool.alloc(size)));
  const restore = pool.remember();
  const was = bytesOf(pool);
  let letter = 7;
  const goOn = () => {
    pool.free(handles[1]);
    pool.write(handles[0], new Uint8Array(900).fill(letter));
    pool.alloc(100);
    pool.reclaimPage(1);
    return bytesOf(pool);
  };
  const became = goOn();
  restore();
  assertEquals(bytesOf(pool), was, kind.name);
  assertEquals(goOn(), became, kind.name);
  restore();
  letter = 8;
  assert(goOn() !== became, kind.name);
  restore();
  kind.check(pool);
}

Deno.test("a pool of zbud or z3fold that is brought back to what it was is that to the last bit, and goes on as it would have", () => {
  assertBroughtBack(ZBUD);
  assertBroughtBack(Z3FOLD);
});

Deno.test("an object of zbud or z3fold is made by somebody, and where it is freed may be made again", () => {
  const wrong = {
    "free x | read x": "the 'x' of 'free x' is made neither before",
    "alloc 900 a | alloc 900 a": "'alloc 900 a' makes a second 'a'",
    "alloc 2 a": "the SIZE of 'alloc 2 a' is '2', not 3 to 99999 bytes",
    "alloc 900 abc": "the NAME of 'alloc 900 abc' is 'abc', not a letter",
    "reclaim all": "'reclaim all' is not like 'reclaim'",
  };
  const programs = [
    "alloc 900 a | free a; read a",
    "alloc 900 a / free a; alloc 900 a | reclaim",
  ];
  for (const room of [ZBUD_RACES, Z3FOLD_RACES]) {
    for (const [program, message] of Object.entries(wrong)) {
      assertThrows(
        () => exploreText(room, LINUX_6_12, program, 0),
        RangeError,
        `Cannot explore ${room.name}: ${message}`,
      );
    }
    for (const program of programs) {
      const explored = exploreText(room, LINUX_6_1, program, 2);
      assertEquals(brokenIn(explored), undefined, program);
    }
  }
});
