import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  acquire,
  brokenBy,
  createLock,
  type Explored,
  exploreRaces,
  InvariantError,
  LINUX_7_3,
  type Lock,
  RACE_ROOMS,
  RACE_RULES,
  type RaceOperation,
  raceProgramText,
  raceText,
  type RaceTextOptions,
  type RaceTrial,
  readRaceProgram,
  release,
  replayRace,
  sampleRaces,
  shrinkRace,
  type Stop,
  trylock,
} from "../mod.ts";
import type { RacesPlan } from "../src/cli/races_plan.ts";
import { racesText } from "../src/cli/races_report.ts";
import { raceInWorkers } from "../src/search/races/workers.ts";
import {
  assertRefused,
  commandTest,
  deno,
  type Outcome,
  ROOT,
  zspec,
} from "./command.ts";
import { WHOLE_RUN } from "../src/search/batches.ts";
import { LEAK, RUSH_RACES, SLOTS_RACES } from "./race_rooms.ts";

/** `zspec races` of the rooms of the tests. */
function races(folder: string, ...args: string[]): Promise<Outcome> {
  return deno(
    folder,
    ...["run", "-A", "--quiet", `${ROOT}props/race_rooms_command.ts`],
    ...args,
  );
}

/** What is printed of the first schedule of a program that breaks something. */
function textOf(words: string, options: RaceTextOptions = {}): string {
  const program = readRaceProgram(words);
  return RUSH_RACES.explore(LINUX_7_3, program, (trial) => {
    const { finding } = exploreRaces(trial);
    assert(finding !== undefined, `${words} holds`);
    return raceText(trial, finding, { before: program.before, ...options });
  });
}

const widest = (text: string) =>
  Math.max(...text.split("\n").map(({ length }) => length));

Deno.test("a schedule is printed as changelogs do it, a column for each CPU", () => {
  const text = textOf("write 0 A / rush 0 B | rush 0 C", {
    title: "slots of linux-7.3",
  });
  assertEquals(
    text,
    `slots of linux-7.3: slots/leak is broken (2 CPUs, 12 steps, 1 preemption).
Time goes down. What is between two numbers happens at once.

Before, alone: write 0 A

     CPU A                                 CPU B
     rush 0 B
       pool_alloc(), props/race_rooms.ts
  1      takes pool->lock
  2      drops pool->lock
       slot_store(), props/race_rooms.ts
  3      looks at slot 0
       pool_free(), props/race_rooms.ts
  4      takes pool->lock
  5      drops pool->lock
       <preempted>
                                           rush 0 C
                                             pool_alloc()
  6                                            takes pool->lock
  7                                            drops pool->lock
                                             slot_store()
  8                                            looks at slot 0
                                             pool_free()
  9                                            takes pool->lock
 10                                            drops pool->lock
                                             slot_store()
 11                                            changes slot 0
                                             returns "ok"
       slot_store()
 12      changes slot 0
       returns "ok"
     (everybody is done)

slots/leak is broken: Every object of the pool is in a slot.
  source    slot_store, props/race_rooms.ts
  where     object 3
  expected  a slot that has it
  found     none
`,
  );
});

Deno.test("two CPUs have room in 80 characters, three take what they need", () => {
  const two = "write 0 A / rush 0 B | rush 0 C";
  assert(widest(textOf(two)) <= 80);
  assertMatch(textOf(two, { width: 100 }), /\n {5}CPU A {43}CPU B\n/);
  const three = textOf("rush 0 A; read 1 | rush 0 B | rush 0 C");
  assertMatch(three, /\n {5}CPU A {31}CPU B {31}CPU C\n/);
  assert(widest(three) <= 5 + 3 * 34 + 2 * 2);
});

Deno.test("what is answered or left stands beside what each order would give", () => {
  const text = textOf("write 0 A | look 0");
  assertStringIncludes(
    text,
    `  Here they leave {"slots":["A",""]}. One after another it would be:
    look 0 (CPU B), then write 0 A (CPU A):
      look 0 (CPU B) returns [false,false]
    write 0 A (CPU A), then look 0 (CPU B):
      look 0 (CPU B) returns [true,true]
`,
  );
});

