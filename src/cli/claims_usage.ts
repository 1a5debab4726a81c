/** The help of `zspec claims`. */
import { type Experiment, optionOf } from "../claims/experiment.ts";
import { EXPERIMENTS } from "../claims/experiments.ts";
import { THREADS } from "../claims/threads.ts";
import { UNDECIDED } from "../claims/undecided.ts";
import { threadLine } from "./claims_notes.ts";
import { optionHelp, optionsHelp } from "./usage.ts";

/** Column at which the words on options begin. */
const OPTION_COLUMN = 21;
/** And those below an experiment's name. */
const SIZE_COLUMN = 25;
/** And those on a thread. */
const THREAD_COLUMN = 7;

const namesOf = (all: readonly { readonly name: string }[]) =>
  all.map(({ name }) => name).join(", ");

/** An experiment, its sizes and its claims. */
function experimentHelp({ name, sizes, claims }: Experiment): string {
  const sizesHelp = Object.entries(sizes).map(([size, { usual, means }]) =>
    optionHelp(
      `  --${optionOf(size)} N`,
      SIZE_COLUMN,
      `${means}, by default ${usual}`,
    )
  );
  return [
    `  ${name}\n`,
    ...sizesHelp,
    optionHelp("  claims", SIZE_COLUMN, namesOf(claims)),
  ].join("");
}

/** How `zspec claims` is called. */
export function claimsUsage(seed: number): string {
  const [first, last] = [THREADS[0].name, THREADS[THREADS.length - 1].name];
  return `zspec claims [NAME…] [--seed N] [--jobs N] [--json]
zspec claims EXPERIMENT|CLAIM [--SIZE N…] [--seed N] [--json]

Runs what five threads of 2013 to 2015 on zram, zswap, zbud, zcache and zsmalloc
argue over, with the kernel of their time and with today's, and says how each
claim ended. Real pages are those of the running Deno executable.

${
    optionsHelp(OPTION_COLUMN, {
      NAME:
        `claims, experiments, or threads from ${first} to ${last}; by default all. A claim or an experiment alone is shown whole: who says what and where, how it is decided, every figure`,
      "--SIZE N": "a number of an experiment's, as below",
      "--seed N": `what everything random is made from; by default ${seed}`,
      "--jobs N": "threads to run them; by default as many as there are CPUs",
      "--json": "the figures for machines",
    })
  }
The threads:

${
    THREADS.map((thread) =>
      optionHelp(thread.name, THREAD_COLUMN, threadLine(thread))
    ).join("")
  }
The experiments, their numbers, and the claims that each decides:

${EXPERIMENTS.map(experimentHelp).join("")}
The claims that no experiment decides:

${optionHelp("", 4, namesOf(UNDECIDED))}`;
}
