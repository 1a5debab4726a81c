/**
 * Corpora: programs that are worth keeping, since each reaches what none before
 * it did. What a program reaches is which rules it exercised, and whether once,
 * often or very often.
 */
import { createHash } from "node:crypto";
import type { Program, Step } from "../programs/program.ts";
import type { Rule } from "../rules/invariant.ts";
import { Reach, type ReachCounts } from "../rules/reach.ts";
import type { Finding } from "./finding.ts";
import { stepsTranscript } from "./finding_transcript.ts";
import { judgeProgram, type Machine } from "./machine.ts";
import { shrinkFinding } from "./shrink.ts";
import { runNow } from "./trial.ts";

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

/** How often a rule is exercised for that to be a reach of its own. */
const TIMES = [1, 16, 256];

/** The rules that were exercised, each with the least of such numbers of times. */
function featuresOf(counts: ReachCounts): readonly string[] {
  return Object.entries(counts).flatMap(([id, count]) =>
    TIMES.filter((times) => count >= times).map((times) => `${id} ${times}`)
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

/** Programs that are tried to make one smaller that is kept. */
const TRIES = 100;

/**
 * The program as it is kept: as few of its steps as shrinking leads to that
 * reach what it reaches and none before it did.
 */
export function keptProgram<One extends Step>(
  machine: Machine<One>,
  { profile, steps }: Program<One>,
  reached: Reached,
  features: readonly string[],
): Kept {
  const reachOf = (some: readonly One[]): ReachCounts => {
    const reach = new Reach();
    judgeProgram(machine, { profile, steps: some }, reach);
    return reach.counts();
  };
  const isEnough = (some: readonly One[]) => {
    const found = new Set(reached.newIn(reachOf(some)));
    return features.every((feature) => found.has(feature));
  };
  const keeps = (some: readonly One[]): Finding<One> => ({
    steps: some,
    rule: REACHES,
    expected: features,
    found: features,
  });
  let tries = 0;
  const { steps: fewest } = runNow(shrinkFinding(keeps(steps), {
    // deno-lint-ignore require-yield
    *run(some) {
      return isEnough(some) ? keeps(some) : undefined;
    },
    language: machine.language,
    isTimeUp: () => tries++ >= TRIES,
  }));
  const transcript = stepsTranscript(
    { target: machine.name, level: "model", profile: profile.name },
    fewest,
  );
  const hash = createHash("sha256").update(transcript).digest("hex");
  const name = `${machine.name}-${hash.slice(0, 16)}.jsonl`;
  return { name, transcript, reach: reachOf(fewest) };
}

/** What a kept program is kept for, in the form of what is found. */
const REACHES: Rule = {
  id: "corpus/reaches",
  sentence: "A program that is kept reaches what none before it did.",
  source: "the search",
};