Deno.test("the rule that speaks at a stop stands at that stop", () => {
  const text = textOf("scan 0 | write 0 A | read 1");
  assertMatch(
    text,
    /\n 10 {50,}takes pool->lock\n +← locks\/order is broken\n\n/,
  );
});

Deno.test("whoever has to wait is said to wait, and for whom", () => {
  const program = readRaceProgram("write 0 A | read 0");
  const text = RUSH_RACES.explore(
    LINUX_7_3,
    program,
    (trial) => raceText(trial, { schedule: "A1 B2" }),
  );
  assertMatch(text, /^nothing is broken \(2 CPUs, 8 steps, 1 pre/);
  assertMatch(text, / waits for pool->lock, which CPU\n +A has\n/);
  assertStringIncludes(textOf("wait 0 | read 0"), "waits until the slot has");
});

/** Trials of one's own: two locks. */
function locksTrial(
  ...threads: ((locks: readonly Lock[]) => Generator<Stop, unknown>)[]
): RaceTrial<readonly Lock[]> {
  return {
    threads: threads.map((begin, nth): RaceOperation<readonly Lock[]>[] => [{
      text: `operation ${nth}`,
      begin,
    }]),
    create: () => ["a", "b"].map((name) => createLock(name, "spinlock")),
    atRest: () => "",
  };
}

Deno.test("a lock that is tried in vain is said to be another's", () => {
  const trial = locksTrial(
    function* ([lock]) {
      const isTaken = yield trylock(lock, "first_try, other_try, a.c");
      if (isTaken !== false) yield release(lock, "first_try, a.c");
      return isTaken !== false;
    },
    function* ([lock]) {
      yield acquire(lock, "second, a.c");
      yield release(lock, "second, a.c");
    },
  );
  const text = raceText(trial, { schedule: "B1 A1 B1" });
  assertStringIncludes(text, "first_try() or other_try(), a.c\n");
  assertMatch(text, / trylocks a in vain: CPU B has it\n +returns false\n/);
});

Deno.test("of a schedule without end the first and the last stops are printed", () => {
  const trial = locksTrial(function* ([lock]) {
    for (;;) {
      yield acquire(lock, "forever, a.c");
      yield release(lock, "forever, a.c");
    }
  });
  const { finding } = exploreRaces(trial);
  assert(finding !== undefined);
  assertEquals(brokenBy(finding), "races/livelock");
  const text = raceText(trial, finding);
  assertMatch(text, /\n {5}… [\d]+ steps more …\n/);
  assert(text.split("\n").length < 150);
});

Deno.test("a schedule has the stop that breaks something, whichever it is", () => {
  const breaks: Readonly<
    Record<string, (locks: readonly Lock[]) => Generator<Stop, unknown>>
  > = {
    "locks/not-held": function* ([lock]) {
      yield release(lock, "break, a.c");
    },
    "locks/sleeps": function* ([lock]) {
      yield acquire(lock, "break, a.c");
      yield "break: cond_resched";
      yield release(lock, "break, a.c");
    },
    "locks/recursion": function* ([lock]) {
      yield acquire(lock, "break, a.c");
      yield acquire(lock, "break, a.c");
    },
  };
  const other = function* ([, lock]: readonly Lock[]) {
    yield acquire(lock, "other, a.c");
    yield release(lock, "other, a.c");
  };
  for (const [rule, begin] of Object.entries(breaks)) {
    const trial = locksTrial(other, begin);
    for (let seed = 0; seed < 10; seed++) {
      const { finding } = sampleRaces(trial, { seed, schedules: 10 });
      assert(finding !== undefined);
      assertEquals(brokenBy(finding), rule);
      const again = replayRace(trial, finding.schedule);
      assertEquals(again.finding && brokenBy(again.finding), rule);
      assertEquals(again.schedule, finding.schedule);
    }
  }
});

Deno.test("what a lock covers is checked as it is let go, while it is held", () => {
  const rule = { id: "own/even", sentence: "It is even.", source: "a.c" };
  let asked = 0;
  const raise = {
    text: "raise",
    *begin(shared: { count: number; lock: Lock }): Generator<Stop, void> {
      yield acquire(shared.lock, "raise, a.c");
      shared.count++;
      yield release(shared.lock, "raise, a.c");
    },
  };
  const trial = {
    threads: [[raise], [raise]],
    create: () => ({ count: 0, lock: createLock("lock", "spinlock") }),
    consistent(
      { count, lock: own }: { count: number; lock: Lock },
      lock: Lock,
    ) {
      asked++;
      assertEquals(lock, own);
      assert(lock.holder >= 0);
      if (count % 2 === 0) return;
      throw new InvariantError(rule, {
        where: "the count",
        expected: "even",
        found: count,
      });
    },
    atRest: () => "",
  };
  const { finding } = exploreRaces(trial);
  assertEquals(finding && brokenBy(finding), "own/even");
  assertEquals([finding?.schedule, asked], ["A2", 1]);
});

Deno.test("threads, operations and preemptions that a race does not need are left out", () => {
  const program = readRaceProgram(
    "write 0 A; write 1 B / rush 0 B; look 1 | rush 1 D; rush 0 C; read 1 | read 0; read 1",
  );
  const found = RUSH_RACES.explore(LINUX_7_3, program, (trial) => {
    const options = { seed: 1, schedules: 1e5, depth: 3 };
    const { finding } = sampleRaces(trial, options);
    assert(finding !== undefined);
    return { program, finding };
  });
  assertEquals(brokenBy(found.finding), LEAK.id);
  const all = shrinkRace(RUSH_RACES, LINUX_7_3, found, () => false);
  assertEquals(all.isSmallest, true);
  const { before, threads } = all.program;
  assertEquals([before.length, threads.map(({ length }) => length)], [0, [
    1,
    1,
  ]]);
  assertEquals(brokenBy(all.finding), LEAK.id);
  const none = shrinkRace(RUSH_RACES, LINUX_7_3, found, () => true);
  assertEquals([none.isSmallest, none.finding.schedule], [
    false,
    found.finding.schedule,
  ]);
  assertEquals(raceProgramText(none.program), raceProgramText(program));
});

commandTest(
  "zspec races explores random programs, the seed first, and says how far",
  async (folder) => {
    const { code, stdout, stderr } = await races(
      folder,
      ...["slots", "--seed", "3", "--runs", "6", "--preemptions", "1"],
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^seed 3\nroom +kernel +programs +schedules +stops +schedules\/s +wholly\nslots +linux-7\.3 +6 +[\d,]+ +[\d,]+ +[\d,]+ +6\n/,
    );
    assertMatch(
      stdout.replaceAll("\n", " "),
      / Wholly: every schedule to 1 preemption was run; \d programs? of them ha(s|ve) no other\. 6 programs in [\d.]+ s\. All hold\. $/,
    );
  },
);

commandTest(
  "zspec races explores the same for the same seed, however many jobs and shards share it",
  async (folder) => {
    const run = async (...args: string[]) => {
      const { code, stdout } = await races(
        folder,
        ...["slots", "--seed", "5", "--runs", "20", "--preemptions", "1"],
        ...["--json", ...args],
      );
      assertEquals(code, 0);
      const path = `${folder}/${crypto.randomUUID()}.json`;
      await Deno.writeTextFile(path, stdout);
      const { machines: [{ programs, schedules, stops, whole }] } = JSON
        .parse(stdout);
      return { path, figures: { programs, schedules, stops, whole } };
    };
    const whole = await run("--jobs", "1");
    assertEquals(whole.figures.programs, 20);
    assertEquals((await run("--jobs", "2")).figures, whole.figures);
    const parts = [await run("--shard", "1/2"), await run("--shard", "2/2")];
    const merged = async (...paths: string[]) => {
      const { stdout } = await zspec(folder, "merge", "--json", ...paths);
      return JSON.parse(stdout).machines;
    };
    assertEquals(
      await merged(...parts.map(({ path }) => path)),
      await merged(whole.path),
    );
    const text = await zspec(folder, "merge", ...parts.map(({ path }) => path));
    assertMatch(
      text.stdout,
      /^races of linux-7\.3, to 1 preemption, seed 5, 2 shards\nmachine +programs +schedules +steps .*\n.*3 of 3\n\nAll hold\.\n$/,
    );
  },
);

/** The command that a finding names, and its replayed text. */
function replayOf(stdout: string): string {
  const [, replay = ""] = / --replay '([^']+)'\n/.exec(stdout) ?? [];
  assert(replay !== "", stdout);
  return replay;
}

