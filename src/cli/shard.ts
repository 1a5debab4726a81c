/** `--shard I/N`: the part of a run that this machine does. */
import { type Shard, WHOLE_RUN } from "../search/batches.ts";
import { optionHelp, type Options, UsageError } from "./usage.ts";

/** How it is told of, in words that begin at a column. */
export function shardHelp(column: number): string {
  return optionHelp(
    "--shard I/N",
    column,
    "runs the Ith of N parts of the programs, each with the same --seed and --runs; 'zspec merge' puts the --json results of all together",
  ).trimEnd();
}

/** The part that `--shard` names; all without it. */
export function shardOption(options: Options): Shard {
  const value = options.text("shard");
  if (value === undefined) return WHOLE_RUN;
  const [, index, count] = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(value) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count) {
    if (options.text("seed") !== undefined) return shard;
    throw new UsageError(
      "The option '--shard' is given without '--seed': the parts are those of one seed's programs",
    );
  }
  throw new UsageError(
    `The option '--shard' is '${value}', not such as 2/8: a part and how many there are`,
  );
}
