/** `zspec fuzz`: random programs of the state machines. */
import {
  counterexampleTest,
  repeatCommand,
} from "../explore/counterexample.ts";
import { type FuzzFailure, repeatProgram } from "../explore/fuzz.ts";
import {
  fuzzInWorkers,
  type FuzzPoolResult,
  type MachineCount,
} from "../explore/fuzz_pool.ts";
import type { Machine } from "../explore/machine.ts";
import { machineNamed, MACHINES } from "../explore/machines.ts";
import { grouped, table } from "../report/table.ts";
import { INTERRUPTED } from "./interrupt.ts";
import { progress } from "./progress.ts";
import {
  type Options,
  parseOptions,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** Programs of each machine where neither their number nor a time is given. */
const PROGRAMS = 1000;
/** Milliseconds that one program may take: some thousand times what it does. */
const PROGRAM_MILLISECONDS = 60_000;

/** How `zspec fuzz` is called. */
export const FUZZ_USAGE =
  `zspec fuzz [MACHINE…] [--seed N] [--runs N] [--time SECONDS] [--jobs N] [--json]
zspec fuzz MACHINE --seed N --path P [--json]

Runs random programs on the model and on a naive model of it side by side, and
checks every rule after every step. A program that fails is shrunk and printed
as a test. The machines, all of which are run where none is named:

${MACHINES.map(({ name, sentence }) => `${name}: ${sentence}`).join("\n")}

  --seed N        what the programs are made from; by default a fresh one
  --runs N        programs of each machine: by default ${PROGRAMS}, or what --time allows
  --time SECONDS  when to stop
  --jobs N        threads to run them; by default as many as there are CPUs
  --path P        the one program that a failure names
  --json          the figures for machines

Exit status: 0 all hold, 1 a program fails, 2 it cannot be run, 130 interrupted.
`;

/** What is asked for. */
interface Plan {
  readonly machines: readonly Machine[];
  readonly seed: number;
  /** Where the one program is that is repeated. */
  readonly path: string | undefined;
  /** Programs of each machine; Infinity where time alone ends them. */
  readonly programs: number;
  readonly milliseconds: number | undefined;
  readonly jobs: number;
}

/** What was done. */
interface Outcome extends FuzzPoolResult {
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** Runs the command and returns its exit status. */
export async function fuzzCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: ["seed", "runs", "time", "jobs", "path"],
    boolean: ["json"],
  });
  const plan = planOf(options);
  const isJson = options.flag("json");
  // Before anything is run, so that it is known however that ends.
  if (!isJson && plan.path === undefined) console.log(`seed ${plan.seed}`);
  const outcome = plan.path === undefined
    ? await run(plan)
    : await repeat(plan, plan.path);
  const text = isJson ? renderJson(plan, outcome) : render(plan, outcome);
  console.log(text.trimEnd());
  if (outcome.interrupted) return INTERRUPTED;
  return outcome.failure === undefined ? 0 : 1;
}

function planOf(options: Options): Plan {
  const path = options.text("path");
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1);
  const runs = wholeOption(options, "runs", 1, 1e9);
  const time = wholeOption(options, "time", 1, 1e6);
  const jobs = wholeOption(options, "jobs", 1, 1024);
  if (path !== undefined) {
    if (!/^[0-9]+(:[0-9]+)*$/.test(path)) {
      throw new UsageError(
        `The option '--path' is '${path}', not numbers with colons between them`,
      );
    }
    const isOne = options.paths.length === 1 && seed !== undefined;
    if (!isOne || [runs, time, jobs].some((one) => one !== undefined)) {
      throw new UsageError(
        "The option '--path' needs one MACHINE and '--seed', and none of '--runs', '--time', '--jobs'",
      );
    }
  }
  return {
    machines: machinesOf(options.paths),
    seed: seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
    path,
    programs: runs ?? (time === undefined ? PROGRAMS : Infinity),
    milliseconds: time === undefined ? undefined : 1000 * time,
    jobs: jobs ?? navigator.hardwareConcurrency,
  };
}

/** The machines that are named, each once; all where none is. */
function machinesOf(names: readonly string[]): readonly Machine[] {
  if (names.length === 0) return MACHINES;
  return [...new Set(names)].map((name) => {
    const machine = machineNamed(name);
    if (machine !== undefined) return machine;
    throw new UsageError(
      `Unknown machine '${name}': the machines are ${
        MACHINES.map((one) => one.name).join(", ")
      }`,
    );
  });
}

/** Runs programs until all are run, one fails, time is up, or SIGINT. */
async function run(plan: Plan): Promise<Outcome> {
  const { machines, programs, milliseconds } = plan;
  const now = () => performance.now();
  const started = now();
  let done = 0;
  const shown = Number.isFinite(programs)
    ? progress("fuzzing", programs * machines.length)
    : progress("fuzzing", milliseconds ?? 0);
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  Deno.addSignalListener("SIGINT", onInterrupt);
  try {
    const result = await fuzzInWorkers({
      ...plan,
      programMilliseconds: PROGRAM_MILLISECONDS,
      signal: interrupt.signal,
      now,
      onProgram: () =>
        shown.step(Number.isFinite(programs) ? ++done : now() - started),
    });
    return {
      ...result,
      seconds: (now() - started) / 1000,
      interrupted: interrupt.signal.aborted,
    };
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    shown.end();
  }
}

/** Runs one program again, here, where SIGINT ends it whatever it does. */
async function repeat(plan: Plan, path: string): Promise<Outcome> {
  const { machines: [machine], seed } = plan;
  const started = performance.now();
  try {
    const result = await repeatProgram(machine, { seed, path });
    const busy = performance.now() - started;
    const { programs, steps, failure } = result;
    return {
      counts: [{ machine: machine.name, programs, steps, busy }],
      failure,
      seconds: busy / 1000,
      interrupted: false,
    };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Programs a second that all jobs together run of one machine. */
function rate({ programs, busy }: MachineCount, jobs: number): number {
  return busy === 0 ? 0 : Math.round(1000 * programs * jobs / busy);
}

function render(plan: Plan, outcome: Outcome): string {
  const { counts, failure, seconds, interrupted } = outcome;
  if (failure !== undefined) return renderFailure(failure);
  const programs = counts.reduce((sum, count) => sum + count.programs, 0);
  const how = interrupted ? "Interrupted: they held so far." : "All hold.";
  return renderCounts(plan, counts) +
    `\n${grouped(programs)} programs in ${seconds.toFixed(1)} s. ${how}\n`;
}

function renderCounts(
  { path, jobs }: Plan,
  counts: readonly MachineCount[],
): string {
  return table(
    [
      { title: "machine", align: "left" },
      { title: "programs" },
      { title: "steps" },
      { title: "programs/s" },
    ],
    counts.map((count) => [
      count.machine,
      grouped(count.programs),
      grouped(count.steps),
      grouped(rate(count, path === undefined ? jobs : 1)),
    ]),
  );
}

function renderFailure(failure: FuzzFailure): string {
  return `${failure.machine} fails: ${failure.error}

To repeat it:

  ${repeatCommand(failure)}

or as a test:

${counterexampleTest(failure)}`;
}

function renderJson(plan: Plan, outcome: Outcome): string {
  const { seed, jobs } = plan;
  const { counts, failure, seconds, interrupted } = outcome;
  return JSON.stringify(
    {
      seed,
      jobs,
      seconds,
      interrupted,
      machines: counts,
      failure: failure === undefined ? undefined : {
        ...failure,
        command: repeatCommand(failure),
        test: counterexampleTest(failure),
      },
    },
    null,
    2,
  );
}
