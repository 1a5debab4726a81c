/** Recordings as programs, and what was observed after each step. */
import type { Profile } from "../linux/profile.ts";
import { pageBytes } from "./bytes.ts";
import type { Grammar } from "./grammar.ts";
import type { PageData } from "./page_data.ts";
import type { Program, Step } from "./program.ts";

/** A program, and what was observed when it was run. */
export interface Recording<One extends Step, Operation> {
  /** Its first step makes what the header describes. */
  readonly program: Program<One>;
  /** The operations: the first is that of the second step. */
  readonly operations: readonly Operation[];
}

/** The program of what was recorded after a `create`. */
export function recordingOf<
  One extends Step,
  Operation extends { readonly op: One["op"]; readonly data?: PageData },
>(
  grammar: Grammar<One>,
  profile: Profile,
  create: One,
  operations: readonly Operation[],
): Recording<One, Operation> {
  const steps = operations.map((operation) => stepOf(grammar, operation));
  return { program: { profile, steps: [create, ...steps] }, operations };
}

/** An operation without what was observed: what its grammar has. */
function stepOf<One extends Step>(
  grammar: Grammar<One>,
  operation: { readonly op: One["op"]; readonly data?: PageData },
): One {
  const { op, data } = operation;
  const fields = Object.entries(operation)
    .filter(([name]) => name in grammar[op]);
  // The fields of an operation make a step of that operation.
  return {
    op,
    ...Object.fromEntries(fields),
    ...data === undefined ? {} : { data: pageBytes(data) },
  } as object as One;
}
