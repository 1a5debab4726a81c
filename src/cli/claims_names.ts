/** The names that `zspec claims` knows, and what a wrong one was meant to be. */
import type { ClaimText } from "../claims/claim.ts";
import type { Experiment } from "../claims/experiment.ts";
import { EXPERIMENTS } from "../claims/experiments.ts";
import { THREADS } from "../claims/threads.ts";
import { UNDECIDED } from "../claims/undecided.ts";
import { nearest } from "./unknown.ts";
import { UsageError } from "./usage.ts";

/** Claims with a word in their names that are named at most. */
const MOST_NAMED = 5;

/** What is asked for. */
export interface Asked {
  /** The experiments. */
  readonly experiments: readonly Experiment[];
  /** The claims that are told of. */
  isTold(claim: ClaimText): boolean;
  /** Whether it is one experiment that is shown whole. */
  readonly isWhole: boolean;
}

/** The claims and experiments that are named, all where none is. */
export function askedOf(names: readonly string[]): Asked {
  names.forEach(assertKnown);
  const isNamed = (experiment: Experiment) =>
    names.includes(experiment.name) ||
    experiment.claims.some((claim) => isTold(claim, experiment));
  const isTold = (claim: ClaimText, experiment?: Experiment) =>
    names.length === 0 || names.includes(claim.name) ||
    names.includes(experiment?.name ?? experimentOf(claim)?.name ?? "") ||
    claim.passages.some(({ thread }) => names.includes(thread));
  const experiments = EXPERIMENTS.filter(isNamed);
  const isThread = (name: string) => THREADS.some((one) => one.name === name);
  return {
    experiments,
    isTold: (claim) => isTold(claim),
    isWhole: names.length === 1 && experiments.length === 1 &&
      !isThread(names[0]),
  };
}

function experimentOf(claim: ClaimText): Experiment | undefined {
  return EXPERIMENTS.find(({ claims }) => claims.includes(claim));
}

/** Refuses a name that nothing has, and says which was meant. */
function assertKnown(name: string): void {
  const known = [
    ...THREADS,
    ...EXPERIMENTS.flatMap((one) => [one, ...one.claims]),
    ...UNDECIDED,
  ].map((one) => one.name);
  if (known.includes(name)) return;
  throw new UsageError(`Unknown claim '${name}': ${meant(name, known)}`);
}

/** The names that contain a word, the one that is like it, or where they are. */
function meant(name: string, known: readonly string[]): string {
  // A claim's name has no dots: 42.98 is 42-98 there.
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean '${near}'?`;
  const having = word === "" ? [] : known.filter((one) => one.includes(word));
  if (having.length === 0) {
    return "'zspec claims --help' names the claims, the experiments and the threads";
  }
  const more = having.length - MOST_NAMED;
  return `with that word there ${having.length === 1 ? "is" : "are"} ${
    having.slice(0, MOST_NAMED).join(", ")
  }${more > 0 ? ` and ${more} more` : ""}`;
}
