/** Plants mutants one after another and asks the search of each. */
import type { Mutant } from "./mutant.ts";
import {
  copyCheckout,
  type Kill,
  search,
  searchMutant,
  type SearchOptions,
} from "./search.ts";

/** What came of a mutant. */
export interface Result {
  /** The mutant. */
  readonly mutant: Mutant;
  /** Who found it; `undefined` where it survived. */
  readonly kill: Kill | undefined;
}

/** What {@linkcode runMutants} is told. */
export interface RunOptions extends SearchOptions {
  /** The checkout's folder. */
  readonly root: string;
  /** Copies of it, each with a search of its own. */
  readonly jobs: number;
  /** Called after each mutant. */
  readonly onResult: (result: Result) => void;
}

/**
 * The results of all mutants, in their order. Copies of the checkout are made
 * for it, and are gone when it ends, however it ends. Throws where the search
 * finds something in the checkout as it is.
 */
export async function runMutants(
  mutants: readonly Mutant[],
  options: RunOptions,
): Promise<Result[]> {
  const folder = await Deno.makeTempDir({ prefix: "zspec-mutants-" });
  try {
    const jobs = Math.min(options.jobs, mutants.length);
    const copies = await copyCheckout(options.root, folder, jobs);
    await assertHolds(copies[0], mutants, options);
    return await shareOut(copies, mutants, options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Throws where one of the mutants' machines fails without a mutant. */
async function assertHolds(
  copy: string,
  mutants: readonly Mutant[],
  options: SearchOptions,
): Promise<void> {
  const fuzzed = mutants.filter(({ race, test }) =>
    (race ?? test) === undefined
  );
  const machines = [...new Set(fuzzed.flatMap(({ machines }) => machines))];
  const races = mutants.filter(({ race }) => race !== undefined);
  const names = new Set<string>();
  const tests = mutants.filter(({ test }) => {
    const isNew = test !== undefined && !names.has(test.name);
    if (isNew) names.add(test.name);
    return isNew;
  });
  const others = [...races, ...tests];
  const searches = machines.length === 0 ? others : [{ machines }, ...others];
  for (const one of searches) {
    const outcome = await search(copy, one, options);
    if (outcome === "held") continue;
    const reason = outcome === "idle"
      ? "the search exercises nothing"
      : `${outcome.machine} fails already by ${outcome.by}`;
    throw new Error(`Cannot judge mutants: without one, ${reason}`);
  }
}

/** Each copy takes the next mutant until there are none; the first error ends all. */
async function shareOut(
  copies: readonly string[],
  mutants: readonly Mutant[],
  options: RunOptions,
): Promise<Result[]> {
  const failed = new AbortController();
  const stop = AbortSignal.any([options.stop, failed.signal]);
  const results: Result[] = [];
  const turns = mutants.entries();
  const work = async (copy: string) => {
    try {
      for (const [nth, mutant] of turns) {
        const outcome = await searchMutant(copy, mutant, { ...options, stop });
        const kill = typeof outcome === "string" ? undefined : outcome;
        results[nth] = { mutant, kill };
        options.onResult(results[nth]);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(copies.map(work));
  failed.signal.throwIfAborted();
  return results;
}
