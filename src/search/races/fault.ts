/** What a schedule breaks, as a JSON value: errors do not reach other threads. */
import { InvariantError, type Violation } from "../../rules/invariant.ts";
import type { Rule } from "../../rules/rule.ts";
import { readRule } from "../finding.ts";

/** A rule and how it is broken, or the words of whatever else was thrown. */
export type RaceFault =
  | { readonly rule: Rule; readonly violation: Violation }
  | { readonly message: string };

/** The fault that an error stands for. */
export function faultOf(error: unknown): RaceFault {
  if (error instanceof InvariantError) {
    return { rule: readRule(error.rule), violation: error.violation };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** The error that a fault stands for. */
export function errorOf(fault: RaceFault): Error {
  return "rule" in fault
    ? new InvariantError(fault.rule, fault.violation)
    : new Error(fault.message);
}
