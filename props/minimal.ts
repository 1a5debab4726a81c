/** What every shrunk finding is: a program of which no step can be left out. */
import { assert } from "@std/assert";
import {
  findingTranscript,
  type Plan,
  Reach,
  runWaiting,
  type Step,
  type Target,
} from "../mod.ts";
import type { Finding } from "../src/search/finding.ts";
import { runSteps } from "../src/search/run.ts";
import type { Suite } from "../src/search/suite.ts";

/**
 * Throws where a step of a finding can be left out: where the rest still fails
 * on a fresh target in fewer steps. What a judge asks after the program's last
 * step it asks again.
 */
export async function assertMinimal<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  target: T,
  { level, profile }: Plan,
  finding: Finding<One>,
): Promise<void> {
  const plan = await suite.prepare(target, { level, profile });
  const run = (steps: readonly One[]) =>
    runWaiting(runSteps(suite.trial(target, plan, new Reach()), steps));
  const isFewer = async (steps: readonly One[]) => {
    const left = await run(steps);
    return left !== undefined && left.steps.length < finding.steps.length;
  };
  const said = findingTranscript(suite.target, plan, finding);
  assert(await run(finding.steps) !== undefined, said);
  for (const nth of finding.steps.keys()) {
    const steps = finding.steps.toSpliced(nth, 1);
    // `create` mostly makes a target as good as fresh, and much sooner.
    if (!await isFewer(steps)) continue;
    await target.restart?.();
    assert(!await isFewer(steps), `without step ${nth + 1} of\n${said}`);
  }
}
