/** Judging a target: rules, and what is found where one is broken. */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import type { Profile } from "../linux/profile.ts";
import type { Rule } from "../rules/invariant.ts";
import type { Fields } from "../programs/fields.ts";
import { isRefusal, type Refusal, type Target } from "../targets/target.ts";

/**
 * What is asked of an implementation: what every one must keep, whatever its
 * policy; or that it also makes Linux's own choices, so that every statistic
 * is the model's.
 */
export type Level = "contract" | "exact";

/** Both levels. */
export const LEVELS: readonly Level[] = ["contract", "exact"];

/** What an implementation is judged by. */
export interface Plan {
  /** How much is asked of it. */
  readonly level: Level;
  /** The kernel that it is compared with. */
  readonly profile: Profile;
  /**
   * The compressors that programs may choose: those that a device says it has,
   * at level `exact` those of them whose lengths the model knows.
   */
  readonly algorithms?: readonly string[];
  /**
   * Pages of a backing device that a zram device finds at `/dev/loop0`, where
   * there is one: at level `exact` programs then write back to it.
   */
  readonly backingPages?: number;
}

/**
 * A step of a program: a request of the oracle protocol, but objects are named
 * by numbers, and bytes by what they are made from. A JSON value.
 */
export interface Step {
  /** The request's operation. */
  readonly op: string;
}

/** How a target breaks a rule. */
export class Disagreement extends Error {
  /** The error's class. */
  override readonly name = "Disagreement";
  /** The rule. */
  readonly rule: Rule;
  /** What the rule calls for: a JSON value. */
  readonly expected: unknown;
  /** What came: a JSON value. */
  readonly found: unknown;

  /** Both values are shown as they are. */
  constructor(rule: Rule, expected: unknown, found: unknown) {
    super(
      `${rule.id}: expected ${JSON.stringify(expected)}, found ${
        JSON.stringify(found)
      }`,
    );
    this.rule = rule;
    this.expected = expected;
    this.found = found;
  }
}

/** Runs the steps of one program on a target, and judges what it answers. */
export interface Judge<One extends Step> {
  /** The request that is being asked, or was last: a step, or a question of the judge's own. */
  readonly asked: One | undefined;
  /**
   * Runs a step and checks every rule. Answers `false` where there is nothing
   * to do: the step names an object that is not there. Throws a
   * {@linkcode Disagreement}, or what the target throws.
   */
  step(step: One): Promise<boolean>;
  /** Steps that end a program: everything that should be there is read. */
  closing(): readonly One[];
}

/** A kind of target, and how it is judged. */
export interface Suite<T extends Target, One extends Step> {
  /** What kind of target: `zsmalloc`, `zram` or `zswap`. */
  readonly target: string;
  /** The rules of its contract. */
  readonly rules: readonly Rule[];
  /**
   * What must be known of a target before programs are made for it: a plan
   * that says so.
   */
  prepare(target: T, plan: Plan): Promise<Plan>;
  /** Random programs: lists of steps, the first of which is `create`. */
  programs(fc: FastCheck, plan: Plan): Arbitrary<readonly One[]>;
  /** A judge of one run of one program, before its first step. */
  judge(target: T, plan: Plan): Judge<One>;
  /** Simpler steps that could take the place of one. */
  simpler(step: One): readonly One[];
  /** The same program, the names that steps give counted anew from 0. */
  renamed?(steps: readonly One[]): readonly One[];
  /** Reads a step. */
  parse(fields: Fields): One;
}

/** What every answer is judged by. */
export const ANSWERS: Rule = {
  id: "protocol/answers",
  sentence:
    "Every request is answered in time, once, in its turn, with the fields that the protocol names; the implementation ends when its input ends.",
  source: "the oracle protocol, version 1",
};

/** What the level `exact` asks for above the contract. */
export const EXACT: Rule = {
  id: "exact/same-answer",
  sentence:
    "Every answer but a handle is the model's: the implementation makes Linux's own choices.",
  source: "the oracle protocol, version 1; the profile's kernel",
};

/** Throws a {@linkcode Disagreement} with a rule where the two differ. */
export function expectSame(
  rule: Rule,
  expected: unknown,
  found: unknown,
): void {
  if (JSON.stringify(expected) === JSON.stringify(found)) return;
  throw new Disagreement(rule, expected, found);
}

/** The result of a request that the interface does not let fail. */
export function resultOf<Result>(
  rule: Rule,
  answer: Result | Refusal,
): Result {
  if (isRefusal(answer)) {
    throw new Disagreement(rule, "no error", { error: answer.error });
  }
  return answer;
}

/** The errno of a request that must be refused with one of `errnos`; of any, where none are given. */
export function expectRefusal(
  rule: Rule,
  answer: unknown,
  errnos: readonly string[] = [],
): void {
  const found = isRefusal(answer) ? answer.error : undefined;
  const isRight = found !== undefined &&
    (errnos.length === 0 || errnos.includes(found));
  if (isRight) return;
  throw new Disagreement(
    rule,
    { error: errnos.length === 0 ? "an errno" : errnos.join(" or ") },
    found === undefined ? "no error" : { error: found },
  );
}

/** Throws where bytes are not those expected, and says at which byte. */
export function expectBytes(
  rule: Rule,
  expected: Uint8Array,
  found: Uint8Array,
): void {
  if (expected.length !== found.length) {
    throw new Disagreement(
      rule,
      `${expected.length} bytes`,
      `${found.length} bytes`,
    );
  }
  const at = expected.findIndex((byte, nth) => byte !== found[nth]);
  if (at < 0) return;
  const hex = (bytes: Uint8Array) => bytes.subarray(at, at + 16).toHex();
  throw new Disagreement(
    rule,
    { byte: at, hex: hex(expected) },
    { byte: at, hex: hex(found) },
  );
}
