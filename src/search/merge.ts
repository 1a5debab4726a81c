/** Results of the shards of one run, put together. */
import {
  type Check,
  type Fields,
  object,
  positive,
  text,
  truth,
  whole,
} from "../programs/fields.ts";
import { counted } from "../report/table.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import type { Shard } from "./batches.ts";

/** What was run of one kind of target. */
export interface Part {
  /** The machine's name, or the kind of target. */
  readonly machine: string;
  /** Programs that were run. */
  readonly programs: number;
  /** Their steps. */
  readonly steps: number;
  /** Schedules of the programs, where they have any. */
  readonly schedules: number | undefined;
  /** How often each rule was exercised: 0 for one that never was. */
  readonly reach: ReachCounts;
}

/** What one shard came to, as `--json` tells it. */
export interface ShardResult {
  /** What was run: `fuzz`, or `conform` at a level to a profile. */
  readonly search: string;
  /** What the programs were made from. */
  readonly seed: number;
  /** Which part of the run it is. */
  readonly shard: Shard;
  /** Whether it was stopped before its end. */
  readonly interrupted: boolean;
  /** Programs of each machine in the whole run; left out where time ended it. */
  readonly runs: number | undefined;
  /** What was run of each machine. */
  readonly machines: readonly Part[];
  /** What failed and the command that does so again, if anything did. */
  readonly failure: string | undefined;
}

/** A whole run. */
export interface MergedResult extends Omit<ShardResult, "shard" | "failure"> {
  /** How many shards it was made of. */
  readonly shards: number;
  /** What failed, shard by shard. */
  readonly failures: readonly string[];
}

/** Why results cannot be put together. */
export class MergeError extends Error {
  /** The error's class. */
  override readonly name = "MergeError";
}

const counts: Check<ReachCounts> = (value) => {
  const named = object(value);
  if (named === undefined) return undefined;
  const reach: Record<string, number> = {};
  for (const [id, count] of Object.entries(named)) {
    const times = whole(count);
    if (times === undefined) return undefined;
    reach[id] = times;
  }
  return reach;
};

const list: Check<readonly unknown[]> = (value) =>
  Array.isArray(value) ? value : undefined;

/** Reads a part; `fieldsOf` reads the fields of a JSON object. */
function parsePart(fields: Fields): Part {
  return {
    machine: fields.text("machine"),
    programs: fields.whole("programs"),
    steps: fields.whole("steps"),
    schedules: fields.optional("schedules", whole, "a whole number"),
    reach: fields.required("reach", counts, "whole numbers by rules' names"),
  };
}

/** Reads what a shard's `--json` printed. */
export function parseShardResult(
  fields: Fields,
  fieldsOf: (value: unknown) => Fields,
): ShardResult {
  const shard = fieldsOf(fields.required("shard", object, "an object"));
  return {
    search: fields.text("search"),
    seed: fields.whole("seed"),
    shard: {
      index: shard.required("index", positive, "a whole number from 1 on"),
      count: shard.required("count", positive, "a whole number from 1 on"),
    },
    interrupted: fields.required("interrupted", truth, "true or false"),
    runs: fields.optional("runs", positive, "a whole number from 1 on"),
    machines: fields.required("machines", list, "a list")
      .map((part) => parsePart(fieldsOf(part))),
    failure: failureOf(fields, fieldsOf),
  };
}

function failureOf(
  fields: Fields,
  fieldsOf: (value: unknown) => Fields,
): string | undefined {
  const failure = fields.optional("failure", object, "an object");
  if (failure === undefined) return undefined;
  const told = fieldsOf(failure);
  const [machine, error, command] = ["machine", "error", "command"].map((
    name,
  ) => told.required(name, text, "text"));
  return `${machine} fails: ${error}\n  to repeat it: ${command}`;
}

/**
 * The whole run that shards are parts of. Throws a {@linkcode MergeError} where
 * they are not of one run, or one is missing or there twice.
 */
export function mergeShards(results: readonly ShardResult[]): MergedResult {
  const [first] = results;
  if (first === undefined) throw new MergeError("there is no result");
  const { search, seed, shard: { count }, runs } = first;
  for (const one of results) checkSameRun(first, one);
  for (let index = 1; index <= count; index++) {
    const there = results.filter(({ shard }) => shard.index === index).length;
    if (there === 1) continue;
    throw new MergeError(
      there === 0
        ? `shard ${index} of ${count} is missing`
        : `shard ${index} of ${count} is there ${there} times`,
    );
  }
  const failures = results.flatMap(({ shard: { index }, failure }) =>
    failure === undefined ? [] : [`shard ${index} of ${count}: ${failure}`]
  );
  return {
    search,
    seed,
    shards: count,
    runs,
    interrupted: results.some(({ interrupted }) => interrupted),
    machines: mergeParts(results.flatMap(({ machines }) => machines)),
    failures,
  };
}

/** What makes two results those of one run. */
function describe({ search, seed, shard, runs }: ShardResult): string {
  const programs = runs === undefined ? "" : ` of ${runs} programs`;
  return `${search}${programs}, seed ${seed}, in ${
    counted(shard.count, "shard")
  }`;
}

function checkSameRun(first: ShardResult, one: ShardResult): void {
  const refuse = (ofFirst: string, ofOne: string): never => {
    throw new MergeError(
      `they are of different runs: ${ofFirst}, and ${ofOne}`,
    );
  };
  if (describe(one) !== describe(first)) {
    refuse(describe(first), describe(one));
  }
  const machines = (of: ShardResult) =>
    of.machines.map(({ machine }) => machine).join(", ");
  if (machines(one) !== machines(first)) {
    refuse(`one of ${machines(first)}`, `one of ${machines(one)}`);
  }
  for (const [nth, { machine, reach }] of first.machines.entries()) {
    const rules = Object.keys(one.machines[nth].reach);
    const differ = new Set(rules).symmetricDifference(
      new Set(Object.keys(reach)),
    );
    const [rule] = differ;
    if (rule === undefined) continue;
    const has = rules.includes(rule);
    refuse(
      `one ${has ? "without" : "with"} '${rule}' among the rules of ${machine}`,
      `one ${has ? "with" : "without"} it`,
    );
  }
}

/** The parts of each machine added up, machines in the order of their names' coming. */
function mergeParts(parts: readonly Part[]): Part[] {
  return [...Map.groupBy(parts, ({ machine }) => machine)]
    .map(([machine, own]) => {
      const reach = new Reach();
      for (const part of own) reach.add(part.reach);
      const sum = (of: (part: Part) => number) =>
        own.reduce((total, part) => total + of(part), 0);
      return {
        machine,
        programs: sum(({ programs }) => programs),
        steps: sum(({ steps }) => steps),
        schedules: parts.some(({ schedules }) => schedules !== undefined)
          ? sum(({ schedules }) => schedules ?? 0)
          : undefined,
        reach: reach.counts(),
      };
    });
}
