/**
 * Conformance: random programs run on an implementation, each step judged; the
 * first program that is not survived is shrunk.
 */
import { loadFastCheck } from "../explore/fast_check.ts";
import { batchesOf } from "../explore/fuzz.ts";
import { LINUX_6_18, type Profile } from "../linux/profile.ts";
import { type Finding, findingOf } from "./finding.ts";
import type { Level, Plan, Step, Suite } from "./judge.ts";
import { type RunSteps, shrinkFinding } from "./shrink.ts";
import type {
  Target,
  ZramTarget,
  ZsmallocTarget,
  ZswapTarget,
} from "./target.ts";
import { ZRAM_SUITE } from "./zram_suite.ts";
import type { ZramStep } from "./zram_steps.ts";
import { ZSMALLOC_SUITE } from "./zsmalloc_suite.ts";
import type { ZsmallocStep } from "./zsmalloc_steps.ts";
import { ZSWAP_SUITE } from "./zswap_suite.ts";
import type { ZswapStep } from "./zswap_steps.ts";

/** Programs that are run where nothing else is said. */
export const CONFORM_RUNS = 100;

/** How long a finding is shrunk where nothing else is said. */
export const CONFORM_SHRINK_MILLISECONDS = 30_000;

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
export interface ConformResult<One extends Step = Step> {
  /** What kind of target: `zsmalloc`, `zram` or `zswap`. */
  readonly target: string;
  /** What was asked of it. */
  readonly plan: Plan;
  /** What the programs were made from. */
  readonly seed: number;
  /** Programs that were run, those that shrinking tried not among them. */
  readonly programs: number;
  /** Their steps. */
  readonly steps: number;
  /** The first failure, shrunk; `undefined` where there is none. */
  readonly finding: Finding<One> | undefined;
}

/** What was run since the target was fresh. */
interface History<One extends Step> {
  readonly programs: (readonly One[])[];
}

/**
 * Runs the steps of a program on a target, from what state it may be in: the
 * first step is `create`. Answers how it fails, or `undefined`.
 */
export async function judgeSteps<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  plan: Plan,
  steps: readonly One[],
): Promise<Finding<One> | undefined> {
  const judge = suite.judge(target, plan);
  const run: One[] = [];
  let current: One | undefined;
  try {
    const runAll = async (some: readonly One[]) => {
      for (const step of some) {
        current = step;
        if (await judge.step(step)) run.push(step);
      }
    };
    await runAll(steps);
    await runAll(judge.closing());
  } catch (error) {
    return findingOf(error, [...run, ...failed(current, judge.asked)]);
  }
}

/**
 * The last steps of a finding: the program's own, and the judge's question
 * after it. The judge asks what it was told to by the same object.
 */
function failed<One extends Step>(
  step: One | undefined,
  asked: One | undefined,
): One[] {
  if (step === undefined) return [];
  return asked === undefined || asked === step ? [step] : [step, asked];
}

/**
 * Runs the steps of a transcript on a target, from a fresh state. Answers what
 * it was judged by, and how it fails.
 */
export async function replayFinding<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  asked: Plan,
  steps: readonly One[],
): Promise<{ plan: Plan; finding: Finding<One> | undefined }> {
  try {
    const plan = await suite.prepare(target, asked);
    return { plan, finding: await judgeSteps(suite, target, plan, steps) };
  } catch (error) {
    return { plan: asked, finding: findingOf<One>(error, []) };
  }
}

/** The programs of a run, made as they are needed. */
async function* programsOf<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  plan: Plan,
  seed: number,
  runs: number,
): AsyncGenerator<readonly One[]> {
  const fc = await loadFastCheck();
  for (const batch of batchesOf(seed, runs)) {
    yield* fc.sample(suite.programs(fc, plan), {
      seed: batch.seed | 0,
      numRuns: batch.programs,
    });
  }
}

/**
 * Runs a suite against a target. Throws a `TargetMissing` where the target
 * cannot be had.
 */
