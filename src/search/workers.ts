/** The search by several workers, each on a thread of its own. */
import type { Profile } from "../linux/profile.ts";
import type { Step } from "../programs/program.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import { type Batch, batchesOf, countBatches, type Shard } from "./batches.ts";
import { type Kept, Reached } from "./corpus.ts";
import {
  closeCrew,
  type Crew,
  crewOf,
  failTurn,
  runCrew,
  runTurn,
  type Turn,
} from "./crew.ts";
import type { Finding } from "./finding.ts";
import { arenaOf, type Machine, machineOf } from "./machine.ts";
import { MODEL_ANSWERS } from "./model_fault.ts";
import { type Found, programAt } from "./search.ts";
import { SHRINK_MILLISECONDS } from "./shrink.ts";

/** What a worker is told: a batch to run. */
export interface WorkerTask {
  /** The machine's name. */
  readonly machine: string;
  /** The one kernel that its programs are of, described; or every one. */
  readonly profile: string | undefined;
  /** Its programs. */
  readonly batch: Batch;
  /** Whether programs that reach more than others are to be told of. */
  readonly keeps: boolean;
  /** What programs that are kept already reach. */
  readonly known: readonly ReachCounts[];
}

/**
 * What a worker tells: a program was run, one is worth keeping, one failed (as
 * it was made, then again when it is shrunk), the batch is done.
 */
export type WorkerReport =
  | { readonly steps: number; readonly reach: ReachCounts }
  | { readonly kept: Kept }
  | { readonly found: FoundMessage }
  | "done";

/** A program that fails, as a worker can tell it: the kernel by its name. */
export interface FoundMessage extends Omit<Found, "profile"> {
  /** The profile's name. */
  readonly profile: string;
}

/** What {@linkcode searchInWorkers} is told. */
export interface WorkersOptions {
  /** The machines, which take turns. */
  readonly machines: readonly Machine[];
  /** The one kernel that programs are of, or `undefined` for every one. */
  readonly profile: Profile | undefined;
  /** What the programs are made from: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Programs of each machine; Infinity where time alone ends them. */
  readonly programs: number;
  /** Which part of them are run. */
  readonly shard: Shard;
  /** Workers. */
  readonly jobs: number;
  /** Milliseconds after which only shrinking goes on. */
  readonly milliseconds: number | undefined;
  /** Milliseconds that one program may take. */
  readonly programMilliseconds: number;
  /** What programs that are kept already reach, where more are to be kept. */
  readonly known: readonly ReachCounts[] | undefined;
  /** Stops everything. */
  readonly signal: AbortSignal;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** Called after each program. */
  onProgram(): void;
  /** Called with each program that is worth keeping. */
  onKept(kept: Kept): void;
}

/** What was run of one machine. */
export interface MachineCount {
  /** The machine's name. */
  readonly machine: string;
  /** Programs that were run. */
  programs: number;
  /** Their steps. */
  steps: number;
  /** Milliseconds that workers were at it. */
  busy: number;
  /** How often each rule was exercised. */
  readonly reach: Reach;
}

/** A program of a machine that fails. */
export interface MachineFailure {
  /** The machine's name. */
  readonly machine: string;
  /** The one kernel that its programs were of, if there was one. */
  readonly only?: string;
  /** The file of a corpus that it is in, if it is in one. */
  readonly path?: string;
  /** The program. */
  readonly found: FoundMessage;
}

/** What the workers did. */
export interface WorkersResult {
  /** One for each machine, in their order. */
  readonly counts: readonly MachineCount[];
  /** The failure of the first batch that has one. */
  readonly failure: MachineFailure | undefined;
}

/** A batch of a machine. */
interface BatchTurn extends Turn {
  readonly machine: Machine;
  readonly batch: Batch;
  readonly count: MachineCount;
}

/**
 * Runs programs of machines in workers until one fails, which one depends on the
 * seed alone. A program that does not end fails too.
 */
