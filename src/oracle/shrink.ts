/**
 * Shrinking a program that fails. fast-check's own shrinking tries thousands
 * of programs, where a failure here may cost a process, or a wait until an
 * answer is late: this takes steps out in ever smaller pieces, then makes what
 * is left simpler.
 */
import type { Finding } from "./finding.ts";
import type { Step } from "./judge.ts";

/** Runs steps from a fresh state: the finding, or `undefined` where they agree. */
export type RunSteps<One extends Step> = (
  steps: readonly One[],
) => Promise<Finding<One> | undefined>;

/** What shrinking needs to know. */
export interface ShrinkOptions<One extends Step> {
  /** Runs a program. */
  readonly run: RunSteps<One>;
  /** Simpler steps that could take the place of one. */
  simpler(step: One): readonly One[];
  /** Asked before each program: where it answers true, shrinking ends. */
  isTimeUp(): boolean;
}

/** The smallest finding that shrinking leads to within the time given. */
export async function shrinkFinding<One extends Step>(
  finding: Finding<One>,
  { run, simpler, isTimeUp }: ShrinkOptions<One>,
): Promise<Finding<One>> {
  // Each pass would try much of what the one before it has.
  const tried = new Set<string>();
  const options: ShrinkOptions<One> = {
    simpler,
    isTimeUp,
    run(steps) {
      const program = JSON.stringify(steps);
      if (tried.has(program)) return Promise.resolve(undefined);
      tried.add(program);
      return run(steps);
    },
  };
  // Where there are many steps, some still fail once all are simpler.
  const simplest = await simplifyKinds(finding, options);
  let shrunk = await removeSteps(simplest, options);
  for (;;) {
    const simpler = await simplifyKinds(shrunk, options);
    const fewer = await removeSteps(simpler, options);
    const same = fewer.steps.length === shrunk.steps.length;
    if (same || options.isTimeUp()) return await simplifySteps(fewer, options);
    shrunk = fewer;
  }
}

/** Runs a program unless time is up. */
async function tryRun<One extends Step>(
  steps: readonly One[],
  { run, isTimeUp }: ShrinkOptions<One>,
): Promise<Finding<One> | undefined> {
  return isTimeUp() ? undefined : await run(steps);
}

/** Takes out runs of steps, half of all at first, then ever fewer. */
async function removeSteps<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Promise<Finding<One>> {
  let smallest = finding;
  for (
    let size = Math.ceil(smallest.steps.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    let isSmaller = true;
    while (isSmaller) {
      isSmaller = false;
      // The last step is the one that fails; what led there goes first.
      for (let at = 0; at < smallest.steps.length; at += size) {
        const { steps } = smallest;
        const without = [...steps.slice(0, at), ...steps.slice(at + size)];
        const found = await tryRun(without, options);
        if (found === undefined || found.steps.length >= steps.length) continue;
        smallest = found;
        isSmaller = true;
        at -= size;
      }
      if (size > 1) break;
    }
  }
  return smallest;
}

/**
 * Puts one simpler step in the place of every step that is like it: objects of
 * all sizes must often become smaller together.
 */
async function simplifyKinds<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Promise<Finding<One>> {
  const { steps } = finding;
  const ops = new Set(steps.map(({ op }) => op));
  for (const op of ops) {
    const most = Math.max(
      0,
      ...steps.map((step) => step.op === op ? options.simpler(step).length : 0),
    );
    for (let nth = 0; nth < most; nth++) {
      const simpler = steps.map((step) =>
        step.op === op ? options.simpler(step)[nth] ?? step : step
      );
      const found = await tryRun(simpler, options);
      if (found !== undefined && found.steps.length <= steps.length) {
        return found;
      }
    }
  }
  return finding;
}

/** Puts simpler steps in the place of single ones, as far as it goes. */
async function simplifySteps<One extends Step>(
  finding: Finding<One>,
  options: ShrinkOptions<One>,
): Promise<Finding<One>> {
  let simplest = finding;
  for (let at = 0; at < simplest.steps.length; at++) {
    for (const simpler of options.simpler(simplest.steps[at])) {
      const { steps } = simplest;
      const found = await tryRun(steps.with(at, simpler), options);
      if (found === undefined || found.steps.length > steps.length) continue;
      simplest = found;
      break;
    }
  }
  return simplest;
}
