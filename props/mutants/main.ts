/**
 * Plants each defect of the models in a copy of the checkout, runs the search
 * alone, and prints which machine found it, by what, and after how long.
 *
 *     deno task mutants [NAME…] [--time SECONDS] [--jobs N] [--seed N]
 *                       [--json | --markdown | --list]
 *
 * A NAME is a part of the names of those to be planted. Exits with 0 where all
 * are found that no reason excuses, with 1 where one survives, with 2 where it
 * cannot be run, with 130 where it was interrupted.
 */
import { heedingSignals } from "../../src/cli/interrupt.ts";
import {
  type Options,
  parseOptions,
  UsageError,
  wholeOption,
} from "../../src/cli/usage.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { countRooms, renderMarkdown, renderResults } from "./report.ts";
import { type Result, runMutants } from "./run.ts";

/** The checkout's folder. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** Seconds that the search has for a mutant, where nothing else is said. */
const SECONDS = 20;
/** What the search's programs are made from, likewise. */
const SEED = 1;

/** Runs the command and returns its exit status. */
export async function mutantsCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: ["time", "jobs", "seed"],
    boolean: ["json", "markdown", "list"],
  });
  const mutants = mutantsNamed(options.paths);
  if (options.flag("list")) {
    console.log(mutants.map(({ name }) => name).join("\n"));
    return 0;
  }
  return await heedingSignals((stop) => run(mutants, options, stop));
}

/** The mutants whose names have one of the parts in them; all without any. */
function mutantsNamed(parts: readonly string[]): readonly Mutant[] {
  for (const part of parts) {
    if (MUTANTS.some(({ name }) => name.includes(part))) continue;
    throw new UsageError(
      `Unknown mutant '${part}': it is part of no name that '--list' prints`,
    );
  }
  return parts.length === 0
    ? MUTANTS
    : MUTANTS.filter(({ name }) => parts.some((part) => name.includes(part)));
}

async function run(
  mutants: readonly Mutant[],
  options: Options,
  stop: AbortSignal,
): Promise<number> {
  const time = wholeOption(options, "time", 1, 1e6) ?? SECONDS;
  let done = 0;
  const results = await runMutants(mutants, {
    root: ROOT,
    seed: wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? SEED,
    time,
    jobs: wholeOption(options, "jobs", 1, 1024) ??
      navigator.hardwareConcurrency,
    stop,
    onResult: ({ mutant: { name }, kill }) =>
      console.error(
        `[${++done}/${mutants.length}] ${name}: ${
          kill === undefined ? "survived" : `killed by ${kill.machine}`
        }`,
      ),
  });
  console.log(render(results, options, time).trimEnd());
  return countRooms(results).some(({ survived }) => survived > 0) ? 1 : 0;
}

function render(
  results: readonly Result[],
  options: Options,
  time: number,
): string {
  if (options.flag("markdown")) return renderMarkdown(results, time);
  if (!options.flag("json")) return renderResults(results);
  return JSON.stringify(
    {
      mutants: results.map(({ mutant: { name, machines, reason }, kill }) => ({
        name,
        machines,
        reason,
        kill,
      })),
      rooms: countRooms(results),
    },
    null,
    2,
  );
}

if (import.meta.main) {
  try {
    Deno.exit(await mutantsCommand(Deno.args));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`mutants: ${error.message}`);
    Deno.exit(2);
  }
}
