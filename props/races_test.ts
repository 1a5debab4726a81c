import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  acquire,
  brokenBy,
  createLock,
  exploreRaces,
  type Lock,
  Lockdep,
  type LockKind,
  type RaceOperation,
  type RaceTrial,
  randomFrom,
  reads,
  release,
  replayRace,
  sampleRaces,
  sleeps,
  type Stop,
  trylock,
  writes,
} from "../mod.ts";
import { Execution } from "../src/search/races/execution.ts";
import { LockOrder } from "../src/search/races/lock_order.ts";

/** What threads share: numbers, and locks. */
interface Shared {
  readonly numbers: number[];
  readonly locks: Lock[];
  readonly lockdep: Lockdep;
}

const create = (kind: LockKind = "spinlock") => (): Shared => ({
  numbers: [0, 0, 0],
  locks: ["a", "b", "c"].map((name) => createLock(`${name}->lock`, kind)),
  lockdep: new Lockdep(),
});

type Operation = RaceOperation<Shared>;

const operation = (
  text: string,
  begin: (shared: Shared) => Generator<Stop, unknown>,
): Operation => ({ text, begin });

/** A number is read, and written one more. */
const raise = (nth: number): Operation =>
  operation(`raise ${nth}`, function* ({ numbers }) {
    yield reads(`number ${nth}`, "raise");
    const before = numbers[nth];
    yield writes(`number ${nth}`, "raise");
    numbers[nth] = before + 1;
    return before;
  });

/** The same under locks, taken in this order. */
const raiseUnder = (nth: number, ...locks: number[]): Operation =>
  operation(`raise ${nth} under ${locks}`, function* (shared) {
    for (const lock of locks) yield acquire(shared.locks[lock], "raise");
    const before = shared.numbers[nth];
    shared.numbers[nth] = before + 1;
    shared.lockdep.touch(`number ${nth}`, true);
    for (const lock of locks.toReversed()) {
      yield release(shared.locks[lock], "raise");
    }
    return before;
  });

function trialOf(
  threads: readonly (readonly Operation[])[],
  kind?: LockKind,
): RaceTrial<Shared> {
  return {
    threads,
    create: create(kind),
    lockdepOf: ({ lockdep }) => lockdep,
    atRest: ({ numbers }) => numbers,
  };
}

const broken = (trial: RaceTrial<Shared>) => {
  const { finding } = exploreRaces(trial);
  return finding && brokenBy(finding);
};

/** What every schedule leaves, one stop of one thread after another. */
function everyOutcome(trial: RaceTrial<Shared>): {
  readonly schedules: number;
  readonly outcomes: Set<string>;
} {
  const outcomes = new Set<string>();
  let schedules = 0;
  const walk = (prefix: readonly number[]) => {
    const execution = new Execution(trial, new LockOrder());
    prefix.forEach((thread) => execution.step(thread));
    if (execution.isDone) {
      schedules++;
      const answers = execution.completed
        .map(({ thread, operation, answer }) => [thread, operation, answer])
        .sort();
      outcomes.add(JSON.stringify([answers, execution.atRest()]));
      return;
    }
    const { enabled } = execution;
    for (let thread = 0; thread < trial.threads.length; thread++) {
      if ((enabled & 1 << thread) !== 0) walk([...prefix, thread]);
    }
  };
  walk([]);
  return { schedules, outcomes };
}

/** What the explored schedules leave. */
function exploredOutcomes(trial: RaceTrial<Shared>): {
  readonly schedules: number;
  readonly outcomes: Set<string>;
} {
  const outcomes = new Set<string>();
  const shown = {
    ...trial,
    atRest(shared: Shared) {
      return trial.atRest(shared);
    },
  };
  let schedules = 0;
  const spying: RaceTrial<Shared> = {
    ...shown,
    threads: trial.threads.map((operations, thread) =>
      operations.map(({ text, begin }, nth) => ({
        text,
        *begin(shared: Shared) {
          const answer = yield* begin(shared);
          seen.push([thread, nth, answer]);
          return "anything";
        },
      }))
    ),
    create() {
      seen = [];
      return trial.create();
    },
    atRest(shared) {
      outcomes.add(JSON.stringify([seen.toSorted(), trial.atRest(shared)]));
      return "";
    },
  };
  let seen: unknown[][] = [];
  const explored = exploreRaces(spying);
  assert(explored.isAll);
  schedules = explored.schedules;
  return { schedules, outcomes };
}

