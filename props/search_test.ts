import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  arenaOf,
  assertProgram,
  batchesOf,
  findingTranscript,
  judgeProgram,
  parseFindingTranscript,
  placesOf,
  programArbitrary,
  programAt,
  ProgramError,
  Reach,
  runNow,
  search,
  type SearchResult,
  shortestRun,
} from "../mod.ts";
import {
  POSITIVE,
  SMALL,
  SUM_LANGUAGE,
  sumMachine,
  type SumStep,
} from "./sums.ts";

/** A search for sums from a bound on. */
function searchSums(
  bound: number,
  seed: number,
  programs = 200,
): SearchResult<SumStep> {
  const places = placesOf(batchesOf(seed, programs));
  return runNow(search(arenaOf(sumMachine(bound)), { places }));
}

Deno.test("a search runs the same programs for the same seed, others for another", () => {
  const programs = (seed: number) =>
    [...placesOf(batchesOf(seed, 40))]
      .map((place) => JSON.stringify(programAt(sumMachine(50), place).steps));
  assertEquals(programs(7), programs(7));
  assertEquals(programs(7).length, 40);
  assert(new Set([...programs(7), ...programs(8)]).size > 75);
});

Deno.test("shards of a run are its batches, each in one shard", () => {
  const seeds = (index: number, count: number) =>
    [...batchesOf(3, 1000, { index, count })].map(({ seed }) => seed);
  const whole = seeds(1, 1);
  const parts = [1, 2, 3].flatMap((index) => seeds(index, 3));
  assertEquals(parts.toSorted(), whole.toSorted());
  assertEquals(new Set(whole).size, whole.length);
});

Deno.test("the shortest run of which a shard has some programs has no fewer and no more", () => {
  for (const shard of [{ index: 1, count: 1 }, { index: 2, count: 3 }]) {
    for (const programs of [1, 15, 16, 17, 40]) {
      const run = shortestRun(programs, shard);
      const of = (length: number) =>
        [...placesOf(batchesOf(3, length, shard))].length;
      assertEquals([of(run - 1), of(run)], [programs - 1, programs]);
    }
  }
});

Deno.test("a program that fails is found, and shrunk until no step can be left out and none be simpler", () => {
  for (const seed of [1, 2, 3, 12, 36, 3343296757]) {
    const bound = 31;
    const { found } = searchSums(bound, seed);
    assert(found !== undefined, `seed ${seed}`);
    const { steps, rule } = found.finding;
    assertEquals(rule, SMALL);
    const machine = sumMachine(bound);
    const fails = (some: readonly SumStep[]) =>
      judgeProgram(machine, { profile: found.profile, steps: some });
    assert(fails(steps) !== undefined);
    steps.forEach((step, nth) => {
      assertEquals(fails(steps.toSpliced(nth, 1)), undefined);
      for (const simpler of SUM_LANGUAGE.simpler(step)) {
        assertEquals(fails(steps.with(nth, simpler)), undefined);
      }
    });
  }
});

Deno.test("what holds is run to its end, and every exercised rule is counted", () => {
  const { programs, steps, reach, found } = searchSums(Infinity, 1);
  assertEquals([programs, found], [200, undefined]);
  assert(reach[SMALL.id] > 1000 && reach[SMALL.id] < steps);
  assertEquals(reach[POSITIVE.id], undefined);
});

Deno.test("a search ends when its time is up, after the program that was running", () => {
  let asked = 0;
  const places = placesOf(batchesOf(1, 200));
  const { programs, steps, found } = runNow(
    search(arenaOf(sumMachine(Infinity)), {
      places,
      isTimeUp: () => ++asked === 21,
    }),
  );
  assertEquals([programs, found], [21, undefined]);
  const run = [...placesOf(batchesOf(1, 21))]
    .map((place) => programAt(sumMachine(Infinity), place).steps.length);
  assertEquals(steps, run.reduce((sum, length) => sum + length));
});

Deno.test("a search tells of every program what it exercised, and of a failure as it came", () => {
  const told = new Reach();
  let programs = 0;
  let whole: SearchResult<SumStep>["found"];
  const result = runNow(search(arenaOf(sumMachine(31)), {
    places: placesOf(batchesOf(12, 200)),
    onProgram(_program, reach) {
      programs++;
      told.add(reach);
    },
    onFound: (found) => whole = found,
  }));
  assertEquals([programs, told.counts()], [result.programs, result.reach]);
  const { found } = result;
  assert(whole !== undefined && found !== undefined);
  assertEquals([whole.seed, whole.nth], [found.seed, found.nth]);
  assert(whole.finding.steps.length > found.finding.steps.length);
  const { steps } = programAt(sumMachine(31), whole);
  assertEquals(whole.finding.steps, steps.slice(0, whole.finding.steps.length));
});

Deno.test("a rule that nothing exercised is not counted, and counts add up", () => {
  const [one, other] = [new Reach(), new Reach()];
  one.count(SMALL);
  other.count(SMALL, 2);
  one.add(other.counts());
  assertEquals([one.of(SMALL), one.isExercised(POSITIVE)], [3, false]);
  assertEquals(one.counts(), { [SMALL.id]: 3 });
});

Deno.test("a finding is a transcript, which is read back from whatever it is printed in", () => {
  const { found } = searchSums(20, 5);
  assert(found !== undefined);
  const text = findingTranscript("sums", {
    level: "model",
    profile: found.profile,
  }, found.finding);
  for (
    const printed of [text, `seed 5\nsums fails:\n\n${text}\nTo repeat it:\n`]
  ) {
    const { header, steps } = parseFindingTranscript(
      printed,
      () => SUM_LANGUAGE.parse,
    );
    assertEquals([header.target, header.level], ["sums", "model"]);
    assertEquals(steps, found.finding.steps);
  }
});

Deno.test("a program that fails says the step, the rule, what was expected and found", () => {
  const steps: SumStep[] = [{ op: "create" }, { op: "add", number: 9 }];
  const program = { profile: sumMachine(5).scope.profiles[0], steps };
  const error = assertThrows(
    () => assertProgram(sumMachine(5), program),
    ProgramError,
  );
  assertEquals(
    error.message,
    `Step 2 of 2, add: sums/small is broken: expected less than 5, found 9
  the rule: Sums stay below 100.
  its source: this file`,
  );
});

Deno.test("fast-check makes and shrinks the programs of a machine", () => {
  const machine = sumMachine(40);
  const details = fc.check(
    fc.property(
      programArbitrary(fc, machine),
      (program) => judgeProgram(machine, program) === undefined,
    ),
    { seed: 4, numRuns: 200 },
  );
  const [program] = details.counterexample ?? [];
  assert(program !== undefined);
  const sum = program.steps.reduce(
    (total, step) => total + (step.op === "add" ? step.number : 0),
    0,
  );
  assertEquals(sum, 40);
  assert(program.steps.every(({ op }) => op !== "take"));
});
