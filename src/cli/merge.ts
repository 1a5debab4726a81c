/** `zspec merge`: the results of the shards of one run, as one. */
import { Fields, object } from "../programs/fields.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { counted, grouped } from "../report/table.ts";
import { exercisedOf, unexercised, unexercisedText } from "../report/reach.ts";
import {
  type MergedResult,
  MergeError,
  mergeShards,
  parseShardResult,
  type Part,
  type ShardResult,
} from "../search/merge.ts";
import { printResult } from "./print.ts";
import { readText } from "./text_file.ts";
import { tableColumns } from "./terminal.ts";
import { parseOptions, UsageError } from "./usage.ts";

/** How `zspec merge` is called. */
export const USAGE = `zspec merge FILE… [--json]

Puts together what 'zspec fuzz --shard I/N --json', or conform, or races printed
for each I from 1 to N: programs, schedules, steps, and how often each rule was
exercised. Fails where a shard is missing.

  --json  the result for machines

Exit status: 0 all hold, 1 a program fails or nothing was exercised, 2 the
results are not those of one whole run.
`;

/** Runs the command and returns its exit status. */
export function command(args: readonly string[]): number {
  const options = parseOptions(args, { string: [], boolean: ["json"] });
  if (options.paths.length === 0) {
    throw new UsageError("Cannot merge: no FILE is given");
  }
  const merged = mergeFiles(options.paths);
  printResult(options, merged, () => render(merged));
  return merged.failures.length === 0 && isExercised(merged) ? 0 : 1;
}

function isExercised({ machines }: MergedResult): boolean {
  return machines.length > 0 &&
    machines.every(({ reach }) =>
      Object.values(reach).some((count) => count > 0)
    );
}

function mergeFiles(paths: readonly string[]): MergedResult {
  try {
    return mergeShards(paths.map(readShard));
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw new UsageError(`Cannot merge: ${error.message}`);
  }
}

function readShard(path: string): ShardResult {
  const tell = (message: string) =>
    new UsageError(
      `Cannot merge '${path}': ${message}; it should be what --json prints`,
    );
  const fieldsOf = (value: unknown) => {
    const json = object(value);
    if (json === undefined) throw tell("it has something that is no object");
    return new Fields(json, tell);
  };
  let json: unknown;
  try {
    json = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw tell("it is not JSON");
  }
  return parseShardResult(fieldsOf(json), fieldsOf);
}

function rulesOf({ reach }: Part): { readonly id: string }[] {
  return Object.keys(reach).map((id) => ({ id }));
}

/** What is said where nothing fails. */
function verdictOf({ interrupted, runs, machines }: MergedResult): string {
  if (interrupted) return "Interrupted: they held so far.";
  const isWhole = runs !== undefined &&
    machines.every(({ programs }) => programs >= runs);
  return isWhole
    ? "All hold."
    : "All that were run hold: time ended them, so that it is no whole run.";
}

function render(merged: MergedResult): string {
  const { search, seed, shards, machines, failures } = merged;
  const hasSchedules = machines.some(({ schedules }) =>
    schedules !== undefined
  );
  const rows = fittedTable(
    [
      {
        title: search.startsWith("conform ") ? "target" : "machine",
        align: "left",
      },
      { title: "programs", importance: 3 },
      ...hasSchedules ? [{ title: "schedules", importance: 2 }] : [],
      { title: "steps", importance: 1 },
      { title: "rules exercised" },
    ],
    machines.map((part) => [
      part.machine,
      grouped(part.programs),
      ...hasSchedules ? [grouped(part.schedules ?? 0)] : [],
      grouped(part.steps),
      exercisedOf(rulesOf(part), part.reach),
    ]),
    tableColumns(),
  );
  const silent = machines.flatMap((part) =>
    unexercised(rulesOf(part), part.reach)
  );
  const outcome = failures.length > 0
    ? failures.map((failure) => `${failure}\n`).join("")
    : isExercised(merged)
    ? `${verdictOf(merged)}\n`
    : "Nothing was exercised, so nothing is known to hold.\n";
  return `${search}, seed ${seed}, ${counted(shards, "shard")}\n${rows}\n${
    unexercisedText(silent, tableColumns())
  }${outcome}`;
}
