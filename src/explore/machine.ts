/**
 * State machines: random programs of operations, run on an implementation and
 * on a naive model of it side by side.
 */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";

/**
 * A state machine. Its programs are JSON values: what is set up, and `steps`,
 * each a plain object with the operation's name as `op`. A step names what is
 * alive by position ("the nth live object, counted round"), so that every
 * subsequence of a program's steps is a program too.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { type Machine } from "zspec";
 *
 * interface Sum {
 *   readonly steps: readonly { readonly op: "add"; readonly number: number }[];
 * }
 * const sums: Machine<Sum> = {
 *   name: "sums",
 *   sentence: "Numbers add up to less than 100.",
 *   programs: (fc) =>
 *     fc.record({
 *       steps: fc.array(
 *         fc.record({ op: fc.constant("add"), number: fc.nat(50) }),
 *       ),
 *     }),
 *   run({ steps }) {
 *     steps.reduce((sum, { number }, nth) => {
 *       if (sum + number < 100) return sum + number;
 *       throw new Error(`Step ${nth + 1}: the sum is ${sum + number}`);
 *     }, 0);
 *   },
 * };
 * const step = { op: "add", number: 50 } as const;
 * sums.run({ steps: [step] });
 * assertThrows(() => sums.run({ steps: [step, step] }), Error, "Step 2");
 * ```
 */
export interface Machine<Program = unknown> {
  /** What it is a machine of: `zsmalloc`, `zram`, … */
  readonly name: string;
  /** What holds in every program, in one sentence. */
  readonly sentence: string;
  /** Random programs. */
  programs(fc: FastCheck): Arbitrary<Program>;
  /**
   * Runs a program from a fresh state beside the naive model, and checks every
   * rule after every step. Throws at the first that is broken, with the number
   * of the step.
   */
  run(program: Program): void;
}

/** The steps of a machine's program. Throws where it has none. */
export function stepsOf(program: unknown): readonly unknown[] {
  if (
    typeof program === "object" && program !== null && "steps" in program &&
    Array.isArray(program.steps)
  ) return program.steps;
  throw new Error(
    `Cannot count steps: the program is ${
      JSON.stringify(program)
    }, not an object with 'steps'`,
  );
}