commandTest(
  "zspec races shrinks what breaks and prints it with the command that does so again",
  async (folder) => {
    const run = (...args: string[]) =>
      races(folder, "rush", "--seed", "3", ...args);
    const { code, stdout, stderr } = await run("--jobs", "2");
    assertEquals([code, stderr], [1, ""]);
    assertMatch(
      stdout,
      /^seed 3\nrush of linux-7\.3: slots\/leak is broken \(2 CPUs, 8 steps, 1 preemption\)\.\n/,
    );
    assertStringIncludes(stdout, "Nothing\nsmaller breaks that rule.");
    const replay = replayOf(stdout);
    assertMatch(replay, /^rush \d \w \| rush \d \w @ A3 B4 A1 @ linux-7\.3$/);
    assertEquals(replayOf((await run("--jobs", "1")).stdout), replay);
    const again = await races(folder, "rush", "--replay", replay);
    assertEquals([again.code, again.stderr], [1, ""]);
    assertStringIncludes(stdout, again.stdout.trimEnd());
    const json = await run("--json");
    assertEquals(json.code, 1);
    const { failure } = JSON.parse(json.stdout);
    assertEquals(failure.broken.rule.id, "slots/leak");
    assertEquals(failure.isSmallest, true);
    assertStringIncludes(failure.command, replay);
  },
);

