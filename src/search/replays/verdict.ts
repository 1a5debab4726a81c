/** How replays end, whatever they are of. */
import type { Codec } from "../../codec/codec.ts";
import type { Comparison, Difference } from "../../judges/comparison.ts";
import { TranscriptError } from "../../programs/transcript_fields.ts";
import { KernelBug } from "../../rules/kernel_bug.ts";
import type { Awaiting } from "../trial.ts";

/**
 * Where a replay takes compressed lengths from: what was recorded with each
 * write, or the model's own encoder.
 */
export type Sizes = "recorded" | "computed";

/** How a replay of operations of a kind ended. */
export interface VerdictOf<Operation> {
  /** Where compressed lengths came from. */
  readonly sizes: Sizes;
  /**
   * Of how many pages the length was taken as recorded though lengths were to
   * be computed, and why.
   */
  readonly asRecorded?: { readonly pages: number; readonly why: string };
  /** Operations that were run. */
  readonly operations: number;
  /** Observations that were compared. */
  readonly observations: number;
  /** The first operation with a difference, and all differences it has. */
  readonly failure?: {
    readonly operation: Operation;
    readonly differences: readonly Difference[];
  };
}

/**
 * What a step does; where a bug of the kernel would stop it there, no recording
 * can go on.
 */
function* unlessStopped(
  { line }: { readonly line: number },
  step: Awaiting<unknown>,
): Awaiting<void> {
  try {
    yield* step;
  } catch (error) {
    if (!(error instanceof KernelBug)) throw error;
    throw new TranscriptError(line, error.message);
  }
}

/**
 * Runs a recording's steps up to the first that has a difference: step 0 makes
 * the target, each other is that of the operation before it in number. Throws a
 * {@linkcode TranscriptError} where the kernel could not have gone on.
 */
export function* verdictOf<Operation extends { readonly line: number }>(
  sizes: Sizes,
  operations: readonly Operation[],
  comparison: Comparison,
  step: (nth: number) => Awaiting<unknown>,
): Awaiting<VerdictOf<Operation>> {
  yield* step(0);
  for (const [nth, operation] of operations.entries()) {
    yield* unlessStopped(operation, step(nth + 1));
    const differences = comparison.takeDifferences();
    if (differences.length === 0) continue;
    const { observations } = comparison;
    const failure = { operation, differences };
    return { sizes, operations: nth + 1, observations, failure };
  }
  const { observations } = comparison;
  return { sizes, operations: operations.length, observations };
}

/** That lengths cannot be computed: no codec equals the kernel's of that name. */
export function noEncoder(
  name: string,
  codecs: readonly Codec[],
): TranscriptError {
  const known = codecs.filter(({ near }) => near === undefined)
    .map((codec) => codec.name).join(", ");
  const near = codecs.find((codec) => codec.name === name)?.near;
  return new TranscriptError(
    1,
    `its sizes cannot be computed: there is no encoder that equals the kernel's '${name}'${
      near === undefined ? "" : ` (${near})`
    }, only ${known}`,
  );
}
