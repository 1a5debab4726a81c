/** How tests search and shrink in the language of the swap path: from fixed seeds. */
import { batchesOf } from "../src/search/batches.ts";
import type { Finding } from "../src/search/finding.ts";
import { programAt } from "../src/search/search.ts";
import { runSteps } from "../src/search/run.ts";
import { shrinkFinding } from "../src/search/shrink.ts";
import { runNow, type Trial } from "../src/search/trial.ts";
import type { Language, Program, Scope } from "../src/programs/program.ts";
import type { SwapStep } from "../src/programs/swap/steps.ts";

/** What a search needs to know. */
export interface Search {
  readonly language: Language<SwapStep>;
  readonly scope: Scope;
  /** A fresh trial. */
  trial(program: Program<SwapStep>): Trial<SwapStep>;
}

/** The programs of a run of `count` from a seed. */
export function* programsOf(
  { language, scope }: Pick<Search, "language" | "scope">,
  seed: number,
  count: number,
): Generator<Program<SwapStep>> {
  for (const batch of batchesOf(seed, count)) {
    for (let nth = 0; nth < batch.programs; nth++) {
      yield programAt({ language, scope }, { seed: batch.seed, nth });
    }
  }
}

/** The first finding of so many programs from a seed, with its program. */
export function firstFinding(
  search: Search,
  seed: number,
  count: number,
): { finding: Finding<SwapStep>; program: Program<SwapStep> } | undefined {
  for (const program of programsOf(search, seed, count)) {
    const finding = runNow(runSteps(search.trial(program), program.steps));
    if (finding !== undefined) return { finding, program };
  }
  return undefined;
}

/** A finding, shrunk as far as it goes. */
export function shrunk(
  search: Search,
  { finding, program }: {
    finding: Finding<SwapStep>;
    program: Program<SwapStep>;
  },
): Finding<SwapStep> {
  return runNow(shrinkFinding(finding, {
    language: search.language,
    isTimeUp: () => false,
    run: (steps) => runSteps(search.trial(program), steps),
  }));
}

/** The steps of a finding that could be left out, one at a time. */
export function needless(
  search: Search,
  { steps }: Finding<SwapStep>,
  program: Program<SwapStep>,
): SwapStep[] {
  return steps.filter((_, nth) => {
    const fewer = steps.toSpliced(nth, 1);
    const finding = runNow(runSteps(search.trial(program), fewer));
    return finding !== undefined && finding.steps.length <= fewer.length;
  });
}