commandTest(
  "zspec races --threads says how many schedules there are, by preemptions, and that they are all",
  async (folder) => {
    const threads = "write 0 A; read 0 | write 0 B; read 1";
    const { code, stdout } = await races(folder, "slots", "--threads", threads);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^preemptions +schedules\n +none +2\n +up to 1 +10\n +up to 2 +18\n +up to 3 +23\n +up to 4 +26\n\nThese are all the schedules that there are: 26 schedules\.\n79 runs, .* All hold\.\n$/,
    );
    await Deno.writeTextFile(`${folder}/program`, `${threads}\n`);
    const file = await races(folder, "slots", "--threads", "program");
    assertEquals(file.stdout.slice(0, 200), stdout.slice(0, 200));
    const few = await races(
      folder,
      ...["slots", "--threads", threads, "--preemptions", "1"],
    );
    assertMatch(
      few.stdout,
      /\nAll of the 10 schedules with up to 1 preemption were run\. There are more with\nmore\.\n/,
    );
  },
);

/** Three threads that nobody explores in a second. */
const MANY = Array.from(
  { length: 3 },
  () => Array.from({ length: 9 }, () => "write 0 A; read 0").join("; "),
).join(" | ");

/** What is printed of threads that were given, as far as they were explored. */
function givenText(
  words: string,
  search: RacesPlan["search"],
  explore: (
    trial: RaceTrial<unknown>,
    onBound: (explored: Explored) => void,
  ) => Pick<Explored, "runs" | "schedules" | "stops">,
): string {
  const program = readRaceProgram(words);
  const bounds: Explored[] = [];
  const plan: RacesPlan = {
    ...{ program, search, seed: 1, programs: Infinity, milliseconds: 1000 },
    ...{ jobs: 1, shard: WHOLE_RUN },
    rooms: [{ room: SLOTS_RACES, profile: LINUX_7_3 }],
  };
  const { runs, schedules, stops } = SLOTS_RACES.explore(
    LINUX_7_3,
    program,
    (trial) => explore(trial, (one) => bounds.push(one)),
  );
  const count = {
    ...{ room: "slots", profile: "linux-7.3", runs, schedules, stops },
    ...{ programs: 0, whole: 0, all: 0, capped: 0, busy: 1000 },
  };
  return racesText(plan, {
    ...{ counts: [count], failure: undefined, bounds },
    ...{ seconds: 1, interrupted: false },
  }, 80).replaceAll("\n", " ");
}

