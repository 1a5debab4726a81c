/** Fuzzing by several workers, each on a thread of its own. */
import { loadFastCheck } from "../programs/fast_check.ts";
import {
  type Batch,
  batchesOf,
  type FuzzFailure,
  programAt,
  SHRINK_MILLISECONDS,
} from "./fuzz.ts";
import type { Machine } from "./machine.ts";

/** What a worker is told: a batch to run. */
export interface FuzzTask {
  /** The machine's name. */
  readonly machine: string;
  /** Its programs. */
  readonly batch: Batch;
}

/**
 * What a worker tells: a program was run, one failed (as it was made, then
 * again when it is shrunk), the batch is done.
 */
export type FuzzReport =
  | { readonly steps: number }
  | { readonly failure: FuzzFailure }
  | "done";

/** What {@linkcode fuzzInWorkers} is told. */
export interface FuzzPoolOptions {
  /** The machines, which take turns. */
  readonly machines: readonly Machine[];
  /** What the programs are made from: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Programs of each machine; Infinity where time alone ends them. */
  readonly programs: number;
  /** Workers. */
  readonly jobs: number;
  /** Milliseconds after which only shrinking goes on. */
  readonly milliseconds: number | undefined;
  /** Milliseconds that one program may take. */
  readonly programMilliseconds: number;
  /** Stops everything. */
  readonly signal: AbortSignal;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** Called after each program. */
  readonly onProgram: () => void;
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
}

/** What the workers did. */
export interface FuzzPoolResult {
  /** One for each machine, in their order. */
  readonly counts: readonly MachineCount[];
  /** The failure of the first batch that has one. */
  readonly failure: FuzzFailure | undefined;
}

/** A batch and its place among all. */
interface Turn {
  readonly order: number;
  readonly machine: Machine;
  readonly batch: Batch;
  readonly count: MachineCount;
}

/** What the workers share. */
interface Pool {
  readonly options: FuzzPoolOptions;
  /** Batches that nobody has taken. */
  readonly turns: Generator<Turn>;
  /** Ends those that are under way. */
  readonly running: Map<Turn, () => void>;
  failed: { readonly turn: Turn; readonly failure: FuzzFailure } | undefined;
  isClosed: boolean;
}

/**
 * Runs programs of machines in workers until one fails. Which failure that is
 * depends on the seed, not on how many workers there are or who is first:
 * batches before one that fails are run to their end. A program that does not
 * end fails too.
 */
export async function fuzzInWorkers(
  options: FuzzPoolOptions,
): Promise<FuzzPoolResult> {
  const { machines, milliseconds, signal } = options;
  const counts = machines.map(({ name }) => ({
    machine: name,
    programs: 0,
    steps: 0,
    busy: 0,
  }));
  const pool: Pool = {
    options,
    turns: turnsOf(options, counts),
    running: new Map(),
    failed: undefined,
    isClosed: signal.aborted,
  };
  const stop = () => close(pool, () => true);
  const timer = milliseconds === undefined ? undefined : setTimeout(
    () => close(pool, (turn) => turn !== pool.failed?.turn),
    milliseconds,
  );
  signal.addEventListener("abort", stop);
  try {
    const workers = Array.from({ length: options.jobs }, () => work(pool));
    await Promise.all(workers);
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
  return { counts, failure: pool.failed?.failure };
}

/** Every batch of every machine: the first of each, then the second, … */
function* turnsOf(
  { machines, seed, programs }: FuzzPoolOptions,
  counts: readonly MachineCount[],
): Generator<Turn> {
  let order = 0;
  for (const batch of batchesOf(seed, programs)) {
    for (const [nth, machine] of machines.entries()) {
      yield { order: order++, machine, batch, count: counts[nth] };
    }
  }
}

/** Hands out no more batches, and ends those under way that `ends` names. */
function close(pool: Pool, ends: (turn: Turn) => boolean): void {
  pool.isClosed = true;
  for (const [turn, end] of pool.running) if (ends(turn)) end();
}

/** One worker's life: batches until there are none, or until one is ended. */
async function work(pool: Pool): Promise<void> {
  const url = new URL("./fuzz_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    for (const turn of pool.turns) {
      if (pool.isClosed) return;
      if (!await runTurn(pool, worker, turn)) return;
    }
  } finally {
    worker.terminate();
  }
}

/** Has a worker run a batch; returns whether it did so to the end. */
async function runTurn(
  pool: Pool,
  worker: Worker,
  turn: Turn,
): Promise<boolean> {
  const { now } = pool.options;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const started = now();
  pool.running.set(turn, () => resolve(false));
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot fuzz ${turn.machine.name}: ${event.message}`));
  };
  let programs = 0;
  const watch = watchdog(() =>
    giveUp(pool, turn, programs).then(() => resolve(false), reject)
  );
  const { programMilliseconds } = pool.options;
  worker.onmessage = ({ data }: MessageEvent<FuzzReport>) => {
    if (data === "done") return resolve(true);
    if ("failure" in data) {
      watch.wait(SHRINK_MILLISECONDS + programMilliseconds);
      return fail(pool, turn, data.failure);
    }
    watch.wait(programMilliseconds);
    programs++;
    turn.count.programs++;
    turn.count.steps += data.steps;
    pool.options.onProgram();
  };
  watch.wait(programMilliseconds);
  const task: FuzzTask = { machine: turn.machine.name, batch: turn.batch };
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    watch.end();
    pool.running.delete(turn);
    turn.count.busy += now() - started;
  }
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

/** Notes a failure, and ends the batches behind it. */
function fail(pool: Pool, turn: Turn, failure: FuzzFailure): void {
  const { failed } = pool;
  if (failed !== undefined && failed.turn.order < turn.order) return;
  pool.failed = { turn, failure };
  close(pool, ({ order }) => order > turn.order);
}

/** Notes that the program behind `programs` others does not end. */
async function giveUp(
  pool: Pool,
  turn: Turn,
  programs: number,
): Promise<void> {
  // A failure that is being shrunk is one all the same.
  if (pool.failed?.turn === turn) return;
  const { machine, batch: { seed } } = turn;
  const { programMilliseconds } = pool.options;
  const path = String(programs);
  fail(pool, turn, {
    machine: machine.name,
    seed,
    path,
    error: `It did not end within ${programMilliseconds / 1000} seconds`,
    program: programAt(await loadFastCheck(), machine, seed, path),
  });
}
