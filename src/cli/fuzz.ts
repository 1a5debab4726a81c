/** `zspec fuzz`: random programs of the machines. */
import { Reach } from "../rules/reach.ts";
import type { Profile } from "../linux/profile.ts";
import { arenaOf, machineOf } from "../search/machine.ts";
import { MACHINES } from "../search/machines.ts";
import { search } from "../search/search.ts";
import { shrinkLimit } from "../search/shrink.ts";
import { runNow } from "../search/trial.ts";
import {
  type MachineCount,
  type MachineFailure,
  searchInWorkers,
} from "../search/workers.ts";
import { runCorpus } from "./corpus.ts";
import {
  FUZZ_PROGRAMS,
  type FuzzOutcome,
  type FuzzPlan,
  planOf,
  silentMachines,
} from "./fuzz_plan.ts";
import { fuzzResult, fuzzText } from "./fuzz_report.ts";
import { INTERRUPTED } from "./interrupt.ts";
import { print, printResult } from "./print.ts";
import { programProgress } from "./progress.ts";
import { shardHelp } from "./shard.ts";
import { tableColumns } from "./terminal.ts";
import {
  optionHelp,
  parseOptions,
  PROFILE_OPTIONS,
  profileHelp,
} from "./usage.ts";

/** Milliseconds that one program may take: some thousand times what it does. */
const PROGRAM_MILLISECONDS = 60_000;
/** And where time is short, at least: some hundred times. */
const LEAST_PROGRAM_MILLISECONDS = 5_000;

/** How long one program may take where all have `milliseconds`. */
function programMilliseconds(milliseconds = Infinity): number {
  const half = Math.max(LEAST_PROGRAM_MILLISECONDS, milliseconds / 2);
  return Math.min(PROGRAM_MILLISECONDS, half);
}

/** How `zspec fuzz` is called. */
export const USAGE =
  `zspec fuzz [MACHINE…] [--seed N] [--runs N] [--time SECONDS] [--jobs N]
           [--profile P] [--config FILE] [--shard I/N] [--corpus DIR] [--json]
zspec fuzz MACHINE --seed N --path P [--profile P] [--config FILE] [--json]

Runs random programs on the models. After every step the rules are checked on
what it touched, and the answers compared with a naive second model's and with
the contract; the whole lists are checked now and then, and at the end. How
often each rule was exercised is counted: one that nothing exercised is said to
be so. A program that fails is shrunk, and printed as a test with a transcript
in it, which 'zspec replay' runs as well. The machines, all of which are run
where none is named:

${MACHINES.map(({ name, sentence }) => optionHelp(name, 12, sentence)).join("")}
${
    profileHelp(
      18,
      "the one kernel that programs are of, by default all of them",
    )
  }  --seed N        what the programs are made from; by default a fresh one
  --runs N        programs of each machine: by default ${FUZZ_PROGRAMS}, or as many as
                  --time allows
  --time SECONDS  when to stop
  --jobs N        threads to run them; by default as many as there are CPUs
${shardHelp(18)}
  --corpus DIR    runs the programs that are kept there first, and keeps those
                  that reach more
  --path P        the one program that a failure names
  --json          the figures for machines

Exit status: 0 all hold, 1 a program fails or nothing was exercised, 2 it cannot
be run, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [
      ...PROFILE_OPTIONS,
      "seed",
      "runs",
      "time",
      "jobs",
      "path",
      "shard",
      "corpus",
    ],
    boolean: ["json"],
  });
  const plan = planOf(options);
  const outcome = plan.path === undefined
    ? await run(plan, options.flag("json"))
    : repeat(plan, plan.path);
  printResult(
    options,
    fuzzResult(plan, outcome),
    () => fuzzText(plan, outcome, tableColumns()),
  );
  if (outcome.interrupted) return INTERRUPTED;
  if (outcome.failure !== undefined) return 1;
  return silentMachines(plan, outcome).length === 0 ? 0 : 1;
}

/** Runs programs until all are run, one fails, time is up, or SIGINT. */
async function run(plan: FuzzPlan, isJson: boolean): Promise<FuzzOutcome> {
  const { machines, programs, milliseconds, corpus } = plan;
  const now = () => performance.now();
  const started = now();
  const seconds = () => (now() - started) / 1000;
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  Deno.addSignalListener("SIGINT", onInterrupt);
  // Before anything is run, so that it is known however that ends.
  if (!isJson) print(`seed ${plan.seed}`);
  const total = programs * machines.length;
  const shown = programProgress("fuzzing", total, milliseconds);
  try {
    const kept = corpus === undefined ? undefined : runCorpus(corpus, machines);
    if (kept?.failure !== undefined) {
      return { ...kept, seconds: seconds(), interrupted: false };
    }
    const result = await searchInWorkers({
      ...plan,
      programMilliseconds: programMilliseconds(milliseconds),
      signal: interrupt.signal,
      now,
      known: kept?.known,
      onProgram: shown.step,
      onKept: (one) => corpus?.keep(one),
    });
    // Every shard runs the same corpus, and the first counts it for all.
    const isCounted = plan.shard.index === 1;
    return {
      failure: result.failure && { ...result.failure, ...onlyOf(plan.profile) },
      counts: kept === undefined || !isCounted
        ? result.counts
        : result.counts.map((count, nth) =>
          added(count, kept.counts[nth], plan.jobs)
        ),
      seconds: seconds(),
      interrupted: interrupt.signal.aborted,
    };
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    shown.end();
  }
}

/** The one kernel of a plan, as what fails is told. */
function onlyOf(profile: Profile | undefined): { readonly only?: string } {
  return profile === undefined ? {} : { only: profile.name };
}

/** What a machine's programs came to, those of the corpus among them. */
function added(
  made: MachineCount,
  kept: MachineCount,
  jobs: number,
): MachineCount {
  const reach = new Reach();
  for (const one of [made, kept]) reach.add(one.reach.counts());
  return {
    machine: made.machine,
    programs: made.programs + kept.programs,
    steps: made.steps + kept.steps,
    // One thread runs the corpus, and the others wait for it.
    busy: made.busy + kept.busy * jobs,
    reach,
  };
}

/** Runs one program again, and shrinks it as before where it fails. */
function repeat({ machines: [one], profile, seed }: FuzzPlan, nth: number) {
  const machine = profile === undefined ? one : machineOf(one, profile);
  const started = performance.now();
  const { programs, steps, reach, found } = runNow(search(arenaOf(machine), {
    places: [{ seed, nth }],
    isShrunk: shrinkLimit(),
  }));
  const busy = performance.now() - started;
  const counted = new Reach();
  counted.add(reach);
  const { name } = machine;
  const failure: MachineFailure | undefined = found && {
    machine: name,
    ...onlyOf(profile),
    found: { ...found, profile: found.profile.name },
  };
  return {
    counts: [{ machine: name, programs, steps, busy, reach: counted }],
    failure,
    seconds: busy / 1000,
    interrupted: false,
  };
}