Deno.test("a search that time cut says to where all schedules were run, how many beyond, and what that shows", () => {
  const all = { preemptions: Infinity, schedules: Infinity };
  const cutAfter = (schedules: number) =>
    givenText(
      MANY,
      all,
      (trial, onBound) => exploreRaces(trial, { schedules, onBound }),
    );
  assertStringIncludes(
    cutAfter(300),
    "The search was cut after 1 s. All of the 6 schedules with up to 0 preemptions were run. Beyond that 294 were tried; --pct D or a longer --time tries others. 300 runs, 80,400 stops in 1.0 s: 300 schedules a second. All hold.",
  );
  assertStringIncludes(
    cutAfter(1),
    "Not even those without a preemption were all run. Beyond that 1 were tried; --pct D or a longer --time tries others. 1 run, ",
  );
  assertStringIncludes(
    givenText(MANY, all, () => ({ runs: 0, schedules: 0, stops: 0 })),
    "The search was cut after 1 s. Not even those without a preemption were all run. Beyond that 0 were tried; --pct D or a longer --time tries others. 0 runs, 0 stops in 1.0 s: 0 schedules a second. Nothing was explored, so nothing is known to hold.",
  );
  assertStringIncludes(
    givenText(
      MANY,
      { depth: 3, schedules: Infinity },
      (trial) => sampleRaces(trial, { seed: 4, schedules: 9, depth: 3 }),
    ),
    "9 schedules of PCT of depth 3 were tried; which others there are is not known. 9 runs, ",
  );
});

commandTest(
  "zspec races ends when its time is up, and with 1 where nothing was run in it",
  async (folder) => {
    const threads = ["slots", "--threads", MANY];
    const { code, stdout } = await races(folder, ...threads, "--time", "1");
    assertMatch(stdout, /The search was cut after 1 s\./);
    assertEquals(code, /\n0 runs, /.test(stdout) ? 1 : 0);
  },
);

commandTest(
  "zspec races --pct finds what breaks in schedules drawn at random",
  async (folder) => {
    const { code, stdout } = await races(
      folder,
      ...["rush", "--threads", "rush 0 A; read 0 | rush 0 B"],
      ...["--pct", "3", "--seed", "4"],
    );
    assertEquals(code, 1);
    assertMatch(stdout, /^seed 4\n/);
    assertMatch(replayOf(stdout), /^rush 0 A \| rush 0 B @ /);
  },
);

commandTest(
  "zspec races ends with status 130 when it is interrupted, and says what held",
  async (folder) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", `${ROOT}props/race_rooms_command.ts`],
        ...["slots", "--threads", MANY, "--pct", "2", "--time", "3600"],
      ],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let text = "";
    for await (
      const chunk of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      // The seed is there: from now on it listens.
      if (text === "") setTimeout(() => child.kill("SIGINT"), 1000);
      text += chunk;
    }
    assertEquals((await child.status).code, 130);
    assertMatch(text, /Interrupted: they held so far\.\n$/);
  },
);

