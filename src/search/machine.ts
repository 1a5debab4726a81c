/** Machines: the models under every judge they have, for random programs. */
import type { Profile } from "../linux/profile.ts";
import type { Language, Program, Scope, Step } from "../programs/program.ts";
import type { Rule } from "../rules/invariant.ts";
import { Reach } from "../rules/reach.ts";
import { explainFinding, type Finding } from "./finding.ts";
import { modelFault } from "./model_fault.ts";
import { type Arena, runProgram } from "./search.ts";
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

/** The machine whose programs are of one kernel alone, as it is built. */
export function machineOf<One extends Step>(
  machine: Machine<One>,
  profile: Profile,
): Machine<One> {
  const scope = { ...machine.scope, profiles: [profile], anyGeometry: false };
  return { ...machine, scope };
}

/** A machine as what programs are run on: each has a fresh model. */
export function arenaOf<One extends Step>(machine: Machine<One>): Arena<One> {
  const { language, scope } = machine;
  return {
    language,
    scope,
    life: {},
    trial: (profile, reach) => machine.trial(profile, reach),
    faultOf: modelFault,
  };
}

/** Runs a program on a fresh model; answers how it fails, or `undefined`. */
export function judgeProgram<One extends Step>(
  machine: Machine<One>,
  program: Program<One>,
  reach: Reach = new Reach(),
): Finding<One> | undefined {
  return runNow(runProgram(arenaOf(machine), program, reach));
}

/** A program that fails, with the number of the step and the broken rule. */
export class ProgramError extends Error {
  /** The error's class. */
  override readonly name = "ProgramError";
  /** How it fails. */
  readonly finding: Finding;

  /** Says what `describeFinding` says, the rule and its source. */
  constructor(finding: Finding) {
    super(explainFinding(finding));
    this.finding = finding;
  }
}

/** Runs a program on a fresh model. Throws a {@linkcode ProgramError} where it fails. */
export function assertProgram<One extends Step>(
  machine: Machine<One>,
  program: Program<One>,
  reach?: Reach,
): void {
  const finding = judgeProgram(machine, program, reach);
  if (finding !== undefined) throw new ProgramError(finding);
}
