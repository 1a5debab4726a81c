/**
 * Fuzzing: random programs of a machine, run until one fails; that one is
 * shrunk. Programs come in batches, each with a seed of its own, so that the
 * same programs are run however many workers share them.
 */
import { type FastCheck, loadFastCheck } from "../programs/fast_check.ts";
import { type Machine, stepsOf } from "./machine.ts";

/** Programs of a batch. */
const BATCH_PROGRAMS = 100;

/** How long a failed program is shrunk where nothing else is said. */
export const SHRINK_MILLISECONDS = 30_000;

/** Programs of a machine: those that a seed gives one after another. */
export interface Batch {
  /** The seed: an unsigned 32-bit number. */
  readonly seed: number;
  /** How many programs. */
  readonly programs: number;
}

/**
 * The batches of `programs` programs from `seed`, a whole number from 0 to
 * 2^32 - 1. The first has that seed itself.
 */
export function* batchesOf(seed: number, programs: number): Generator<Batch> {
  for (let nth = 0; nth * BATCH_PROGRAMS < programs; nth++) {
    yield {
      // An odd step: no two of the first 2^32 batches have the same seed.
      seed: (seed + Math.imul(nth, 0x9e3779b1)) >>> 0,
      programs: Math.min(programs - nth * BATCH_PROGRAMS, BATCH_PROGRAMS),
    };
  }
}

/** A program that fails, and how to find it again: a JSON value. */
export interface FuzzFailure {
  /** The machine's name. */
  readonly machine: string;
  /** The seed of the batch that the program is in. */
  readonly seed: number;
  /**
   * Which program of the batch it comes from, and which turn shrinking took at
   * each step from there: numbers with colons between them.
   */
  readonly path: string;
  /** The message of the error that it throws. */
  readonly error: string;
  /** The program, a JSON value. */
  readonly program: unknown;
}

/** The message of what a program throws, or `undefined` where it holds. */
function errorOf<Program>(
  machine: Machine<Program>,
  program: Program,
): string | undefined {
  try {
    machine.run(program);
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The programs of a batch, made as those that {@linkcode shrinkFailure} shrinks. */
function programsOf<Program>(
  fc: FastCheck,
  machine: Machine<Program>,
  { seed, programs }: Batch,
): Program[] {
  const made: Program[] = [];
  const keep = (program: Program) => void made.push(program);
  fc.check(fc.property(machine.programs(fc), keep), {
    seed: seed | 0,
    numRuns: programs,
  });
  return made;
}

/**
 * Runs the programs of a batch, yielding the number of steps after each.
 * Returns the first program that fails, as it was made.
 */
export function* searchBatch<Program>(
  fc: FastCheck,
  machine: Machine<Program>,
  batch: Batch,
): Generator<number, FuzzFailure | undefined> {
  const { seed } = batch;
  for (const [nth, program] of programsOf(fc, machine, batch).entries()) {
    const error = errorOf(machine, program);
    yield stepsOf(program).length;
    if (error === undefined) continue;
    return { machine: machine.name, seed, path: String(nth), error, program };
  }
}

/**
 * The smallest program that shrinking `failure` leads to within the time
 * given; `failure` itself where it is that one.
 */
export function shrinkFailure<Program>(
  fc: FastCheck,
  machine: Machine<Program>,
  failure: FuzzFailure,
  milliseconds: number = SHRINK_MILLISECONDS,
): FuzzFailure {
  const holds = (program: Program) => machine.run(program);
  const shrunk = fc.check(fc.property(machine.programs(fc), holds), {
    seed: failure.seed | 0,
    path: failure.path,
    numRuns: 1,
    interruptAfterTimeLimit: milliseconds,
  });
  const { counterexample, counterexamplePath, errorInstance } = shrunk;
  // Out of time before its first program: that one is known to fail.
  if (counterexample === null || counterexamplePath === null) return failure;
  return {
    ...failure,
    path: counterexamplePath,
    error: messageOf(errorInstance),
    program: counterexample[0],
  };
}

/** The program of a batch at a path, or `undefined` where there is none. */
export function programAt<Program>(
  fc: FastCheck,
  machine: Machine<Program>,
  seed: number,
  path: string,
): Program | undefined {
  // fast-check would make them all, however far the path leads.
  if (parseInt(path) >= BATCH_PROGRAMS) return undefined;
  let found: Program | undefined;
  const stop = (program: Program) => {
    found = program;
    throw new Error("found");
  };
  try {
    fc.check(fc.property(machine.programs(fc), stop), {
      seed: seed | 0,
      path,
      numRuns: 1,
      endOnFailure: true,
    });
  } catch {
    // Shrinking never led there, or the path is none: fast-check throws.
  }
  return found;
}

/** What fuzzing found. */
export interface FuzzResult {
  /** Programs that were run, those that shrinking tried not among them. */
  readonly programs: number;
  /** The steps of those programs, those behind one that failed among them. */
  readonly steps: number;
  /** The first program that failed, shrunk; `undefined` where none did. */
  readonly failure: FuzzFailure | undefined;
}

/** What {@linkcode fuzzMachine} can be told. */
export interface FuzzOptions {
  /** What the programs are made from: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** How many programs are run. */
  readonly programs: number;
  /** Asked after each program: where it answers true, that was the last. */
  readonly isTimeUp?: () => boolean;
  /** How long to shrink. Default: {@linkcode SHRINK_MILLISECONDS}. */
  readonly shrinkMilliseconds?: number;
}

/**
 * Runs programs of a machine until one fails, and shrinks that one. The same
 * seed gives the same programs; `zspec fuzz --seed` runs them too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fuzzMachine, zsmallocMachine } from "zspec";
 *
 * const result = await fuzzMachine(zsmallocMachine, { seed: 1, programs: 10 });
 * assertEquals([result.programs, result.failure], [10, undefined]);
 * ```
 */
export async function fuzzMachine<Program>(
  machine: Machine<Program>,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const fc = await loadFastCheck();
  const isTimeUp = options.isTimeUp ?? (() => false);
  const total = { programs: 0, steps: 0 };
  for (const batch of batchesOf(options.seed, options.programs)) {
    const search = searchBatch(fc, machine, batch);
    let found = search.next();
    for (; !found.done; found = search.next()) {
      total.programs++;
      total.steps += found.value;
      if (isTimeUp()) return { ...total, failure: undefined };
    }
    const failure = found.value;
    if (failure === undefined) continue;
    const { shrinkMilliseconds } = options;
    return {
      ...total,
      failure: shrinkFailure(fc, machine, failure, shrinkMilliseconds),
    };
  }
  return { ...total, failure: undefined };
}

/**
 * Runs the one program at a seed and path, as a {@linkcode FuzzFailure} names
 * them. Throws a RangeError where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { repeatProgram, zsmallocMachine } from "zspec";
 *
 * const again = await repeatProgram(zsmallocMachine, { seed: 1, path: "7" });
 * assertEquals([again.programs, again.failure], [1, undefined]);
 * ```
 */
export async function repeatProgram<Program>(
  machine: Machine<Program>,
  { seed, path }: Pick<FuzzFailure, "seed" | "path">,
): Promise<FuzzResult> {
  const program = programAt(await loadFastCheck(), machine, seed, path);
  if (program === undefined) {
    throw new RangeError(
      `Cannot repeat a program of ${machine.name}: the 'path' is '${path}', which leads to none from seed ${seed}`,
    );
  }
  const error = errorOf(machine, program);
  return {
    programs: 1,
    steps: stepsOf(program).length,
    failure: error === undefined
      ? undefined
      : { machine: machine.name, seed, path, error, program },
  };
}
