/**
 * Corpora: programs that are worth keeping, since each reaches what none before
 * it did. What a program reaches is which rules it exercised, and how often by
 * powers of two.
 */
import { createHash } from "node:crypto";
import type { Program, Step } from "../programs/program.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import { stepsTranscript } from "./finding_transcript.ts";
import { judgeProgram, type Machine } from "./machine.ts";

/** What was reached, of which a program may reach more. */
export class Reached {
  readonly #features = new Set<string>();

  /** What a program reaches that was not reached before it. */
  newIn(counts: ReachCounts): readonly string[] {
    return featuresOf(counts).filter((one) => !this.#features.has(one));
  }

  /** Remembers what a program reaches. */
  add(counts: ReachCounts): void {
    for (const feature of featuresOf(counts)) this.#features.add(feature);
  }
}

/** The rules that were exercised, each with every power of two up to how often. */
function featuresOf(counts: ReachCounts): readonly string[] {
  return Object.entries(counts).flatMap(([id, count]) =>
    Array.from(
      { length: Math.floor(Math.log2(count)) + 1 },
      (_, power) => `${id} ${2 ** power}`,
    )
  );
}

/** A program worth keeping, as it is kept. */
export interface Kept {
  /** The file's name: the machine and the hash of what is in the file. */
  readonly name: string;
  /** The file: a transcript. */
  readonly transcript: string;
  /** What the program exercises. */
  readonly reach: ReachCounts;
}

/**
 * The program as it is kept: the fewest of its first steps that reach what it
 * reaches and none before it did.
 */
export function keptProgram<One extends Step>(
  machine: Machine<One>,
  { profile, steps }: Program<One>,
  reached: Reached,
  features: readonly string[],
): Kept {
  const reachOf = (length: number): ReachCounts => {
    const reach = new Reach();
    judgeProgram(machine, { profile, steps: steps.slice(0, length) }, reach);
    return reach.counts();
  };
  const isEnough = (counts: ReachCounts) => {
    const found = new Set(reached.newIn(counts));
    return features.every((feature) => found.has(feature));
  };
  // More steps mostly reach more: halving finds the fewest, or a few more.
  let [tooFew, enough] = [0, steps.length];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (isEnough(reachOf(middle))) enough = middle;
    else tooFew = middle;
  }
  const transcript = stepsTranscript(
    { target: machine.name, level: "model", profile: profile.name },
    steps.slice(0, enough),
  );
  const hash = createHash("sha256").update(transcript).digest("hex");
  const name = `${machine.name}-${hash.slice(0, 16)}.jsonl`;
  return { name, transcript, reach: reachOf(enough) };
}
