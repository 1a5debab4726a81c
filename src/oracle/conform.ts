/**
 * Conformance: random programs run on an implementation, each step judged; the
 * first program that is not survived is shrunk.
 */
import { loadFastCheck } from "../programs/fast_check.ts";
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
} from "../targets/target.ts";
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

/** Programs that may have led to a finding together with the one that found it. */
const REMEMBERED = 1024;

/** What was run last. */
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

/** Ends a target: how it fails to, after `steps`, or `undefined`. */
async function judgeEnd<One extends Step>(
  target: Target,
  steps: readonly One[],
): Promise<Finding<One> | undefined> {
  try {
    await target.end?.();
  } catch (error) {
    return findingOf(error, steps, "it ends");
  }
}

/**
 * Runs the steps of a transcript on a target, from a fresh state, and ends it.
 * Answers what it was judged by, and how it fails.
 */
export async function replayFinding<T extends Target, One extends Step>(
  suite: Suite<T, One>,
  target: T,
  asked: Plan,
  steps: readonly One[],
): Promise<{ plan: Plan; finding: Finding<One> | undefined }> {
  try {
    const plan = await suite.prepare(target, asked);
    const finding = await judgeSteps(suite, target, plan, steps) ??
      await judgeEnd(target, steps);
    return { plan, finding };
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
  const { runs = CONFORM_RUNS } = options;
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
    if (history.programs.length > REMEMBERED) history.programs.shift();
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
  }
  // Whether a target ends is mostly no matter of what it was asked before.
  const [program = []] = history.programs;
  return ended(plan, await judgeEnd(target, program.slice(0, 1)));
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
    return await runFresh(suite.renamed?.(steps) ?? steps);
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
 * @example An implementation of one's own, in a `deno test`
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, findingTranscript } from "zspec";
 * import { mine } from "./mine.ts"; // A ZsmallocTarget: seven methods.
 *
 * Deno.test("my allocator keeps the contract of zsmalloc", async () => {
 *   const { plan, finding } = await conformZsmalloc(mine, { runs: 300 });
 *   const said = findingTranscript("zsmalloc", plan, finding);
 *   assertEquals(finding, undefined, said);
 * });
 * ```
 *
 * @example The least that keeps the contract
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, type ZsmallocTarget } from "zspec";
 *
 * const objects = new Map<string, Uint8Array>();
 * let [next, pageSize, bytes] = [1, 0, 0];
 * const mine: ZsmallocTarget = {
 *   create(setup) {
 *     objects.clear();
 *     [pageSize, bytes] = [setup.pageSize, 0];
 *   },
 *   malloc(size) {
 *     if (size === 0 || size > pageSize) return { error: "EINVAL" };
 *     bytes += size;
 *     const handle = String(next++);
 *     objects.set(handle, new Uint8Array(size));
 *     return { handle };
 *   },
 *   free(handle) {
 *     bytes -= objects.get(handle)?.length ?? 0;
 *     objects.delete(handle);
 *   },
 *   write: (handle, data) => objects.get(handle)?.set(data),
 *   read(handle, length) {
 *     const object = objects.get(handle);
 *     if (object === undefined) return { error: "ENOENT" };
 *     return { data: object.slice(0, length) };
 *   },
 *   compact: () => ({ pagesFreed: 0 }),
 *   stats: () => ({
 *     totalPages: Math.ceil(bytes / pageSize),
 *     pagesCompacted: 0,
 *   }),
 * };
 * const contract = await conformZsmalloc(mine);
 * assertEquals(contract.finding, undefined);
 *
 * // Policies of its own are sound, but not Linux's.
 * const exact = await conformZsmalloc(mine, { level: "exact" });
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
 *
 * @example A device that answers zeros for what it does not have
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZram, isRefusal, LINUX_6_18, modelZram } from "zspec";
 *
 * const target = modelZram(LINUX_6_18);
 * const { finding } = await conformZram({
 *   ...target,
 *   async read(page) {
 *     const answer = await target.read(page);
 *     return isRefusal(answer) ? { data: new Uint8Array(4096) } : answer;
 *   },
 * });
 * assertEquals(finding?.rule.id, "contract/outside-the-disk");
 * assertEquals(finding?.steps.map(({ op }) => op), ["create", "read"]);
 * ```
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
 *
 * @example A swap cache that does not count what it writes back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZswap, LINUX_6_18, modelZswap } from "zspec";
 *
 * const target = modelZswap(LINUX_6_18);
 * const { finding } = await conformZswap({
 *   ...target,
 *   async stats() {
 *     return { ...await target.stats(), writtenBackPages: 0 };
 *   },
 * });
 * assertEquals(finding?.rule.id, "contract/written-back-pages");
 * ```
 */
export function conformZswap(
  target: ZswapTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZswapStep>> {
  return conform(ZSWAP_SUITE, target, options);
}
