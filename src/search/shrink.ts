/**
 * Shrinking a program that fails: steps are taken out in ever smaller runs, and
 * what is left is made simpler, until no step can be left out and none be
 * simpler. Each try may cost a process, or a wait until an answer is late, so
 * none is made twice.
 */
import type { Language, Step } from "../programs/program.ts";
import type { Finding } from "./finding.ts";
import type { Awaiting } from "./trial.ts";

/** How long a program that fails is shrunk. */
export const SHRINK_MILLISECONDS = 30_000;

/** Says whether that is over since it was asked first. */
export function shrinkLimit(): () => boolean {
  let since: number | undefined;
  return () => {
    since ??= performance.now();
    return performance.now() - since > SHRINK_MILLISECONDS;
  };
}

/** Runs steps from a fresh state: the finding, or `undefined` where they hold. */
export type RunTry<One extends Step> = (
  steps: readonly One[],
) => Awaiting<Finding<One> | undefined>;

/** What shrinking needs to know. */
export interface ShrinkOptions<One extends Step> {
  /** Runs a program. */
  readonly run: RunTry<One>;
  /** What is simpler than a step. */
  readonly language: Pick<Language<One>, "simpler">;
  /** Asked before each program: where it answers true, shrinking ends. */
  isTimeUp(): boolean;
}

/**
 * The smallest finding that shrinking leads to: where time is not up before,
 * one of whose steps none can be left out.
 */
export function* shrinkFinding<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Awaiting<Finding<One>> {
  const once = { ...options, run: withoutRepeats(options.run) };
  // Where there are many steps, some still fail once all are simpler.
  let smallest = yield* simplifyKinds(finding, once);
  for (;;) {
    const before = smallest;
    smallest = yield* removeSteps(smallest, once);
    smallest = yield* simplifyKinds(smallest, once);
    smallest = yield* simplifySteps(smallest, once);
    if (smallest === before || options.isTimeUp()) return smallest;
  }
}

/** Tries no program twice: one that was tried and is not kept holds. */
function withoutRepeats<One extends Step>(run: RunTry<One>): RunTry<One> {
  const tried = new Set<string>();
  return function* (steps) {
    const program = JSON.stringify(steps);
    if (tried.has(program)) return undefined;
    tried.add(program);
    return yield* run(steps);
  };
}

/**
 * The finding of a program unless time is up; only one that has not more steps
 * than `most`.
 */
function* tryRun<One extends Step>(
  steps: readonly One[],
  most: number,
  { run, isTimeUp }: ShrinkOptions<One>,
): Awaiting<Finding<One> | undefined> {
  if (isTimeUp()) return undefined;
  const found = yield* run(steps);
  return found !== undefined && found.steps.length <= most ? found : undefined;
}

/** Takes out runs of steps, half of all at first, then ever fewer, to single ones. */
function* removeSteps<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Awaiting<Finding<One>> {
  let smallest = finding;
  let size = Math.ceil(smallest.steps.length / 2);
  for (;;) {
    const fewer = yield* removeRuns(smallest, size, options);
    const isDone = size === 1 && fewer === smallest;
    smallest = fewer;
    if (isDone || smallest.steps.length === 0) return smallest;
    size = Math.max(1, Math.ceil(size / 2));
  }
}

/** Takes out each run of `size` steps that can be left out. */
function* removeRuns<One extends Step>(
  finding: Finding<One>,
  size: number,
  options: ShrinkOptions<One>,
): Awaiting<Finding<One>> {
  let smallest = finding;
  for (let at = 0; at < smallest.steps.length;) {
    const { steps } = smallest;
    const without = [...steps.slice(0, at), ...steps.slice(at + size)];
    const found = yield* tryRun(without, steps.length - 1, options);
    if (found === undefined) at += size;
    else smallest = found;
  }
  return smallest;
}

/**
 * Puts one simpler step in the place of every step that is like it: objects of
 * all sizes must often become smaller together.
 */
function* simplifyKinds<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Awaiting<Finding<One>> {
  const { steps } = finding;
  const { language } = options;
  for (const op of new Set(steps.map((step) => step.op))) {
    const choices = steps.map((step) =>
      step.op === op ? language.simpler(step) : []
    );
    const most = choices.reduce((max, { length }) => Math.max(max, length), 0);
    for (let nth = 0; nth < most; nth++) {
      const simpler = steps.map((step, at) => choices[at][nth] ?? step);
      const found = yield* tryRun(simpler, steps.length, options);
      if (found !== undefined) return found;
    }
  }
  return finding;
}

/** Puts simpler steps in the place of single ones, as far as it goes. */
function* simplifySteps<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Awaiting<Finding<One>> {
  let simplest = finding;
  for (let at = 0; at < simplest.steps.length; at++) {
    for (const simpler of options.language.simpler(simplest.steps[at])) {
      const { steps } = simplest;
      const replaced = steps.with(at, simpler);
      const found = yield* tryRun(replaced, steps.length, options);
      if (found === undefined) continue;
      simplest = found;
      break;
    }
  }
  return simplest;
}
