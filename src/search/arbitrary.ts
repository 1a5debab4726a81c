/**
 * Programs for fast-check: a language's own generator makes them, from
 * fast-check's randomness, and what is smaller is what the shrinker tries.
 */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import type { Language, Program, Scope, Step } from "../programs/program.ts";

/** A whole number below a bound, from fast-check's generator of numbers. */
interface Draws {
  nextInt(min: number, max: number): number;
}

/**
 * Random programs of a language as fast-check's arbitrary: `fc.assert` shrinks
 * and repeats them by its seeds and paths.
 *
 * @example
 * ```ts
 * import { loadFastCheck, programArbitrary, judgeProgram, zsmallocMachine } from "zspec";
 *
 * const fc = await loadFastCheck();
 * const programs = programArbitrary(fc, zsmallocMachine);
 * const holds = fc.property(
 *   programs,
 *   (program) => judgeProgram(zsmallocMachine, program) === undefined,
 * );
 * fc.assert(holds, { seed: 1, numRuns: 10 });
 * ```
 */
export function programArbitrary<One extends Step>(
  fc: FastCheck,
  { language, scope }: {
    readonly language: Language<One>;
    readonly scope: Scope;
  },
): Arbitrary<Program<One>> {
  class ProgramArbitrary extends fc.Arbitrary<Program<One>> {
    override generate(draws: Draws) {
      const random = (bound: number) => draws.nextInt(0, bound - 1);
      return new fc.Value(language.random(random, scope), undefined);
    }

    override canShrinkWithoutContext(value: unknown): value is Program<One> {
      return typeof value === "object" && value !== null && "steps" in value;
    }

    override shrink(program: Program<One>) {
      return fc.stream(smallerPrograms(language, program))
        .map((smaller) => new fc.Value(smaller, undefined));
    }
  }
  return new ProgramArbitrary();
}

/** Smaller programs: without ever fewer of the steps, then with simpler ones. */
function* smallerPrograms<One extends Step>(
  { simpler }: Language<One>,
  { profile, steps }: Program<One>,
): Generator<Program<One>> {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let at = 1; at < steps.length; at += size) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      yield { profile, steps: fewer };
    }
  }
  for (const [at, step] of steps.entries()) {
    for (const one of simpler(step)) {
      yield { profile, steps: steps.with(at, one) };
    }
  }
}
