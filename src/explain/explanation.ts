/** What is said of one text, in parts. */
import type { Rule } from "../rules/invariant.ts";
import type { Profile } from "../linux/profile.ts";
import type { ReleaseSpan } from "./release_span.ts";

/** What a text cannot show of the kernel that it is from. */
export interface ExplainContext {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** The kernel, where it is known. */
  readonly profile?: Profile;
}

/** What one number of a text, or one word, is. */
export interface NumberMeaning {
  /** Its name in the kernel's documentation. */
  readonly name: string;
  /** What stands there. */
  readonly value: string;
  /** What it counts: `bytes`, `pages`, `4 KiB`, or nothing. */
  readonly unit: string;
  /** What it is, in a sentence or less. */
  readonly meaning: string;
  /** Which releases show it. */
  readonly releases: ReleaseSpan;
}

/** A rule that numbers break. */
export interface BrokenRule extends Rule {
  /** What the rule calls for. */
  readonly expected: string;
  /** What stands there. */
  readonly found: string;
}

/** The kinds of texts. */
export type ExplainedKind =
  | "mm_stat"
  | "bd_stat"
  | "io_stat"
  | "debug_stat"
  | "attributes"
  | "zramctl"
  | "classes"
  | "zswap";

/** What is said of one text. */
export interface Explanation {
  /** What text it is. */
  readonly kind: ExplainedKind;
  /** Of which device or pool, where that is known. */
  readonly device?: string;
  /** The line where it begins, from 1. */
  readonly line: number;
  /** How it was known where it has no name, or else what it is. */
  readonly title: string;
  /** Each number, in the text's order. */
  readonly numbers: readonly NumberMeaning[];
  /** What follows from them. */
  readonly follows: readonly string[];
  /** The model's rules that they break. */
  readonly broken: readonly BrokenRule[];
  /** What people take them for, and what is so. */
  readonly mistaken: readonly string[];
  /** The releases that it can be of; `null` where there is none. */
  readonly releases: ReleaseSpan | null;
}

/** A line that was not read, and why where there is a reason. */
export interface UnreadLine {
  /** Its number, from 1. */
  readonly line: number;
  /** The line. */
  readonly text: string;
  /** What would be needed to read it. */
  readonly why?: string;
}

/** The rule of a name, among those of a model. */
export function ruleNamed(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`There is no rule '${id}'`);
  return rule;
}

/** A rule as it is broken. */
export function broken(
  { id, sentence, source }: Rule,
  expected: string,
  found: string,
): BrokenRule {
  return { id, sentence, source, expected, found };
}
