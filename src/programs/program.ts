/**
 * Programs: what is done to a target, step after step. A program is a JSON
 * value; what runs it, and what judges the answers, is said elsewhere.
 */
import type { Profile } from "../linux/profile.ts";
import type { Fields } from "./fields.ts";
import type { Random } from "./random.ts";

/** A step of a program: an operation and its fields, a JSON value. */
export interface Step {
  /** The operation's name. */
  readonly op: string;
}

/**
 * A step of a language whose operations have `Steps`: with the fields
 * `{ free: { object: number } }` it is `{ op: "free"; object: number }`.
 */
export type StepOf<Steps, Op extends keyof Steps = keyof Steps> = {
  readonly [One in Op]: { readonly op: One } & Steps[One];
}[Op];

/** A language's results: what each operation is answered, where it does not fail. */
export type ResultsOf<Steps> = { readonly [Op in keyof Steps]: unknown };

/**
 * What is done to a target of one kernel. The first step is `create`, which
 * makes a fresh target; others may follow. A step that names what is not there
 * is passed over, so that every subsequence of the steps that begins with
 * `create` is a program too.
 */
export interface Program<One extends Step = Step> {
  /** The kernel that the target is of, or is compared with. */
  readonly profile: Profile;
  /** The steps, in the order in which they are taken. */
  readonly steps: readonly One[];
}

/** What random programs may be made of. */
export interface Scope {
  /** The kernels that programs are for, each as often as it stands there. */
  readonly profiles: readonly Profile[];
  /**
   * Whether `create` may ask for pages, words and chains of other sizes than
   * the profile's.
   */
  readonly anyGeometry: boolean;
  /**
   * Whether `create` may ask for what a model alone can be given: zones, frames
   * that are few or fail, blocks that fail, files, codecs whose pages state
   * their lengths. By default it may not.
   */
  readonly anySurroundings?: boolean;
  /**
   * Whether attributes are also written texts that nobody writes: what becomes
   * of them is Linux's own affair. By default they are not.
   */
  readonly oddTexts?: boolean;
  /** The operations that the target can do. */
  readonly ops: ReadonlySet<string>;
  /** The most steps of a program. */
  readonly maxSteps: number;
  /** The compressors that may be chosen: by default those of the profile. */
  readonly algorithms?: readonly string[];
  /** The attributes that may be set and read: by default all there are. */
  readonly attributes?: ReadonlySet<string>;
  /** Pages of a backing device at `/dev/loop0`, where there is one. */
  readonly backingPages?: number;
}

/** The language of the programs for one kind of target. */
export interface Language<One extends Step> {
  /** What kind of target: `zsmalloc`, `zram`, `zswap`, `swap`, … */
  readonly name: string;
  /** Every operation. */
  readonly ops: readonly One["op"][];
  /** Reads a step; refuses what is none. */
  parse(fields: Fields): One;
  /** A random program, the same one for the same draws. */
  random(random: Random, scope: Scope): Program<One>;
  /** Simpler steps that could take the place of one, the simplest first. */
  simpler(step: One): readonly One[];
  /** The same steps, the names that they give counted anew from 0. */
  renamed?(steps: readonly One[]): readonly One[];
}

/**
 * A random number of steps up to `most`: as many programs of a few steps as of
 * tens, hundreds and thousands.
 */
export function randomLength(random: Random, most: number): number {
  const scale = Math.log2(most + 1) * random(1 << 16) / (1 << 16);
  return Math.min(most, Math.floor(2 ** scale));
}
