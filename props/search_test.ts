import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import {
  arenaOf,
  assertProgram,
  batchesOf,
  Disagreement,
  findingTranscript,
  judgeProgram,
  KernelBug,
  type Machine,
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
  tableTarget,
  trialOf,
} from "../mod.ts";
import { explainFinding } from "../src/search/finding.ts";
import {
  POSITIVE,
  SMALL,
  SUM_LANGUAGE,
  sumMachine,
  type SumResults,
  type SumStep,
  type SumSteps,
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

/** A machine at whose end is taken five times in turn, which no sum above 0 survives. */
function closingMachine(): Machine<SumStep> {
  const closing = Array.from(
    { length: 5 },
    (): SumStep => ({ op: "take", number: 0 }),
  );
  return {
    ...sumMachine(Infinity),
    trial() {
      let [sum, inTurn] = [0, 0];
      const target = tableTarget<SumSteps, SumResults>({
        create: () => sum = inTurn = 0,
        add({ number }) {
          inTurn = 0;
          return sum += number;
        },
        take() {
          inTurn++;
          return sum;
        },
      });
      return trialOf(target, [{
        closing: () => closing,
        after(_step, answer) {
          if (sum > 0 && inTurn === 5) {
            throw new Disagreement(SMALL, 0, answer);
          }
        },
      }]);
    },
  };
}

Deno.test("closing steps that fail only together give a finding that fails again and is shrunk", () => {
  const machine = closingMachine();
  let whole: readonly SumStep[] = [];
  const { found } = runNow(search(arenaOf(machine), {
    places: placesOf(batchesOf(1, 200)),
    onFound: ({ finding }) => whole = finding.steps,
  }));
  assert(found !== undefined);
  assert(whole.length > programAt(machine, found).steps.length);
  const { finding, profile } = found;
  const { steps } = finding;
  assertEquals(judgeProgram(machine, { profile, steps }), finding);
  assertEquals(steps.map(({ op }) => op), ["add", ...Array(5).fill("take")]);
});

Deno.test("a finding says that shrinking was cut off, and a shrunk one says nothing of it", () => {
  const shrunkFor = (most: number) => {
    let tries = 0;
    const { found } = runNow(search(arenaOf(sumMachine(31)), {
      places: placesOf(batchesOf(12, 200)),
      isShrunk: () => ++tries > most,
    }));
    assert(found !== undefined);
    return found.finding;
  };
  const cut = shrunkFor(3);
  const whole = shrunkFor(Infinity);
  assert(cut.steps.length > whole.steps.length);
  assertMatch(cut.shrinking ?? "", /^was cut off, .*may not be needed$/);
  assertStringIncludes(explainFinding(cut), "\n  shrinking was cut off");
  assertEquals(whole.shrinking, undefined);
  assert(!explainFinding(whole).includes("shrinking"));
});

Deno.test("a model that throws breaks a rule of its own, at the line that threw, and no protocol", () => {
  const machine = sumMachine(Infinity);
  const throwing = (error: () => Error): Machine<SumStep> => ({
    ...machine,
    trial: () =>
      trialOf(
        tableTarget<SumSteps, SumResults>({
          add() {
            throw error();
          },
        }),
        [],
      ),
  });
  const [profile] = machine.scope.profiles;
  const fails = (error: () => Error) => {
    const steps: SumStep[] = [{ op: "add", number: 1 }];
    const finding = judgeProgram(throwing(error), { profile, steps });
    assertEquals(finding?.rule.id, "model/answers");
    return finding;
  };
  const threw = fails(() => new Error("no"));
  assertEquals(threw?.found, { threw: "no" });
  // Not a test's own file: the first line of the model, here its table.
  assertMatch(
    threw?.where ?? "",
    /^src\/targets\/step_target\.ts:\d+, from src\/search\//,
  );
  const bug = fails(() => new KernelBug("zs_free", "stop at BUG_ON"));
  const found = { kernelBug: "zs_free: the kernel would stop at BUG_ON" };
  assertEquals(bug?.found, found);
});
