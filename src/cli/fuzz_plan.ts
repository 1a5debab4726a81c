/** What `zspec fuzz` is asked for, and what comes of it. */
import { BATCH_PROGRAMS, isEmptyShard, type Shard } from "../search/batches.ts";
import type { Profile } from "../linux/profile.ts";
import type { Machine } from "../search/machine.ts";
import { MACHINES } from "../search/machines.ts";
import type { WorkersResult } from "../search/workers.ts";
import { type CorpusFolder, openCorpus } from "./corpus.ts";
import { shardOption } from "./shard.ts";
import { namedOnes } from "./unknown.ts";
import {
  freshSeed,
  namedProfile,
  type Options,
  searchOptions,
  seedOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** Programs of each machine where neither their number nor a time is given. */
export const FUZZ_PROGRAMS = 400;

/** What is asked for. */
export interface FuzzPlan {
  /** The machines. */
  readonly machines: readonly Machine[];
  /** The one kernel that programs are of, or `undefined` for every one. */
  readonly profile: Profile | undefined;
  /** What the programs are made from. */
  readonly seed: number;
  /** Which program of the seed's batch is repeated, if one is. */
  readonly path: number | undefined;
  /** Programs of each machine; Infinity where time alone ends them. */
  readonly programs: number;
  /** When to stop. */
  readonly milliseconds: number | undefined;
  /** Threads. */
  readonly jobs: number;
  /** Which part of the programs are run. */
  readonly shard: Shard;
  /** Where programs are kept, if anywhere. */
  readonly corpus: CorpusFolder | undefined;
}

/** What was done. */
export interface FuzzOutcome extends WorkersResult {
  /** How long it took. */
  readonly seconds: number;
  /** Whether it was stopped by a signal. */
  readonly interrupted: boolean;
}

/** The machines of which nothing is known: no rule was exercised. */
export function silentMachines(
  { programs, shard }: FuzzPlan,
  { counts }: WorkersResult,
): readonly string[] {
  if (isEmptyShard(programs, shard)) return [];
  return counts.filter(({ reach }) => Object.keys(reach.counts()).length === 0)
    .map(({ machine }) => machine);
}

/** Reads the options. */
export function planOf(options: Options): FuzzPlan {
  const seed = seedOption(options);
  const { runs, time, jobs } = searchOptions(options);
  const path = wholeOption(options, "path", 0, BATCH_PROGRAMS - 1);
  const corpus = options.text("corpus");
  if (path !== undefined) {
    const isOne = options.paths.length === 1 && seed !== undefined;
    const others = [runs, time, jobs, corpus, options.text("shard")];
    if (!isOne || others.some((one) => one !== undefined)) {
      throw new UsageError(
        "The option '--path' needs one MACHINE and '--seed', and none of '--runs', '--time', '--jobs', '--shard', '--corpus'",
      );
    }
  }
  const { profile } = namedProfile(options);
  const machines = machinesOf(options.paths, profile);
  return {
    machines,
    profile,
    seed: seed ?? freshSeed(),
    path,
    programs: runs ?? (time === undefined ? FUZZ_PROGRAMS : Infinity),
    milliseconds: time === undefined ? undefined : 1000 * time,
    jobs: jobs ?? navigator.hardwareConcurrency,
    shard: shardOption(options),
    corpus: corpus === undefined ? undefined : openCorpus(corpus),
  };
}

/** Whether a kernel has what a machine is of: allocators come and go. */
function isThere({ name }: Machine, { zswap }: Profile): boolean {
  const isZpool = ["zbud", "z3fold"].includes(name);
  return !isZpool || zswap.zpools.some((zpool) => zpool === name);
}

/** The machines that are named; all that the kernel has where none is. */
function machinesOf(
  names: readonly string[],
  profile: Profile | undefined,
): readonly Machine[] {
  return namedOnes("machine", names, MACHINES).filter((machine) => {
    if (profile === undefined || isThere(machine, profile)) return true;
    if (names.length === 0) return false;
    throw new UsageError(
      `Cannot fuzz ${machine.name}: ${profile.name} has none`,
    );
  });
}
