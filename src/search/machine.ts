/** Machines: the models under every judge they have, for random programs. */
import type { Profile } from "../linux/profile.ts";
import type { Language, Program, Scope, Step } from "../programs/program.ts";
import type { Rule } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import { programRandom } from "./batches.ts";
import { describeFinding, type Finding } from "./finding.ts";
import { runSteps } from "./run.ts";
import { runNow, type Trial } from "./trial.ts";

/** A model, the programs that are run on it, and what judges it. */
export interface Machine<One extends Step = Step> {
  /** What it is a machine of: `zsmalloc`, `zram`, … */
  readonly name: string;
  /** What holds in every program, in one sentence. */
  readonly sentence: string;
  /** The language of its programs. */
  readonly language: Language<One>;
  /** What random programs are made of. */
  readonly scope: Scope;
  /** Every rule that its judges have. */
  readonly rules: readonly Rule[];
  /** A fresh model under all its judges, which count in `reach`. */
  trial(profile: Profile, reach: Reach): Trial<One>;
}

/** The `nth` program of the batch of a seed. */
export function programOf<One extends Step>(
  { language, scope }: Pick<Machine<One>, "language" | "scope">,
  batchSeed: number,
  nth: number,
): Program<One> {
  return language.random(programRandom(batchSeed, nth), scope);
}

/** Runs a program on a fresh model; answers how it fails, or `undefined`. */
export function judgeProgram<One extends Step>(
  machine: Machine<One>,
  { profile, steps }: Program<One>,
  reach: Reach,
): Finding<One> | undefined {
  return runNow(runSteps(machine.trial(profile, reach), steps));
}

/** A program that fails, with the number of the step and the broken rule. */
export class ProgramError extends Error {
  /** The error's class. */
  override readonly name = "ProgramError";
  /** How it fails. */
  readonly finding: Finding;

  /** Says what {@linkcode describeFinding} says, the rule and its source. */
  constructor(finding: Finding) {
    const { sentence, source } = finding.rule;
    super(
      `${
        describeFinding(finding)
      }\n  the rule: ${sentence}\n  its source: ${source}`,
    );
    this.finding = finding;
  }
}

/** Runs a program on a fresh model. Throws a {@linkcode ProgramError} where it fails. */
export function assertProgram<One extends Step>(
  machine: Machine<One>,
  program: Program<One>,
  reach: Reach,
): void {
  const finding = judgeProgram(machine, program, reach);
  if (finding !== undefined) throw new ProgramError(finding);
}