export async function searchInWorkers(
  options: WorkersOptions,
): Promise<WorkersResult> {
  const { machines, milliseconds, signal, programs, shard } = options;
  const counts = machines.map(nothingRun);
  const crew = crewOf<BatchTurn, MachineFailure>(turnsOf(options, counts));
  const timer = milliseconds === undefined ? undefined : setTimeout(
    () => closeCrew(crew, (turn) => turn !== crew.failed?.turn),
    milliseconds,
  );
  // A worker that has no batch to take would be started for nothing.
  const batches = machines.length * countBatches(programs, shard);
  await runCrew(crew, {
    module: new URL("./worker.ts", import.meta.url),
    jobs: Math.min(options.jobs, batches),
    signal,
    run: runner(crew, options),
  }).finally(() => clearTimeout(timer));
  return { counts, failure: crew.failed?.failure };
}

/** Every batch of every machine: the first of each, then the second, … */
function* turnsOf(
  { machines, seed, programs, shard }: WorkersOptions,
  counts: readonly MachineCount[],
): Generator<BatchTurn> {
  let order = 0;
  for (const batch of batchesOf(seed, programs, shard)) {
    for (const [nth, machine] of machines.entries()) {
      yield { order: order++, machine, batch, count: counts[nth] };
    }
  }
}

/** What has a worker run a batch. */
function runner(
  crew: Crew<BatchTurn, MachineFailure>,
  options: WorkersOptions,
): (worker: Worker, turn: BatchTurn) => Promise<boolean> {
  const { known, now, programMilliseconds } = options;
  /** What the programs reach that are kept. */
  const reached = new Reached();
  for (const one of known ?? []) reached.add(one);
  /** The workers that know what programs that were kept before reach. */
  const told = new Set<Worker>();
  return async (worker, turn) => {
    const { machine, batch, count } = turn;
    const started = now();
    let programs = 0;
    const task: WorkerTask = {
      machine: machine.name,
      profile: options.profile?.name,
      batch,
      keeps: known !== undefined,
      known: told.has(worker) ? [] : known ?? [],
    };
    told.add(worker);
    const fail = (found: FoundMessage) =>
      failTurn(crew, turn, { machine: machine.name, found });
    return await runTurn(crew, worker, turn, {
      task,
      what: `fuzz ${machine.name}`,
      patience: programMilliseconds,
      shrinking: SHRINK_MILLISECONDS,
      report(one: Exclude<WorkerReport, "done">) {
        if ("found" in one) return fail(one.found);
        if ("kept" in one) return keep(reached, one.kept, options);
        programs++;
        countProgram(count, one.steps, one.reach);
        options.onProgram();
      },
      silent() {
        // A failure that is being shrunk is one all the same.
        if (crew.failed?.turn === turn) return;
        fail(endless(turn, programs, options));
      },
    }).finally(() => count.busy += now() - started);
  };
}

/** No programs of a machine. */
export function nothingRun({ name }: Machine): MachineCount {
  return { machine: name, programs: 0, steps: 0, busy: 0, reach: new Reach() };
}

/** Counts a program. */
export function countProgram(
  count: MachineCount,
  steps: number,
  reach: ReachCounts,
): void {
  count.programs++;
  count.steps += steps;
  count.reach.add(reach);
}

/** Keeps a program, unless another's worker was first to reach the same. */
function keep(reached: Reached, kept: Kept, { onKept }: WorkersOptions): void {
  if (reached.newIn(kept.reach).length === 0) return;
  reached.add(kept.reach);
  onKept(kept);
}

/** What is found of a batch's `nth` program, which does not end. */
function endless(
  { machine, batch: { seed } }: BatchTurn,
  nth: number,
  { profile: only, programMilliseconds }: WorkersOptions,
): FoundMessage {
  const own = only === undefined ? machine : machineOf(machine, only);
  const { profile, steps } = programAt(arenaOf(own), { seed, nth });
  const finding: Finding<Step> = {
    steps,
    rule: MODEL_ANSWERS,
    expected: "an end",
    found: `none within ${programMilliseconds / 1000} seconds`,
    shrinking:
      "was not done, as no try may end: some of the steps may not be needed",
  };
  return { seed, nth, profile: profile.name, finding };
}
