/** Conformance: the search on a target that is not the model. */
import { assertProfile } from "../linux/assert_profile.ts";
import { type Level, LEVELS } from "../judges/judge.ts";
import { LINUX_6_18, type Profile } from "../linux/profile.ts";
import type { Step } from "../programs/program.ts";
import { NothingExercised } from "./nothing_exercised.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import type { Target } from "../targets/target.ts";
import {
  batchesOf,
  isEmptyShard,
  placesOf,
  type Shard,
  WHOLE_RUN,
} from "./batches.ts";
import { type Finding, findingOf, targetFault } from "./finding.ts";
import { runSteps } from "./run.ts";
import {
  type Arena,
  programAt,
  runEnd,
  search,
  type SearchResult,
} from "./search.ts";
import type { Plan, Suite } from "./suite.ts";
import { runWaiting } from "./trial.ts";

/** Programs that are run where nothing else is said. */
export const CONFORM_RUNS = 300;

/** What a conformance run can be told. */
export interface ConformOptions {
  /** What is asked of the implementation. Default: `contract`. */
  readonly level?: Level;
  /** The kernel that it is compared with. Default: {@linkcode LINUX_6_18}. */
  readonly profile?: Profile;
  /** How many programs. Default: {@linkcode CONFORM_RUNS}. */
  readonly runs?: number;
  /** What they are made from: a whole number from 0 to 2^32 - 1. Default: 1. */
  readonly seed?: number;
  /** Which part of the programs are run. Default: all of them. */
  readonly shard?: Shard;
  /** Told how many programs were run, after each. */
  onProgram?(programs: number): void;
  /** Asked after each program: where it answers true, that was the last. */
  isTimeUp?(): boolean;
  /**
   * Asked while a finding is shrunk: where it answers true, it is small enough.
   * Default: never.
   */
  isShrunk?(): boolean;
}

/** How a conformance run ended. */
export interface ConformResult<One extends Step = Step>
  extends Omit<SearchResult<One>, "found"> {
  /** What kind of target: `zsmalloc`, `zram` or `zswap`. */
  readonly target: string;
  /** What was asked of it. */
  readonly plan: Plan;
  /** What the programs were made from. */
  readonly seed: number;
  /** The first failure, shrunk; `undefined` where there is none. */
  readonly finding: Finding<One> | undefined;
}

/** What a run is told, every option at its value; throws where one has none. */
function checked(options: ConformOptions) {
  const { level = "contract", profile = LINUX_6_18 } = options;
  const { runs = CONFORM_RUNS, seed = 1, shard = WHOLE_RUN } = options;
  assertProfile("conform", profile);
  const refuse = (name: string, found: unknown, right: string): never => {
    throw new RangeError(
      `Cannot conform: the '${name}' is ${found}, not ${right}`,
    );
  };
  if (!LEVELS.includes(level)) refuse("level", level, LEVELS.join(" or "));
  const isCount = runs === Infinity || (Number.isInteger(runs) && runs > 0);
  if (!isCount) refuse("runs", runs, "a whole number from 1 on");
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    refuse("seed", seed, "a whole number from 0 to 2^32 - 1");
  }
  const isPart = [shard.index, shard.count].every(Number.isInteger) &&
    shard.index >= 1 && shard.index <= shard.count;
  if (!isPart) {
    const part = `${shard.index}/${shard.count}`;
    refuse("shard", part, "such as 2/8: a part and how many there are");
  }
  return { plan: { level, profile }, runs, seed, shard };
}

/** A suite's target as what programs are run on. */
function arenaOf<T extends Target, One extends Step, Known extends Plan>(
  suite: Suite<T, One, Known>,
  target: T,
  plan: Known,
): Arena<One> {
  return {
    language: suite.language,
    scope: suite.scope(plan),
    life: target,
    trial: (_profile, reach) => suite.trial(target, plan, reach),
    faultOf: targetFault,
  };
}

/**
 * Runs a suite against a target. Throws a `TargetMissing` where the target
 * cannot be had, and a {@linkcode NothingExercised} where nothing was found and no rule exercised.
 */
export async function conform<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  target: T,
  options: ConformOptions = {},
): Promise<ConformResult<One>> {
  const { plan, runs, seed, shard } = checked(options);
  const { onProgram, isTimeUp, isShrunk } = options;
  const { target: kind } = suite;
  let known: Known;
  try {
    known = await suite.prepare(target, plan);
  } catch (error) {
    const finding = findingOf<One>(error, []);
    const none = { programs: 0, steps: 0, reach: {} };
    return { target: kind, plan, seed, ...none, finding };
  }
  const arena = arenaOf(suite, target, known);
  let programs = 0;
  const { found, ...counts } = await runWaiting(search(arena, {
    places: placesOf(batchesOf(seed, runs, shard)),
    onProgram: () => onProgram?.(++programs),
    isTimeUp,
    isShrunk,
  }));
  // Whether a target ends is mostly no matter of what it was asked before.
  const finding = found?.finding ??
    await runWaiting(
      runEnd(arena, programAt(arena, { seed, nth: 0 }).steps.slice(0, 1)),
    );
  const isSilent = Object.keys(counts.reach).length === 0;
  if (finding === undefined && isSilent && !isEmptyShard(runs, shard)) {
    throw new NothingExercised(
      `Cannot say that ${kind} conforms: no rule was exercised in ${counts.programs} programs`,
    );
  }
  return { target: kind, plan: known, seed, ...counts, finding };
}

/** What became of the steps of a transcript on a target. */
export interface Replayed<One extends Step = Step> {
  /** What they were judged by. */
  readonly plan: Plan;
  /** How often each rule was exercised. */
  readonly reach: ReachCounts;
  /** The steps that the target cannot be asked, which it was not. */
  readonly passed: readonly One[];
  /** How they fail, if they do. */
  readonly finding: Finding<One> | undefined;
}

/** Runs the steps of a transcript on a target, from a fresh state, and ends it. */
export async function replaySteps<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  target: T,
  asked: Plan,
  steps: readonly One[],
): Promise<Replayed<One>> {
  const reach = new Reach();
  const passed: One[] = [];
  try {
    const plan = await suite.prepare(target, asked);
    const arena = arenaOf(suite, target, plan);
    const run = runSteps(
      arena.trial(plan.profile, reach),
      steps,
      arena.faultOf,
      (step) => passed.push(step),
    );
    const finding = await runWaiting(run) ??
      await runWaiting(runEnd(arena, steps));
    return { plan, reach: reach.counts(), passed, finding };
  } catch (error) {
    const finding = findingOf<One>(error, []);
    return { plan: asked, reach: {}, passed, finding };
  }
}
