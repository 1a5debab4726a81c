/** A thread that does experiments, one after another. */
import type { Found } from "../claims/experiment.ts";
import { EXPERIMENTS } from "../claims/experiments.ts";
import { realPages } from "./real_pages.ts";
import { isOutOfMemory } from "./usage.ts";

/** An experiment to do with one of its kernels. */
export interface ExperimentRequest {
  /** Its name. */
  readonly experiment: string;
  /** Which of its kernels. */
  readonly kernel: number;
  /** What everything random is made from. */
  readonly seed: number;
  /** Its numbers. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** What it came to, or why there is nothing. */
export type ExperimentReply =
  | { readonly found: Found }
  | { readonly failed: string; readonly isOutOfMemory: boolean };

declare const self: Pick<Worker, "onmessage" | "postMessage">;

function found({ experiment, kernel, seed, sizes }: ExperimentRequest): Found {
  const one = EXPERIMENTS.find(({ name }) => name === experiment);
  if (one === undefined) throw new Error(`there is no ${experiment}`);
  return one.run({ profile: one.kernels[kernel], seed, sizes, realPages });
}

/** An error would end the thread; what it says goes to who asked. */
function replyTo(request: ExperimentRequest): ExperimentReply {
  try {
    return { found: found(request) };
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    return { failed, isOutOfMemory: isOutOfMemory(error) };
  }
}

self.onmessage = ({ data }: MessageEvent<ExperimentRequest>) =>
  self.postMessage(replyTo(data));
