/** Every experiment, by what the threads argue over. */
import type { Experiment } from "./experiment.ts";
import { DENSITY } from "./experiments/density.ts";
import { ENTRY_REFERENCE } from "./experiments/entry_reference.ts";

/** The experiments, in the order in which they are told of. */
export const EXPERIMENTS: readonly Experiment[] = [
  DENSITY,
  ENTRY_REFERENCE,
];
