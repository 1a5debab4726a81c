/** What `zspec fuzz` prints. */
import { fittedTable } from "../report/fitted_table.ts";
import { exercisedOf, unexercised, unexercisedText } from "../report/reach.ts";
import { counted, grouped, perSecond } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import type { Rule } from "../rules/invariant.ts";
import {
  counterexampleTest,
  failureTranscript,
  repeatCommand,
} from "../search/counterexample.ts";
import { isEmptyShard } from "../search/batches.ts";
import { explainFinding } from "../search/finding.ts";
import { machineNamed } from "../search/machines.ts";
import type { MachineCount, MachineFailure } from "../search/workers.ts";
import {
  type FuzzOutcome,
  type FuzzPlan,
  silentMachines,
} from "./fuzz_plan.ts";
import { pasteable } from "./invocation.ts";

function rulesOf({ machine }: MachineCount): readonly Rule[] {
  return machineNamed(machine)?.rules ?? [];
}

/** For people, in lines of at most `width` characters where nothing fails. */
export function fuzzText(
  plan: FuzzPlan,
  outcome: FuzzOutcome,
  width: number = Infinity,
): string {
  const { counts, failure, seconds } = outcome;
  if (failure !== undefined) return failureText(failure);
  const programs = counts.reduce((sum, count) => sum + count.programs, 0);
  const isEmpty = isEmptyShard(plan.programs, plan.shard);
  const silent = isEmpty
    ? []
    : counts.flatMap((count) =>
      unexercised(rulesOf(count), count.reach.counts())
    );
  const verdict = `${counted(programs, "program")} in ${
    seconds.toFixed(1)
  } s. ${verdictOf(plan, outcome)}`;
  return `${countsText(plan, counts, width)}
${unexercisedText(silent, width)}${wrap(verdict, width)}`;
}

function verdictOf(plan: FuzzPlan, outcome: FuzzOutcome): string {
  if (outcome.interrupted) return "Interrupted: they held so far.";
  if (isEmptyShard(plan.programs, plan.shard)) {
    return "The shard has no programs.";
  }
  const silent = silentMachines(plan, outcome);
  if (silent.length === 0) return "All hold.";
  return `Nothing was exercised of ${
    silent.join(", ")
  }, so nothing is known of that: give it more time.`;
}

function countsText(
  { path, jobs }: FuzzPlan,
  counts: readonly MachineCount[],
  width: number,
): string {
  return fittedTable(
    [
      { title: "machine", align: "left" },
      { title: "programs", importance: 3 },
      { title: "steps", importance: 1 },
      { title: "steps/s", importance: 2 },
      { title: "rules exercised" },
    ],
    counts.map((count) => [
      count.machine,
      grouped(count.programs),
      grouped(count.steps),
      grouped(
        perSecond(count.steps, count.busy, path === undefined ? jobs : 1),
      ),
      exercisedOf(rulesOf(count), count.reach.counts()),
    ]),
    width,
  );
}

function failureText(failure: MachineFailure): string {
  return `${failure.machine} fails: ${explainFinding(failure.found.finding)}

To repeat it:

  ${pasteable(repeatCommand(failure))}

or 'zspec replay FILE', where FILE has what is printed here, or as a test:

${counterexampleTest(failure)}`;
}

/** For machines. */
export function fuzzResult(plan: FuzzPlan, outcome: FuzzOutcome): unknown {
  const { seed, jobs, shard, programs } = plan;
  const { counts, failure, seconds, interrupted } = outcome;
  const runs = Number.isFinite(programs) ? programs : undefined;
  // The machine's own rules alone: judges share some with other machines.
  const machines = counts.map((count) => ({
    ...count,
    reach: Object.fromEntries(
      rulesOf(count).map((rule) => [rule.id, count.reach.of(rule)]),
    ),
  }));
  return {
    search: plan.profile === undefined
      ? "fuzz"
      : `fuzz of ${plan.profile.name}`,
    seed,
    shard,
    runs,
    jobs,
    seconds,
    interrupted,
    machines,
    failure: failure && {
      machine: failure.machine,
      seed: failure.found.seed,
      path: String(failure.found.nth),
      error: explainFinding(failure.found.finding),
      ...failure.found.finding,
      command: repeatCommand(failure),
      transcript: failureTranscript(failure),
      test: counterexampleTest(failure),
    },
  };
}