export async function conform<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  options: ConformOptions = {},
): Promise<ConformResult<One>> {
  const { level = "contract", profile = LINUX_6_18, seed = 1 } = options;
  const { runs = CONFORM_RUNS, isTimeUp = () => false } = options;
  const counts = { programs: 0, steps: 0 };
  const asked = { level, profile };
  const ended = (plan: Plan, finding?: Finding<One>) => ({
    target: suite.target,
    plan,
    seed,
    ...counts,
    finding,
  });
  let plan: Plan = asked;
  try {
    plan = await suite.prepare(target, asked);
  } catch (error) {
    return ended(asked, findingOf<One>(error, []));
  }
  const history: History<One> = { programs: [] };
  for await (const program of programsOf(suite, plan, seed, runs)) {
    const finding = await judgeSteps(suite, target, plan, program);
    counts.programs++;
    counts.steps += program.length;
    history.programs.push(program);
    options.onProgram?.(counts.programs);
    if (finding !== undefined) {
      const shrunk = await shrink(
        suite,
        target,
        plan,
        finding,
        history,
        options,
      );
      return ended(plan, shrunk);
    }
    if (isTimeUp()) break;
  }
  return ended(plan);
}

/**
 * The smallest finding that comes of a fresh target. `create` mostly makes one
 * as good as fresh, and much sooner: only where what that led to does not fail
 * a fresh one is each try given a fresh one.
 */
async function shrink<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  plan: Plan,
  finding: Finding<One>,
  { programs }: History<One>,
  { isShrunk = () => false }: ConformOptions,
): Promise<Finding<One>> {
  const run = (steps: readonly One[]) => judgeSteps(suite, target, plan, steps);
  const runFresh = async (steps: readonly One[]) => {
    await target.restart?.();
    return await run(steps);
  };
  const shrinkBy = async (runTry: RunSteps<One>, from: Finding<One>) => {
    target.hurry?.(true);
    const { simpler } = suite;
    const options = { run: runTry, simpler, isTimeUp: isShrunk };
    const { steps } = await shrinkFinding(from, options);
    target.hurry?.(false);
    return await runFresh(steps);
  };
  const shrunk = await shrinkBy(run, finding);
  if (shrunk !== undefined) return shrunk;
  const again = await runFresh(finding.steps) ??
    await findAgain(runFresh, programs);
  if (again === undefined) return finding;
  return await shrinkBy(runFresh, again) ?? again;
}

/**
 * A finding that comes of the last programs together, of as few as need be: one
 * of a state that outlives `create`. `undefined` where it never comes again.
 */
async function findAgain<One extends Step>(
  runFresh: RunSteps<One>,
  programs: readonly (readonly One[])[],
): Promise<Finding<One> | undefined> {
  for (let last = 2;; last *= 2) {
    const again = await runFresh(programs.slice(-last).flat());
    if (again !== undefined || last >= programs.length) return again;
  }
}

/**
 * Runs random programs on an allocator and judges every answer. The same seed
 * gives the same programs.
 *
 * @example An allocator that never reuses a handle, and forgets to compact
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, LINUX_6_18, modelZsmalloc } from "zspec";
 *
 * const target = modelZsmalloc(LINUX_6_18);
 * const lazy = { ...target, compact: () => ({ pagesFreed: 0 }) };
 * const contract = await conformZsmalloc(lazy, { runs: 10 });
 * assertEquals(contract.finding, undefined);
 *
 * // Its own policy is sound. But it is not Linux's.
 * const exact = await conformZsmalloc(lazy, { level: "exact", runs: 10 });
 * assertEquals(exact.finding?.rule.id, "exact/same-answer");
 * ```
 */
export function conformZsmalloc(
  target: ZsmallocTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZsmallocStep>> {
  return conform(ZSMALLOC_SUITE, target, options);
}

/**
 * Runs random programs on a compressed block device and judges every answer,
 * likewise. Its algorithms are those that `comp_algorithm` shows.
 */
export function conformZram(
  target: ZramTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZramStep>> {
  return conform(ZRAM_SUITE, target, options);
}

/**
 * Runs random programs on a compressed swap cache and judges every answer,
 * likewise. At level `exact` it has the kernel's default compressor, its worker
 * runs right after the store that queues it, and `writeback` is what
 * {@linkcode modelZswap} does.
 */
export function conformZswap(
  target: ZswapTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZswapStep>> {
  return conform(ZSWAP_SUITE, target, options);
}