Deno.test("two threads that raise a number without a lock lose one", () => {
  const { finding, schedules } = exploreRaces(
    trialOf([[raise(0)], [raise(0)]]),
  );
  assert(finding !== undefined && schedules < 5);
  assertEquals(brokenBy(finding), "races/linearizable");
  const again = replayRace(trialOf([[raise(0)], [raise(0)]]), finding.schedule);
  assertEquals(again.finding && brokenBy(again.finding), "races/linearizable");
});

Deno.test("under a lock none is lost, and the schedules are two", () => {
  const once = raiseUnder(0, 0);
  const explored = exploreRaces(trialOf([[once], [once]]));
  assertEquals([explored.finding, explored.isAll], [undefined, true]);
  assertEquals(explored.schedules, 2);
});

Deno.test("threads that share nothing have one schedule", () => {
  const explored = exploreRaces(trialOf([[raise(0)], [raise(1)], [raise(2)]]));
  assertEquals([explored.schedules, explored.isAll], [1, true]);
});

Deno.test("the reduced schedules leave all that every schedule leaves", () => {
  const random = randomFrom(14);
  let [all, reduced] = [0, 0];
  for (let run = 0; run < 60; run++) {
    const any = (): Operation => {
      const [nth, lock] = [random(2), random(2)];
      const kind = random(4);
      if (kind === 0) return raiseUnder(nth, lock);
      if (kind === 1) return tryRaise(nth, lock);
      return random(2) === 0 ? raise(nth) : look(nth);
    };
    const threads = Array.from(
      { length: 2 + random(2) },
      () => Array.from({ length: 1 + random(2) }, any),
    );
    const stops = threads.flat().length;
    if (stops > 4) continue;
    const trial = trialOf(threads);
    const every = everyOutcome(trial);
    const explored = exploredOutcomes(trial);
    const text = threads.map((one) => one.map((it) => it.text).join("; "))
      .join(" | ");
    assertEquals(explored.outcomes, every.outcomes, text);
    all += every.schedules;
    reduced += explored.schedules;
  }
  assert(reduced * 4 < all, `${reduced} of ${all}`);
});

/** A number is only read. */
const look = (nth: number): Operation =>
  operation(`look ${nth}`, function* ({ numbers }) {
    yield reads(`number ${nth}`, "look");
    return numbers[nth];
  });

/** A number is raised if a lock is free. */
const tryRaise = (nth: number, lock: number): Operation =>
  operation(
    `try ${nth} under ${lock}`,
    function* ({ numbers, locks, lockdep }) {
      if ((yield trylock(locks[lock], "try")) === false) return "busy";
      const before = numbers[nth]++;
      lockdep.touch(`number ${nth}`, true);
      yield release(locks[lock], "try");
      return before;
    },
  );

Deno.test("two locks in both orders are told before anybody waits", () => {
  const trial = trialOf([[raiseUnder(0, 0, 1)], [raiseUnder(0, 1, 0)]]);
  assertEquals(broken(trial), "locks/order");
});

Deno.test("everybody who waits is a deadlock", () => {
  const waits = (mine: number, other: number): Operation =>
    operation(`wait`, function* ({ locks }) {
      yield acquire(locks[mine], "wait");
      // A lock that is tried orders nothing.
      while ((yield trylock(locks[other], "wait")) === false) {
        yield "blocked: wait: the other lock is held";
      }
      yield release(locks[other], "wait");
      yield release(locks[mine], "wait");
    });
  const trial = trialOf([[waits(0, 1)], [waits(1, 0)]], "mutex");
  assertEquals(broken(trial), "races/deadlock");
});

Deno.test("whoever takes, keeps, loses or sleeps with a lock wrongly is told", () => {
  const one = (begin: (shared: Shared) => Generator<Stop, unknown>) =>
    broken(trialOf([[operation("one", begin)]]));
  assertEquals(
    one(function* ({ locks: [lock] }) {
      yield acquire(lock, "one");
      yield acquire(lock, "one");
    }),
    "locks/recursion",
  );
  assertEquals(
    one(function* ({ locks: [lock] }) {
      yield release(lock, "one");
    }),
    "locks/not-held",
  );
  assertEquals(
    one(function* ({ locks: [lock] }) {
      yield acquire(lock, "one");
    }),
    "locks/kept",
  );
  assertEquals(
    one(function* ({ locks: [lock] }) {
      yield acquire(lock, "one");
      yield "one: cond_resched";
      yield release(lock, "one");
    }),
    "locks/sleeps",
  );
  assertEquals(
    one(function* ({ locks: [lock], lockdep }) {
      yield acquire(lock, "one");
      lockdep.assertHeld(lock, "one");
      yield release(lock, "one");
      lockdep.assertHeld(lock, "one");
    }),
    "locks/held",
  );
});