commandTest(
  "a schedule that never comes to its next stop is found by that",
  async () => {
    const program = readRaceProgram("read 0 | hang 0");
    const { counts, failure } = await raceInWorkers({
      worker: new URL("./race_rooms_worker.ts", import.meta.url),
      rooms: [{ room: "slots", profile: "linux-7.3" }],
      work: { program, seed: 0 },
      search: { preemptions: 1, schedules: 10 },
      jobs: 1,
      milliseconds: 60_000,
      scheduleMilliseconds: 3_000,
      signal: new AbortController().signal,
      now: () => performance.now(),
      onProgram() {},
      onBound() {},
    });
    assertEquals([counts[0].programs, failure?.room], [0, "slots"]);
    assertEquals(failure?.found, {
      program,
      fault: {
        rule: RACE_RULES.livelock,
        violation: {
          where: "read 0 | hang 0",
          expected: "an end",
          found: "none within 3 seconds",
        },
      },
      isSmallest: false,
    });
  },
);

commandTest(
  "zspec races refuses in one line what it cannot do",
  async (folder) => {
    const refused: readonly (readonly [string, readonly string[]])[] = [
      ["'frob 1' is none of write SLOT", ["slots", "--threads", "frob 1"]],
      [
        "'read 0 | read 1 / read 0' has a '/' behind a '|', unlike 'write 0 A / ",
        ["slots", "--threads", "read 0 | read 1 / read 0"],
      ],
      [
        "'read 0 / read 1 / read 0' has more than one '/', unlike ",
        ["slots", "--threads", "read 0 / read 1 / read 0"],
      ],
      [
        "'read 0 |' has a thread of nothing, unlike ",
        ["slots", "--threads", "read 0 |"],
      ],
      [
        "Cannot read 'threads.txt': there is no such file",
        ["slots", "--threads", "threads.txt"],
      ],
      ["Unknown room 'zsmaloc': the rooms are slots, rush", ["zsmaloc"]],
      ["The option '--threads' needs one ROOM", ["--threads", "read 0"]],
      [
        "'--runs' says nothing beside '--threads'",
        ["slots", "--runs", "2", "--threads", "read 0"],
      ],
      [
        "'--preemptions' says nothing beside '--pct'",
        ["slots", "--pct", "2", "--preemptions", "2"],
      ],
      [
        "Cannot explore slots: linux-3.12 has none",
        ["slots", "--profile", "linux-3.12"],
      ],
      ["The option '--shard' is given without '--seed'", ["--shard", "1/2"]],
      [
        "'--replay' is 'read 0', not PROGRAM @ SCHEDULE @ PROFILE",
        ["slots", "--replay", "read 0"],
      ],
      [
        "'B2' is not a thread from A to A and a number of stops",
        ["slots", "--replay", "read 0 @ B2"],
      ],
    ];
    for (const [message, args] of refused) {
      assertRefused(await races(folder, ...args), message);
    }
    assertRefused(
      await zspec(
        folder,
        ...["races", "zsmalloc", "--threads", "free x | read x"],
      ),
      "Cannot explore zsmalloc: the 'x' of 'free x' is made neither before",
    );
  },
);

commandTest(
  "zspec races explores every room of the newest kernel that has it",
  async (folder) => {
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["races", "--seed", "1", "--runs", "1", "--preemptions", "1"],
    );
    assertEquals([code, stderr], [0, ""], stdout);
    for (const { name } of RACE_ROOMS) {
      assertMatch(stdout, new RegExp(`\\n${name} +linux-\\d+\\.\\d+ +1 `));
    }
    const help = await zspec(folder, "races", "--help");
    for (const { name, operations } of RACE_ROOMS) {
      assertMatch(help.stdout, new RegExp(`\\n  ${name} +${operations[0]}`));
    }
  },
);

commandTest(
  "the README's operations of one's own race as it shows",
  async (folder) => {
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    const section = readme.slice(readme.indexOf("\n## Races\n"));
    const [, example = "", shown = ""] =
      /```ts\n([^]*?)```\n\n```text\n([^]*?)```/.exec(section) ?? [];
    const source = example.replace(/https:[^"]*\/mod\.ts/, `${ROOT}mod.ts`);
    await Deno.writeTextFile(`${folder}/own.ts`, source);
    const ran = await deno(folder, "run", "--no-lock", "own.ts");
    assertEquals([ran.code, ran.stdout], [0, `${shown}\n`], ran.stderr);
  },
);
