/** Suites: kinds of targets that are not the model, and how they are judged. */
import type { Level } from "../judges/judge.ts";
import type { Profile } from "../linux/profile.ts";
import type { Language, Scope, Step } from "../programs/program.ts";
import type { Rule } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { Target } from "../targets/target.ts";
import type { Trial } from "./trial.ts";

/** What an implementation is judged by. */
export interface Plan {
  /** How much is asked of it. */
  readonly level: Level;
  /** The kernel that it is compared with. */
  readonly profile: Profile;
}

/** A kind of target, its programs, and how it is judged. */
export interface Suite<
  T extends Target,
  One extends Step,
  Known extends Plan = Plan,
> {
  /** What kind of target: `zsmalloc`, `zram` or `zswap`. */
  readonly target: string;
  /** The language of its programs. */
  readonly language: Language<One>;
  /** The rules that a level asks for. */
  rules(level: Level): readonly Rule[];
  /** What must be known of a target before programs are made for it. */
  prepare(target: T, plan: Plan): Known | Promise<Known>;
  /** What programs may be made of, as far as the target can do it. */
  scope(plan: Known): Scope;
  /**
   * Why a program that was found elsewhere cannot be asked of the target: what
   * no such target has. Left out where each program can be.
   */
  refusal?(steps: readonly One[]): string | undefined;
  /** What begins a program that was found elsewhere and has no `create`, where any can. */
  readonly create?: One;
  /** Why a target passes over a step: `has 'stated', …`. Left out where that needs no word. */
  whyPassed?(step: One): string | undefined;
  /** A trial of one program, before its first step. */
  trial(target: T, plan: Known, reach: Reach): Trial<One>;
}