Deno.test("whoever may sleep touches nothing, and may not where others spin for what he holds", () => {
  const sleeping = (lock: number, kind: LockKind) => {
    const one = operation("sleep", function* ({ locks }) {
      yield acquire(locks[lock], "sleep", "shared");
      yield sleeps("sleep");
      yield release(locks[lock], "sleep", "shared");
    });
    return exploreRaces(trialOf([[one], [one]], kind));
  };
  const spinning = sleeping(0, "rwlock").finding;
  assertEquals(spinning && brokenBy(spinning), "locks/sleeps");
  // Two that only read and sleep have one schedule: no wait is between them.
  for (const kind of ["reader_count", "rw_semaphore"] as const) {
    const { finding, schedules, isAll } = sleeping(0, kind);
    assertEquals([finding, schedules, isAll], [undefined, 1, true], kind);
  }
});

Deno.test("a count of readers is waited for under a lock that others spin for, a semaphore is not", () => {
  const under = (kind: LockKind) => {
    const outer = createLock("outer->lock", "spinlock");
    const one = operation("read", function* ({ locks: [lock] }) {
      yield acquire(outer, "read");
      yield acquire(lock, "read", "shared");
      yield release(outer, "read");
      yield release(lock, "read", "shared");
    });
    return broken(trialOf([[one]], kind));
  };
  assertEquals(under("reader_count"), undefined);
  assertEquals(under("rw_semaphore"), "locks/sleeps");
});

Deno.test("readers share a lock, a writer does not", () => {
  const shares = (mode: "shared" | "exclusive"): Operation =>
    operation(mode, function* ({ numbers, locks: [lock] }) {
      yield acquire(lock, "share", mode);
      const inside = ++numbers[0];
      yield reads("inside", "share");
      numbers[0]--;
      yield release(lock, "share", mode);
      return inside;
    });
  const together = exploreRaces(
    trialOf([[shares("shared")], [shares("shared")]], "rw_semaphore"),
  );
  assertEquals(together.finding && brokenBy(together.finding), undefined);
  const apart = exploreRaces(
    trialOf([[shares("exclusive")], [shares("shared")]], "rw_semaphore"),
  );
  assertEquals([apart.finding, apart.isAll], [undefined, true]);
});

Deno.test("who shares a lock is kept apart by it from no other who shares it", () => {
  const raiseShared = operation("raise 0, c shared", function* (shared) {
    const [outer, , inner] = shared.locks;
    yield acquire(outer, "raise", "shared");
    yield acquire(inner, "raise");
    const before = shared.numbers[0]++;
    yield release(inner, "raise");
    yield release(outer, "raise", "shared");
    return before;
  });
  const trial = trialOf([[raiseShared], [raiseShared]], "rw_semaphore");
  const explored = exploreRaces(trial, { preemptions: 0 });
  // Either thread raises the number first.
  assertEquals([explored.finding, explored.schedules], [undefined, 2]);
  assertEquals(everyOutcome(trial).outcomes.size, 2);
});

Deno.test("random schedules find it too, the same ones of a seed", () => {
  const trial = trialOf([[raise(0)], [raise(0)]]);
  for (const depth of [undefined, 2]) {
    const first = sampleRaces(trial, { seed: 3, schedules: 1000, depth });
    const second = sampleRaces(trial, { seed: 3, schedules: 1000, depth });
    assert(first.finding !== undefined);
    assertEquals(first.finding.schedule, second.finding?.schedule);
  }
});

Deno.test("a schedule that is none is one line", () => {
  const trial = trialOf([[raise(0)], [raise(0)]]);
  assertThrows(
    () => replayRace(trial, "A1 C2"),
    RangeError,
    "'C2' is not a thread from A to B and a number of stops, such as A3",
  );
});
