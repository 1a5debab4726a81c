/** `zspec claims`: what the threads claim, and how each claim ends. */
import { type Found, optionOf, usualSizes } from "../claims/experiment.ts";
import { EXPERIMENTS } from "../claims/experiments.ts";
import { UNDECIDED } from "../claims/undecided.ts";
import { askWorkers } from "./ask_worker.ts";
import { type Asked, askedOf } from "./claims_names.ts";
import { claimsUsage } from "./claims_usage.ts";
import type { ExperimentReply, ExperimentRequest } from "./claims_worker.ts";
import { claimsResult } from "./claims_json.ts";
import {
  claimsText,
  type DoneExperiment,
  experimentText,
} from "./claims_report.ts";
import { printResult } from "./print.ts";
import { progress } from "./progress.ts";
import { columns, tableColumns } from "./terminal.ts";
import {
  type Options,
  parseOptions,
  searchOptions,
  seedOption,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** Seed of experiments where nobody says another. */
const USUAL_SEED = 1;

/** Every number that some experiment can be told. */
const SIZE_NAMES = [
  ...new Set(EXPERIMENTS.flatMap(({ sizes }) => Object.keys(sizes))),
];

/** How `zspec claims` is called. */
export const USAGE: string = claimsUsage(USUAL_SEED);

/** Runs the command and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    string: [...SIZE_NAMES.map(optionOf), "seed", "jobs"],
    boolean: ["json"],
  });
  const asked = askedOf(options.paths);
  const seed = seedOption(options) ?? USUAL_SEED;
  const { jobs = navigator.hardwareConcurrency } = searchOptions(options);
  const sized = sizedOf(options, asked);
  const done = await doAll(sized, seed, jobs);
  const undecided = UNDECIDED.filter((claim) => asked.isTold(claim));
  const outcome = { done, undecided, seed, isTold: asked.isTold };
  printResult(
    options,
    claimsResult(outcome),
    () =>
      asked.isWhole
        ? experimentText(outcome, columns(), tableColumns())
        : claimsText(outcome, columns()),
  );
  return 0;
}

/** The numbers of each experiment; refuses those that none of them has. */
function sizedOf(options: Options, { experiments }: Asked) {
  for (const size of SIZE_NAMES) {
    if (options.text(optionOf(size)) === undefined) continue;
    if (experiments.some(({ sizes }) => Object.hasOwn(sizes, size))) continue;
    throw new UsageError(
      `The option '--${optionOf(size)}' says nothing of ${
        experiments.map(({ name }) => name).join(", ")
      }`,
    );
  }
  return experiments.map((experiment) => {
    const sizes = usualSizes(experiment);
    for (const [size, { least, most }] of Object.entries(experiment.sizes)) {
      sizes[size] = wholeOption(options, optionOf(size), least, most) ??
        sizes[size];
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
  const found = new Map<ExperimentRequest, Found>();
  await askWorkers<ExperimentRequest, ExperimentReply>(
    new URL("./claims_worker.ts", import.meta.url),
    Math.min(jobs, requests.length),
    requests,
    {
      what: ({ experiment }) => `run ${experiment}`,
      heard(reply, request) {
        found.set(request, foundIn(reply, request));
        shown.step(found.size);
      },
    },
  );
  shown.end();
  const inOrder = requests.flatMap((request) => found.get(request) ?? []);
  return sized.map((one) => ({
    ...one,
    found: inOrder.splice(0, one.experiment.kernels.length),
  }));
}

/** What an experiment came to; what went wrong there goes wrong here. */
function foundIn(reply: ExperimentReply, request: ExperimentRequest): Found {
  if ("found" in reply) return reply.found;
  const { experiment, seed, sizes } = request;
  const one = EXPERIMENTS.find(({ name }) => name === experiment);
  const kernel = one?.kernels[request.kernel].name;
  const told = Object.entries(sizes).map(([size, value]) =>
    `--${optionOf(size)} ${value} `
  );
  const what = `run ${experiment} with ${kernel}, ${
    told.join("")
  }--seed ${seed}`;
  if (reply.isOutOfMemory) {
    throw new UsageError(`Cannot ${what}: there is too little memory`);
  }
  throw new Error(`Cannot ${what}: ${reply.failed}`);
}
