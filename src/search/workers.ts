/** The search by several workers, each on a thread of its own. */
import type { Profile } from "../linux/profile.ts";
import type { Step } from "../programs/program.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import { type Batch, batchesOf, countBatches, type Shard } from "./batches.ts";
import { type Kept, Reached } from "./corpus.ts";
import type { Finding } from "./finding.ts";
import { arenaOf, type Machine } from "./machine.ts";
import { type Found, programAt } from "./search.ts";
import { ANSWERS } from "../judges/judge.ts";

/** How long a program that fails is shrunk. */
export const SHRINK_MILLISECONDS = 30_000;

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

/** A batch and its place among all. */
interface Turn {
  readonly order: number;
  readonly machine: Machine;
  readonly batch: Batch;
  readonly count: MachineCount;
}

/** What the workers share. */
interface Crew {
  readonly options: WorkersOptions;
  /** Batches that nobody has taken. */
  readonly turns: Generator<Turn>;
  /** Ends those that are under way. */
  readonly running: Map<Turn, () => void>;
  /** What the programs reach that are kept. */
  readonly reached: Reached;
  failed: { readonly turn: Turn; readonly failure: MachineFailure } | undefined;
  isClosed: boolean;
}

/**
 * Runs programs of machines in workers until one fails. Which failure that is
 * depends on the seed, not on how many workers there are or who is first:
 * batches before one that fails are run to their end. A program that does not
 * end fails too.
 */
export async function searchInWorkers(
  options: WorkersOptions,
): Promise<WorkersResult> {
  const { machines, milliseconds, signal } = options;
  const counts = machines.map(({ name }) => ({
    machine: name,
    programs: 0,
    steps: 0,
    busy: 0,
    reach: new Reach(),
  }));
  const reached = new Reached();
  for (const known of options.known ?? []) reached.add(known);
  const crew: Crew = {
    options,
    turns: turnsOf(options, counts),
    running: new Map(),
    reached,
    failed: undefined,
    isClosed: signal.aborted,
  };
  const stop = () => close(crew, () => true);
  const timer = milliseconds === undefined ? undefined : setTimeout(
    () => close(crew, (turn) => turn !== crew.failed?.turn),
    milliseconds,
  );
  signal.addEventListener("abort", stop);
  try {
    // A worker that has no batch to take would be started for nothing.
    const batches = countBatches(options.programs, options.shard);
    const jobs = Math.min(options.jobs, machines.length * batches);
    const workers = Array.from({ length: jobs }, () => work(crew));
    await Promise.all(workers);
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
  return { counts, failure: crew.failed?.failure };
}

/** Every batch of every machine: the first of each, then the second, … */
function* turnsOf(
  { machines, seed, programs, shard }: WorkersOptions,
  counts: readonly MachineCount[],
): Generator<Turn> {
  let order = 0;
  for (const batch of batchesOf(seed, programs, shard)) {
    for (const [nth, machine] of machines.entries()) {
      yield { order: order++, machine, batch, count: counts[nth] };
    }
  }
}

/** Hands out no more batches, and ends those under way that `ends` names. */
function close(crew: Crew, ends: (turn: Turn) => boolean): void {
  crew.isClosed = true;
  for (const [turn, end] of crew.running) if (ends(turn)) end();
}

/** One worker's life: batches until there are none, or until one is ended. */
async function work(crew: Crew): Promise<void> {
  const url = new URL("./worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  let known = crew.options.known ?? [];
  try {
    for (const turn of crew.turns) {
      if (crew.isClosed) return;
      if (!await runTurn(crew, worker, turn, known)) return;
      known = [];
    }
  } finally {
    worker.terminate();
  }
}

/** Has a worker run a batch; returns whether it did so to the end. */
async function runTurn(
  crew: Crew,
  worker: Worker,
  turn: Turn,
  known: readonly ReachCounts[],
): Promise<boolean> {
  const { now, programMilliseconds } = crew.options;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const started = now();
  crew.running.set(turn, () => resolve(false));
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot fuzz ${turn.machine.name}: ${event.message}`));
  };
  let programs = 0;
  const watch = watchdog(() => {
    giveUp(crew, turn, programs);
    resolve(false);
  });
  worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => {
    watch.wait(programMilliseconds);
    if (data === "done") return resolve(true);
    if ("kept" in data) return keep(crew, data.kept);
    if ("found" in data) {
      watch.wait(SHRINK_MILLISECONDS + programMilliseconds);
      return fail(crew, turn, data.found);
    }
    programs++;
    countProgram(turn.count, data.steps, data.reach);
    crew.options.onProgram();
  };
  watch.wait(programMilliseconds);
  const task: WorkerTask = {
    machine: turn.machine.name,
    profile: crew.options.profile?.name,
    batch: turn.batch,
    keeps: crew.options.known !== undefined,
    known,
  };
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    watch.end();
    crew.running.delete(turn);
    turn.count.busy += now() - started;
  }
}

function countProgram(
  count: MachineCount,
  steps: number,
  reach: ReachCounts,
): void {
  count.programs++;
  count.steps += steps;
  count.reach.add(reach);
}

/** Calls `onSilence` once it has waited in vain. */
function watchdog(onSilence: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    /** Waits from now on, and for no earlier call. */
    wait(milliseconds: number) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, milliseconds);
    },
    end: () => clearTimeout(timer),
  };
}

/** Keeps a program, unless another's worker was first to reach the same. */
function keep({ reached, options }: Crew, kept: Kept): void {
  if (reached.newIn(kept.reach).length === 0) return;
  reached.add(kept.reach);
  options.onKept(kept);
}

/** Notes a failure, and ends the batches behind it. */
function fail(crew: Crew, turn: Turn, found: FoundMessage): void {
  const { failed } = crew;
  if (failed !== undefined && failed.turn.order < turn.order) return;
  crew.failed = { turn, failure: { machine: turn.machine.name, found } };
  close(crew, ({ order }) => order > turn.order);
}

/** Notes that the program behind `programs` others does not end. */
function giveUp(crew: Crew, turn: Turn, programs: number): void {
  // A failure that is being shrunk is one all the same.
  if (crew.failed?.turn === turn) return;
  const { machine, batch: { seed } } = turn;
  const { programMilliseconds } = crew.options;
  const { profile, steps } = programAt(arenaOf(machine), {
    seed,
    nth: programs,
  });
  const finding: Finding<Step> = {
    steps,
    rule: ANSWERS,
    expected: "an end",
    found: `none within ${programMilliseconds / 1000} seconds`,
  };
  fail(crew, turn, { seed, nth: programs, profile: profile.name, finding });
}
