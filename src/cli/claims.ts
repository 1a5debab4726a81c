/** `zspec claims`: what the threads claim, and how each claim ends. */
import type { ClaimText, Thread } from "../claims/claim.ts";
import {
  type Experiment,
  type Found,
  usualSizes,
} from "../claims/experiment.ts";
import { EXPERIMENTS } from "../claims/experiments.ts";
import { UNDECIDED } from "../claims/undecided.ts";
import { askWorker } from "./ask_worker.ts";
import type { ExperimentRequest } from "./claims_worker.ts";
import {
  claimsJson,
  claimsText,
  type DoneExperiment,
  experimentText,
} from "./claims_report.ts";
import { print } from "./print.ts";
import { progress } from "./progress.ts";
import { columns, tableColumns } from "./terminal.ts";
import {
  optionHelp,
  type Options,
  parseOptions,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** Seed of experiments where nobody says another. */
const USUAL_SEED = 1;

const THREADS: readonly Thread[] = ["000", "001", "002", "003", "004"];

/** Every number that some experiment can be told. */
const SIZE_NAMES = [
  ...new Set(EXPERIMENTS.flatMap(({ sizes }) => Object.keys(sizes))),
];

/** How `zspec claims` is called. */
export const CLAIMS_USAGE = `zspec claims [NAME…] [--seed N] [--jobs N] [--json]
zspec claims EXPERIMENT|CLAIM [--SIZE N…] [--seed N] [--json]

Runs what five threads of 2013 to 2015 on zram, zswap, zbud, zcache and zsmalloc
argue over, with the kernel of their time and with today's, and says how each
claim ended. Real pages are those of the running Deno executable.

  NAME               claims, experiments, or threads from ${THREADS[0]} to ${
  THREADS[THREADS.length - 1]
}; by default
                     all. A claim or an experiment alone is shown whole: who
                     says what and where, how it is decided, every figure
${
  EXPERIMENTS.flatMap(({ name, sizes }) =>
    Object.entries(sizes).map(([size, { usual, means }]) =>
      optionHelp(`--${size} N`, 21, `${name}: ${means}, by default ${usual}`)
    )
  ).join("")
}  --seed N           what everything random is made from; by default ${USUAL_SEED}
  --jobs N           threads to run them; by default as many as there are CPUs
  --json             the figures for machines

The experiments and the claims that each decides:

${
  EXPERIMENTS.map(({ name, claims }) =>
    optionHelp(name, 21, claims.map((claim) => claim.name).join(", "))
  ).join("")
}`;

/** What is asked for. */
interface Asked {
  /** The experiments. */
  readonly experiments: readonly Experiment[];
  /** The claims that are told of. */
  isTold(claim: ClaimText): boolean;
  /** Whether it is one experiment that is shown whole. */
  readonly isWhole: boolean;
}

/** Runs the command and returns its exit status. */
export async function claimsCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...SIZE_NAMES, "seed", "jobs"],
    boolean: ["json"],
  });
  const asked = askedOf(options.paths);
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? USUAL_SEED;
  const jobs = wholeOption(options, "jobs", 1, 1024) ??
    navigator.hardwareConcurrency;
  const sized = sizedOf(options, asked);
  const done = await doAll(sized, seed, jobs);
  const undecided = UNDECIDED.filter((claim) => asked.isTold(claim));
  const text = options.flag("json")
    ? claimsJson({ done, undecided, seed, isTold: asked.isTold })
    : asked.isWhole
    ? experimentText(done[0], seed, columns(), tableColumns())
    : claimsText({ done, undecided, seed, isTold: asked.isTold }, columns());
  print(text);
  return 0;
}

/** The claims and experiments that are named, all where none is. */
function askedOf(names: readonly string[]): Asked {
  names.forEach(assertKnown);
  const isNamed = (experiment: Experiment) =>
    names.includes(experiment.name) ||
    experiment.claims.some((claim) => isTold(claim, experiment));
  const isTold = (claim: ClaimText, experiment?: Experiment) =>
    names.length === 0 || names.includes(claim.name) ||
    names.includes(experiment?.name ?? experimentOf(claim)?.name ?? "") ||
    claim.passages.some(({ thread }) => names.includes(thread));
  const experiments = EXPERIMENTS.filter(isNamed);
  const isThread = (name: string) => THREADS.some((one) => one === name);
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

function assertKnown(name: string): void {
  const known = [
    ...THREADS,
    ...EXPERIMENTS.flatMap((one) => [
      one.name,
      ...one.claims.map((claim) => claim.name),
    ]),
    ...UNDECIDED.map((claim) => claim.name),
  ];
  if (known.includes(name)) return;
  throw new UsageError(
    `Unknown claim '${name}': 'zspec claims --help' names the claims, the experiments and the threads`,
  );
}

/** The numbers of each experiment; refuses those that none of them has. */
function sizedOf(options: Options, { experiments }: Asked) {
  for (const size of SIZE_NAMES) {
    if (options.text(size) === undefined) continue;
    if (experiments.some(({ sizes }) => Object.hasOwn(sizes, size))) continue;
    throw new UsageError(
      `The option '--${size}' says nothing of ${
        experiments.map(({ name }) => name).join(", ")
      }`,
    );
  }
  return experiments.map((experiment) => {
    const sizes = usualSizes(experiment);
    for (const [size, { least, most }] of Object.entries(experiment.sizes)) {
      sizes[size] = wholeOption(options, size, least, most) ?? sizes[size];
    }
    return { experiment, sizes };
  });
}

type Sized = ReturnType<typeof sizedOf>;

/** Does every experiment with each of its kernels, in several threads. */
async function doAll(
  sized: Sized,
  seed: number,
  jobs: number,
): Promise<DoneExperiment[]> {
  const requests = sized.flatMap(({ experiment, sizes }) =>
    experiment.kernels.map((_, kernel): ExperimentRequest => ({
      experiment: experiment.name,
      kernel,
      seed,
      sizes,
    }))
  );
  const shown = progress("running", requests.length, "experiments");
  const found = await inThreads(
    requests,
    Math.min(jobs, requests.length),
    (done) => shown.step(done),
  );
  shown.end();
  return sized.map((one) => ({
    ...one,
    found: one.experiment.kernels.map((_, kernel) => {
      const nth = requests.findIndex((request) =>
        request.experiment === one.experiment.name && request.kernel === kernel
      );
      return found[nth];
    }),
  }));
}

/** The answers to requests, in their order. */
async function inThreads(
  requests: readonly ExperimentRequest[],
  threads: number,
  step: (done: number) => void,
): Promise<Found[]> {
  const found: Found[] = [];
  const queue = requests.entries();
  let done = 0;
  const crew = Array.from({ length: threads }, async () => {
    const url = new URL("./claims_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    try {
      for (const [nth, request] of queue) {
        found[nth] = await askWorker(
          worker,
          request,
          `run ${request.experiment}`,
        );
        step(++done);
      }
    } finally {
      worker.terminate();
    }
  });
  await Promise.all(crew);
  return found;
}
