/** `--corpus DIR`: a folder of programs that are worth keeping. */
import { Reach, type ReachCounts } from "../rules/reach.ts";
import type { Kept } from "../search/corpus.ts";
import { parseMachineTranscript } from "../search/counterexample.ts";
import { judgeProgram, type Machine } from "../search/machine.ts";
import {
  countProgram,
  nothingRun,
  type WorkersResult,
} from "../search/workers.ts";
import { readText } from "./text_file.ts";
import { inTranscript } from "./transcript_file.ts";
import { writeText } from "./usage.ts";
import { onPath } from "./usage_error.ts";

/** A folder with a file for each program. */
export interface CorpusFolder {
  /** The files, by their names. */
  readonly paths: readonly string[];
  /** Writes a file. */
  keep(kept: Kept): void;
}

/** What the programs of a folder came to. */
export interface CorpusResult extends WorkersResult {
  /** What each exercises. */
  readonly known: readonly ReachCounts[];
}

/** Opens a folder, which is made where it is not there. */
export function openCorpus(folder: string): CorpusFolder {
  const names = onPath(folder, () => {
    Deno.mkdirSync(folder, { recursive: true });
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  });
  return {
    paths: names.filter((name) => name.endsWith(".jsonl")).sort()
      .map((name) => `${folder}/${name}`),
    keep: ({ name, transcript }) => writeText(`${folder}/${name}`, transcript),
  };
}

/** Runs the programs of a folder that are of one of the machines. */
export function runCorpus(
  { paths }: CorpusFolder,
  machines: readonly Machine[],
): CorpusResult {
  const counts = machines.map(nothingRun);
  const known: ReachCounts[] = [];
  /** A program may be there twice: under a name that it was given, too. */
  const seen = new Set<string>();
  for (const path of paths) {
    const text = readText(path);
    if (seen.has(text)) continue;
    seen.add(text);
    const { machine, program } = inTranscript(
      path,
      () => parseMachineTranscript(text),
    );
    const count = counts.find((one) => one.machine === machine.name);
    if (count === undefined) continue;
    const reach = new Reach();
    const started = performance.now();
    const finding = judgeProgram(machine, program, reach);
    count.busy += performance.now() - started;
    known.push(reach.counts());
    countProgram(count, program.steps.length, reach.counts());
    if (finding === undefined) continue;
    const found = { seed: 0, nth: 0, profile: program.profile.name, finding };
    return { counts, known, failure: { machine: machine.name, path, found } };
  }
  return { counts, known, failure: undefined };
}
